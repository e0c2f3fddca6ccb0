"""Cost reports in and out: asked for, read from a file, written as JSON, CSV or text."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from simulator.client import ControlClient
from simulator.commands.cost_views import Comparison, View
from simulator.console import WRONG_USE, CommandFailed, escaped
from simulator.domain.budgets import Budget, budget_of
from simulator.domain.costs import DIMENSIONS, NOTHING, Amounts
from simulator.domain.pricing import credits as shown
from simulator.engine.controls.costs import CostsAnswer

FIGURES = ("held", "captured", "released", "open", "wasted", "duplicates", "worst_case")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def ask(client: ControlClient, account: str | None, *, everything: bool) -> CostsAnswer:
    """The finest report of the client's world, or of all. Raises ControlError."""
    group = ",".join(DIMENSIONS)
    return client.calls.get("/costs", CostsAnswer, group=group, account=account, all=everything)


def read(path: str) -> CostsAnswer:
    """A report that was saved as JSON. Raises CommandFailed for anything else."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=CostsAnswer)
    except OSError as error:
        raise CommandFailed(WRONG_USE, f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        expected = "expected a report saved with --format json"
        raise CommandFailed(WRONG_USE, f"{path}: {error}; {expected}") from error


def group_of(text: str) -> tuple[str, ...]:
    """Dimensions between commas. Raises CommandFailed."""
    group = tuple(part.strip() for part in text.split(","))
    unknown = [name for name in group if name not in DIMENSIONS]
    if unknown or len(set(group)) != len(group):
        expected = ", ".join(DIMENSIONS)
        raise CommandFailed(WRONG_USE, f"--by {text}: expected some of {expected}, each once")
    return group


def budgets_of(texts: Iterable[str]) -> tuple[Budget, ...]:
    """Raises CommandFailed for what is no budget."""
    try:
        return tuple(budget_of(text) for text in texts)
    except ValueError as error:
        raise CommandFailed(WRONG_USE, f"--budget {error}") from error


def as_json(view: View) -> str:
    """The report as it came, or the changes; indented, with a line feed at the end."""
    value: object = view.answer
    if view.comparison is not None:
        value = _changes(view, view.comparison)
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def as_csv(view: View) -> str:
    """RFC 4180, with a header. A text that a spreadsheet would take for a formula gets a leading
    apostrophe; figures stay numbers, negative ones too."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if view.comparison is None:
        writer.writerow([*view.group, "jobs", *FIGURES])
        for row in view.rows:
            writer.writerow([*map(safe, row.key), row.amounts.jobs, *_values(row.amounts)])
        return out.getvalue()
    writer.writerow([*view.group, "change", "difference", *_before_and_after()])
    for change in view.comparison.changes:
        before, after = change.before or NOTHING, change.after or NOTHING
        figures = [before.jobs, *_values(before), after.jobs, *_values(after)]
        key = map(safe, change.key)
        writer.writerow([*key, change.sort, shown(change.difference), *figures])
    return out.getvalue()


def as_text(view: View) -> str:
    """A table for people, numbers to the right, a line below it that says what is wasted."""
    total = view.report.total
    if view.comparison is not None:
        return _changes_as_text(view, view.comparison)
    names = ("jobs", "held", "captured", "released", "open", "wasted")
    rows = [(*map(escaped, row.key), *_told(row.amounts)) for row in view.rows]
    last = ("total", *[""] * (len(view.group) - 1), *_told(total))
    lines = _aligned([(*view.group, *names), *rows, last], len(view.group))
    if total.wasted:
        parts = f"{shown(total.duplicates)} by duplicates, {shown(total.worst_case)} by worst case"
        lines += ["", f"wasted: {parts}", view.answer.wasted_means]
    return "\n".join(lines) + "\n"


def safe(text: str) -> str:
    """A text that no spreadsheet runs."""
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def signed(millicredits: int) -> str:
    """``+5``, ``-0.5`` or ``0``."""
    return f"{'+' if millicredits > 0 else ''}{shown_text(millicredits)}"


def shown_text(millicredits: int) -> str:
    """Credits with commas between thousands: ``1,234.5``."""
    return f"{shown(millicredits):,}"


def figures_of(amounts: Amounts) -> dict[str, int]:
    """Milli-credits by the names of ``FIGURES``."""
    return {
        "held": amounts.held,
        "captured": amounts.captured,
        "released": amounts.released,
        "open": amounts.open,
        "wasted": amounts.wasted,
        "duplicates": amounts.duplicates,
        "worst_case": amounts.worst_case,
    }


def _values(amounts: Amounts) -> list[int | float]:
    return [shown(value) for value in figures_of(amounts).values()]


def _before_and_after() -> list[str]:
    return [f"{name}_{when}" for when in ("before", "after") for name in ("jobs", *FIGURES)]


def _told(amounts: Amounts) -> tuple[str, ...]:
    figures = figures_of(amounts)
    names = ("held", "captured", "released", "open", "wasted")
    return (f"{amounts.jobs:,}", *(shown_text(figures[name]) for name in names))


def _changes(view: View, comparison: Comparison) -> Mapping[str, object]:
    return {
        "format": "mediasim-cost-changes",
        "version": 1,
        "group": view.group,
        "before": _as_figures(comparison.before.total),
        "after": _as_figures(view.report.total),
        "difference": shown(view.report.total.spent - comparison.before.total.spent),
        "changes": [
            {
                **dict(zip(view.group, change.key, strict=True)),
                "change": change.sort,
                "difference": shown(change.difference),
                "before": _as_figures(change.before),
                "after": _as_figures(change.after),
            }
            for change in comparison.changes
        ],
    }


def _as_figures(amounts: Amounts | None) -> Mapping[str, object] | None:
    if amounts is None:
        return None
    figures = figures_of(amounts)
    return {"jobs": amounts.jobs, **{name: shown(value) for name, value in figures.items()}}


def _changes_as_text(view: View, comparison: Comparison) -> str:
    before, after = comparison.before.total.spent, view.report.total.spent
    whole = f"{shown_text(before)} before, {shown_text(after)} after: {signed(after - before)}"
    rows = [
        (
            *map(escaped, change.key),
            shown_text((change.before or NOTHING).spent),
            shown_text((change.after or NOTHING).spent),
            signed(change.difference),
            change.sort,
        )
        for change in comparison.changes
    ]
    lines = [f"captured or still open: {whole}"]
    if rows:
        heads = (*view.group, "before", "after", "difference", "change")
        lines += ["", *_aligned([heads, *rows], len(view.group))]
    return "\n".join(lines) + "\n"


def _aligned(rows: Sequence[Sequence[str]], texts: int) -> list[str]:
    """Columns two blanks apart; the first ``texts`` of them to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{width}}" if place < texts else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
