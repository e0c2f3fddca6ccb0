"""Budgets: what they are read from, and what exceeds them."""

import pytest

from simulator.domain.budgets import Budget, budget_of, exceeded
from simulator.domain.costs import Amounts, Report, Row

REPORT = Report(
    ("account", "model"),
    (
        Row(("main", "a"), Amounts(jobs=3, held=600_000, captured=300_000, released=100_000)),
        Row(("other", "b"), Amounts(jobs=1, held=500, captured=500)),
    ),
)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("500", Budget(500_000)),
        ("0", Budget(0)),
        ("0.5", Budget(500)),
        ("12.345", Budget(12_345)),
        ("model:kling-3-0-std=200", Budget(200_000, "model", "kling-3-0-std")),
        ("account:main=1", Budget(1_000, "account", "main")),
        ("namespace:ci=2", Budget(2_000, "namespace", "ci")),
        ("test:tests/a.py::test_b[x=y:z]=3", Budget(3_000, "test", "tests/a.py::test_b[x=y:z]")),
    ],
)
def test_a_budget_is_read_from_its_text(text: str, budget: Budget) -> None:
    assert budget_of(text) == budget


@pytest.mark.parametrize(
    "text",
    ["", "x", "-1", "1.2345", "1e3", "=5", "model=5", "model:=5", "colour:red=5", "model:a=", "٣"],
)
def test_what_is_no_budget_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected credits, for example 500"):
        budget_of(text)


def test_what_is_spent_in_all_may_reach_the_budget_but_not_exceed_it() -> None:
    assert exceeded(REPORT, [Budget(500_500)]) == ()
    assert exceeded(REPORT, [Budget(500_499)]) == (
        "budget exceeded by 0.001 credits: 500.5 of 500.499 (300.5 captured, 200 still open)",
    )


def test_a_part_is_held_against_its_own_budget() -> None:
    budgets = [
        Budget(400_000, "model", "a"),
        Budget(0, "account", "other"),
        Budget(0, "model", "c"),
    ]
    assert exceeded(REPORT, budgets) == (
        "budget of model a exceeded by 100 credits: 500 of 400 (300 captured, 200 still open)",
        "budget of account other exceeded by 0.5 credits: 0.5 of 0 (0.5 captured, 0 still open)",
    )


def test_a_report_that_does_not_tell_the_part_is_refused() -> None:
    with pytest.raises(ValueError, match="so not by day"):
        exceeded(REPORT, [Budget(0, "day", "2026-01-01")])
