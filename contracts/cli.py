"""The command `mediasim check`."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import click

from contracts import screen
from contracts.baseline import Known, apply_baseline, load_baseline
from contracts.data import DataError
from contracts.mutation.killing import mutants
from contracts.opening import Asked, client, era_of, found, imagined, runner
from contracts.plan import Choice, Plan, PlanError, all_checks, make_plan
from contracts.replays.explain import explained
from contracts.reports import write_contract, write_reports
from contracts.requirements import LEVELS, SURFACES, Requirement, load_requirements
from contracts.result import Result, Scripts
from contracts.run import INTERRUPTED_BEFORE, Findings, Settings
from contracts.talk.jsonrpc import ERAS
from contracts.talk.keys import NoKey
from contracts.target import Target, WrongTarget
from contracts.verdicts import settled

__all__ = ["check", "mutants"]

WRONG_USE, CANNOT_WRITE = 2, 3

STATUSES = """Exit status: 0 fine; 1 a check failed; 2 wrong use; 4 the target can't be reached, or
the suite itself failed; 5 the spend limit, or a check that did not run, keeps a level from being
granted; 130 interrupted."""


@click.command(
    epilog=STATUSES,
    short_help="Check a backend against the provider's contract.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--target", required=True, metavar="URL|FILE", help="A base URL, or a profile.")
@click.option("--mcp-url", metavar="URL", default="", help="Where MCP answers.  [URL/mcp]")
@click.option("--key-env", metavar="NAME", default="", help="The variable that holds the key.")
@click.option("--second-key-env", metavar="NAME", default="", help="A second account's.")
@click.option("--token-env", metavar="NAME", default="", help="The control plane's token.")
@click.option("--beside", metavar="URL", default="", help="Compare with this simulator.")
@click.option("--conformance", metavar="DIR", default="", help="Where npm put MCP's own suite.")
@click.option("--level", type=click.Choice(LEVELS), default=LEVELS[-1], show_default=True)
@click.option("--lanes", metavar="NAME,…", default="", help="Only these lanes.")
@click.option("--surface", type=click.Choice(SURFACES), help="Only this one.  [both]")
@click.option("--mcp-era", type=click.Choice(ERAS), help="Revision of MCP.  [session]")
@click.option("--max-credits", type=click.FloatRange(min=0), help="What may be spent.  [0]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--workers", type=click.IntRange(1, 32), default=4, show_default=True)
@click.option("--shard", metavar="I/N", default="1/1", help="One of N parts of the checks.")
@click.option("--baseline", metavar="FILE", type=Path, help="Failures that are known.")
@click.option("--report-dir", metavar="DIR", type=Path, help="Where reports are written.")
@click.option("--dry-run", is_flag=True, help="List the checks and what they may cost; send none.")
def check(**given: object) -> None:
    """Check any backend of this API: which documented behaviours it has, and which levels that
    grants. A simulator on this machine needs no key and costs nothing."""
    try:
        status = _check(given)
    except (DataError, PlanError, NoKey, WrongTarget, click.BadParameter) as error:
        status = _complain(WRONG_USE, error)
    except OSError as error:
        status = _complain(CANNOT_WRITE, error)
    raise click.exceptions.Exit(status)


def _check(given: dict[str, object]) -> int:
    """Raises DataError, PlanError, NoKey, WrongTarget, OSError."""
    asked = _asked(given)
    choice = _choice(given)
    requirements = load_requirements()
    baseline = given["baseline"]
    known = load_baseline(baseline, requirements) if isinstance(baseline, Path) else ()
    folder = given["report_dir"] if isinstance(given["report_dir"], Path) else None
    if given["dry_run"]:
        return _show_plan(_plan(requirements, target := imagined(asked), choice), target, folder)
    session = _Session(requirements, choice, _settings(given), explains=folder is not None)
    result = _with_baseline(_run(session, asked), known)
    if result.unreachable:
        sys.stderr.write(f"{result.unreachable}\n")
    else:
        screen.show_result(result)
    if folder is not None:
        screen.show_written(write_reports(result, folder))
    return result.status


def _show_plan(plan: Plan, target: Target, folder: Path | None) -> int:
    """Raises OSError."""
    screen.show_plan(plan)
    if folder is not None:
        screen.show_written((write_contract(plan, target, _version(), folder),))
    return 0


def _run(session: "_Session", asked: Asked) -> Result:
    """Interrupted or not, reached or not. Raises DataError, PlanError, NoKey, WrongTarget."""
    try:
        asyncio.run(session.run(asked))
    except KeyboardInterrupt:
        session.interrupted = True
    except WrongTarget as error:
        if error.reached:
            raise
        session.unreached(asked, str(error))
    return session.result()


class _Session:
    """What a run has come to, so that it can be told whenever it ends. ``explains``: failures are
    looked into, so that they can be shown again."""

    def __init__(
        self,
        requirements: Sequence[Requirement],
        choice: Choice,
        settings: Settings,
        *,
        explains: bool = False,
    ) -> None:
        self._explains = explains
        self._scripts: Scripts = {}
        self._requirements = requirements
        self._choice = choice
        self._settings = settings
        self._since = time.monotonic()
        self._findings = Findings()
        self._target: Target | None = None
        self._plan: Plan | None = None
        self._unreachable = ""
        self.interrupted = False

    def unreached(self, asked: Asked, why: str) -> None:
        """Nobody answers: nothing of what would have been checked was. Raises DataError,
        PlanError, WrongTarget."""
        target = imagined(asked)
        self._plan = _plan(self._requirements, target, self._choice)
        self._target = replace(target, features=target.features - {"control", "auto-keys"})
        self._unreachable = why

    async def run(self, asked: Asked) -> None:
        """Raises DataError, PlanError, NoKey, WrongTarget."""
        async with client() as http:
            self._target = target = await found(http, asked)
            self._settings = Settings(
                self._settings.seed, self._settings.workers, era_of(target, self._settings.era)
            )
            self._plan = plan = _plan(self._requirements, target, self._choice)
            async with runner(http, target, self._settings) as ready:
                with screen.progress(len(plan.items)) as told:
                    await ready.run(plan, self._findings, told)
                if self._explains:
                    found_here = self._findings.ordered(plan)
                    self._scripts = await explained(ready, plan, settled(found_here))

    def result(self) -> Result:
        """Raises KeyboardInterrupt when there is nothing to tell."""
        if self._target is None or self._plan is None:
            raise KeyboardInterrupt
        why_not = "the target could not be reached" if self._unreachable else INTERRUPTED_BEFORE
        found_here = self._findings.ordered(self._plan, why_not)
        return Result(
            target=self._target,
            settings=self._settings,
            plan=self._plan,
            findings=found_here,
            version=_version(),
            seconds=time.monotonic() - self._since,
            requests=self._findings.requests,
            credits=self._findings.credits,
            interrupted=self.interrupted,
            unreachable=self._unreachable,
            scripts=self._scripts,
        )


def _plan(requirements: Sequence[Requirement], target: Target, choice: Choice) -> Plan:
    return make_plan(requirements, all_checks(requirements, choice.lanes), target, choice)


def _with_baseline(result: Result, known: Sequence[Known]) -> Result:
    today = datetime.now(UTC).date()  # noqa: TID251 - a baseline's rows expire on a real day
    return result.with_findings(apply_baseline(known, result.findings, today))


def _asked(given: dict[str, object]) -> Asked:
    max_credits = given["max_credits"]
    return Asked(
        target=str(given["target"]),
        mcp_url=str(given["mcp_url"]),
        key_env=str(given["key_env"]),
        second_key_env=str(given["second_key_env"]),
        token_env=str(given["token_env"]),
        beside=str(given["beside"]),
        conformance=str(given["conformance"]),
        max_credits=max_credits if isinstance(max_credits, float) else None,
    )


def _choice(given: dict[str, object]) -> Choice:
    """Raises PlanError."""
    part, slash, parts = str(given["shard"]).partition("/")
    good = slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)
    if not good:
        raise PlanError(f"--shard {given['shard']!r}, expected for example 2/3")
    return Choice(
        level=str(given["level"]),
        lanes=tuple(name.strip() for name in str(given["lanes"]).split(",") if name.strip()),
        shard=(int(part), int(parts)),
        surfaces=(str(given["surface"]),) if given["surface"] else SURFACES,
    )


def _settings(given: dict[str, object]) -> Settings:
    seed, workers = given["seed"], given["workers"]
    if not isinstance(seed, int) or not isinstance(workers, int):
        raise PlanError("--seed and --workers: expected whole numbers")
    return Settings(seed, workers, str(given["mcp_era"] or ""))


def _version() -> str:
    try:
        return metadata.version("mediasim")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def _complain(status: int, error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return status
