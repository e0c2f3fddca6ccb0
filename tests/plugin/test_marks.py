"""What marks may say, and how worlds are named."""

import re

import pytest

from simulator.engine.worlds import NAME
from simulator.surfaces.auth import Keys
from simulator.testing.marks import Arguments, Wishes, WrongMark, budget_of, wishes_of
from simulator.testing.names import namespace_of


def mark(*args: object, **kwargs: object) -> Arguments:
    return args, kwargs


def test_no_mark_wishes_nothing() -> None:
    assert wishes_of([]) == Wishes()


def test_later_marks_overrule_earlier_ones() -> None:
    marks = [mark(credits=5, seed=1), mark(credits=0.125, speed=60), mark(scenario="refund")]
    assert wishes_of(marks) == Wishes(0.125, 1, 60.0, "refund")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (mark(5), "by name"),
        (mark(credit=5), "unknown argument 'credit', expected credits=, seed=, speed=, scenario="),
        (mark(credits="5"), "credits='5'"),
        (mark(credits=-1), "0 or more"),
        (mark(credits=0.0001), "three decimals"),
        (mark(credits=True), "credits=True"),
        (mark(credits=float("nan")), "credits=nan"),
        (mark(credits=2e12), "credits="),
        (mark(seed=-1), "whole number from 0"),
        (mark(seed=2**63), "whole number from 0"),
        (mark(seed=1.0), "seed=1.0"),
        (mark(seed=True), "seed=True"),
        (mark(speed=0), "above 0"),
        (mark(speed=1_000_001), "at most 1,000,000"),
        (mark(speed="fast"), "speed='fast'"),
        (mark(scenario=5), "the name of one"),
    ],
)
def test_a_mark_that_cannot_be_read_says_what_was_expected(given: Arguments, told: str) -> None:
    with pytest.raises(WrongMark, match=re.escape(told)):
        wishes_of([given])


def test_the_nearest_budget_counts() -> None:
    assert budget_of([mark(credits=5), mark(credits=2.5)]) == 2.5
    assert budget_of([]) is None


@pytest.mark.parametrize("given", [mark(5), mark(), mark(credit=5), mark(credits=5, seed=1)])
def test_a_budget_is_credits_and_nothing_else(given: Arguments) -> None:
    with pytest.raises(WrongMark, match="expected credits="):
        budget_of([given])


@pytest.mark.parametrize(
    "name",
    [
        "test_a",
        "test_a[x/ü-[]]",
        "live_x",
        "",
        "___",
        "test_" + "long_" * 40,
        "test-" * 20,
        "t[\0]",
    ],
)
async def test_every_test_has_a_namespace_that_keys_can_name(name: str) -> None:
    found = namespace_of(f"tests/x.py::{name}", name)
    assert NAME.fullmatch(found)
    assert Keys(None).owner(f"sk_test_{found}") == (found, "main")  # type: ignore[arg-type]  # looks at no world
    assert len(found) <= 56


def test_tests_of_one_name_have_worlds_of_their_own() -> None:
    assert namespace_of("a.py::test_x", "test_x") != namespace_of("b.py::test_x", "test_x")
    assert namespace_of("a.py::test_x", "test_x") == namespace_of("a.py::test_x", "test_x")
