"""Deliberately broken backends: each is started, and asked what its named requirement asks."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from contracts.check import Check
from contracts.plan import Choice, Plan, all_checks, make_plan
from contracts.requirements import Requirement, by_id, load_requirements
from contracts.run import Findings, Runner, Settings
from contracts.talk.exchange import Trace
from contracts.talk.jsonrpc import SESSION
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import TIMEOUT_S, Wire
from contracts.target import Target, probe
from contracts.verdicts import Finding, Verdict, settled

MODULE = "simulator.mutants"
CLEAN = "none"
START_S, STOP_S, LOOK_S = 60.0, 10.0, 0.02
FOUND = (Verdict.FAIL, Verdict.WARN)
HANDSHAKE = ("initialize", "notifications/initialized")
SHORT_CALLS = 6


class MutantsFailed(Exception):
    """A mutant could not be started, or the clean backend is not clean."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """``requirement``: the id of the one that must find it, named beforehand."""

    name: str
    kind: str
    says: str
    requirement: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``surfaces``: where the named requirement found it; empty: it survived. ``reached``: how
    often its fault made a difference. ``seconds``: from its start until it was found. ``calls``: of
    the shortest sequence that shows it; one that is short enough is not made shorter. ``others``:
    what else found it, when everything was asked. ``why``: what was found, or why nothing was.
    ``replay``: what came of playing it again, in words, of all surfaces the worst; "" when that was
    not tried."""

    mutant: Mutant
    surfaces: tuple[str, ...]
    why: str
    reached: int
    seconds: float
    calls: int = 0
    others: tuple[str, ...] = ()
    trace: Trace = ()
    replay: str = ""

    @property
    def killed(self) -> bool:
        return bool(self.surfaces)


OnOutcome = Callable[[Outcome], None]


class Suite:
    """The requirements and all of their checks, loaded once. Raises DataError, PlanError."""

    def __init__(self) -> None:
        self.requirements = load_requirements()
        self.checks = all_checks(self.requirements)
        self._rows = by_id(self.requirements)

    def row(self, name: str) -> Requirement:
        """Raises MutantsFailed."""
        if name not in self._rows:
            raise MutantsFailed(f"there is no requirement {name!r}")
        return self._rows[name]

    def plan(self, target: Target, names: Sequence[str] = ()) -> Plan:
        """The checks of some requirements, as if there were no others; of all if none is named."""
        checks = [
            replace(check, repeat=False)
            for check in self.checks
            if not names or set(check.requirements) & set(names)
        ]
        return make_plan(self._asked(checks), checks, target, Choice())

    def _asked(self, checks: Sequence[Check]) -> tuple[Requirement, ...]:
        known = {name for check in checks for name in check.requirements}
        return tuple(row for row in self.requirements if row.id in known)


