"""The cost report as one HTML page that needs nothing else: tables, and bars drawn in SVG."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from simulator.commands.cost_files import figures_of, shown_text, signed
from simulator.commands.cost_views import View, by_size
from simulator.domain.cost_changes import Change
from simulator.domain.costs import NOTHING, Amounts, Row, plus
from simulator.version import installed_version

BARS_MOST = 15
KEY_PARTED_BY = " · "

_TITLES: Mapping[str, str] = {
    "model": "By model",
    "test": "By test",
    "namespace": "By namespace",
    "account": "By account",
    "day": "By day of the world's clock",
}
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: where it begins and how wide it is, in percent of the plot."""

    sort: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a plot. ``value``: what was spent; ``told``: all its figures, for who points at it
    or cannot see it."""

    label: str
    value: str
    told: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the plot's grid, at ``x`` percent."""

    x: str
    label: str


@dataclass(frozen=True, slots=True)
class Section:
    """A plot and its table; ``heads`` are the dimensions. The last bar may stand for the rest."""

    name: str
    title: str
    heads: tuple[str, ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


def as_html(view: View) -> str:
    """The whole page; the same report gives the same bytes."""
    folder = Path(__file__).parent / "pages"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    total = view.report.total
    return environment.get_template("costs.html").render(
        version=installed_version(),
        namespaces=view.answer.namespaces,
        total={name: shown_text(value) for name, value in figures_of(total).items()},
        jobs=f"{total.jobs:,}",
        wasted_means=view.answer.wasted_means,
        exceeded=view.exceeded,
        changes=_changes(view),
        sections=_sections(view),
    )


def _sections(view: View) -> tuple[Section, ...]:
    """The asked group first, then each dimension that tells rows apart."""
    groups = [view.group]
    for name in ("model", "test", "account", "day"):
        if (name,) not in groups and name in view.report.group:
            groups.append((name,))
    found = [(group, by_size(view.report, group)) for group in groups]
    return tuple(
        _section(group, rows) for group, rows in found if len(rows) > 1 or group == view.group
    )


def _section(group: tuple[str, ...], rows: Sequence[Row]) -> Section:
    drawn = [(KEY_PARTED_BY.join(row.key), row.amounts) for row in rows]
    if len(drawn) > BARS_MOST:
        rest = NOTHING
        for _, amounts in drawn[BARS_MOST - 1 :]:
            rest = plus(rest, amounts)
        others = len(drawn) - BARS_MOST + 1
        drawn = [*drawn[: BARS_MOST - 1], (f"{others} others together", rest)]
    ends = _ticks(max((amounts.held for _, amounts in drawn), default=0))
    return Section(
        name="-".join(group),
        title=_TITLES[group[0]] if len(group) == 1 else "By " + ", ".join(group),
        heads=group,
        bars=tuple(_bar(label, amounts, ends[-1]) for label, amounts in drawn),
        ticks=tuple(Tick(_percent(end, ends[-1]), shown_text(end)) for end in ends),
        rows=tuple((row.key, _cells(row.amounts)) for row in rows),
    )


def _bar(label: str, amounts: Amounts, most: int) -> Bar:
    pieces = (
        ("used", amounts.captured - amounts.wasted),
        ("wasted", amounts.wasted),
        ("open", amounts.open),
        ("released", amounts.released),
    )
    return Bar(label, shown_text(amounts.spent), _told(label, amounts), _parts(pieces, most))


def _parts(pieces: Iterable[tuple[str, int]], most: int) -> tuple[Part, ...]:
    parts, x = [], 0
    for sort, width in pieces:
        if width > 0:
            parts.append(Part(sort, _percent(x, most), _percent(width, most)))
            x += width
    return tuple(parts)


def _told(label: str, amounts: Amounts) -> str:
    figures = ", ".join(f"{shown_text(v)} {n}" for n, v in _shown(amounts).items())
    return f"{label}: {figures}"


def _shown(amounts: Amounts) -> Mapping[str, int]:
    figures = figures_of(amounts)
    return {name: figures[name] for name in ("held", "captured", "wasted", "open", "released")}


def _cells(amounts: Amounts) -> tuple[str, ...]:
    return (f"{amounts.jobs:,}", *(shown_text(value) for value in _shown(amounts).values()))


def _percent(value: int, most: int) -> str:
    return f"{value * 100 / most:.3f}%"


def _ticks(most: int) -> list[int]:
    """From 0 to the first round number at or above ``most``, two to five steps apart."""
    step = 1
    while True:
        for each in _STEPS:
            if most <= each * step * 5:
                count = max(1, -(-most // (each * step)))
                return [each * step * number for number in range(count + 1)]
        step *= 10


def _changes(view: View) -> Mapping[str, object] | None:
    if view.comparison is None:
        return None
    before, after = view.comparison.before.total.spent, view.report.total.spent
    changes = view.comparison.changes
    return {
        "heads": view.group,
        "before": shown_text(before),
        "after": shown_text(after),
        "difference": signed(after - before),
        "rows": [_change(change, _largest(changes)) for change in changes],
    }


def _largest(changes: Sequence[Change]) -> int:
    return max((abs(change.difference) for change in changes), default=0) or 1


def _change(change: Change, most: int) -> Mapping[str, object]:
    """A line of the table; its bar goes from the middle, to the right where it became dearer."""
    half = abs(change.difference) * 50
    x = 50 * most if change.difference > 0 else 50 * most - half
    return {
        "key": change.key,
        "before": shown_text((change.before or NOTHING).spent),
        "after": shown_text((change.after or NOTHING).spent),
        "difference": signed(change.difference),
        "sort": change.sort,
        "way": _way(change.difference),
        "x": f"{x / most:.3f}%",
        "width": f"{half / most:.3f}%",
    }


def _way(difference: int) -> str:
    if not difference:
        return "same"
    return "dearer" if difference > 0 else "cheaper"
