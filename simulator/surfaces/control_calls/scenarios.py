"""Calls that tell named situations, and put one into a world."""

from simulator.engine.bodies import Nothing
from simulator.engine.controls import scenarios
from simulator.engine.operations import Operation
from simulator.surfaces.control_calls.call import control_call

CALLS: tuple[Operation, ...] = (
    control_call(
        "scenarios",
        "GET",
        "/scenarios",
        (Nothing, scenarios.ScenariosAnswer),
        scenarios.scenarios,
        "List the named situations",
    ),
    control_call(
        "scenario_put",
        "POST",
        "/scenarios/{name}",
        (scenarios.PlayBody, scenarios.ScenarioAnswer),
        scenarios.put,
        "Put a situation into the world, or play it there",
    ),
)
