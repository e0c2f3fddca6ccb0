"""A command that is listed now and loaded when it is used."""

import sys
from collections.abc import Callable
from typing import Any

import click

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override


class Later(click.Command):  # click asks a command for its context before it does anything else
    """Stands in the list of commands with its name and one line; ``load`` brings the command
    itself, when it is run or its own help is wanted."""

    def __init__(self, name: str, short_help: str, load: Callable[[], click.Command]) -> None:
        super().__init__(name, short_help=short_help)
        self._load = load

    @override
    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        return self._load().make_context(info_name, args, parent, **extra)
