"""Commands of other packages, found by what their installation says of them: such a package need
know nothing of this one, nor this one of it."""

from collections.abc import Mapping
from importlib.metadata import entry_points

import click

from simulator.commands.later import Later

GROUP = "mediasim.commands"
"""The entry-point group: a name, and where its click command lies."""

SHORT_HELP: Mapping[str, str] = {
    "check": "Check a backend against the provider's contract.",
    "mutants": "Check that the contract suite finds deliberate faults.",
}
"""Of those that we know; another's is told by its own help."""


def with_guests(group: click.Group) -> click.Group:
    """``group`` with the commands of other packages, none of which is loaded; its own go first."""
    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    guests = {
        entry.name: Later(entry.name, SHORT_HELP.get(entry.name, ""), entry.load) for entry in found
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
