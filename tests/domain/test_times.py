"""Instants as text and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS, from_rfc3339, rfc3339

INSTANTS = {
    "1970-01-01T00:00:00.000Z": 0,
    "2024-02-29T23:59:59.999Z": 1_709_251_199_999,
    "2026-01-01T00:00:00.000Z": WORLD_BEGINS_MS,
    "2038-01-19T03:14:08.000Z": 2_147_483_648_000,
    "9999-12-31T23:59:59.999Z": LAST_INSTANT_MS,
}


@pytest.mark.parametrize(("text", "instant_ms"), INSTANTS.items())
def test_an_instant_is_shown_with_milliseconds_and_z(text: str, instant_ms: int) -> None:
    assert rfc3339(instant_ms) == text


def test_an_instant_beyond_the_end_is_shown_as_the_end() -> None:
    assert rfc3339(LAST_INSTANT_MS + 1) == rfc3339(10**18) == "9999-12-31T23:59:59.999Z"


@given(st.integers(0, LAST_INSTANT_MS))
def test_every_instant_survives_being_written_and_read(instant_ms: int) -> None:
    assert from_rfc3339(rfc3339(instant_ms)) == instant_ms


@given(st.integers(0, LAST_INSTANT_MS), st.integers(0, LAST_INSTANT_MS))
def test_the_order_of_texts_is_the_order_of_instants(one: int, other: int) -> None:
    assert (rfc3339(one) < rfc3339(other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T01:00:00+01:00",
        "2025-12-31T19:00:00-05:00",
        "2026-01-01T00:00:00.000999Z",
        "2026-01-01T00:00Z",
    ],
)
def test_an_instant_may_come_with_any_offset_and_precision(text: str) -> None:
    assert from_rfc3339(text) == WORLD_BEGINS_MS


def test_the_last_moment_of_the_last_year_can_be_read_with_an_offset() -> None:
    assert from_rfc3339("9999-12-31T23:59:59.999-01:00") == LAST_INSTANT_MS + 3_600_000


@pytest.mark.parametrize(
    "text", ["", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-29T00:00:00Z", "1767225600"]
)
def test_a_text_that_is_no_instant_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_rfc3339(text)


def test_a_time_without_an_offset_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        from_rfc3339("2026-01-01T00:00:00")
