"""``mediasim rulings``: every behaviour, how sure it is, and where it is written."""

from itertools import groupby

from simulator.console import OK, WRONG_USE, CommandFailed, rich_console, say_json
from simulator.domain.evidence import Ruling, Strength
from simulator.domain.policies import CHOICES
from simulator.engine.rulings import all_rulings

_STYLES = (("documented", "green"), ("observed", "cyan"), ("assumed", "yellow"))


def rulings(strength: str | None, *, as_json: bool) -> int:
    """Prints the rulings of one strength, or all. Raises CommandFailed."""
    known = [each.value for each in Strength]
    if strength is not None and strength not in known:
        raise CommandFailed(WRONG_USE, f"--strength {strength}: expected {', '.join(known)}")
    rows = [row for row in all_rulings() if strength in (None, row.strength.value)]
    if as_json:
        say_json([_plain(row) for row in rows])
    else:
        _print(rows)
    return OK


def _plain(row: Ruling) -> dict[str, str | None]:
    return {
        "id": row.id,
        "strength": row.strength.value,
        "source": row.source,
        "says": row.says,
        "policy": row.policy,
    }


def _print(rows: list[Ruling]) -> None:
    from rich.padding import Padding  # noqa: PLC0415 - JSON does without
    from rich.text import Text  # noqa: PLC0415 - JSON does without

    console, styles = rich_console(), dict(_STYLES)
    for group, members in groupby(rows, lambda row: row.id.partition(".")[0]):
        console.print(Text(group, style="bold underline"))
        for row in members:
            strength = row.strength.value
            console.print(Text.assemble("  ", (row.id, "bold"), "  ", (strength, styles[strength])))
            console.print(Padding(Text(row.says), (0, 0, 0, 4), expand=False))
            console.print(Padding(Text(row.source, style="dim"), (0, 0, 0, 4), expand=False))
            if row.policy is not None:
                values = "|".join(CHOICES[row.policy])
                console.print(
                    Padding(Text(f"--policy {row.policy}={values}"), (0, 0, 0, 4), expand=False)
                )
        console.print()
    counts = ", ".join(
        f"{count} {strength}"
        for strength, _ in _STYLES
        if (count := sum(row.strength.value == strength for row in rows))
    )
    console.print(Text(f"{len(rows)} rulings: {counts}.", style="dim"))
