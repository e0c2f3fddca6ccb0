"""What a cost report is shown as: rows by size, changes since another run, budgets exceeded."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.console import WRONG_USE, CommandFailed
from simulator.domain.budgets import Budget, exceeded
from simulator.domain.cost_changes import Change, compare
from simulator.domain.costs import Report, Row, regroup
from simulator.engine.controls.costs import CostsAnswer, report_of


@dataclass(frozen=True, slots=True)
class Comparison:
    """The report that is compared with, and every row that differs, by the view's group."""

    before: Report
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class View:
    """``answer`` is the report as it came, ``report`` the same in whole milli-credits; ``rows`` are
    by ``group``; ``exceeded`` says which budgets are."""

    answer: CostsAnswer
    report: Report
    group: tuple[str, ...]
    rows: tuple[Row, ...]
    comparison: Comparison | None
    exceeded: tuple[str, ...]


def view(
    answer: CostsAnswer,
    group: Sequence[str],
    before: CostsAnswer | None,
    budgets: Sequence[Budget],
) -> View:
    """Raises CommandFailed when one of the reports isn't as fine as what is asked for."""
    try:
        report = report_of(answer)
        comparison = None
        if before is not None:
            old = report_of(before)
            comparison = Comparison(old, compare(old, report, group))
        return View(
            answer=answer,
            report=report,
            group=tuple(group),
            rows=by_size(report, group),
            comparison=comparison,
            exceeded=exceeded(report, budgets),
        )
    except ValueError as error:
        raise CommandFailed(WRONG_USE, f"a report is {error}") from error


def by_size(report: Report, group: Sequence[str]) -> tuple[Row, ...]:
    """Days in their order, everything else by what was spent, the most first."""
    rows = regroup(report, group).rows
    if group[:1] == ("day",):
        return rows
    return tuple(sorted(rows, key=lambda row: -row.amounts.spent))
