"""Breakpoints by themselves: their bounds, and what a stop makes of them."""

import asyncio

import pytest

from simulator.domain.errors import Denial
from simulator.domain.faults import Call, Match
from simulator.engine import breakpoints
from simulator.engine.breakpoints import BREAKPOINTS_MOST, Breakpoints, Parked

POINT = "start.before_check"
START = Call("generate_media", "rest", "/v1/generate/media", "main")


def one_more(points: Breakpoints, times: int | None = None, hold_s: float = 5.0) -> str:
    return points.add(POINT, Match(), times, hold_s, "continue").id


async def test_there_are_only_so_many() -> None:
    points = Breakpoints()
    for _ in range(BREAKPOINTS_MOST):
        one_more(points)
    with pytest.raises(Denial):
        one_more(points)


async def test_who_finds_no_room_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakpoints, "PARKED_MOST", 1)
    points = Breakpoints()
    breakpoint_id = one_more(points)
    parked = asyncio.create_task(points.reach(POINT, START))
    await asyncio.sleep(0)
    await asyncio.wait_for(points.reach(POINT, START), 1)
    assert points.get(breakpoint_id).seen == 1
    points.release(breakpoint_id, "continue")
    await parked


async def test_after_a_stop_nobody_is_parked_any_more() -> None:
    points = Breakpoints()
    one_more(points)
    parked = asyncio.create_task(points.reach(POINT, START))
    await asyncio.sleep(0)
    points.close()
    await asyncio.wait_for(parked, 1)
    await asyncio.wait_for(points.reach(POINT, START), 1)
    assert [one.parked for one in points.all()] == [[]]


async def test_a_request_stops_at_each_breakpoint_that_is_there_when_it_comes() -> None:
    points = Breakpoints()
    first, second = one_more(points), one_more(points)
    going = asyncio.create_task(points.reach(POINT, START))
    await asyncio.sleep(0)
    points.release(first, "continue")
    await asyncio.sleep(0.001)
    assert [one.seen for one in points.all()] == [1, 1]
    points.release(second, "fail")
    with pytest.raises(Parked) as parked:
        await going
    assert (parked.value.breakpoint_id, parked.value.timeout) == (second, False)


async def test_a_breakpoint_that_went_meanwhile_parks_nobody() -> None:
    points = Breakpoints()
    first, second = one_more(points), one_more(points)
    going = asyncio.create_task(points.reach(POINT, START))
    await asyncio.sleep(0)
    points.remove(second)
    points.release(first, "continue")
    await asyncio.wait_for(going, 1)


async def test_who_is_released_cannot_be_released_again() -> None:
    points = Breakpoints()
    breakpoint_id = one_more(points)
    going = asyncio.create_task(points.reach(POINT, START))
    await asyncio.sleep(0)
    assert [points.release(breakpoint_id, "continue") for _ in range(2)] == [1, 0]
    await going


async def test_a_request_that_is_cancelled_is_not_parked_any_more() -> None:
    points = Breakpoints()
    breakpoint_id = one_more(points)
    going = asyncio.create_task(points.reach(POINT, START, asyncio.Event().wait))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert points.get(breakpoint_id).parked == []
