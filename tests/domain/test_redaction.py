"""Credentials are hidden wherever they stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.redaction import (
    HIDDEN,
    redacted,
    redacted_query,
    redacted_value,
    without_tail,
)

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
        ("Bearer abcdefgh1j", f"Bearer {HIDDEN}"),
        ("Basic dXNlcjpwYXNz", f"Basic {HIDDEN}"),
        ("bearer abcdefghijklmnopqrstuvwxyz", f"bearer {HIDDEN}"),
        ("authorization: bearer mellon", f"authorization: bearer {HIDDEN}"),
        ('{"password": "mellon", "a": 1', f'{{"password": "{HIDDEN}", "a": 1'),
        ("sk_live_a+b/c=d and more", f"sk_live_{HIDDEN} and more"),
        ("A flag bearer marches.", "A flag bearer marches."),
        ("basic black-and-white sketch", "basic black-and-white sketch"),
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


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("a=1&b=%20", "a=1&b=%20"),
        ("x=sk%5Flive%5Fmellon&a=%20", f"x=sk_live_{HIDDEN}&a=%20"),
        ("api%5Fkey=mellon", f"api_key={HIDDEN}"),
        ("t=%6Dellon", f"t={HIDDEN}"),
        ("", ""),
    ],
)
def test_a_query_hides_what_it_holds_once_decoded(query: str, shown: str) -> None:
    assert redacted_query(query, ("mellon",)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("say mell", f"say {HIDDEN}"), ("say m", f"say {HIDDEN}"), ("say it", "say it")],
)
def test_a_cut_text_ends_with_no_part_of_a_secret(text: str, shown: str) -> None:
    assert without_tail(text, ("mellon",)) == shown


@pytest.mark.parametrize("name", ["password", "Authorization", "api_key", "token"])
def test_fields_that_are_named_for_secrets_are_hidden_whole(name: str) -> None:
    hidden = redacted_value({name: "mellon", "key": "C minor", "n": {name: 1}})
    assert hidden == {name: HIDDEN, "key": "C minor", "n": {name: 1}}


@pytest.mark.parametrize("value", [1, 1.5, True, None, "plain", ["a"], {"b": "c"}])
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert redacted_value(value) == value
