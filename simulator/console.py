"""What commands write: text, JSON and tables on standard output, problems on standard error."""

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

OK, FAILED, WRONG_USE, CANNOT_START, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit statuses of every command."""

_WIDTH_WITHOUT_TERMINAL = 120


class CommandFailed(Exception):
    """Ends a command: one line for standard error, and the exit status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def say(text: str = "") -> None:
    """A line on standard output, there at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """A line on standard error, whatever the text holds."""
    sys.stderr.write(escaped(text) + "\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    """JSON of plain values, indented, in the order in which they come."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def escaped(text: str) -> str:
    """``text`` without anything that moves a terminal's cursor or begins a new line."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def rich_console() -> "Console":
    """A rich console on standard output; without a terminal it writes wider lines, no colours."""
    from rich.console import Console  # noqa: PLC0415 - most of a short command's time

    width = None
    if not sys.stdout.isatty():
        width = shutil.get_terminal_size((_WIDTH_WITHOUT_TERMINAL, 24)).columns
    return Console(width=width, highlight=False, soft_wrap=False)
