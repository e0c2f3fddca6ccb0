"""The call that reports costs."""

from simulator.engine.controls import costs
from simulator.engine.operations import Operation
from simulator.surfaces.control_calls.call import control_call

CALLS: tuple[Operation, ...] = (
    control_call(
        "costs",
        "GET",
        "/costs",
        (costs.CostsQuery, costs.CostsAnswer),
        costs.costs,
        "Credits by model, test, account or day",
    ),
)
