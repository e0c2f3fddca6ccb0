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
    from rich.padding import Padding  # noqa: PLC0415 - JSON does without
    from rich.text import Text  # noqa: PLC0415 - JSON does without

    console = rich_console()
    width = max((len(row.model_id) for row in rows), default=0)
    for row in rows:
        name, kind, modes = f"{row.model_id:<{width}}", f"{row.model_type:<6}", f"{_modes(row):<7}"
        line = Text.assemble((name, "bold"), f"  {kind} {modes}  ", (_credits(row), "green"))
        console.print(line, soft_wrap=True)
        details = "; ".join(part for part in (_limits(row), _note(row)) if part)
        if details:
            console.print(Padding(Text(details, style="dim"), (0, 0, 0, 2), expand=False))
    explained = (
        f"{len(rows)} models. t2i is text-to-image, i2v image-to-video, and so on; prices are"
        " credits a generation unless they say more. `mediasim price MODEL` reckons a request."
    )
    console.print()
    console.print(Text(explained, style="dim"))


def _credits(row: ModelRow) -> str:
    """The figure that the API states; what it means where it is not the whole price."""
    if row.cost_per_generation is None:
        return "not known"
    amount = str(row.cost_per_generation)
    if row.cost_note.startswith(amount + " per second"):
        return f"{amount}/s"
    return amount if row.cost_note == amount else f"from {amount}"


def _note(row: ModelRow) -> str:
    """The API's note; ids that only lengthen this row's are cut to what they add."""
    note = row.cost_note.removeprefix(str(row.cost_per_generation)).removeprefix("; ")
    return note.strip().replace(f"{row.model_id}-", "…-")


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
