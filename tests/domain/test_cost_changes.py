"""Two cost reports compared."""

import pytest

from simulator.domain.cost_changes import Change, compare
from simulator.domain.costs import Amounts, Report, Row


def report(**spent: int) -> Report:
    rows = (Row((model, "2026-01-01"), Amounts(held=each)) for model, each in spent.items())
    return Report(("model", "day"), tuple(rows))


BEFORE = report(a=100, b=200, gone=7, same=5)
AFTER = report(a=110, b=50, new=30, same=5)


def test_the_largest_change_comes_first_and_what_is_the_same_is_left_out() -> None:
    changes = compare(BEFORE, AFTER, ("model",))
    assert [(each.key[0], each.sort, each.difference) for each in changes] == [
        ("b", "changed", -150),
        ("new", "new", 30),
        ("a", "changed", 10),
        ("gone", "gone", -7),
    ]


def test_equal_changes_stand_in_the_order_of_their_keys() -> None:
    changes = compare(report(b=1, a=1), report(), ("model",))
    assert [each.key[0] for each in changes] == ["a", "b"]


def test_a_row_with_other_figures_for_the_same_credits_has_changed() -> None:
    before = Report(("model",), (Row(("a",), Amounts(held=10)),))
    after = Report(("model",), (Row(("a",), Amounts(held=10, captured=10)),))
    (change,) = compare(before, after, ("model",))
    assert change == Change(("a",), Amounts(held=10), Amounts(held=10, captured=10))
    assert (change.sort, change.difference) == ("changed", 0)


def test_nothing_changes_between_a_report_and_itself() -> None:
    assert compare(BEFORE, BEFORE, ("model", "day")) == ()


def test_reports_that_are_too_coarse_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="so not by account"):
        compare(BEFORE, AFTER, ("account",))
