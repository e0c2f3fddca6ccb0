"""Replays where nobody can set a balance or move the clock: what they look at, what they leave out,
and what must be so before anything can be told."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from contracts.check import Check, Function, expect
from contracts.replays.answers import judged
from contracts.replays.bench import Bench
from contracts.replays.heard import Heard, Leaf
from contracts.replays.needs import connected
from contracts.replays.player import CannotPlay, Place, play
from contracts.replays.replay import shell_text
from contracts.replays.script import Script, Story, steps_of
from contracts.replays.symptom import decisive
from contracts.talk.backend import Backend
from contracts.talk.exchange import Exchange
from contracts.target import Target
from simulator.surfaces.server import ServerThread

STATUS, START, LIST, BALANCE = (
    "get_generation_status",
    "generate_media",
    "get_generations",
    "get_balance",
)
ONE, OTHER = "a-first-job-of-all", "another-job-later"
STORY = Story("laws:lifecycle:progress", "rest", "It never falls.", "a page", "more", "less")


def started(job: str) -> Heard:
    return _heard("POST", START, "/v1/generate/media", {"generation_id": job})


def polled(job: str, **fields: Any) -> Heard:
    return _heard("GET", STATUS, f"/v1/generate/media/{job}", fields)


def listed(*rows: Mapping[str, Any]) -> Heard:
    return _heard("GET", LIST, "/v1/generations", {"generations": rows})


def balance(credits: float) -> Heard:
    return _heard("GET", BALANCE, "/v1/balance", {"credits": credits})


def _heard(method: str, call: str, path: str, fields: Mapping[str, Any]) -> Heard:
    content = json.dumps(fields).encode()
    exchange = Exchange(0, "rest", call, "main", method, "rest", path, status=200)
    return Heard(exchange, content)


async def shown_by(heard: Sequence[Heard], function: Function) -> Sequence[Leaf]:
    target = Target("http://127.0.0.1:9", mcp_url="", features=frozenset())
    bench = Bench(Check(("one",), function), "rest", "one", heard, target, "session")
    return await decisive(bench)


def numbers(steps: Sequence[Mapping[str, Any]]) -> list[int]:
    return [step["number"] for step in steps]


# ---- what shows it ---------------------------------------------------------------------------


async def test_a_progress_that_falls_shows_it_whenever_it_is_looked_at() -> None:
    async def check(backend: Backend, surface: str) -> None:
        await backend.call(START, {})
        told = [(await backend.poll(ONE))["progress"] for _ in range(4)]
        expect(all(one <= other for one, other in pairwise(told)), "more and more", told)

    looks = [polled(ONE, status="processing", progress=each) for each in (10, 100, 95, 95)]
    heard = [started(ONE), *looks]
    (leaf,) = await shown_by(heard, check)
    assert (leaf.path, leaf.falls) == (("body", "progress"), True)
    _, look = connected(steps_of(heard, (leaf,), "", worlds=False))
    assert look["facts"] == [{"at": ["body", "progress"], "falls": True}]
    assert look["watch"] == "shown"


@pytest.mark.parametrize(
    ("looks", "shown"), [((0, 100, 95), True), ((0, 95, 95, 100), False), ((), False)]
)
def test_a_number_falls_when_a_later_look_tells_less(looks: Sequence[int], shown: bool) -> None:
    answers = {1: {"looks": [{"body": each} for each in looks]}}
    assert judged({"at": ["body"], "falls": True}, 1, answers, {})[0] is shown


async def test_a_job_that_is_behind_another_shows_it_beside_that_one() -> None:
    """How far either is depends on when it is looked at."""

    async def check(backend: Backend, surface: str) -> None:
        await backend.call(START, {})
        seen = await backend.poll(OTHER)
        reply = await backend.call(LIST)
        older = reply.fields["generations"][1]["status"]
        expect(seen["status"] == "processing" or older == "completed", "the older one first", older)

    rows = [{"id": OTHER, "status": "completed"}, {"id": ONE, "status": "pending"}]
    heard = [started(ONE), polled(OTHER, status="completed"), listed(*rows)]
    shown = await shown_by(heard, check)
    told = steps_of(heard, shown, "", worlds=False)[2]["facts"]
    place = ["body", "generations", 1, "status"]
    assert {"at": place, "unlike": [2, ["body", "status"]]} in told


async def test_a_price_that_is_not_alone_in_being_wrong_shows_it() -> None:
    """With the right one the check would go on to what it led to."""

    async def check(backend: Backend, surface: str) -> None:
        before = (await backend.call(BALANCE)).fields["credits"]
        told = (await backend.call(START, {})).fields["estimated_cost_credits"]
        taken = before - (await backend.call(BALANCE)).fields["credits"]
        expect(told == 51, "the price by route 51", told)
        expect(taken == 51, "the credits taken by route 51", taken)

    start = _heard("POST", START, "/v1/generate/media", {"estimated_cost_credits": 69})
    shown = await shown_by([balance(100), start, balance(31)], check)
    assert ("body", "estimated_cost_credits") in {leaf.path for leaf in shown}


# ---- what is left out ------------------------------------------------------------------------


def of_two_jobs() -> list[Heard]:
    return [
        started(ONE),
        polled(ONE, status="completed"),
        started(OTHER),
        polled(OTHER, status="pending"),
        polled(OTHER, status="completed", width=5),
    ]


def test_what_happened_to_other_jobs_is_left_out() -> None:
    steps = steps_of(of_two_jobs(), (Leaf(4, ("body", "width"), 5),), "", worlds=False)
    assert numbers(connected(steps)) == [3, 4, 5]


def test_a_list_needs_the_jobs_in_whose_rows_something_shows() -> None:
    heard = [*of_two_jobs(), listed({"id": OTHER, "width": 5}, {"id": ONE, "width": 7})]
    heard += [polled(ONE, status="completed"), polled(OTHER, status="completed")]
    shown = (Leaf(5, ("body", "generations", 1, "width"), 7),)
    assert numbers(connected(steps_of(heard, shown, "", worlds=False))) == [1, 6]


def test_nothing_is_left_out_where_a_balance_shows_it() -> None:
    heard = [balance(100), *of_two_jobs(), balance(80)]
    steps = steps_of(heard, (Leaf(6, ("body", "credits"), 80),), "", worlds=False)
    assert connected(steps) == steps


def test_nothing_is_left_out_where_nothing_shows_it() -> None:
    steps = steps_of(of_two_jobs(), (), "", worlds=False)
    without = [{**step, "facts": []} for step in steps]
    assert numbers(connected(without)) == numbers(steps)


# ---- what must be so -------------------------------------------------------------------------


class Telling:
    """Answers what comes next, the last one for ever."""

    def __init__(self, *told: tuple[int, Mapping[str, Any]]) -> None:
        self.told = list(told)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        status, fields = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(fields).encode()})


@contextmanager
def telling(*told: tuple[int, Mapping[str, Any]]) -> Iterator[str]:
    server = ServerThread(Telling(*told))
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def by_shell(steps: Sequence[Mapping[str, Any]], url: str, folder: Path) -> int:
    """The exit status of the script."""
    script = Script(STORY, tuple(steps), url, f"{url}/mcp", "K", "", simulated=False, poll_s=0.05)
    shell = folder / "replay.sh"
    shell.write_text(shell_text(script), encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "K": "sk_live_x"}
    done = subprocess.run(["sh", str(shell)], check=False, capture_output=True, env=variables)
    return done.returncode


def by_player(steps: Sequence[Mapping[str, Any]], url: str) -> int:
    """As the shell would end."""
    try:
        return int(play({"steps": steps}, Place(url, url, "k", wait_s=0.05)).shown)
    except CannotPlay:
        return 2


def falling() -> Sequence[Mapping[str, Any]]:
    heard = [polled(ONE, status="processing", progress=100), polled(ONE, status="failed")]
    return connected(
        steps_of(heard, (Leaf(0, ("body", "progress"), 95, falls=True),), "", worlds=False)
    )


RUNNING = {"status": "processing"}
FALLS = [
    *((200, {**RUNNING, "progress": each}) for each in (10, 100, 95)),
    (200, {"status": "failed", "progress": 95}),
]


@pytest.mark.parametrize(
    ("told", "exit_status"),
    [
        (FALLS, 1),
        ([*FALLS[:2], (200, {"status": "completed", "progress": 100})], 0),
        ([FALLS[1], (429, {"error": "rate_limit_exceeded"}), *FALLS[2:]], 1),
    ],
    ids=["falls", "rises", "falls after one was put off"],
)
def test_a_job_is_looked_at_until_its_progress_has_fallen_or_it_has_ended(
    told: Sequence[tuple[int, Mapping[str, Any]]], exit_status: int, tmp_path: Path
) -> None:
    with telling(*told) as url:
        assert by_player(falling(), url) == exit_status
    with telling(*told) as url:
        assert by_shell(falling(), url, tmp_path) == exit_status


def job_too_wide() -> Sequence[Mapping[str, Any]]:
    return connected(steps_of(of_two_jobs(), (Leaf(4, ("body", "width"), 5),), "", worlds=False))


@pytest.mark.parametrize(
    ("first", "exit_status"),
    [
        ((202, {"generation_id": OTHER}), 1),
        ((402, {"error": "insufficient_credits"}), 2),
        ((429, {"error": "rate_limit_exceeded"}), 2),
    ],
    ids=["accepted", "too few credits", "too many starts"],
)
def test_without_the_start_nothing_can_be_told(
    first: tuple[int, Mapping[str, Any]], exit_status: int, tmp_path: Path
) -> None:
    after = (200, {"status": "completed", "width": 5})
    with telling(first, after) as url:
        assert by_player(job_too_wide(), url) == exit_status
    if first[0] == 429:
        return  # curl sends it again, and waits for that
    with telling(first, after) as url:
        assert by_shell(job_too_wide(), url, tmp_path) == exit_status


@pytest.mark.parametrize(
    ("had", "left", "exit_status"), [(20, -15, 1), (20, 6, 0), (-15, -50, 2), (1000, 965, 2)]
)
def test_a_race_for_the_last_credits_tells_something_only_where_there_are_few(
    had: float, left: float, exit_status: int, tmp_path: Path
) -> None:
    heard = [balance(20), *(_beside(started(f"a-long-enough-id-{n}"), n) for n in range(5))]
    heard.append(balance(-15))
    shown = (Leaf(6, ("body", "credits"), -15, ought=6),)
    steps = connected(steps_of(heard, shown, "", worlds=False))
    start = (202, {"generation_id": "x"})
    told: list[tuple[int, Mapping[str, Any]]] = [(200, {"credits": had}), *[start] * 5]
    for played in (by_player, lambda steps, url: by_shell(steps, url, tmp_path)):
        with telling(*told, (200, {"credits": left})) as url:
            assert played(steps, url) == exit_status


def _beside(heard: Heard, number: int) -> Heard:
    told = heard.exchange
    beside = Exchange(
        *(0, told.surface, told.call, told.who, told.method, told.base, told.path),
        status=202,
        order=number + 1,
        beside=number > 0,
    )
    return Heard(beside, heard.content)


def test_what_the_caller_knew_by_itself_is_not_taken_from_an_answer() -> None:
    """A list has it by chance, and another list has something else there."""
    start = _heard("POST", START, "/v1/generate/media", {"generation_id": ONE})
    asked = Exchange(
        *(0, "rest", START, "main", "POST", "rest", "/v1/generate/media"),
        sent=b'{"generation_type": "text-to-video"}',
        status=200,
    )
    heard = [listed({"id": OTHER, "generation_type": "text-to-video"}), Heard(asked, start.content)]
    first, second = steps_of(heard, (Leaf(1, ("body", "generation_id"), ONE),), "", worlds=False)
    assert (first["take"], second["body"]) == ([], '{"generation_type": "text-to-video"}')
