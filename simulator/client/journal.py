"""The journal of a world: what was called, and whether it was what a test expects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from simulator.client.calls import Calls
from simulator.engine.controls.faults import Removed
from simulator.engine.controls.journal import (
    LIMIT_MOST,
    RequestsAnswer,
    RequestView,
    VerifyRequestsAnswer,
)

Matcher = Mapping[str, Any]
"""Fields of a call: ``{"operation": "generate_media", "request.prompt": {"contains": "dawn"}}``."""


class Filters(TypedDict, total=False):
    """Which calls. ``error``: a refusal's code; ``since``: RFC 3339, by the world's clock."""

    operation: str | None
    surface: str | None
    status: int | None
    account: str | None
    model: str | None
    generation_id: str | None
    error: str | None
    since: str | None


class Journal:
    """Calls of all surfaces, without credentials. Old ones make room for new ones, and are
    counted."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def page(
        self,
        *,
        cursor: int = 0,
        limit: int = 100,
        newest_first: bool = False,
        **only: Unpack[Filters],
    ) -> RequestsAnswer:
        """Calls whose number is above ``cursor``, 500 at most. TypeError for an unknown filter."""
        unknown = sorted(only.keys() - Filters.__annotations__.keys())
        if unknown:
            expected = ", ".join(Filters.__annotations__)
            raise TypeError(f"unknown filter {unknown[0]!r}, expected some of {expected}")
        return self._calls.get(
            "/requests",
            RequestsAnswer,
            cursor=cursor or None,
            limit=limit,
            newest_first=newest_first or None,
            **only,
        )

    def all(self, **only: Unpack[Filters]) -> Iterator[RequestView]:
        """Every call that fits, the oldest first, fetched as they are needed."""
        cursor: int | None = 0
        while cursor is not None:
            page = self.page(cursor=cursor, limit=LIMIT_MOST, **only)
            yield from page.requests
            cursor = page.next_cursor

    def clear(self) -> int:
        """How many there were."""
        return self._calls.delete("/requests", Removed).removed

    def verify(
        self,
        request: Matcher | None = None,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        never: bool = False,
        in_order: Sequence[Matcher] = (),
        within_seconds: float | None = None,
    ) -> VerifyRequestsAnswer:
        """Whether calls that fit ``request`` came as often as said (with nothing said: at least
        once), and calls that fit ``in_order`` one after another, all within so many seconds of the
        world's clock. A miss tells the nearest calls, field by field."""
        limits = {"exactly": exactly, "at_least": at_least, "at_most": at_most}
        times: dict[str, Any] = {name: n for name, n in limits.items() if n is not None}
        if never:
            times["never"] = True
        body = {
            "request": request or {},
            **({"times": times} if times else {}),
            "in_order": in_order,
            "within_seconds": within_seconds,
        }
        return self._calls.post("/requests/verify", VerifyRequestsAnswer, body)
