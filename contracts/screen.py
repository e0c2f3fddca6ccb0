"""What a person at a terminal sees: the plan, the progress, and what a run came to."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.levels import SAYS
from contracts.plan import Plan
from contracts.reasons import counted
from contracts.requirements import Requirement, by_id
from contracts.result import Result
from contracts.verdicts import Finding, Verdict

STYLES = (
    (Verdict.PASS, "green"),
    (Verdict.FAIL, "bold red"),
    (Verdict.WARN, "yellow"),
    (Verdict.NOT_RUN, "magenta"),
    (Verdict.NOT_APPLICABLE, "dim"),
    (Verdict.EXPECTED_FAILURE, "red"),
    (Verdict.UNEXPECTED_PASS, "bold red"),
)
REASONS_SHOWN = 8
TOLD = (Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.EXPECTED_FAILURE, Verdict.WARN)


def show_plan(plan: Plan) -> None:
    """Every check with its requirements, where each stands, and worst-case credits."""
    table = Table(title="What would be checked", title_justify="left", expand=False)
    for name in ("level", "lane", "check", "surface", "requirement", "strength", "source"):
        table.add_column(name, overflow="fold")
    table.add_column("requests", overflow="fold")
    table.add_column("credits at most", justify="right")
    for item in plan.items:
        first = True
        for row in item.requirements:
            about = (item.level, item.check.lane, item.check.title, item.surface)
            table.add_row(
                *(about if first else ("", "", "", "")),
                row.id,
                row.strength,
                row.section,
                _requests(row),
                f"{row.worst_case_credits:g}" if row.worst_case_credits else "",
            )
            first = False
    console = _console()
    console.print(table)
    for finding in plan.left:
        console.print(_line(finding))
    requirements = len({row.id for item in plan.items for row in item.requirements})
    console.print(
        f"{len(plan.items)} checks of {requirements} requirements;"
        f" at most {plan.worst_case_credits:g} credits. Nothing was sent."
    )


def _requests(row: Requirement) -> str:
    """How many golden cases are sent, and of what kind the requests are."""
    count = f"{len(row.cases)} " if row.cases else ""
    return f"{count}{row.cost}"


@contextmanager
def progress(checks: int) -> Iterator[Callable[[Finding], None]]:
    """A line that counts, on a terminal; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda finding: None
        return
    console = Console(stderr=True)
    counts: Counter[str] = Counter()
    with console.status(f"{checks} checks") as status:

        def told(finding: Finding) -> None:
            counts[finding.verdict.value] += 1
            shown = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
            status.update(f"{finding.requirement} [{finding.surface}]  {shown}")

        yield told


def show_result(result: Result) -> None:
    """What failed and why, then levels by verdict and surface, then the sum."""
    console = _console()
    for verdict in TOLD:
        for finding in result.findings:
            if finding.verdict is verdict:
                _show_finding(console, result, finding)
    _show_reasons(console, result.findings, Verdict.NOT_RUN)
    _show_reasons(console, result.findings, Verdict.NOT_APPLICABLE)
    console.print(_levels(result))
    for surface in result.target.surfaces:
        granted = [each.level for each in result.grants_of(surface) if each.granted]
        console.print(f"{surface}: {granted[-1] if granted else 'no level'} granted")
    ended = "interrupted" if result.interrupted else "ended"
    console.print(
        f"{result.target.name or result.target.rest_url}: {result.level or 'no level'} granted;"
        f" {len(result.findings)} findings, {result.requests} requests,"
        f" {result.credits:g} credits, {ended} after {result.seconds:.1f} s"
        f" (seed {result.settings.seed}, MCP {result.settings.era})"
    )


def show_written(paths: Sequence[Path]) -> None:
    """Where the reports are."""
    for path in paths:
        _console().print(f"written: {path}", soft_wrap=True)


def _levels(result: Result) -> Table:
    table = Table(title_justify="left")
    table.add_column("level")
    table.add_column("what it says")
    table.add_column("granted")
    for verdict, style in STYLES:
        table.add_column(verdict.value.replace("-", " "), justify="right", style=style)
    for grant in result.grants:
        counts = [str(grant.counts.get(verdict.value, "")) for verdict, _ in STYLES]
        shown = Text("yes", "green") if grant.granted else Text(f"no: {grant.why}", "red")
        table.add_row(grant.level, SAYS[grant.level], shown, *counts)
    return table


def _show_finding(console: Console, result: Result, finding: Finding) -> None:
    row = by_id(result.requirements).get(finding.requirement)
    console.print(_line(finding))
    if row is not None:
        console.print(Text(f"    {row.says} ({row.section}; {row.strength})", "dim"))
    calls = [each for each in finding.trace if not each.setup]
    for each in calls[-3:]:
        text = f"    {each.number}. {each.method} {each.path} {each.call} → {each.status}"
        console.print(Text(text, "dim"))


def _show_reasons(console: Console, findings: Sequence[Finding], verdict: Verdict) -> None:
    """Many findings share a reason."""
    reasons = counted(findings, verdict)
    for why, count in reasons.most_common(REASONS_SHOWN):
        console.print(Text.assemble((verdict.value, _style(verdict)), f" ({count}x): {why}"))
    if len(reasons) > REASONS_SHOWN:
        console.print(f"{verdict.value}: {len(reasons) - REASONS_SHOWN} more reasons")


def _line(finding: Finding) -> Text:
    return Text.assemble(
        (finding.verdict.value, _style(finding.verdict)),
        f" {finding.requirement} [{finding.surface}] {finding.why}",
    )


def _style(verdict: Verdict) -> str:
    return next(style for each, style in STYLES if each is verdict)


def _console() -> Console:
    # Who runs it may have set a narrow COLUMNS for its own sake; a file has no edge.
    width = None if sys.stdout.isatty() else max(shutil.get_terminal_size().columns, 160)
    return Console(width=width, highlight=False, markup=False, emoji=False)
