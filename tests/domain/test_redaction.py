"""Credentials are hidden wherever they stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.redaction import HIDDEN, redacted, redacted_value

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="_-."), max_size=30)
KEYS = st.from_regex(r"sk_(test|live)_[A-Za-z0-9]{8,40}", fullmatch=True)


@given(WORDS, KEYS, WORDS)
def test_a_key_is_hidden_in_any_text(before: str, key: str, after: str) -> None:
    assert key[8:] not in redacted(f"{before} {key} {after}")


@given(KEYS)
def test_a_key_is_hidden_anywhere_in_json(key: str) -> None:
    hidden = redacted_value({"a": [key, {"b": f"x{key}"}], key: 1, "n": 1, "t": None})
    assert key[8:] not in str(hidden)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bearer abcdefghij", f"Bearer {HIDDEN}"),
        ("/a?sig=secret&x=1", f"/a?sig={HIDDEN}&x=1"),
        ("?X-Amz-Signature=ab12", f"?X-Amz-Signature={HIDDEN}"),
        ("token=abc", f"token={HIDDEN}"),
        ("a monkey=banana", "a monkey=banana"),
        ("sk_test_default", f"sk_test_{HIDDEN}"),
        ("A lighthouse at dusk", "A lighthouse at dusk"),
    ],
)
def test_what_is_secret_goes_and_the_rest_stays(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_named_secrets_go_too() -> None:
    assert redacted("the word is mellon", ("mellon", "")) == f"the word is {HIDDEN}"


@pytest.mark.parametrize("value", [1, 1.5, True, None, "plain", ["a"], {"b": "c"}])
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert redacted_value(value) == value
