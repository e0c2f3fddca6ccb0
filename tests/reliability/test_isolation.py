"""Two hundred worlds at once on one server: each ends as if alone."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

from simulator.surfaces.server import ServerThread
from tests.reliability.inproc import BASE_URL, Caller, made
from tests.reliability.script import Script
from tests.reliability.wire import Wire

TASKS, WORLDS_A_TASK, STEPS = 4, 50, 12
STRIDE = 4  # a world that is run again has to have a server made for it
LAST = ("/_sim/ledger", "/_sim/jobs", "/_sim/accounts", "/v1/generations", "/_sim/clock")


def world_of(number: int) -> str:
    return f"world-{number}"


async def walk(call: Any, other: Any, seed: int, dice: random.Random | None = None) -> list[bytes]:
    """A script's steps, with pauses of random length if there are dice; and what is left of it."""
    script = Script(seed)
    for _ in range(STEPS):
        step = script.step()
        caller = other if step.account == "other" else call
        script.saw(step, await caller(step.method, step.path, step.body))
        if dice is not None and dice.random() < 0.2:
            await asyncio.sleep(dice.random() / 500)
    return [(await call("GET", path)).body for path in LAST]


async def together(port: int) -> dict[int, list[bytes]]:
    """Four tasks, fifty worlds each, in random order."""
    numbers = list(range(TASKS * WORLDS_A_TASK))
    random.Random(5).shuffle(numbers)
    ends: dict[int, list[bytes]] = {}

    async def task(mine: list[int], dice: random.Random) -> None:
        for number in mine:
            key = f"sk_test_{world_of(number)}"
            async with Wire(port, key) as call, Wire(port, f"{key}.other") as other:
                ends[number] = await walk(call, other, number, dice)

    parts = [numbers[first::TASKS] for first in range(TASKS)]
    await asyncio.gather(*(task(part, random.Random(first)) for first, part in enumerate(parts)))
    return ends


async def alone(number: int) -> list[bytes]:
    """The same script on a server of its own."""
    simulator = made(credits=400_000)
    key = f"sk_test_{world_of(number)}"
    return await walk(Caller(simulator.app, key), Caller(simulator.app, f"{key}.other"), number)


async def test_of_two_hundred_worlds_at_once_each_ends_as_it_does_alone(tmp_path: Path) -> None:
    # A file's writer is a thread of its own, so that requests really pass one another; the files'
    # URLs carry the same base as those of the worlds that run alone.
    simulator = made(credits=400_000, state=tmp_path / "state", public_url=BASE_URL)
    with ServerThread(simulator.app) as server:
        ends = await together(server.port)
    assert sorted(ends) == list(range(TASKS * WORLDS_A_TASK))
    wrong = [
        number for number in range(0, len(ends), STRIDE) if ends[number] != await alone(number)
    ]
    assert wrong == []


async def test_a_reset_of_one_world_leaves_the_others_as_they_were() -> None:
    simulator = made()
    first, second = (Caller(simulator.app, f"sk_test_{name}") for name in ("a", "b"))
    await first.start()
    await second.start()
    before = [(await second("GET", path)).body for path in LAST]
    await first("POST", "/_sim/reset", {})
    assert [(await second("GET", path)).body for path in LAST] == before
    assert (await first.read("/_sim/jobs"))["jobs"] == []


async def test_a_job_of_another_world_or_account_is_like_one_that_never_was() -> None:
    simulator = made()
    owner = Caller(simulator.app, "sk_test_a")
    job_id = (await owner.start()).json["id"]
    for key in ("sk_test_b", "sk_test_a.other"):
        stranger = Caller(simulator.app, key)
        for kind in ("media", "music", "separation"):
            theirs = await stranger("GET", f"/v1/generate/{kind}/{job_id}")
            never = await stranger("GET", f"/v1/generate/{kind}/{'0' * 36}")
            assert (theirs.status, theirs.body) == (404, never.body)
    assert json.loads((await owner("GET", f"/v1/generate/media/{job_id}")).body)["id"] == job_id
