"""The commands that drive a running simulator, by name."""

import click

from simulator.commands import costs, driving_records, driving_world

COMMANDS: tuple[click.Command, ...] = (
    driving_world.clock,
    costs.costs,
    driving_world.reset,
    driving_records.jobs,
    driving_records.ledger,
)


def driving(name: str) -> click.Command:
    """Raises StopIteration for a name that is none of theirs."""
    return next(command for command in COMMANDS if command.name == name)
