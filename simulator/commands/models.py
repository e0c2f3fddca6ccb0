"""``mediasim models``: the catalogue as a table, or as the API lists it."""

from collections.abc import Iterable
from typing import get_args

import msgspec

from simulator.commands.catalogue import chosen, open_catalog
from simulator.console import OK, WRONG_USE, CommandFailed, rich_console, say_json
from simulator.engine.answers import ModelRow, ModelsAnswer
from simulator.engine.bodies import ModelType
from simulator.engine.shelf import shelf

SHORT_MODES = (
    ("text-to-image", "t2i"),
    ("image-to-image", "i2i"),
    ("text-to-video", "t2v"),
    ("image-to-video", "i2v"),
)


def models(model_type: str | None, policies: Iterable[str], *, as_json: bool) -> int:
    """Prints the rows of one type, or all. Raises CommandFailed."""
    if model_type is not None and model_type not in get_args(ModelType):
        expected = ", ".join(get_args(ModelType))
        raise CommandFailed(WRONG_USE, f"--type {model_type}: expected one of {expected}")
    rows = shelf(open_catalog(), chosen(policies), model_type)
    if as_json:
        say_json(msgspec.to_builtins(ModelsAnswer(rows, len(rows))))
    else:
        _print(rows)
    return OK


def _print(rows: list[ModelRow]) -> None:
    from rich.table import Table  # noqa: PLC0415 - JSON does without

    console = rich_console()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("model", overflow="fold", ratio=9)
    table.add_column("type", no_wrap=True)
    table.add_column("modes", overflow="fold", min_width=7, max_width=8)
    table.add_column("credits", ratio=9)
    table.add_column("takes", ratio=8)
    for row in rows:
        table.add_row(row.model_id, row.model_type, _modes(row), row.cost_note, _limits(row))
    console.print(table)
    console.print(
        f"\n{len(rows)} models. t2i is text-to-image, i2v image-to-video, and so on; "
        "`mediasim price MODEL` reckons a request.",
        style="dim",
    )


def _modes(row: ModelRow) -> str:
    return " ".join(short for mode, short in SHORT_MODES if mode in row.generation_types)


def _limits(row: ModelRow) -> str:
    """What a request may hold, in the order of how often it matters."""
    can = row.capabilities
    if not can:
        return ""
    durations, fixed = can["duration_options"], can["fixed_duration"]
    parts = [
        _span(durations) if durations else fixed or "",
        "sound" if can["supports_sound"] else "",
        "/".join(can["resolution_options"] or can["quality_options"]),
        *(_counted(row, kind) for kind in ("image", "video", "audio")),
        f"prompt {can['prompt_max_chars']}" if can["prompt_max_chars"] else "",
    ]
    return ", ".join(part for part in parts if part)


def _span(durations: list[str]) -> str:
    """``4s-15s`` for every second between, else the options."""
    seconds = [int(each.removesuffix("s")) for each in durations]
    steady = len(seconds) > 2 and seconds == list(range(seconds[0], seconds[-1] + 1))
    return f"{durations[0]}-{durations[-1]}" if steady else "/".join(durations)


def _counted(row: ModelRow, kind: str) -> str:
    counts = [mode[kind] for mode in row.capabilities["inputs_by_generation_type"].values()]
    least = min(count["min"] for count in counts)
    most = max(count["max"] for count in counts)
    if not most:
        return ""
    number = f"{most}" if least == most else f"{least}-{most}"
    return f"{number} {kind}{'s' if most > 1 else ''}"
