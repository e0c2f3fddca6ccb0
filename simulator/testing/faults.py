"""Faults of a world as tests arm them: one method for each of the usual kinds."""

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, Unpack

from simulator.client import ControlClient
from simulator.engine.controls.faults import FaultView


class Rule(TypedDict, total=False):
    """Which calls a fault takes; see ``simulator.client.faults.Faults.arm``."""

    match: Mapping[str, Any]
    times: int
    skip: int
    probability: float
    for_seconds: float
    after_seconds: float


class Faults:
    """Every method arms one fault and tells how it then stands."""

    def __init__(self, control: ControlClient) -> None:
        self._faults = control.faults

    def arm(self, kind: str | Mapping[str, Any], **rule: Any) -> FaultView:
        """A kind by its name, with its own parameters among ``rule``; or a dict: of the kind with
        its parameters, or of a whole fault, ``{"do": {...}, "match": ..., "times": ...}``."""
        if isinstance(kind, str):
            return self._faults.arm(kind, **rule)
        whole = {**kind, **rule}
        effect = whole.pop("do", {})
        return self._faults.arm(**{**effect, **whole})

    def fail(
        self, reason: str = "unspecified", *, at: float = 0.5, **rule: Unpack[Rule]
    ) -> FaultView:
        """Jobs fail at a fraction of their time, and their credits come back."""
        return self._faults.arm("fail", reason=reason, at=at, **rule)

    def stuck(self, **rule: Unpack[Rule]) -> FaultView:
        """Jobs never end."""
        return self._faults.arm("stuck", **rule)

    def slow(self, factor: float, **rule: Unpack[Rule]) -> FaultView:
        """Jobs take so many times as long."""
        return self._faults.arm("slow", factor=factor, **rule)

    def status(self, code: int, **rule: Unpack[Rule]) -> FaultView:
        """Calls are answered with this status, and do nothing."""
        return self._faults.arm("status", code=code, **rule)

    def drop(self, when: Literal["before", "after"] = "after", **rule: Unpack[Rule]) -> FaultView:
        """Connections break, before anything is done or after all of it was."""
        return self._faults.arm("drop", when=when, **rule)

    def delay(self, ms: float, **rule: Unpack[Rule]) -> FaultView:
        """Answers wait so many real milliseconds, when all is done."""
        return self._faults.arm("delay", ms=ms, **rule)

    def truncate(self, keep: float = 0.5, **rule: Unpack[Rule]) -> FaultView:
        """Answers break off after this fraction of their bytes."""
        return self._faults.arm("truncate", keep=keep, **rule)

    def malformed(self, **rule: Unpack[Rule]) -> FaultView:
        """Answers are no JSON; all is done."""
        return self._faults.arm("malformed", **rule)

    def rate_limited(self, retry_after: int = 30, **rule: Unpack[Rule]) -> FaultView:
        """Calls are answered 429 with Retry-After, and do nothing."""
        return self._faults.arm("rate_limited", retry_after=retry_after, **rule)

    def outage(self, **rule: Unpack[Rule]) -> FaultView:
        """Calls are answered 503; ``for_seconds`` makes it a window."""
        return self._faults.arm("outage", **rule)

    def insufficient(self, **rule: Unpack[Rule]) -> FaultView:
        """Starts are refused for want of credits that are there."""
        return self._faults.arm("insufficient", **rule)

    def all(self) -> list[FaultView]:
        """With what is left of each."""
        return self._faults.all()

    def remove(self, fault_id: str) -> None:
        self._faults.remove(fault_id)

    def clear(self) -> int:
        """How many there were."""
        return self._faults.clear()
