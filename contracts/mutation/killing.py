"""The command `mediasim mutants`."""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from contracts.data import DataError
from contracts.mutation.matrix import Matrix, write_matrix
from contracts.mutation.mutants import (
    CLEAN,
    SHORT_CALLS,
    Mutant,
    MutantsFailed,
    Outcome,
    Suite,
    Way,
    clean_run,
    hunt,
    listed,
    running,
)
from contracts.plan import PlanError
from contracts.requirements import by_id
from contracts.target import WrongTarget

FINE, SURVIVED, WRONG_USE, CANNOT_WRITE, FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 130

STATUSES = """Exit status: 0 all are killed by their requirement; 1 one survived, or
of 100 replays fewer than 95 tell a mutant from the clean backend; 2 wrong use; 3 the matrix can't
be written; 4 the clean backend is not clean, or a mutant could not be started; 130 interrupted."""


@click.command(
    epilog=STATUSES,
    short_help="Check that the contract suite finds deliberate faults.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--only", metavar="NAME,…", default="", help="Only these, by name or by kind.")
@click.option("--shard", metavar="I/N", default="1/1", help="One of N parts of the mutants.")
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True)
@click.option("--full", is_flag=True, help="Ask everything else as well, to see what finds it.")
@click.option("--replays", is_flag=True, help="Play each kill again, there and on the clean one.")
@click.option("--report-dir", metavar="DIR", type=Path, help="Where the matrix is written.")
@click.option("--list", "as_list", is_flag=True, help="Tell the mutants; start none.")
def mutants(**given: object) -> None:
    """Start deliberately broken backends, one fault each, and see whether the requirement that was
    named for it beforehand finds it. The clean backend must pass all of them first."""
    try:
        status = _mutants(given)
    except (DataError, PlanError) as error:
        status = _complain(WRONG_USE, str(error))
    except (MutantsFailed, WrongTarget) as error:
        status = _complain(FAILED, str(error))
    except OSError as error:
        status = _complain(CANNOT_WRITE, str(error))
    raise click.exceptions.Exit(status)


def _mutants(given: dict[str, object]) -> int:
    """Raises DataError, PlanError, MutantsFailed, WrongTarget, OSError."""
    chosen = choose(asyncio.run(listed()), str(given["only"]), str(given["shard"]))
    if given["as_list"]:
        _show_list(chosen)
        return FINE
    hunting = _Hunt(Suite(), chosen)
    # Who is stopped from outside leaves no mutant running either.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(hunting.run(given))
    except KeyboardInterrupt:
        hunting.interrupted = True
    except BaseExceptionGroup as group:
        raise _first(group) from group
    finally:
        signal.signal(signal.SIGTERM, before)
    matrix = hunting.matrix()
    _show(matrix)
    folder = given["report_dir"]
    if isinstance(folder, Path):
        for path in write_matrix(matrix, folder):
            sys.stdout.write(f"{path}\n")
    if matrix.interrupted:
        return INTERRUPTED
    return FINE if matrix.whole and matrix.told_apart else SURVIVED


def choose(found: Sequence[Mutant], only: str, shard: str) -> tuple[Mutant, ...]:
    """Those that were asked for, in their order. Raises PlanError."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = {each.name for each in found} | {each.kind for each in found}
    unknown = sorted(set(names) - known)
    if unknown:
        raise PlanError(f"there is no mutant {unknown[0]!r}; --list tells them")
    part, slash, parts = shard.partition("/")
    good = slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)
    if not good:
        raise PlanError(f"--shard {shard!r}, expected for example 2/3")
    wanted = [each for each in found if not names or {each.name, each.kind} & set(names)]
    return tuple(wanted[int(part) - 1 :: int(parts)])


class _Hunt:
    """What a run has come to, so that it can be told whenever it ends."""

    def __init__(self, suite: Suite, chosen: Sequence[Mutant]) -> None:
        self._suite = suite
        self._chosen = chosen
        self._since = time.monotonic()
        self._outcomes: dict[str, Outcome] = {}
        self._clean = 0
        self.interrupted = False

    async def run(self, given: dict[str, object]) -> None:
        """Raises MutantsFailed, WrongTarget, and groups of them."""
        jobs = given["jobs"]
        async with running(CLEAN) as clean:
            self._clean = len(await clean_run(self._suite, self._chosen, clean))
            way = Way(clean, full=bool(given["full"]), replays=bool(given["replays"]))
            most = jobs if isinstance(jobs, int) else 1
            await hunt(self._suite, self._chosen, most, way, self._told)

    def matrix(self) -> Matrix:
        return Matrix(
            self._chosen,
            self._outcomes,
            by_id(self._suite.requirements),
            self._clean,
            time.monotonic() - self._since,
            self.interrupted,
        )

    def _told(self, outcome: Outcome) -> None:
        self._outcomes[outcome.mutant.name] = outcome
        done = f"{len(self._outcomes)}/{len(self._chosen)}"
        word = "killed" if outcome.killed else "SURVIVED"
        sys.stderr.write(f"{done} {outcome.mutant.name} {word} {outcome.seconds:.1f} s\n")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of the first mutant that could not be tried."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _show_list(chosen: Sequence[Mutant]) -> None:
    table = Table(title=f"{len(chosen)} mutants", title_justify="left", expand=False)
    for name in ("kind", "mutant", "what is wrong", "requirement"):
        table.add_column(name, overflow="fold")
    for each in chosen:
        table.add_row(each.kind, each.name, each.says, each.requirement)
    _console().print(table)


def _show(matrix: Matrix) -> None:
    table = Table(title="Mutants", title_justify="left", expand=False)
    for name in ("kind", "mutant", "requirement", "killed on"):
        table.add_column(name, overflow="fold")
    for name in ("calls", "seconds"):
        table.add_column(name, justify="right")
    for each in matrix.ordered:
        table.add_row(
            each.mutant.kind,
            each.mutant.name,
            each.mutant.requirement,
            ", ".join(each.surfaces) if each.killed else "survived",
            str(each.calls) if each.killed else "",
            f"{each.seconds:.1f}",
            style="" if each.killed else "bold red",
        )
    console = _console()
    console.print(table)
    for each in matrix.survivors:
        console.print(f"{each.mutant.name} survived {each.mutant.requirement}: {each.why}")
    told = matrix.summary()
    if matrix.replayed:
        for each in matrix.silent:
            console.print(f"{each.mutant.name}: a replay {each.replay}.")
        console.print(f"replays: {told['replays_that_tell']} of {told['replayed']} tell them apart")
    console.print(
        f"{told['killed']} of {told['mutants']} killed by the requirement named beforehand;"
        f" median {told['median_seconds']:g} s; {told['short_traces']} of {told['killed']} are"
        f" shown by at most {SHORT_CALLS} calls; {matrix.clean} judgements of the clean backend"
        f" passed first; {matrix.seconds:.0f} s in all."
    )


def _console() -> Console:
    width = None if sys.stdout.isatty() else max(shutil.get_terminal_size().columns, 120)
    return Console(width=width, highlight=False, markup=False)


def _complain(status: int, text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return status
