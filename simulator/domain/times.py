"""Instants of a world's clock: whole milliseconds since 1970, shown as RFC 3339 with ``Z``."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WITHOUT_ZONE = _EPOCH.replace(tzinfo=None)
_MILLISECOND = timedelta(milliseconds=1)

WORLD_BEGINS_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z: every world's clock starts here, so that times are the same every run."""

LAST_INSTANT_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, where every clock stops."""


@lru_cache(maxsize=4_096)  # every poll of a job shows the same instants
def rfc3339(instant_ms: int) -> str:
    """What no clock will ever reach is shown as the last instant."""
    seconds, milliseconds = divmod(min(instant_ms, LAST_INSTANT_MS), 1000)
    # Without a zone, and whole seconds by position, which takes half the time.
    whole = (_EPOCH_WITHOUT_ZONE + timedelta(0, seconds)).isoformat()
    return f"{whole}.{milliseconds:03d}Z"


def from_rfc3339(text: str) -> int:
    """Milliseconds; ``ValueError`` when the text is not a date and time with an offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset, expected for example 2026-01-01T00:00:00Z")
    return (instant - _EPOCH) // _MILLISECOND
