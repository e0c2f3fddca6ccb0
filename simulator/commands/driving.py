"""The commands that drive a running simulator, by name."""

import click

from simulator.commands import (
    conduct,
    costs,
    driving_faults,
    driving_records,
    driving_requests,
    driving_scenarios,
    driving_snapshot,
    driving_world,
)

COMMANDS: tuple[click.Command, ...] = (
    driving_world.clock,
    driving_world.reset,
    conduct.conduct,
    costs.costs,
    driving_faults.faults,
    driving_snapshot.snapshot,
    driving_records.jobs,
    driving_records.ledger,
    driving_requests.requests,
    driving_scenarios.scenarios,
)


def driving(name: str) -> click.Command:
    """Raises StopIteration for a name that is none of theirs."""
    return next(command for command in COMMANDS if command.name == name)
