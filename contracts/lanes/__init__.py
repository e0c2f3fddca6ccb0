"""The lanes, in the order in which they run. A lane is a module with ``CHECKS``, a tuple of Check,
or with ``checks(requirements)`` that makes one; it is imported when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from contracts.check import Check
from contracts.requirements import Requirement


@dataclass(frozen=True, slots=True)
class Lane:
    """``modules``: under this package, in order."""

    name: str
    says: str
    modules: tuple[str, ...]


LANES: tuple[Lane, ...] = (
    Lane(
        "access",
        "keys, statuses, error bodies, the MCP handshake",
        ("access", "wire_rest", "wire_mcp"),
    ),
    Lane("schema", "whatever the target's own OpenAPI document allows", ("schema",)),
    Lane("protocol", "MCP, as its own conformance package judges it", ("protocol",)),
    Lane("rules", "prices, limits and refusals, by golden cases", ("catalogue", "rules")),
    Lane("lifecycle", "a job from its start to its files", ("lifecycle", "delivery")),
    Lane("laws", "billing and life cycle under drawn calls", ("laws", "price_laws", "time_laws")),
    Lane("races", "calls at the same time", ("races",)),
    Lane("isolation", "what accounts see of each other", ("isolation",)),
    Lane("parity", "the same call over REST and MCP", ("parity",)),
    Lane("differential", "beside another backend, command by command", ("differential",)),
)


def load_checks(lane: Lane, requirements: Sequence[Requirement]) -> tuple[Check, ...]:
    """A lane's checks, each with the lane's name. ``requirements``: all rows."""
    found: list[Check] = []
    for name in lane.modules:
        module = import_module(f"contracts.lanes.{name}")
        make = getattr(module, "checks", None)
        found += make(requirements) if make is not None else module.CHECKS
    return tuple(replace(each, lane=lane.name) for each in found)
