"""A world's clock as a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS
from simulator.engine.clock import SPEED_MOST, Clock

RUNNING = Clock(WORLD_BEGINS_MS, since_ms=100, speed=10.0)
FROZEN = RUNNING.freeze(100)


def test_a_running_clock_moves_at_its_speed() -> None:
    assert [RUNNING.now(real_ms) - WORLD_BEGINS_MS for real_ms in (100, 101, 1_100)] == [
        0,
        10,
        10_000,
    ]


def test_a_frozen_clock_stands_still() -> None:
    assert FROZEN.now(10**9) == WORLD_BEGINS_MS


def test_real_time_that_goes_back_does_not_take_the_clock_along() -> None:
    assert RUNNING.now(0) == WORLD_BEGINS_MS


def test_freezing_keeps_the_time_and_resuming_goes_on_from_it() -> None:
    frozen = RUNNING.freeze(200)
    assert (frozen.mode, frozen.now(10**9)) == ("frozen", WORLD_BEGINS_MS + 1_000)
    resumed = frozen.resume(5_000)
    assert resumed.mode == "running"
    assert [resumed.now(real_ms) - WORLD_BEGINS_MS for real_ms in (5_000, 5_001)] == [1_000, 1_010]


def test_another_speed_counts_from_now_on() -> None:
    faster = RUNNING.at_speed(1_000, 200)
    assert [faster.now(real_ms) - WORLD_BEGINS_MS for real_ms in (200, 201)] == [1_000, 2_000]


def test_the_speed_of_a_frozen_clock_counts_when_it_resumes() -> None:
    clock = FROZEN.at_speed(2, 500).resume(1_000)
    assert clock.now(1_003) == WORLD_BEGINS_MS + 6


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), SPEED_MOST + 1])
def test_a_speed_out_of_bounds_is_a_value_error(speed: float) -> None:
    with pytest.raises(ValueError, match="is not between 0 and 1e\\+06"):
        RUNNING.at_speed(speed, 100)


def test_the_clock_moves_forward_only() -> None:
    assert RUNNING.moved_to(RUNNING.now(100), 100).now(100) == WORLD_BEGINS_MS
    with pytest.raises(ValueError, match="only moves forward"):
        RUNNING.moved_to(WORLD_BEGINS_MS - 1, 100)


def test_the_clock_ends_with_the_year_9999() -> None:
    last = RUNNING.moved_to(LAST_INSTANT_MS, 100)
    assert last.now(10**15) == LAST_INSTANT_MS
    with pytest.raises(ValueError, match="ends with the year 9999"):
        last.moved_to(LAST_INSTANT_MS + 1, 100)


def test_a_running_clock_says_how_long_to_wait() -> None:
    assert RUNNING.real_seconds_until(WORLD_BEGINS_MS + 10_000, 100) == 1.0
    assert RUNNING.real_seconds_until(WORLD_BEGINS_MS - 10_000, 100) == 0.0


def test_a_frozen_clock_cannot_say_how_long_to_wait() -> None:
    assert FROZEN.real_seconds_until(WORLD_BEGINS_MS, 100) is None


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["freeze", "resume", "speed", "leap"]),
        st.integers(0, 10**6),
        st.floats(0.001, 10_000),
    )
)


@given(MOVES)
def test_whatever_happens_to_a_clock_it_never_goes_back(
    moves: list[tuple[str, int, float]],
) -> None:
    clock, real_ms, seen_ms = RUNNING, 100, RUNNING.now(100)
    for move, waited_ms, speed in moves:
        real_ms += waited_ms
        before_ms = clock.now(real_ms)
        assert before_ms >= seen_ms
        match move:
            case "freeze":
                clock = clock.freeze(real_ms)
            case "resume":
                clock = clock.resume(real_ms)
            case "speed":
                clock = clock.at_speed(speed, real_ms)
            case _:
                clock = clock.moved_to(before_ms, real_ms)
        assert clock.now(real_ms) == before_ms
        seen_ms = before_ms
