"""Breakpoints: parking requests, waiting for them, and letting them go."""

import asyncio
from contextlib import suppress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain.errors import Malformed
from simulator.engine.bodies import Nothing
from simulator.engine.breakpoints import HOLD_REAL_S_MOST, POINTS, Breakpoint
from simulator.engine.control import Control
from simulator.engine.controls.faults import MatchBody, Removed
from simulator.engine.worlds import World

Outcome = Literal["continue", "fail", "timeout"]
Count = Annotated[int, Meta(ge=1, le=10_000)]


class BreakpointBody(Struct, frozen=True, forbid_unknown_fields=True):
    point: Annotated[str, Meta(description=", ".join(POINTS))]
    match: MatchBody = MatchBody()
    times: Annotated[Count, Meta(description="How many requests; left out: all.")] | None = None
    hold_seconds: Annotated[
        float,
        Meta(gt=0, le=HOLD_REAL_S_MOST, description="Real seconds until one goes on by itself."),
    ] = 30.0
    at_timeout: Annotated[Outcome, Meta(description="How it goes on by itself.")] = "continue"


class BreakpointId(Struct, frozen=True):
    id: str


class ReleaseBody(Struct, frozen=True):
    id: str
    outcome: Annotated[
        Outcome,
        Meta(description="continue; fail: 500; timeout: no answer, the connection breaks."),
    ] = "continue"
    count: Annotated[Count, Meta(description="The first so many; left out: all.")] | None = None


class WaitBody(Struct, frozen=True):
    id: str
    parked: Annotated[Count, Meta(description="Until so many are parked.")] = 1
    seconds: Annotated[float, Meta(gt=0, le=60, description="Real seconds to wait.")] = 10.0


class ParkedView(Struct, frozen=True):
    number: int
    operation: str
    surface: str
    account: str
    model: str | None


class BreakpointView(Struct, frozen=True):
    id: str
    point: str
    match: MatchBody
    left: Annotated[int | None, Meta(description="How many it will still park.")]
    seen: int
    parked: list[ParkedView]
    hold_seconds: float
    at_timeout: Outcome


class BreakpointsAnswer(Struct, frozen=True):
    breakpoints: list[BreakpointView]


class Released(Struct, frozen=True):
    released: int


async def breakpoints(control: Control, world: World, body: Nothing) -> BreakpointsAnswer:
    """Every breakpoint with the requests that are parked there."""
    return BreakpointsAnswer([_view(one) for one in world.lab.breakpoints.all()])


async def set_breakpoint(control: Control, world: World, body: BreakpointBody) -> BreakpointView:
    """Parks the requests that reach a point, until they are released."""
    if body.point not in POINTS:
        text = f"unknown point {body.point[:80]!r}, expected one of {', '.join(POINTS)}"
        raise Malformed([{"loc": ["body", "point"], "msg": text, "type": "invalid"}])
    made = world.lab.breakpoints.add(
        body.point, body.match.match(), body.times, body.hold_seconds, body.at_timeout
    )
    return _view(made)


async def wait(control: Control, world: World, body: WaitBody) -> BreakpointView:
    """Answers when so many requests are parked there, or when the time is over."""
    points = world.lab.breakpoints
    with suppress(TimeoutError):
        async with asyncio.timeout(body.seconds):
            while len(points.get(body.id).parked) < body.parked:
                await points.changed.wait()
    return _view(points.get(body.id))


async def release(control: Control, world: World, body: ReleaseBody) -> Released:
    """Lets parked requests go on, fail, or end without an answer. The breakpoint stays."""
    return Released(world.lab.breakpoints.release(body.id, body.outcome, body.count))


async def remove(control: Control, world: World, body: BreakpointId) -> Removed:
    """Removes one; who is parked there goes on."""
    world.lab.breakpoints.remove(body.id)
    return Removed(1)


async def remove_all(control: Control, world: World, body: Nothing) -> Removed:
    """Removes all; who is parked goes on."""
    count = len(world.lab.breakpoints.all())
    world.lab.breakpoints.clear()
    return Removed(count)


def _view(one: Breakpoint) -> BreakpointView:
    match = one.match
    return BreakpointView(
        id=one.id,
        point=one.point,
        match=MatchBody(
            match.operation,
            match.route,
            match.tool,
            match.model,
            match.account,
            dict(match.fields),
        ),
        left=one.times,
        seen=one.seen,
        parked=[
            ParkedView(
                visit.number,
                visit.call.operation,
                visit.call.surface,
                visit.call.account,
                visit.call.model,
            )
            for visit in one.parked
        ],
        hold_seconds=one.hold_s,
        at_timeout=one.at_timeout,
    )
