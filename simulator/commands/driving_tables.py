"""How the driving commands show lists: one line a row, nothing cut where a program may read it."""

from collections.abc import Iterable, Sequence

from simulator.console import escaped, rich_console, say


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """A table under its heads; those that begin with ``>`` stand to the right. ``empty`` is said
    when there are no rows."""
    from rich.table import Table  # noqa: PLC0415 - JSON does without
    from rich.text import Text  # noqa: PLC0415 - JSON does without

    cells = [["" if cell is None else escaped(str(cell)) for cell in row] for row in rows]
    if not cells:
        say(empty)
        return
    console = rich_console()
    if not console.is_terminal:
        _plain(columns, cells)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        right = name.startswith(">")
        table.add_column(
            name.removeprefix(">"), justify="right" if right else "left", overflow="fold"
        )
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def show_facts(facts: Iterable[tuple[str, object]]) -> None:
    """A name and a value a line, without those that are None."""
    known = [(name, escaped(str(value))) for name, value in facts if value is not None]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        say(f"{name:<{width}}  {value}")


def short_time(rfc3339: str) -> str:
    """An instant of a world as a table has room for it: ``2026-01-01 00:00:30.25``, in UTC."""
    day, _, time = rfc3339.removesuffix("Z").partition("T")
    seconds, _, fraction = time.partition(".")
    fraction = fraction.rstrip("0")
    return f"{day} {seconds}.{fraction}" if fraction else f"{day} {seconds}"


def _plain(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    rows = [[name.removeprefix(">") for name in columns], *cells]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    sides = [">" if name.startswith(">") else "<" for name in columns]
    for row in rows:
        aligned = zip(row, sides, widths, strict=True)
        say("  ".join(f"{cell:{side}{width}}" for cell, side, width in aligned).rstrip())
