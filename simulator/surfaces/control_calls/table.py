"""Every call of the control plane."""

from simulator.engine.operations import Operation
from simulator.surfaces.control_calls import core, costs, journal, lab, scenarios, snapshots

CONTROL_OPERATIONS: tuple[Operation, ...] = (
    *core.CALLS,
    *lab.CALLS,
    *scenarios.CALLS,
    *journal.CALLS,
    *costs.CALLS,
    *snapshots.CALLS,
)
