"""Laws that hold over any history."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.domain.ledger import verify
from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS
from simulator.engine.provider import Provider
from simulator.engine.store.base import Query
from simulator.engine.worlds import Defaults
from tests.engine.driving import available, caller, done, leap, ledger, poll, start
from tests.engine.script import ACCOUNTS, PROMPTS, REQUESTS, play, script, transcript
from tests.engine.world import make_provider

SEEDS = st.integers(0, 2**32)
few = settings(max_examples=max(25, settings().max_examples // 20))


def everything(provider: Provider) -> bytes:
    """The world's whole ledger and every job's state, as bytes."""
    world = caller(provider).world
    now_ms = done(provider.worlds.now(world))
    return msgspec.json.encode(
        [
            done(provider.store.entries(world.id, now_ms)),
            done(provider.store.jobs(world.id, Query(), now_ms)),
            done(provider.store.balances(world.id, now_ms)),
        ]
    )


def violations(provider: Provider) -> list[str]:
    world = caller(provider).world
    now_ms = done(provider.worlds.now(world))
    history = done(provider.store.history(world.id, now_ms))
    return verify(history.entries, history.jobs, history.balances, now_ms)


@few
@given(SEEDS)
def test_what_was_held_is_captured_released_or_still_held(seed: int) -> None:
    provider = make_provider()
    for _ in play(provider, script(seed, 60)):
        pass
    sums = dict.fromkeys(("hold", "capture", "release"), 0)
    for kind, millicredits in ledger(provider, caller(provider)):
        if kind in sums:
            sums[kind] += millicredits
    world = caller(provider).world
    balances = done(provider.store.balances(world.id, done(provider.worlds.now(world))))
    still = sum(balance.held for balance in balances.values())
    assert sums["hold"] == sums["capture"] + sums["release"] + still
    assert violations(provider) == []


@few
@given(SEEDS)
def test_a_refusal_adds_no_entry_and_no_job(seed: int) -> None:
    provider = make_provider(defaults=Defaults(frozen=True, credits=300_000))
    steps = list(script(seed, 60))
    for account in ACCOUNTS:
        caller(provider, account=account)
    before = everything(provider)
    for step, answer in zip(steps, play(provider, iter(steps)), strict=True):
        after = everything(provider)
        if step.kind == "start" and isinstance(answer, dict):
            assert after == before, answer
        before = after


@few
@given(SEEDS, st.lists(st.integers(1, 200_000), max_size=20))
def test_one_leap_is_as_good_as_many_steps_with_polls_between(seed: int, steps: list[int]) -> None:
    leaping, stepping = make_provider(), make_provider()
    chance = random.Random(seed)
    requests = [{**chance.choice(REQUESTS[:5]), "prompt": chance.choice(PROMPTS)} for _ in range(8)]
    for provider in (leaping, stepping):
        ids = [start(provider, caller(provider), **request) for request in requests]
    who = caller(stepping)
    for step_ms in steps:
        leap(stepping, who.world, step_ms)
        chance.choice((lambda: poll(stepping, who, ids[0]), lambda: available(stepping, who)))()
    leap(leaping, caller(leaping).world, sum(steps))
    assert everything(leaping) == everything(stepping)


@few
@given(SEEDS)
def test_reading_changes_nothing_that_a_later_reader_could_tell(seed: int) -> None:
    reading, silent = make_provider(), make_provider()
    steps = list(script(seed, 60))
    for _ in play(reading, iter(steps)):
        pass
    for _ in play(silent, (s for s in steps if s.kind in ("start", "leap", "adjust"))):
        pass
    assert everything(reading) == everything(silent)


@few
@given(SEEDS)
def test_the_same_seed_and_script_give_the_same_bytes(seed: int) -> None:
    defaults = Defaults(frozen=True, seed=seed)
    first, second = (transcript(make_provider(defaults=defaults), seed, 60) for _ in range(2))
    assert first == second


@few
@given(SEEDS)
def test_entries_are_dated_in_their_order(seed: int) -> None:
    provider = make_provider()
    for _ in play(provider, script(seed, 60)):
        pass
    world = caller(provider).world
    entries = done(provider.store.entries(world.id, LAST_INSTANT_MS))
    assert [entry.at_ms for entry in entries] == sorted(entry.at_ms for entry in entries)


JUMPS = {
    "ten years": WORLD_BEGINS_MS + 10 * 366 * 86_400_000,
    "2038": 2_147_483_647_000,
    "a leap day": 1_835_395_200_000,
    "year 9999": LAST_INSTANT_MS - 10**9,
}


@pytest.mark.parametrize("instant_ms", JUMPS.values(), ids=JUMPS)
def test_no_job_ends_early_or_never_wherever_the_clock_jumps(instant_ms: int) -> None:
    provider = make_provider()
    who = caller(provider)
    before = [start(provider, who, prompt) for prompt in ("x", "[sim:fail]")]
    now_ms = leap(provider, who.world, instant_ms - WORLD_BEGINS_MS)
    after = start(provider, who)
    assert [poll(provider, who, each).status for each in (*before, after)] == [
        "completed",
        "failed",
        "pending",
    ]
    job = done(provider.store.job(who.world.id, after))
    assert job is not None
    assert job.times.done_at_ms is not None
    leap(provider, who.world, job.times.done_at_ms - now_ms - 1)
    assert poll(provider, who, after).status == "processing"
    leap(provider, who.world, 1)
    assert poll(provider, who, after).status == "completed"
    assert violations(provider) == []
    assert len({*before, after}) == 3


def test_ten_thousand_jobs_of_which_three_in_ten_fail_leave_no_open_hold() -> None:
    provider = make_provider(defaults=Defaults(frozen=True, credits=100_000_000))
    who = caller(provider)
    prompts = ["x"] * 7 + ["[sim:fail]"] * 3
    for number in range(10_000):
        start(provider, who, prompts[number % 10])
    leap(provider, who.world, LAST_INSTANT_MS - WORLD_BEGINS_MS)
    entries = ledger(provider, who)
    assert [
        sum(kind == each for kind, _ in entries) for each in ("hold", "capture", "release")
    ] == [
        10_000,
        7_000,
        3_000,
    ]
    assert available(provider, who) == 100_000 - 7_000 * 7
    assert violations(provider) == []
    assert done(provider.store.next_event(who.world.id, 0)) is None
