"""Calls a minute and jobs at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.limits import (
    CALLS_A_MINUTE,
    JOBS_AT_ONCE,
    concurrency_limit_exceeded,
    rate_limit_exceeded,
    window,
)
from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS


@pytest.mark.ruling("limits.rates")
def test_the_calls_a_minute_are_the_documented_ones() -> None:
    assert CALLS_A_MINUTE == {
        "media": 30,
        "music": 10,
        "dialogue": 10,
        "ads": 5,
        "read": 120,
        "upload": 60,
    }


@pytest.mark.ruling("limits.concurrency")
def test_the_jobs_at_once_are_the_documented_ones() -> None:
    assert JOBS_AT_ONCE == {"media": 10, "music": 5, "dialogue": 5}


@pytest.mark.ruling("limits.window")
@given(st.integers(0, LAST_INSTANT_MS), st.integers(0, 59_999))
def test_a_window_is_a_whole_minute(instant_ms: int, later_ms: int) -> None:
    begins_ms = instant_ms - instant_ms % 60_000
    assert window(begins_ms) == window(begins_ms + later_ms) == window(begins_ms + 60_000) - 1


@pytest.mark.ruling("limits.window")
@pytest.mark.parametrize(
    ("into_ms", "wait_s"), [(0, 60), (1, 60), (1_000, 59), (59_001, 1), (59_999, 1)]
)
def test_retry_after_reaches_the_next_minute(into_ms: int, wait_s: int) -> None:
    rejection = rate_limit_exceeded("media", WORLD_BEGINS_MS + into_ms)
    assert rejection.fields["retry_after_seconds"] == wait_s
    assert window(WORLD_BEGINS_MS + into_ms + wait_s * 1_000) == window(WORLD_BEGINS_MS) + 1


@pytest.mark.parametrize("bucket", CALLS_A_MINUTE)
def test_a_rate_refusal_names_its_bucket_and_limit(bucket: str) -> None:
    rejection = rate_limit_exceeded(bucket, 0)
    assert (rejection.status, rejection.code) == (429, "rate_limit_exceeded")
    assert (rejection.fields["bucket"], rejection.fields["limit"]) == (
        bucket,
        CALLS_A_MINUTE[bucket],
    )


@pytest.mark.parametrize("bucket", JOBS_AT_ONCE)
def test_a_concurrency_refusal_names_its_bucket_and_limit(bucket: str) -> None:
    rejection = concurrency_limit_exceeded(bucket)
    assert (rejection.status, rejection.code) == (429, "concurrency_limit_exceeded")
    assert rejection.fields == {"bucket": bucket, "limit": JOBS_AT_ONCE[bucket]}
