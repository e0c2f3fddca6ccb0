"""What a run leaves behind: the same result in each form that somebody reads."""

from collections.abc import Callable, Mapping
from pathlib import Path

from contracts.reports.jsonreport import json_text
from contracts.reports.junit import junit_text
from contracts.result import Result

Write = Callable[[Result], str]

REPORTS: Mapping[str, Write] = {"report.json": json_text, "junit.xml": junit_text}
"""File name and how its text is made."""


def write_reports(result: Result, directory: Path) -> tuple[Path, ...]:
    """Every report, into a folder that is made. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, write in REPORTS.items():
        path = directory / name
        # Half a surrogate pair, if a backend answered one: as JSON writes it.
        path.write_text(write(result), encoding="utf-8", errors="backslashreplace")
        written.append(path)
    return tuple(written)
