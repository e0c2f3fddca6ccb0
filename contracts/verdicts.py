"""What came of a requirement on a surface."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.talk.exchange import Trace


class Verdict(StrEnum):
    """``WARN``: an observed or assumed behaviour that differs. ``NOT_APPLICABLE``: the target does
    not declare the feature. ``EXPECTED_FAILURE``: the baseline knows it. ``UNEXPECTED_PASS``: the
    baseline still lists it."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    WARN = "warn"
    NOT_RUN = "not-run"
    NOT_APPLICABLE = "not-applicable"
    EXPECTED_FAILURE = "expected-failure"
    UNEXPECTED_PASS = "unexpected-pass"  # noqa: S105 - a verdict, no password


WORST_FIRST = (
    Verdict.FAIL,
    Verdict.UNEXPECTED_PASS,
    Verdict.EXPECTED_FAILURE,
    Verdict.NOT_RUN,
    Verdict.WARN,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """``why``: one line, empty for a pass. ``expected`` and ``got``: of a failure. ``flaky``: it
    failed, and did not when repeated. ``credits``: what accepted starts cost. ``check``: the
    check's title. ``harness``: the suite itself failed. ``example``: what a search drew that showed
    it, which it plays alone when the log of its backend has it."""

    requirement: str
    surface: str
    verdict: Verdict
    why: str = ""
    expected: str = ""
    got: str = ""
    trace: Trace = ()
    seconds: float = 0.0
    credits: float = 0
    check: str = ""
    flaky: bool = False
    harness: bool = False
    example: tuple[str, object] | None = None


def settled(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for each requirement and surface, in the order in which they first come."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        found.setdefault((each.requirement, each.surface), []).append(each)
    return tuple(min(those, key=_rank) for those in found.values())


def _rank(finding: Finding) -> int:
    return WORST_FIRST.index(finding.verdict)
