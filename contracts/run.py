"""Makes the checks of a plan, each in a world of its own where that can be had."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from contracts.check import Broken, CannotTell, DoesNotApply, Judgement
from contracts.plan import Item, Plan
from contracts.requirements import LEVELS, Requirement
from contracts.talk.backend import Backend, world_keys
from contracts.talk.jsonrpc import SESSION
from contracts.talk.keys import Keys
from contracts.talk.wire import Log, Trouble, Wire, Withheld
from contracts.target import Target
from contracts.verdicts import Finding, Verdict

TROUBLES = 6
CHECK_S = 300.0
REAL_CHECK_S = 3_600.0
INTERRUPTED_BEFORE = "the run was interrupted before"

OnFinding = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """``seed``: names the worlds, and is what random checks draw from. ``workers``: checks at
    once, on a target where each has its world. ``era``: the MCP era of calls that name none."""

    seed: int = 0
    workers: int = 4
    era: str = SESSION


@dataclass(slots=True)
class Findings:
    """What is known so far; whole after an interruption as well."""

    by_item: dict[int, Sequence[Finding]] = field(default_factory=dict)
    requests: int = 0
    credits: float = 0

    def ordered(self, plan: Plan, why_not: str = INTERRUPTED_BEFORE) -> tuple[Finding, ...]:
        """In the plan's order; what was not reached did not run, and ``why_not``."""
        found: list[Finding] = []
        for item in plan.items:
            made = self.by_item.get(item.index)
            found += made if made is not None else _all(item, Verdict.NOT_RUN, why_not)
        return (*found, *plan.left)


class Runner:
    """``keys``: of a target without worlds."""

    def __init__(self, target: Target, wire: Wire, keys: Keys, settings: Settings) -> None:
        self.target = target
        self.wire = wire
        self.settings = settings
        self._keys = keys

    async def run(self, plan: Plan, findings: Findings, told: OnFinding) -> None:
        """Level by level, into ``findings``; ``told`` hears of each."""
        for level in LEVELS:
            items = [item for item in plan.items if item.level == level]
            await self._together([item for item in items if not item.check.alone], findings, told)
            for item in items:
                if item.check.alone:
                    await self._one(item, findings, told)

    async def judge(self, item: Item, spent: Findings) -> Sequence[Finding]:
        """One check with its repetitions; what they cost is added to ``spent``."""
        since = time.monotonic()
        first = await self._tried(item, "", spent)
        if item.check.repeat and _failed(first) and self._may_repeat(item):
            second = await self._tried(item, "again", spent)
            first = [_steadied(one, second) for one in first]
        seconds = time.monotonic() - since
        return [_lasting(finding, seconds) for finding in first]

    async def _together(self, items: Sequence[Item], findings: Findings, told: OnFinding) -> None:
        gate = asyncio.Semaphore(self.settings.workers if self.target.has_worlds else 1)

        async def one(item: Item) -> None:
            async with gate:
                await self._one(item, findings, told)

        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(one(item))

    async def _one(self, item: Item, findings: Findings, told: OnFinding) -> None:
        made = await self.judge(item, findings)
        findings.by_item[item.index] = made
        findings.requests = self.wire.requests
        for finding in made:
            told(finding)

    async def _tried(self, item: Item, label: str, spent: Findings) -> Sequence[Finding]:
        """Again in another world when the connection breaks in mid-check."""
        trouble = ""
        for attempt in range(TROUBLES):
            backend = self._backend(item, f"{label}{attempt or ''}")
            log = backend.log
            try:
                found = await self._made(item, backend)
            except Trouble as error:
                trouble = str(error)
            else:
                if not _failed(found):  # else its worlds are kept to be looked at
                    await backend.let_go()
                return found
            finally:
                spent.credits += log.credits
        return _all(item, Verdict.NOT_RUN, f"no answer, {TROUBLES} times: {trouble}")

    async def _made(self, item: Item, backend: Backend) -> Sequence[Finding]:
        """Raises Trouble."""
        limit_s = CHECK_S if self.target.has_worlds else REAL_CHECK_S
        try:
            async with asyncio.timeout(limit_s):
                await backend.prepare(credits=item.check.credits if _worlds(backend) else None)
                judgements = await item.check.function(backend, item.surface)
        except (Broken, CannotTell, DoesNotApply) as error:
            judgements = [Judgement(row.id, error) for row in item.requirements]
        except Withheld as error:
            why = CannotTell(f"the guard held a request back: {error}")
            judgements = [Judgement(row.id, why) for row in item.requirements]
        except TimeoutError:
            return _all(item, Verdict.NOT_RUN, f"the check took more than {limit_s:g} s")
        except Trouble:
            raise
        except Exception as error:  # noqa: BLE001 - one check's fault must not end the others
            why_not = f"the check itself failed: {type(error).__name__}: {error}"
            return _all(item, Verdict.NOT_RUN, why_not, harness=True)
        if judgements is None:
            judgements = [Judgement(row.id) for row in item.requirements]
        return _findings(item, judgements, backend.log)

    def _backend(self, item: Item, label: str) -> Backend:
        name = f"contract-{self.settings.seed}-{item.index}{label}"
        keys = world_keys(name) if self.target.has_worlds else self._keys
        era, seed = self.settings.era, self.settings.seed
        return Backend(self.target, self.wire, keys, era=era, name=name, seed=seed)

    def _may_repeat(self, item: Item) -> bool:
        return self.target.has_worlds or item.worst_case_credits == 0


