"""Points at which requests can be parked, and the requests that are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.domain.errors import Denial
from simulator.domain.faults import Call, Match

Outcome = Literal["continue", "fail", "timeout"]

POINTS: Mapping[str, str] = {
    "start.before_check": "Before a start's rules, price and credits are looked at.",
    "start.after_hold": "After the hold and the job are committed, before anything is told.",
    "start.before_answer": "After all is done, before the answer leaves.",
    "settle.before": "Before a request settles jobs that have ended.",
    "file.before": "Before a result's first byte leaves.",
}
BREAKPOINTS_MOST = 100
PARKED_MOST = 10_000
HOLD_REAL_S_MOST = 600.0


Left = Callable[[], Awaitable[object]]
"""Returns when the caller has gone."""


class Parked(Exception):
    """Released to fail: ``timeout`` False: 500; True: the answer never comes."""

    def __init__(self, breakpoint_id: str, *, timeout: bool) -> None:
        super().__init__(breakpoint_id)
        self.breakpoint_id = breakpoint_id
        self.timeout = timeout


@dataclass(slots=True)
class Visit:
    """One parked request."""

    number: int
    call: Call
    gate: "asyncio.Future[Outcome]"


@dataclass(slots=True)
class Breakpoint:
    """``times``: how many requests it parks (None: all). After ``hold_s`` real seconds a request
    goes on by itself with ``at_timeout``, so that a crashed test holds up nobody."""

    id: str
    point: str
    match: Match
    times: int | None
    hold_s: float
    at_timeout: Outcome
    parked: list[Visit] = field(default_factory=list)
    seen: int = 0


class Breakpoints:
    """Those of a world. ``changed`` is set and renewed whenever a request is parked or goes on."""

    def __init__(self) -> None:
        self._all: dict[str, Breakpoint] = {}
        self._given = 0
        self._visits = 0
        self._closed = False
        self.changed = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._all)

    def all(self) -> list[Breakpoint]:
        return list(self._all.values())

    def get(self, breakpoint_id: str) -> Breakpoint:
        """Raises Denial 404."""
        found = self._all.get(breakpoint_id)
        if found is None:
            raise Denial(404, "There is no breakpoint with this id in this namespace.")
        return found

    def add(
        self, point: str, match: Match, times: int | None, hold_s: float, at_timeout: Outcome
    ) -> Breakpoint:
        if len(self._all) >= BREAKPOINTS_MOST:
            raise Denial(400, f"There are {BREAKPOINTS_MOST} breakpoints already; delete some.")
        self._given += 1
        made = Breakpoint(f"breakpoint-{self._given}", point, match, times, hold_s, at_timeout)
        self._all[made.id] = made
        return made

    def release(self, breakpoint_id: str, outcome: Outcome, count: int | None = None) -> int:
        """Lets the first ``count`` parked requests go on (None: all); how many there were."""
        one = self.get(breakpoint_id)
        going, one.parked = one.parked[:count], [] if count is None else one.parked[count:]
        for visit in going:
            visit.gate.set_result(outcome)
        self._tell()
        return len(going)

    def remove(self, breakpoint_id: str) -> None:
        """Whoever is parked there goes on. Raises Denial 404."""
        self.release(breakpoint_id, "continue")
        del self._all[breakpoint_id]

    def clear(self) -> None:
        for breakpoint_id in list(self._all):
            self.remove(breakpoint_id)

    def close(self) -> None:
        """Everybody goes on, and nobody is parked any more."""
        self._closed = True
        for breakpoint_id in self._all:
            self.release(breakpoint_id, "continue")

    def watches(self, point: str) -> bool:
        return any(one.point == point for one in self._all.values())

    async def reach(self, point: str, call: Call, left: Left | None = None) -> None:
        """Parks the caller at each breakpoint here that fits it, unless it has ``left``. Raises
        Parked."""
        for one in list(self._all.values()):
            if one.point == point and one.times != 0 and one.match.fits(call):
                await self._park(one, call, left)

    async def _park(self, one: Breakpoint, call: Call, left: Left | None) -> None:
        if self._closed or len(one.parked) >= PARKED_MOST or self._all.get(one.id) is not one:
            return
        if one.times is not None:
            one.times -= 1
        one.seen += 1
        self._visits += 1
        gate: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        visit = Visit(self._visits, call, gate)
        one.parked.append(visit)
        self._tell()
        try:
            outcome = await _outcome(one, gate, left)
        finally:
            if visit in one.parked:
                one.parked.remove(visit)
                self._tell()
        if outcome != "continue":
            raise Parked(one.id, timeout=outcome == "timeout")

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


async def _outcome(one: Breakpoint, gate: "asyncio.Future[Outcome]", left: Left | None) -> Outcome:
    """How a parked request goes on. Who has left can be told nothing."""
    gone = None if left is None else asyncio.ensure_future(left())
    try:
        waits: list[asyncio.Future[Any]] = [gate] if gone is None else [gate, gone]
        await asyncio.wait(waits, timeout=one.hold_s, return_when=asyncio.FIRST_COMPLETED)
        if gate.done():
            return gate.result()
        return "timeout" if gone is not None and gone.done() else one.at_timeout
    finally:
        if gone is not None:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone
