"""What a run leaves behind: the same result in each form that somebody reads."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from contracts.plan import Plan
from contracts.replays.explain import EXPLAINED, plain_script
from contracts.replays.replay import file_names, pytest_text, shell_text
from contracts.reports.badge import badge_text
from contracts.reports.html import contract_text, html_text
from contracts.reports.jsonreport import json_text
from contracts.reports.junit import junit_text
from contracts.reports.markdown import markdown_text
from contracts.requirements import by_id
from contracts.result import Result, Scripts
from contracts.target import Target

REPORTS: Mapping[str, Callable[[Result], str]] = {
    "report.html": html_text,
    "report.json": json_text,
    "junit.xml": junit_text,
    "summary.md": markdown_text,
    "badge.json": badge_text,
}
"""File name and how its text is made."""


def write_reports(result: Result, directory: Path) -> tuple[Path, ...]:
    """Every report, into a folder that is made; answers where the reports are, without the replays
    under ``replays``. A failure without a script gets one from its recorded calls. Raises
    OSError."""
    result = replace(result, scripts={**_plain_scripts(result), **result.scripts})
    for script in result.scripts.values():
        shell, test = file_names(script)
        _write(directory / shell, shell_text(script))
        _write(directory / test, pytest_text(script))
    return tuple(_write(directory / name, text(result)) for name, text in REPORTS.items())


def write_contract(plan: Plan, target: Target, version: str, directory: Path) -> Path:
    """The page of what would be checked. Raises OSError."""
    return _write(directory / "contract.html", contract_text(plan, target, version))


def _plain_scripts(result: Result) -> Scripts:
    rows = by_id(result.requirements)
    found = {}
    for each in result.findings:
        row = rows.get(each.requirement)
        if each.verdict in EXPLAINED and row is not None:
            script = plain_script(result.target, row, each)
            if script is not None:
                found[each.requirement, each.surface] = script
    return found


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Half a surrogate pair, if a backend answered one: as JSON writes it.
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    return path
