"""The report for a build server's summary: GitHub's Markdown, short."""

from collections.abc import Iterable, Mapping

from contracts.levels import SAYS
from contracts.reasons import counted
from contracts.replays.replay import file_names
from contracts.reports.html import FAILED, KINDS
from contracts.requirements import Requirement, by_id
from contracts.result import Result, Scripts
from contracts.verdicts import Finding, Verdict, settled

FAILURES_SHOWN = 25
REASONS_SHOWN = 6
CELL_MOST = 160
_SPECIAL = "\\`*_{}[]<>#|~&"


def markdown_text(result: Result) -> str:
    """Levels, failures, second readings, and what was not run."""
    found = settled(result.findings)
    rows = by_id(result.requirements)
    name = _plain(result.target.name or result.target.rest_url)
    level = f"{result.level} granted" if result.level else "no level granted"
    lines = [f"## Contract: {name}, {level}", ""]
    if result.unreachable:
        lines += [f"> The target could not be reached: {_plain(result.unreachable)}", ""]
    if result.interrupted:
        lines += ["> The run was interrupted; what was not reached counts as not run.", ""]
    lines += _levels(result)
    lines += _failures([each for each in found if each.verdict in FAILED], rows, result.scripts)
    lines += _folded("Second readings", [x for x in found if x.verdict is Verdict.WARN])
    known = [each for each in found if each.verdict is Verdict.EXPECTED_FAILURE]
    lines += _folded("Known failures", known)
    lines += _reasons(found)
    spent = "simulated" if result.target.is_simulator else "spent"
    lines.append(
        f"{len(found)} findings, {result.requests} requests, {result.credits:g} credits {spent},"
        f" {result.seconds:.1f} s, seed {result.settings.seed}, exit status {result.status}."
    )
    return "\n".join(lines) + "\n"


def _levels(result: Result) -> list[str]:
    shown = [
        verdict
        for verdict in Verdict
        if any(grant.counts.get(verdict.value) for grant in result.grants)
    ]
    head = " | ".join(["Level", "Says", "Granted", *(KINDS[verdict] for verdict in shown)])
    lines = [f"| {head} |", "|---|---|---|" + "--:|" * len(shown)]
    for grant in result.grants:
        counts = [str(grant.counts.get(verdict.value, "")) for verdict in shown]
        granted = "yes" if grant.granted else f"no: {_plain(grant.why)}"
        told = " | ".join([f"**{grant.level}**", SAYS[grant.level], granted, *counts])
        lines.append(f"| {told} |")
    return [*lines, ""]


def _failures(found: list[Finding], rows: Mapping[str, Requirement], scripts: Scripts) -> list[str]:
    if not found:
        return []
    lines = [f"### Failed: {len(found)}", "", "| Requirement | Expected | Got |", "|---|---|---|"]
    for each in found[:FAILURES_SHOWN]:
        row = rows.get(each.requirement)
        says = _cell(row.says) if row else ""
        script = scripts.get((each.requirement, each.surface))
        again = f"<br>`sh {file_names(script)[0]}`" if script else ""
        flaky = " (flaky)" if each.flaky else ""
        head = f"`{each.requirement}` {each.surface}{flaky}<br>{says}{again}"
        lines.append(f"| {head} | {_cell(each.expected or each.why)} | {_cell(each.got)} |")
    if len(found) > FAILURES_SHOWN:
        lines += ["", f"And {len(found) - FAILURES_SHOWN} more, in report.html."]
    return [*lines, ""]


def _folded(title: str, found: list[Finding]) -> list[str]:
    if not found:
        return []
    lines = [f"<details><summary>{title}: {len(found)}</summary>", ""]
    shown = found[:FAILURES_SHOWN]
    lines += [f"- `{each.requirement}` {each.surface}: {_cell(each.why)}" for each in shown]
    return [*lines, "", "</details>", ""]


def _reasons(found: Iterable[Finding]) -> list[str]:
    reasons = counted(found, Verdict.NOT_RUN)
    if not reasons:
        return []
    lines = [f"<details><summary>Not run: {sum(reasons.values())}</summary>", ""]
    lines += [f"- {count}: {_cell(why)}" for why, count in reasons.most_common(REASONS_SHOWN)]
    if len(reasons) > REASONS_SHOWN:
        lines.append(f"- {len(reasons) - REASONS_SHOWN} more reasons")
    return [*lines, "", "</details>", ""]


def _cell(text: str) -> str:
    return _plain(text if len(text) <= CELL_MOST else f"{text[:CELL_MOST]}…")


def _plain(text: str) -> str:
    """One line in which nothing is markup."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in " ".join(text.split()))
