"""What was measured, and the table that a person reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. ``goal`` None: told for information; ``at_least`` False: a smaller
    value is better, and the goal is the most that it may be."""

    what: str
    unit: str
    values: tuple[float, ...]
    goal: float | None = None
    at_least: bool = False

    def verdict(self) -> str:
        """``meets``, ``misses``, or nothing where there is no goal."""
        if self.goal is None:
            return ""
        middle = median(self.values)
        return (
            "meets" if (middle >= self.goal if self.at_least else middle <= self.goal) else "misses"
        )

    def record(self) -> dict[str, object]:
        """The figure as JSON."""
        return {
            "what": self.what,
            "unit": self.unit,
            "goal": self.goal,
            "at_least": self.at_least,
            "median": median(self.values),
            "values": list(self.values),
            "verdict": self.verdict(),
        }


HEADINGS = ("what", "goal", "median", "min .. max", "verdict")


def table(figures: Iterable[Figure]) -> str:
    """Fixed columns: text to the left, numbers to the right."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = ">=" if figure.at_least else "<="
    goal = "" if figure.goal is None else f"{sign} {_number(figure.goal)} {figure.unit}".strip()
    middle = f"{_number(median(figure.values))} {figure.unit}".strip()
    spread = f"{_number(min(figure.values))} .. {_number(max(figure.values))}"
    return figure.what, goal, middle, spread, figure.verdict()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    what, goal, middle, spread, verdict = (
        cell.ljust(width) if place in (0, 4) else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"{what}  {goal}  {middle}  {spread}  {verdict}".rstrip()


def _number(value: float) -> str:
    """Three digits that count, without an exponent."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"
