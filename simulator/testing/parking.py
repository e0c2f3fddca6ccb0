"""Requests that stand still at a point until a test lets them go."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.client import ControlClient
from simulator.engine.controls.breakpoints import Outcome, ParkedView


class Parked:
    """The requests that are parked at one breakpoint."""

    def __init__(self, control: ControlClient, breakpoint_id: str) -> None:
        self._breakpoints = control.breakpoints
        self.id = breakpoint_id

    def wait(self, count: int = 1, seconds: float = 10.0) -> list[ParkedView]:
        """Those that are parked, as soon as there are ``count``. Raises AssertionError when there
        are not after so many real ``seconds``, 60 at most."""
        __tracebackhide__ = True
        parked = self._breakpoints.wait(self.id, count, seconds).parked
        if len(parked) < count:
            calls = ", ".join(f"{one.operation} of {one.account}" for one in parked) or "none"
            raise AssertionError(f"{len(parked)} of {count} parked in {seconds:g} s: {calls}")
        return parked

    def release(self, outcome: Outcome = "continue", count: int | None = None) -> int:
        """Lets the first ``count`` (None: all) go on, fail with 500, or time out without an answer;
        how many there were."""
        return self._breakpoints.release(self.id, outcome, count)


@contextlib.contextmanager
def parked_at(
    control: ControlClient,
    point: str,
    match: Mapping[str, Any] | None,
    times: int | None,
    hold_seconds: float,
) -> Iterator[Parked]:
    """A breakpoint that ends with the block: who is still parked then goes on."""
    made = control.breakpoints.set(point, match=match, times=times, hold_seconds=hold_seconds)
    try:
        yield Parked(control, made.id)
    finally:
        control.breakpoints.remove(made.id)