async def listed() -> tuple[Mutant, ...]:
    """All mutants there are. Raises MutantsFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--list", "--json", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode != 0:
        raise MutantsFailed(f"python -m {MODULE} --list ended with {process.returncode}")
    return tuple(Mutant(**row) for row in json.loads(told))


async def clean_run(suite: Suite, mutants: Sequence[Mutant], url: str) -> tuple[Finding, ...]:
    """What the named requirements say of the clean backend at ``url``. Raises MutantsFailed if one
    of them does not pass wherever it applies."""
    names = sorted({suite.row(each.requirement).id for each in mutants})
    async with _client() as http:
        asked = await _Asked.of(suite, http, url, names, workers=4)
        found = await asked.findings()
    mine = [each for each in found if each.requirement in names]
    fine = (Verdict.PASS, Verdict.NOT_APPLICABLE)
    bad = [each for each in mine if each.verdict not in fine]
    silent = set(names) - {each.requirement for each in mine if each.verdict is Verdict.PASS}
    if bad or silent:
        told = [f"{each.requirement} [{each.surface}] {each.verdict}: {each.why}" for each in bad]
        told += [f"{name}: nothing judges it here" for name in sorted(silent)]
        raise MutantsFailed("the clean backend does not pass:\n  " + "\n  ".join(told))
    return tuple(mine)


@dataclass(frozen=True, slots=True)
class Way:
    """How mutants are tried. ``clean``: the URL of a backend that is none. ``full``: everything
    else is asked as well. ``replays``: each kill is played again, on the mutant and there."""

    clean: str
    full: bool = False
    replays: bool = False


async def hunt(
    suite: Suite, mutants: Sequence[Mutant], jobs: int, way: Way, told: OnOutcome
) -> None:
    """Every mutant, ``jobs`` at once; ``told`` hears of each as it is known. Raises
    MutantsFailed."""
    gate = asyncio.Semaphore(jobs)

    async def one(mutant: Mutant) -> None:
        async with gate:
            told(await tried(suite, mutant, way))

    async with asyncio.TaskGroup() as group:
        for mutant in mutants:
            group.create_task(one(mutant))


async def tried(suite: Suite, mutant: Mutant, way: Way) -> Outcome:
    """One mutant, asked what its requirement asks. Raises MutantsFailed."""
    since = time.monotonic()
    async with running(mutant.name) as url, _client() as http:
        asked = await _Asked.of(suite, http, url, [suite.row(mutant.requirement).id])
        found = [each for each in await asked.findings() if each.requirement == mutant.requirement]
        reached = await _reached(http, url)
        seconds = time.monotonic() - since
        killers = [each for each in found if each.verdict in FOUND and not each.harness]
        calls, replay = 0, ""
        if killers and reached:
            calls, replay = await asked.shortest(killers, way)
        others = await _others(suite, http, url, mutant) if way.full else ()
    if not killers or not reached:
        why = _silence(found, reached, bool(killers))
        return Outcome(mutant, (), why, reached, seconds, others=others)
    shown = _briefest(killers)
    surfaces = tuple(sorted({each.surface for each in killers}))
    return Outcome(
        mutant, surfaces, shown.why, reached, seconds, calls, others, shown.trace, replay
    )


async def _others(
    suite: Suite, http: httpx2.AsyncClient, url: str, mutant: Mutant
) -> tuple[str, ...]:
    asked = await _Asked.of(suite, http, url, [], workers=4)
    names = {each.requirement for each in await asked.findings() if each.verdict in FOUND}
    return tuple(sorted(names - {mutant.requirement}))


def _briefest(killers: Sequence[Finding]) -> Finding:
    return min(killers, key=lambda each: len(calls_of(each.trace)))


def calls_of(trace: Trace) -> Trace:
    """The calls that show something: without what prepares a world or opens a session."""
    return tuple(each for each in trace if not each.setup and each.call not in HANDSHAKE)


def _silence(found: Sequence[Finding], reached: int, broken: bool) -> str:
    if not reached:
        more = ", though something was found" if broken else ""
        return f"the fault was never reached{more}"
    if not found:
        return "no check looks at the requirement"
    told = sorted({f"{each.verdict}{f': {each.why}' if each.why else ''}" for each in found})
    return "; ".join(told)


@asynccontextmanager
async def running(name: str) -> AsyncIterator[str]:
    """A mutant's process and its URL. Raises MutantsFailed."""
    with TemporaryDirectory(prefix="mutant-") as folder:
        port_file, log = Path(folder) / "port", Path(folder) / "log"
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", MODULE, "serve", name, "--port-file", str(port_file)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        try:
            port = await _port(process, port_file)
            if port is None:
                tail = log.read_text("utf-8", "replace")[-1_000:].strip()
                raise MutantsFailed(f"mutant {name} did not start: {tail}")
            yield f"http://127.0.0.1:{port}"
        finally:
            await _stopped(process)


async def _port(process: asyncio.subprocess.Process, file: Path) -> int | None:
    until = time.monotonic() + START_S
    while process.returncode is None and time.monotonic() < until:
        told = _told(file)
        if told:
            return int(told)
        await asyncio.sleep(LOOK_S)
    return None


def _told(file: Path) -> str:
    return file.read_text("utf-8").strip() if file.exists() else ""


async def _stopped(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
        yield http


@dataclass(frozen=True, slots=True)
class _Asked:
    """A backend and what is asked of it."""

    runner: Runner
    plan: Plan

    @classmethod
    async def of(
        cls,
        suite: Suite,
        http: httpx2.AsyncClient,
        url: str,
        names: Sequence[str],
        workers: int = 2,
    ) -> "_Asked":
        target = await probe(http, url)
        wire = Wire(http, {"rest": target.rest_url, "mcp": target.mcp_url}, Scrubber())
        runner = Runner(target, wire, Keys(""), Settings(workers=workers, era=SESSION))
        return cls(runner, suite.plan(target, names))

    async def findings(self) -> tuple[Finding, ...]:
        """One for each requirement and surface."""
        findings = Findings()
        await self.runner.run(self.plan, findings, lambda finding: None)
        return settled(findings.ordered(self.plan))

    async def shortest(self, killers: Sequence[Finding], way: Way) -> tuple[int, str]:
        """How many calls show it at the least, and what replays tell, of all surfaces the worst:
        the calls of a finding, or fewer that tell the mutant from the clean backend when they are
        played."""
        shown = _briefest(killers)
        calls = len(calls_of(shown.trace))
        if calls <= SHORT_CALLS and not way.replays:
            return calls, ""
        # Only who shortens waits for what that takes.
        from contracts.mutation.again import shortened  # noqa: PLC0415 - see above

        asked = killers if way.replays else [shown]
        fewest, replay = await shortened(self.runner, self.plan, asked, way.clean)
        return min(calls, fewest or calls), replay


async def _reached(http: httpx2.AsyncClient, url: str) -> int:
    """0 when the process is gone."""
    with contextlib.suppress(httpx2.RequestError):
        told: Mapping[str, Any] = (await http.get(f"{url}/_sim/mutant")).json()
        return int(told["reached"])
    return 0