def _worlds(backend: Backend) -> bool:
    return backend.target.has_worlds


def _findings(item: Item, judgements: Sequence[Judgement], log: Log) -> Sequence[Finding]:
    by_id = {each.requirement: each for each in judgements}
    silent = CannotTell("the check said nothing of it")
    return [
        _finding(item, row, by_id.get(row.id) or Judgement(row.id, silent), log)
        for row in item.requirements
    ]


def _finding(item: Item, row: Requirement, judgement: Judgement, log: Log) -> Finding:
    verdict, why, expected, got = Verdict.PASS, "", "", ""
    match judgement.broken:
        case Broken() as broken:
            verdict = Verdict.FAIL if row.strength == "documented" else Verdict.WARN
            why, expected, got = str(broken), broken.expected, broken.got
        case CannotTell() as unknown:
            verdict, why = Verdict.NOT_RUN, str(unknown)
        case DoesNotApply() as off:
            verdict, why = Verdict.NOT_APPLICABLE, str(off)
        case None:
            pass
    alone = len(item.requirements) == 1
    return Finding(
        requirement=row.id,
        surface=item.surface,
        verdict=verdict,
        why=_shown(why),
        expected=_shown(expected),
        got=_shown(got),
        # What passed needs no telling, and would fill the memory.
        trace=(judgement.trace or log.trace) if verdict in (Verdict.FAIL, Verdict.WARN) else (),
        credits=judgement.credits or (log.credits if alone else 0),
        check=item.check.title,
        example=judgement.example,
    )


def _shown(text: str) -> str:
    """Without halves of surrogate pairs, which no terminal takes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _failed(findings: Sequence[Finding]) -> bool:
    return any(each.verdict in (Verdict.FAIL, Verdict.WARN) for each in findings)


def _steadied(first: Finding, again: Sequence[Finding]) -> Finding:
    """A failure that did not come again is flaky, and still a failure."""
    second = next((each for each in again if each.requirement == first.requirement), None)
    if not _failed([first]) or second is None or second.verdict is not Verdict.PASS:
        return first
    return replace(first, why=f"flaky, it held when repeated: {first.why}", flaky=True)


def _lasting(finding: Finding, seconds: float) -> Finding:
    return replace(finding, seconds=round(seconds, 3))


def _all(item: Item, verdict: Verdict, why: str, *, harness: bool = False) -> Sequence[Finding]:
    return [
        Finding(row.id, item.surface, verdict, why, check=item.check.title, harness=harness)
        for row in item.requirements
    ]
