"""Commands of the distribution's other package, found by what its installation says of them: the
two packages need know nothing of each other."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution

import click

from simulator.commands.later import Later

DISTRIBUTION, GROUP = "mediasim", "mediasim.commands"
"""Whose entry points, and which: a name, and where its click command lies."""

SHORT_HELP: Mapping[str, str] = {
    "check": "Check a backend against the provider's contract.",
    "mutants": "Check that the contract suite finds deliberate faults.",
}
"""Of those that we know; another's is told by its own help."""


def with_guests(group: click.Group) -> click.Group:
    """``group`` with the other package's commands, none of which is loaded; its own go first."""
    guests = {
        entry.name: Later(entry.name, SHORT_HELP.get(entry.name, ""), entry.load)
        for entry in _entries()
    }
    return click.Group(
        group.name,
        {**guests, **group.commands},
        params=group.params,
        help=group.help,
        epilog=group.epilog,
        context_settings=group.context_settings,
        callback=group.callback,
    )


def _entries() -> Iterable[EntryPoint]:
    """Of this distribution alone: to look through all that is installed takes a hundred times as
    long."""
    try:
        return distribution(DISTRIBUTION).entry_points.select(group=GROUP)
    except PackageNotFoundError:
        return ()
