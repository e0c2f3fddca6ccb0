"""Faults of a world: what shall go wrong, for which calls, how often."""

from collections.abc import Mapping
from typing import Any

from simulator.client.calls import Calls, part
from simulator.engine.controls.faults import FaultsAnswer, FaultView, Removed


class Faults:
    """Those that were armed, in the order of their priority."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> list[FaultView]:
        """With what is left of each."""
        return self._calls.get("/faults", FaultsAnswer).faults

    def arm(
        self,
        kind: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
        for_seconds: float | None = None,
        after_seconds: float | None = None,
        **parameters: Any,
    ) -> FaultView:
        """``kind`` with its own ``parameters``: ``arm("fail", reason="content_policy", times=3)``.

        ``match`` picks calls by operation, route, tool, model, account and fields; left out, every
        call. It takes ``times`` calls (None: all) after it let ``skip`` pass, each with
        ``probability``, from ``after_seconds`` of the world's clock on, for ``for_seconds``.
        """
        body = {
            "do": {"kind": kind, **parameters},
            "match": match or {},
            "times": times,
            "skip": skip,
            "probability": probability,
            "for_seconds": for_seconds,
            "after_seconds": after_seconds,
        }
        return self._calls.post("/faults", FaultView, body)

    def remove(self, fault_id: str) -> None:
        self._calls.delete(f"/faults/{part(fault_id)}", Removed)

    def clear(self) -> int:
        """How many there were."""
        return self._calls.delete("/faults", Removed).removed
