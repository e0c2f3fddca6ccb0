"""Breakpoints of a world: requests that stand still until a test lets them go."""

from collections.abc import Mapping
from typing import Any

from simulator.client.calls import Calls, part
from simulator.engine.controls.breakpoints import (
    BreakpointsAnswer,
    BreakpointView,
    Outcome,
    Released,
)
from simulator.engine.controls.faults import Removed


class Breakpoints:
    """Points are ``start.before_check``, ``start.after_hold``, ``start.before_answer``,
    ``settle.before`` and ``file.before``."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> list[BreakpointView]:
        """With the requests that are parked at each."""
        return self._calls.get("/breakpoints", BreakpointsAnswer).breakpoints

    def set(
        self,
        point: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | None = None,
        hold_seconds: float = 30.0,
        at_timeout: Outcome = "continue",
    ) -> BreakpointView:
        """Parks ``times`` requests (None: all) that reach a point and fit ``match``. After
        ``hold_seconds`` of real time one goes on by itself, with the outcome ``at_timeout``."""
        body = {
            "point": point,
            "match": match or {},
            "times": times,
            "hold_seconds": hold_seconds,
            "at_timeout": at_timeout,
        }
        return self._calls.post("/breakpoints", BreakpointView, body)

    def wait(self, breakpoint_id: str, parked: int = 1, seconds: float = 10.0) -> BreakpointView:
        """Returns when so many are parked there, or when ``seconds`` of real time (60 at most) are
        over: look at ``parked``."""
        path = f"/breakpoints/{part(breakpoint_id)}/wait"
        return self._calls.post(path, BreakpointView, {"parked": parked, "seconds": seconds})

    def release(
        self, breakpoint_id: str, outcome: Outcome = "continue", count: int | None = None
    ) -> int:
        """Lets the first ``count`` (None: all) go on, fail with 500, or time out without an answer;
        how many there were."""
        path = f"/breakpoints/{part(breakpoint_id)}/release"
        return self._calls.post(path, Released, {"outcome": outcome, "count": count}).released

    def remove(self, breakpoint_id: str) -> None:
        """Whoever is parked there goes on."""
        self._calls.delete(f"/breakpoints/{part(breakpoint_id)}", Removed)

    def clear(self) -> int:
        """How many there were."""
        return self._calls.delete("/breakpoints", Removed).removed
