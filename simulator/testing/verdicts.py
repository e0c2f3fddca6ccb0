"""What a test is told when the journal is not as it expects."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.engine.controls.journal import NearView, VerifyRequestsAnswer


def expect(
    verdict: VerifyRequestsAnswer, wanted: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> None:
    """Raises AssertionError unless the verdict is good."""
    __tracebackhide__ = True
    if not verdict.ok:
        raise AssertionError("\n".join(_lines(verdict, wanted)))


def _lines(verdict: VerifyRequestsAnswer, wanted: object) -> Iterator[str]:
    yield verdict.why
    yield f"  wanted: {json.dumps(wanted, default=str)}"
    for near in verdict.near_misses:
        yield from _near(near)


def _near(near: NearView) -> Iterator[str]:
    yield f"  near: call {near.seq}, {near.operation} at {near.at}"
    for one in near.differences:
        yield f"    {one.field}: expected {one.expected}, got {one.got}"
