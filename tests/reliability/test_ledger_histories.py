"""After every step of a hundred random histories over HTTP the ledger's laws hold."""

from fractions import Fraction
from typing import Any

import pytest

from simulator.app import Simulator
from tests.reliability.inproc import LONG_S, Caller, made
from tests.reliability.script import Script

HISTORIES, STEPS = 100, 50
RECOUNTED = 7  # steps between two checks that don't take the simulator's word
MOVES = {"grant": (1, 0, 0), "adjust": (1, 0, 0), "hold": (-1, 1, 0)} | {
    "capture": (0, -1, 1),
    "release": (1, -1, 0),
}


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return made(credits=400_000)


async def walk(simulator: Simulator, seed: int) -> tuple[Caller, list[str]]:
    """One history; what was wrong after any step of it."""
    script = Script(seed)
    main = Caller(simulator.app, f"sk_test_h{seed}")
    other = Caller(simulator.app, f"sk_test_h{seed}.other")
    wrong = []
    for number in range(STEPS):
        step = script.step()
        caller = other if step.account == "other" else main
        answer = await caller(step.method, step.path, step.body)
        script.saw(step, answer)
        found: list[str] = (await main.read("/_sim/ledger/verify"))["violations"]
        if number % RECOUNTED == 0:
            found += await broken_laws(main)
        if answer.status >= 500:
            found.append(f"answered {answer.status}")
        wrong += [f"history {seed}, step {number} {step}: {text}" for text in found]
    return main, wrong


async def broken_laws(caller: Caller) -> list[str]:
    """What is wrong by this file's own sums over the answers."""
    wrong = []
    ledger = await caller.read("/_sim/ledger")
    jobs = (await caller.read("/_sim/jobs"))["jobs"]
    sums = balance_of(ledger["entries"])
    if sums != exact(ledger["balance"]) or min(sums) < 0:
        wrong.append(f"the entries sum to {sums}, shown is {ledger['balance']}")
    unfinished = {job["id"] for job in jobs if job["status"] not in ("completed", "failed")}
    ends = [entry for entry in ledger["entries"] if entry["kind"] in ("capture", "release")]
    held = [entry["generation_id"] for entry in ledger["entries"] if entry["kind"] == "hold"]
    settled = {entry["generation_id"] for entry in ends}
    if len(settled) != len(ends) or len(set(held)) != len(held):
        wrong.append("a job was held or settled twice")
    if set(held) - settled != unfinished:
        wrong.append("an open hold is not the same as an unfinished job")
    return wrong


def balance_of(entries: list[dict[str, Any]]) -> tuple[Fraction, ...]:
    sums = [Fraction(0)] * 3
    for entry in entries:
        for bucket, sign in enumerate(MOVES[entry["kind"]]):
            sums[bucket] += sign * Fraction(str(entry["credits"]))
    return tuple(sums)


def exact(balance: dict[str, Any]) -> tuple[Fraction, ...]:
    return tuple(Fraction(str(balance[bucket])) for bucket in ("available", "held", "spent"))


@pytest.mark.parametrize("tenth", range(10))
async def test_the_ledgers_laws_hold_after_every_step_of_a_random_history(
    simulator: Simulator, tenth: int
) -> None:
    for seed in range(tenth, HISTORIES, 10):
        main, wrong = await walk(simulator, seed)
        await main.advance(LONG_S)
        assert wrong + await broken_laws(main) == []
        assert (await main.read("/_sim/ledger/verify"))["ok"]


async def test_a_history_holds_starts_refusals_captures_and_releases(simulator: Simulator) -> None:
    kinds: set[str] = set()
    for seed in range(100, 110):
        main, _ = await walk(simulator, seed)
        kinds |= {entry["kind"] for entry in (await main.read("/_sim/ledger"))["entries"]}
    assert kinds == set(MOVES)
