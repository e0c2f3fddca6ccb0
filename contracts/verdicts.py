"""What came of a requirement on a surface."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from contracts.exchange import Trace


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
    UNEXPECTED_PASS = "unexpected-pass"


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
    function's name."""

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


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The finding that decides, of several on one requirement."""
    return min(findings, key=lambda each: WORST_FIRST.index(each.verdict), default=None)
