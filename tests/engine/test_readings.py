"""A process in numbers: what is counted on the way, and what is summed when somebody asks."""

import pytest

from simulator.engine.counters import STALL_BOUNDS_MS, Counters
from simulator.engine.provider import Provider
from simulator.engine.readings import Readings, read
from tests.engine.driving import caller, done, leap, start
from tests.engine.world import make_provider

HOUR_MS = 3_600_000


def readings(provider: Provider) -> Readings:
    return done(read(provider.store, provider.worlds))


def test_jobs_and_credits_of_all_worlds_are_counted() -> None:
    provider = make_provider()
    who, other = caller(provider), caller(provider, "v")
    for each in (who, other):
        for prompt in ("x", "[sim:fail]", "[sim:stuck]"):
            start(provider, each, prompt)
    leap(provider, who.world, HOUR_MS)
    found = readings(provider)
    assert found.worlds == 2
    assert found.jobs == {
        "pending": 3,
        "queued": 0,
        "processing": 1,
        "completed": 1,
        "failed": 1,
    }
    price = found.millicredits["held"] // 6
    assert found.millicredits == {
        "held": 6 * price,
        "captured": price,
        "released": price,
        "open": 4 * price,
    }


def test_it_makes_no_difference_whether_what_is_due_was_settled() -> None:
    provider = make_provider()
    who = caller(provider)
    start(provider, who)
    start(provider, who, "[sim:fail]")
    now_ms = leap(provider, who.world, HOUR_MS)
    before = readings(provider)
    done(provider.store.balances(who.world.id, now_ms))
    assert readings(provider) == before


def test_an_empty_process_counts_nothing() -> None:
    found = readings(make_provider())
    assert (found.worlds, set(found.jobs.values()), set(found.millicredits.values())) == (
        0,
        {0},
        {0},
    )


def test_calls_are_counted_by_the_class_of_their_status() -> None:
    counters = Counters()
    for status, faults in ((200, 0), (204, 0), (429, 2), (0, 1)):
        counters.call("rest", "get_balance", status, faults)
    assert counters.calls == {
        ("rest", "get_balance", 2): 2,
        ("rest", "get_balance", 4): 1,
        ("rest", "get_balance", 0): 1,
    }
    assert counters.faults == 3


@pytest.mark.parametrize(
    ("late_us", "place"), [(0, 0), (1_000, 0), (1_001, 1), (1_000_000, 9), (1_000_001, 10)]
)
def test_a_stall_falls_into_the_first_class_that_holds_it(late_us: int, place: int) -> None:
    counters = Counters()
    counters.stall(late_us)
    assert len(counters.stalls) == len(STALL_BOUNDS_MS) + 1
    assert [each for each, count in enumerate(counters.stalls) if count] == [place]
    assert counters.stalled_us == late_us
