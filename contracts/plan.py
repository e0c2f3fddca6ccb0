"""Which checks are made, in which order, and what is left out and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from contracts.check import Check
from contracts.lanes import LANES, load_checks
from contracts.requirements import SURFACES, Requirement, by_id
from contracts.target import HINTS, Target
from contracts.verdicts import Finding, Verdict


class PlanError(Exception):
    """The suite does not fit together, or something was asked for that it does not have."""


@dataclass(frozen=True, slots=True)
class Choice:
    """``level``: the highest. ``lanes``: only these; empty: all. ``shard``: ``(i, n)``, the i-th
    of n parts, from 1. ``surfaces``: only these."""

    level: str = "L4"
    lanes: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    surfaces: tuple[str, ...] = SURFACES


@dataclass(frozen=True, slots=True)
class Item:
    """One check on one surface. ``index``: its place in the whole plan, whatever the shard."""

    index: int
    check: Check
    surface: str
    requirements: tuple[Requirement, ...]

    @property
    def level(self) -> str:
        """The lowest of its requirements': when it is made."""
        return min(each.level for each in self.requirements)

    @property
    def worst_case_credits(self) -> float:
        return sum(each.worst_case_credits for each in self.requirements)


@dataclass(frozen=True, slots=True)
class Plan:
    """``left``: findings of what is not made. ``requirements``: those that were asked for."""

    items: tuple[Item, ...]
    left: tuple[Finding, ...]
    requirements: tuple[Requirement, ...]
    choice: Choice

    @property
    def worst_case_credits(self) -> float:
        return sum(item.worst_case_credits for item in self.items)


def all_checks(requirements: Sequence[Requirement], lanes: Sequence[str] = ()) -> tuple[Check, ...]:
    """The checks of the named lanes; of all when none is named. Raises PlanError."""
    unknown = sorted(set(lanes) - {lane.name for lane in LANES})
    if unknown:
        known = ", ".join(lane.name for lane in LANES)
        raise PlanError(f"there is no lane {unknown[0]!r}, expected some of {known}")
    wanted = [lane for lane in LANES if not lanes or lane.name in lanes]
    return tuple(check for lane in wanted for check in load_checks(lane, requirements))


def make_plan(
    requirements: Sequence[Requirement], checks: Sequence[Check], target: Target, choice: Choice
) -> Plan:
    """What no check looks at is left to the first shard to tell. Raises PlanError."""
    asked = tuple(row for row in requirements if row.level <= choice.level)
    made = sorted(_items(requirements, checks, target, choice), key=lambda item: item.level)
    numbered = [replace(item, index=index) for index, item in enumerate(made, start=1)]
    part, parts = choice.shard
    mine = [item for item in numbered if (item.index - part) % parts == 0]
    kept, dear = _affordable(mine, target)
    left = [finding for item in dear for finding in _too_dear(item, target)]
    if part == 1:
        left += _unlooked(asked, numbered, target, choice)
    return Plan(tuple(kept), tuple(left), asked, choice)


def applies(row: Requirement, surface: str, target: Target) -> str:
    """Why a requirement does not apply to a target's surface; "" when it does."""
    if surface not in target.surfaces:
        return "the target has no MCP"
    missing = sorted(row.features - target.features)
    hint = next((HINTS[each] for each in missing if each in HINTS), "")
    if hint:
        return hint
    return f"the target does not declare {', '.join(missing)}" if missing else ""


def _items(
    requirements: Sequence[Requirement], checks: Sequence[Check], target: Target, choice: Choice
) -> Iterable[Item]:
    known = by_id(requirements)
    for check in checks:
        unknown = sorted(set(check.requirements) - set(known))
        if unknown:
            raise PlanError(f"{check.title} looks at {unknown[0]!r}, which is no requirement")
        rows = [known[each] for each in check.requirements if known[each].level <= choice.level]
        for surface in check.surfaces:
            fitting = tuple(
                row for row in rows if surface in row.surfaces and not applies(row, surface, target)
            )
            if fitting and surface in choice.surfaces:
                yield Item(0, check, surface, fitting)


def _affordable(items: Sequence[Item], target: Target) -> tuple[list[Item], list[Item]]:
    """Those that the cap covers even if each costs its worst, in order; and the others."""
    if target.is_simulator:
        return list(items), []
    kept: list[Item] = []
    dear: list[Item] = []
    left = target.max_credits
    for item in items:
        if item.worst_case_credits <= left:
            left -= item.worst_case_credits
            kept.append(item)
        else:
            dear.append(item)
    return kept, dear


def _too_dear(item: Item, target: Target) -> Iterable[Finding]:
    why = (
        f"it may cost {item.worst_case_credits:g} credits,"
        f" more than is left of --max-credits {target.max_credits:g}"
    )
    for row in item.requirements:
        yield Finding(row.id, item.surface, Verdict.NOT_RUN, why, check=item.check.title)


def _unlooked(
    asked: Sequence[Requirement], items: Sequence[Item], target: Target, choice: Choice
) -> Iterable[Finding]:
    """What no item of the whole plan looks at."""
    looked = {(row.id, item.surface) for item in items for row in item.requirements}
    for row in asked:
        for surface in row.surfaces:
            if (row.id, surface) in looked:
                continue
            off = applies(row, surface, target)
            if off:
                yield Finding(row.id, surface, Verdict.NOT_APPLICABLE, off)
            elif choice.lanes and row.lane not in choice.lanes:
                why = f"the lane {row.lane} was not asked for"
                yield Finding(row.id, surface, Verdict.NOT_RUN, why)
            elif surface not in choice.surfaces:
                yield Finding(row.id, surface, Verdict.NOT_RUN, "this surface was not asked for")
            else:
                yield Finding(row.id, surface, Verdict.NOT_RUN, "no check looks at it")
