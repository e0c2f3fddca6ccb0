"""Budgets: how many credits a run, or one part of it, may spend."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.domain.costs import DIMENSIONS, Report, regroup
from simulator.domain.pricing import credits as shown

EXPECTED = "expected credits, for example 500, or a part with its credits: model:ID=200"

_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``millicredits`` for what has ``value`` in ``dimension``; without one, for all."""

    millicredits: int
    dimension: str = ""
    value: str = ""


def budget_of(text: str) -> Budget:
    """A budget from ``500``, ``model:ID=500``, ``account:``, ``namespace:``, ``test:`` or ``day:``.

    ValueError says what was expected.
    """
    part, _, amount = text.rpartition("=")
    dimension, _, value = part.partition(":")
    if part and (dimension not in DIMENSIONS or not value):
        raise ValueError(f"{text!r}: {EXPECTED}; a part is one of {', '.join(DIMENSIONS)}")
    if not _AMOUNT.fullmatch(amount) or (not part and amount != text):
        raise ValueError(f"{text!r}: {EXPECTED}, of at most three decimals")
    whole, _, decimals = amount.partition(".")
    return Budget(int(whole) * 1000 + int(decimals.ljust(3, "0")), dimension, value)


def exceeded(report: Report, budgets: Iterable[Budget]) -> tuple[str, ...]:
    """A sentence for each budget that is exceeded. What is captured counts, and what is still open,
    because it may yet be captured; what was released costs nothing.

    ValueError when the report doesn't tell the parts that a budget is for.
    """
    return tuple(text for budget in budgets if (text := _exceeded(report, budget)))


def _exceeded(report: Report, budget: Budget) -> str:
    only: Mapping[str, str] = {budget.dimension: budget.value} if budget.dimension else {}
    total = regroup(report, (), only).total
    above = total.spent - budget.millicredits
    if above <= 0:
        return ""
    of = f" of {budget.dimension} {budget.value}" if budget.dimension else ""
    return (
        f"budget{of} exceeded by {shown(above)} credits: {shown(total.spent)} of"
        f" {shown(budget.millicredits)} ({shown(total.captured)} captured,"
        f" {shown(total.open)} still open)"
    )
