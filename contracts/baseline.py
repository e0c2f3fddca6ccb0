"""Failures that are known: each with its reason, a link and a day on which it must be looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from contracts.data import DataError, rows
from contracts.requirements import SURFACES, Requirement
from contracts.verdicts import Finding, Verdict, settled


@dataclass(frozen=True, slots=True)
class Known:
    """``surface`` "": on all of them. ``place``: ``file:line``."""

    requirement: str
    reason: str
    link: str
    expires: date
    surface: str = ""
    place: str = ""

    def covers(self, finding: Finding) -> bool:
        return self.requirement == finding.requirement and self.surface in ("", finding.surface)


def load_baseline(file: Path, requirements: Sequence[Requirement]) -> tuple[Known, ...]:
    """The ``[[known]]`` rows. Raises DataError."""
    ids = {each.id for each in requirements}
    return tuple(_known(file, line, row, ids) for line, row in rows(file, "known"))


def apply_baseline(
    known: Sequence[Known], findings: Iterable[Finding], today: date
) -> tuple[Finding, ...]:
    """A known failure is expected until its day; one that passed, or whose day has come, fails."""
    return tuple(_judged(each, known, today) for each in settled(findings))


def _judged(finding: Finding, known: Sequence[Known], today: date) -> Finding:
    row = next((each for each in known if each.covers(finding)), None)
    if row is None or finding.verdict in (Verdict.NOT_RUN, Verdict.NOT_APPLICABLE):
        return finding
    if row.expires < today:
        why = f"the baseline's row expired on {row.expires} ({row.place}); {finding.why}".rstrip(
            "; "
        )
        return replace(finding, verdict=Verdict.FAIL, why=why)
    if finding.verdict is Verdict.PASS:
        why = f"the baseline still lists it ({row.place})"
        return replace(finding, verdict=Verdict.UNEXPECTED_PASS, why=why)
    if finding.verdict is not Verdict.FAIL:
        return finding
    why = f"{finding.why} (known: {row.reason}, {row.link}, until {row.expires})"
    return replace(finding, verdict=Verdict.EXPECTED_FAILURE, why=why)


def _known(file: Path, line: int, row: Mapping[str, Any], ids: set[str]) -> Known:
    for name in ("requirement", "reason", "link"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise DataError(file, line, f"{name} is missing, expected a text")
    # A TOML date and a date and time are both dates to Python.
    if type(row.get("expires")) is not date:
        raise DataError(file, line, "expires is missing, expected a day such as 2027-01-31")
    if row["requirement"] not in ids:
        raise DataError(file, line, f"there is no requirement {row['requirement']!r}")
    if row.get("surface", "") not in ("", *SURFACES):
        raise DataError(file, line, f"surface: expected {' or '.join(SURFACES)}")
    unknown = sorted(set(row) - {"requirement", "reason", "link", "expires", "surface"})
    if unknown:
        raise DataError(file, line, f"unknown key {unknown[0]!r}")
    return Known(**row, place=f"{file.name}:{line}")
