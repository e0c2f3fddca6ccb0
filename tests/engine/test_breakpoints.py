"""Breakpoints by themselves: their bounds, and what a stop makes of them."""

import asyncio

import pytest

from simulator.domain.errors import Denial
from simulator.domain.faults import Call, Match
from simulator.domain.times import WORLD_BEGINS_MS
from simulator.engine import breakpoints
from simulator.engine.bodies import MediaBody, Nothing
from simulator.engine.breakpoints import BREAKPOINTS_MOST, Breakpoints, Parked
from tests.engine.world import caller_of, make_provider

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


async def test_who_was_parked_before_settling_sees_what_has_ended_meanwhile() -> None:
    provider = make_provider()
    who = await caller_of(provider)
    for _ in range(2):
        await provider.generate_media(who, MediaBody(prompt="[sim:fail;at=0]", model="z-image"))
    worlds, points = provider.worlds, who.world.lab.breakpoints
    breakpoint_id = points.add("settle.before", Match(), None, 5.0, "continue").id
    await worlds.set_clock(who.world, who.world.clock.moved_to(WORLD_BEGINS_MS + 3_600_000, 0))
    looking = asyncio.create_task(provider.get_balance(who, Nothing()))
    while not points.get(breakpoint_id).parked:
        await points.changed.wait()
    points.release(breakpoint_id, "continue")
    assert (await looking).credits == 10_000
