"""Points at which requests can be parked, and the requests that are."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
        going = self.get(breakpoint_id).parked[:count]
        for visit in going:
            if not visit.gate.done():
                visit.gate.set_result(outcome)
        return len(going)

    def remove(self, breakpoint_id: str) -> None:
        """Whoever is parked there goes on. Raises Denial 404."""
        self.release(breakpoint_id, "continue")
        del self._all[breakpoint_id]

    def clear(self) -> None:
        for breakpoint_id in list(self._all):
            self.remove(breakpoint_id)

    def watches(self, point: str) -> bool:
        return any(one.point == point for one in self._all.values())

    async def reach(self, point: str, call: Call) -> None:
        """Parks the caller at each breakpoint here that fits it. Raises Parked."""
        for one in list(self._all.values()):
            if one.point == point and one.times != 0 and one.match.fits(call):
                await self._park(one, call)

    async def _park(self, one: Breakpoint, call: Call) -> None:
        if len(one.parked) >= PARKED_MOST:
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
            async with asyncio.timeout(one.hold_s):
                outcome = await gate
        except TimeoutError:
            outcome = one.at_timeout
        finally:
            one.parked.remove(visit)
            self._tell()
        if outcome != "continue":
            raise Parked(one.id, timeout=outcome == "timeout")

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
