"""What generations cost: the ledgers of worlds as rows of credits, by model, test, account, day.

Whole milli-credits. In every row ``held = captured + released + open``: all that a job moved counts
on the day on which it was accepted, whenever it was settled.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from simulator.domain.jobs import Job
from simulator.domain.ledger import Entry
from simulator.domain.times import rfc3339

DIMENSIONS = ("namespace", "test", "account", "model", "day")
"""What credits can be counted by; a test is its namespace's label or, without one, its name."""

DUPLICATE_WITHIN_MS = 3_600_000
NO_JOB = "(no job)"

WASTED = (
    "Wasted credits were captured, and a more careful caller would have kept them."
    " Duplicates: the whole price of a generation that repeats a captured one of the same account"
    " with the same normal form (model, type, prompt, every parameter that counts), accepted at"
    " most an hour of the world's clock before; the first of them is not wasted."
    " Worst case: what a generation with reference videos was captured beyond the price by their"
    " measured length, as far as every one of them was uploaded here; nothing for duplicates, which"
    " are counted whole."
    " What was released or is still open wastes nothing."
)
"""The definition that stands beside the number."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Milli-credits; ``jobs`` counts holds. ``duplicates`` and ``worst_case`` are the parts of
    ``captured`` that were wasted."""

    jobs: int = 0
    held: int = 0
    captured: int = 0
    released: int = 0
    duplicates: int = 0
    worst_case: int = 0

    @property
    def open(self) -> int:
        """Held, and neither captured nor released yet."""
        return self.held - self.captured - self.released

    @property
    def wasted(self) -> int:
        return self.duplicates + self.worst_case

    @property
    def spent(self) -> int:
        """What is gone or may still go: captured and open."""
        return self.held - self.released


NOTHING = Amounts()


@dataclass(frozen=True, slots=True)
class Run:
    """What happened in one world. ``measured``: by job number, the milli-credits that a start would
    have been charged by the measured length of its reference videos, where it is known."""

    namespace: str
    entries: Sequence[Entry]
    jobs: Sequence[Job]
    label: str = ""
    measured: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """Credits of all that has the values ``key``, one for each dimension of its report."""

    key: tuple[str, ...]
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Report:
    """Rows by the dimensions of ``group``, in the order of their keys."""

    group: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def total(self) -> Amounts:
        return reduce(plus, (row.amounts for row in self.rows), NOTHING)


def costs(runs: Iterable[Run]) -> Report:
    """The finest report, by every dimension; ``regroup`` makes coarser ones of it."""
    return _report(DIMENSIONS, (row for run in runs for row in _charges(run)))


def regroup(report: Report, group: Sequence[str], only: Mapping[str, str] | None = None) -> Report:
    """The same credits by other dimensions; ``only`` keeps the rows with these values.

    ValueError when the report isn't as fine as that.
    """
    wanted = {*group, *(only or {})}
    missing = sorted(wanted - set(report.group))
    if missing:
        raise ValueError(f"grouped by {', '.join(report.group)}, so not by {', '.join(missing)}")
    columns = [report.group.index(name) for name in group]
    kept = [(report.group.index(name), value) for name, value in (only or {}).items()]
    rows = (
        Row(tuple(row.key[column] for column in columns), row.amounts)
        for row in report.rows
        if all(row.key[column] == value for column, value in kept)
    )
    return _report(tuple(group), rows)


def merged(group: Sequence[str], reports: Iterable[Report]) -> Report:
    """One report of several that are all grouped by ``group``."""
    return _report(tuple(group), (row for report in reports for row in report.rows))


def plus(one: Amounts, other: Amounts) -> Amounts:
    """The sum of both."""
    return Amounts(
        one.jobs + other.jobs,
        one.held + other.held,
        one.captured + other.captured,
        one.released + other.released,
        one.duplicates + other.duplicates,
        one.worst_case + other.worst_case,
    )


def duplicates(jobs: Iterable[Job], captured: Collection[int]) -> frozenset[int]:
    """Numbers of the captured jobs that repeat a captured one of the hour before."""
    last_ms: dict[tuple[str, ...], int] = {}
    found = set()
    for job in sorted(jobs, key=lambda job: job.number):
        if job.number not in captured:
            continue
        same, at_ms = _normal_form(job), job.times.created_at_ms
        if same in last_ms and at_ms - last_ms[same] <= DUPLICATE_WITHIN_MS:
            found.add(job.number)
        last_ms[same] = at_ms
    return frozenset(found)


def _charges(run: Run) -> Iterable[Row]:
    """A row for each entry that moved a job's credits."""
    captured = {each.job_number for each in run.entries if each.kind == "capture"}
    repeated = duplicates(run.jobs, {number for number in captured if number is not None})
    keys = {job.number: _key(run, job.account, job.model, job) for job in run.jobs}
    for entry in run.entries:
        if entry.kind in ("hold", "capture", "release"):
            key = keys.get(entry.job_number or 0)
            if key is None:
                key = _key(run, entry.account, NO_JOB, entry)
            yield Row(key, _amounts(entry, repeated, run.measured))


def _key(run: Run, account: str, model: str, dated: Job | Entry) -> tuple[str, ...]:
    at_ms = dated.times.created_at_ms if isinstance(dated, Job) else dated.at_ms
    day = rfc3339(at_ms).partition("T")[0]
    return (run.namespace, run.label or run.namespace, account, model, day)


def _amounts(entry: Entry, repeated: Collection[int], measured: Mapping[int, int]) -> Amounts:
    amount, number = entry.millicredits, entry.job_number or 0
    if entry.kind == "hold":
        return Amounts(jobs=1, held=amount)
    if entry.kind == "release":
        return Amounts(released=amount)
    if number in repeated:
        return Amounts(captured=amount, duplicates=amount)
    return Amounts(captured=amount, worst_case=max(0, amount - measured.get(number, amount)))


def _normal_form(job: Job) -> tuple[str, ...]:
    parameters = json.dumps(job.parameters, sort_keys=True, default=str)
    return (job.account, job.kind, job.model, job.generation_type, job.prompt, parameters)


def _report(group: tuple[str, ...], rows: Iterable[Row]) -> Report:
    sums: dict[tuple[str, ...], Amounts] = {}
    for row in rows:
        sums[row.key] = plus(sums.get(row.key, NOTHING), row.amounts)
    return Report(group, tuple(Row(key, sums[key]) for key in sorted(sums)))
