"""From a failure to a replay of it: the check is made once more with every answer kept, what shows
the failure is found, and all that is not needed is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import cast

from contracts.check import Broken, CannotTell, DoesNotApply
from contracts.plan import Item, Plan
from contracts.replays.bench import Bench
from contracts.replays.heard import KEPT_MOST, Heard, Leaf, Recording, heard_in
from contracts.replays.needs import connected
from contracts.replays.script import Script, Story, steps_of, without_soft
from contracts.replays.shrink import shrunk
from contracts.replays.symptom import compared, decisive
from contracts.requirements import Requirement, by_id
from contracts.run import Runner
from contracts.talk.backend import Backend, world_keys
from contracts.talk.wire import Log, Trouble, Wire, Withheld
from contracts.target import Target
from contracts.verdicts import Finding, Verdict

EXPLAINED = (Verdict.FAIL, Verdict.WARN, Verdict.EXPECTED_FAILURE)
RUN_S = 60.0
_UNPLAYED = ("protocol",)
"""Lanes whose calls are another program's, and so is what it makes of the answers."""


@dataclass(frozen=True, slots=True)
class _Case:
    item: Item
    row: Requirement
    finding: Finding


async def explained(
    runner: Runner, plan: Plan, findings: Sequence[Finding], seconds: float = RUN_S
) -> Mapping[tuple[str, str], Script]:
    """A script for each failure; when the time is over, from what was recorded alone."""
    until = monotonic() + seconds
    scripts: dict[tuple[str, str], Script] = {}
    for case in _cases(plan, findings):
        key = (case.row.id, case.finding.surface)
        if runner.target.has_worlds and monotonic() < until:
            scripts[key] = await _replayed(runner, case, len(scripts))
        else:
            scripts[key] = await _recorded(runner.target, runner.settings.era, case)
    return scripts


def plain_script(target: Target, row: Requirement, finding: Finding) -> Script | None:
    """From the recorded calls, without asking anything again; None without any."""
    heard = [] if row.lane in _UNPLAYED else heard_in(finding.trace)
    return without_soft(_script(target, row, finding, heard, ())) if heard else None


def _cases(plan: Plan, findings: Sequence[Finding]) -> list[_Case]:
    rows = by_id(plan.requirements)
    items = {(row.id, item.surface): item for item in plan.items for row in item.requirements}
    return [
        _Case(items[each.requirement, each.surface], rows[each.requirement], each)
        for each in findings
        if each.verdict in EXPLAINED and (each.requirement, each.surface) in items
        if rows[each.requirement].lane not in _UNPLAYED
    ]


async def _replayed(runner: Runner, case: _Case, number: int) -> Script:
    """The first that shows it in other worlds as well: by what shows it of all that was asked, by
    two answers that should be alike, and from the calls that the check itself chose to tell."""
    target, era = runner.target, runner.settings.era
    name = f"replay-{runner.settings.seed}-{number}"
    heard = await _heard_again(runner, case, name)
    shown = await decisive(_bench(case, heard, target, era)) if heard else ()
    scripts = [_script(target, case.row, case.finding, heard, shown)] if heard else []
    beside = await compared(_bench(case, heard, target, era)) if shown else ()
    if beside:  # a value may be another in each world, and wrong beside another in all of them
        scripts.append(_script(target, case.row, case.finding, heard, beside))
    told = heard_in(case.finding.trace)
    if told or not scripts:
        scripts.append(_script(target, case.row, case.finding, told, ()))
    if not shown:
        scripts.reverse()  # what the check chose is nearer to it than all that it asked
    for index, script in enumerate(scripts):
        short = await shrunk(script, f"{name}-{index}")
        if short.shortened:
            return short
    return without_soft(scripts[0])


async def _recorded(target: Target, era: str, case: _Case) -> Script:
    heard = heard_in(case.finding.trace)
    shown = await decisive(_bench(case, heard, target, era))
    script = without_soft(_script(target, case.row, case.finding, heard, shown))
    if target.has_worlds or not shown:
        return script  # what prepares a world is connected with nothing, and needed all the same
    return replace(script, steps=connected(script.steps))


def _bench(case: _Case, heard: Sequence[Heard], target: Target, era: str) -> Bench:
    item, finding = case.item, case.finding
    example, got = finding.example, finding.got
    return Bench(item.check, item.surface, case.row.id, heard, target, era, example, got)


async def _heard_again(runner: Runner, case: _Case, name: str) -> list[Heard]:
    """Every call of the check with its whole answer, of a search those of the one example; empty
    when nothing is wrong this time."""
    recording = Recording(runner.wire)
    # A backend asks of its wire only that it sends.
    wire = cast("Wire", recording)
    era, log = runner.settings.era, Log(example=case.finding.example)
    backend = Backend(runner.target, wire, world_keys(name), era=era, name=name, log=log)
    try:
        await backend.prepare(credits=case.item.check.credits)
        judged = await case.item.check.function(backend, case.item.surface)
    except Broken:
        return recording.heard[-KEPT_MOST:]
    except (Trouble, Withheld, CannotTell, DoesNotApply):
        return []
    broken = [each for each in judged or () if isinstance(each.broken, Broken)]
    return recording.heard if case.row.id in {each.requirement for each in broken} else []


def _script(
    target: Target,
    row: Requirement,
    finding: Finding,
    heard: Sequence[Heard],
    shown: Sequence[Leaf],
) -> Script:
    story = Story(
        requirement=row.id,
        surface=finding.surface,
        says=row.says,
        source=f"{row.section} ({row.strength})",
        expected=finding.expected,
        got=finding.got,
    )
    steps = steps_of(heard, tuple(shown), target.rest_url, worlds=target.has_worlds)
    return Script(
        story,
        steps,
        rest=target.rest_url,
        mcp=target.mcp_url,
        key_env=target.key_env,
        second_key_env=target.second_key_env,
        simulated=target.has_worlds,
        poll_s=target.poll_s,
    )
