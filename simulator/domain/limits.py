"""Calls a minute and jobs at once, per account: numbers and windows, no counters."""

from collections.abc import Mapping

from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, DOCUMENTED, Ruling

WINDOW_MS = 60_000

CALLS_A_MINUTE: Mapping[str, int] = {
    "media": 30,
    "music": 10,
    "dialogue": 10,
    "ads": 5,
    "read": 120,
    "upload": 60,
}

JOBS_AT_ONCE: Mapping[str, int] = {"media": 10, "music": 5, "dialogue": 5}

RULINGS = (
    Ruling(
        "limits.rates",
        DOCUMENTED,
        "docs: limitations; one shared bucket for reads and 60 uploads: assumed",
        "Calls a minute and account: media 30, music 10, dialogue 10, ad copy 5, reads 120, uploads"
        " 60.",
    ),
    Ruling(
        "limits.window",
        ASSUMED,
        "ruling",
        "A rate window is a whole minute of the world's clock; over it, 429 rate_limit_exceeded"
        " with Retry-After in seconds to the next minute.",
    ),
    Ruling(
        "limits.concurrency",
        DOCUMENTED,
        "docs: limitations; code and order: assumed",
        "Jobs at once: media 10, music 5, dialogue 5; over it, 429 concurrency_limit_exceeded,"
        " looked for after the rules and before the credits.",
    ),
)


def window(now_ms: int) -> int:
    """The number of the minute in which a call counts."""
    return now_ms // WINDOW_MS


def rate_limit_exceeded(bucket: str, now_ms: int) -> Rejection:
    """The refusal of a call at ``now_ms``, with the seconds to the next window."""
    limit = CALLS_A_MINUTE[bucket]
    retry_after_s = -(-(WINDOW_MS - now_ms % WINDOW_MS) // 1000)
    return Rejection(
        "rate_limit_exceeded",
        f"More than {limit} {bucket} calls in this minute; wait {retry_after_s} s.",
        bucket=bucket,
        limit=limit,
        retry_after_seconds=retry_after_s,
    )


def concurrency_limit_exceeded(bucket: str) -> Rejection:
    """The refusal of one job too many."""
    limit = JOBS_AT_ONCE[bucket]
    return Rejection(
        "concurrency_limit_exceeded",
        f"{limit} {bucket} jobs are running already; wait until one has ended.",
        bucket=bucket,
        limit=limit,
    )
