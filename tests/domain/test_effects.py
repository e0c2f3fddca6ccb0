"""Faults as words and as objects: both are read by one table, and told back as they were."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.delays import DELAY_MS_MOST, delay_ms
from simulator.domain.effects import (
    KINDS,
    BadEffect,
    Effect,
    Kind,
    Param,
    effect_from_text,
    effect_of,
    effects_from_text,
    kinds_of,
)

WORDS = st.text("abcXYZ019_.-", min_size=1, max_size=64)
TEXTS = st.text("abc XYZ/!?()", max_size=200)


def value_of(param: Param) -> st.SearchStrategy[Any]:
    """Everything that the parameter takes."""
    if param.choices:
        return st.sampled_from(param.choices)
    if param.word or param.text:
        return WORDS if param.word else TEXTS
    if param.whole:
        return st.integers(param.least, param.most)
    return st.integers(param.least * 1000 + 1, param.most * 1000).map(lambda n: n / 1000)


@st.composite
def given_of(draw: Any, kind: Kind) -> dict[str, Any]:
    """A fault of a kind, with all that it needs and some of what it may have."""
    fields: dict[str, Any] = {"kind": kind.name}
    for param in kind.params:
        if param.needed or draw(st.booleans()):
            fields[param.name] = draw(value_of(param))
    if kind.name == "price":
        fields.pop("credits", None)
        fields.setdefault("factor", 2)
    if kind.name == "delay":
        fields.pop(draw(st.sampled_from(["to_ms", "sigma"])), None)
        if "to_ms" in fields:
            fields["to_ms"] = max(fields["to_ms"], fields["ms"])
    return fields


@given(st.sampled_from(KINDS).flatmap(given_of))
def test_an_effect_is_told_as_it_can_be_read_again(fields: dict[str, Any]) -> None:
    effect = effect_of(fields)
    assert effect_of(effect.as_dict()) == effect
    assert fields.items() <= effect.as_dict().items()


@given(st.sampled_from(KINDS).flatmap(given_of))
def test_words_and_objects_say_the_same(fields: dict[str, Any]) -> None:
    name, *rest = [(key, format(value)) for key, value in fields.items()]
    text = ";".join([name[1], *(f"{key}={value.strip()}" for key, value in rest)])
    stripped = {
        key: value.strip() if isinstance(value, str) else value for key, value in fields.items()
    }
    assert effect_from_text(text) == effect_of(stripped)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unknown kind of fault '', expected one of fail, "),
        ("sotp", "unknown kind of fault 'sotp'"),
        ("stuck=1", "stuck takes no value, got '1'"),
        ("fail=x;y", "expected name=value after fail, got 'y'"),
        ("fail=x;when=now", "fail does not take 'when', expected reason, at"),
        ("malformed;x=1", "malformed does not take 'x', expected nothing"),
        ("slow", "slow needs factor"),
        ("slow=0", "slow: factor '0', expected a number above 0 to 10000"),
        ("status=200", "status: code '200', expected a whole number from 400 to 599"),
        ("status=404.5", "expected a whole number"),
        ("fail=a b", "expected letters, digits, _ . and -"),
        ("moderation=during", "expected before or after"),
        ("status=500;detail=" + "x" * 201, "expected at most 200 printable ASCII characters"),
        ("price", "price needs either factor or credits"),
        ("price=2;credits=3", "price needs either factor or credits"),
        ("delay=9;to_ms=8", "to_ms 8 is less than ms 9"),
        ("delay=9;to_ms=10;sigma=1", "not both"),
    ],
)
def test_what_cannot_be_read_says_what_was_expected(text: str, problem: str) -> None:
    with pytest.raises(BadEffect) as caught:
        effect_from_text(text)
    assert problem in str(caught.value)


NO_NUMBERS = [True, None, [1], {"a": 1}, float("nan"), float("inf"), 1e300, 10**400, -(10**13)]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_number_is_a_plain_number(value: object) -> None:
    with pytest.raises(BadEffect):
        effect_of({"kind": "slow", "factor": value})


def test_several_are_parted_by_commas() -> None:
    kinds = [effect.kind for effect in effects_from_text("stuck, slow=2,,status=503 ")]
    assert kinds == ["stuck", "slow", "status"]


def test_what_was_not_given_is_no_number_and_no_word() -> None:
    effect = effect_from_text("fail=x")
    assert (effect.number("reason"), effect.word("at"), effect.number("no")) == (None, "", None)


def test_layers_have_their_kinds() -> None:
    assert kinds_of("stream") == {"stream_cut", "stream_silent", "stream_error"}
    assert kinds_of("job", "wire", "stream", "mcp", "billing") == {kind.name for kind in KINDS}


HALF, LOW, HIGH = Fraction(1, 2), Fraction(0), Fraction(10**9 - 1, 10**9)


@pytest.mark.parametrize(
    ("text", "drawn", "expected"),
    [
        ("delay=20", HALF, 20),
        ("delay=20;to_ms=40", LOW, 20),
        ("delay=20;to_ms=40", HALF, 30),
        ("delay=20;to_ms=20", HALF, 20),
        ("delay=20;sigma=0", HIGH, 20),
        ("delay=20;sigma=1", HALF, 20),
        ("delay=60000;sigma=3", HIGH, DELAY_MS_MOST),
    ],
)
def test_a_delay_is_fixed_even_or_lognormal(text: str, drawn: Fraction, expected: float) -> None:
    assert delay_ms(effect_from_text(text), drawn) == pytest.approx(expected)


@given(st.integers(0, 2**64 - 1), st.integers(0, 60_000), st.integers(1, 3_000))
def test_a_delay_is_never_below_nothing_or_above_a_minute(drawn: int, ms: int, sigma: int) -> None:
    effect = Effect("delay", {"ms": Fraction(ms), "sigma": Fraction(sigma, 1000)})
    assert 0 <= delay_ms(effect, Fraction(drawn, 2**64)) <= DELAY_MS_MOST
