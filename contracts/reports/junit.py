"""The report for build servers: one test case for each requirement and surface."""

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from contracts.requirements import LEVELS, Requirement, by_id
from contracts.result import Result
from contracts.verdicts import Finding, Verdict

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILED = (Verdict.FAIL, Verdict.UNEXPECTED_PASS)
_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.EXPECTED_FAILURE)


def junit_text(result: Result) -> str:
    """A suite for each level; what did not run is an error, never a pass."""
    rows = by_id(result.requirements)
    suites = [
        _suite(level, [each for each in result.findings if _level(rows, each) == level], rows)
        for level in LEVELS
        if level <= result.plan.choice.level
    ]
    totals = _totals(result.findings)
    head = f'<testsuites name="mediasim contracts" {totals} time="{result.seconds:.3f}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>\n"])


def _level(rows: Mapping[str, Requirement], finding: Finding) -> str:
    row = rows.get(finding.requirement)
    return row.level if row else ""


def _suite(level: str, findings: list[Finding], rows: Mapping[str, Requirement]) -> str:
    seconds = sum(each.seconds for each in findings)
    head = f'  <testsuite name="{level}" {_totals(findings)} time="{seconds:.3f}">'
    cases = [_case(each, rows) for each in findings]
    return "\n".join([head, *cases, "  </testsuite>"])


def _case(finding: Finding, rows: Mapping[str, Requirement]) -> str:
    row = rows.get(finding.requirement)
    lane = row.lane if row else "suite"
    name = quoteattr(_clean(f"{finding.requirement} [{finding.surface}]"))
    head = f'    <testcase classname="contracts.{lane}" name={name} time="{finding.seconds:.3f}"'
    inner = _outcome(finding, row)
    return f"{head}/>" if not inner else f"{head}>\n{inner}\n    </testcase>"


def _outcome(finding: Finding, row: Requirement | None) -> str:
    why = quoteattr(_clean(finding.why))
    if finding.verdict in _FAILED:
        about = _clean(_story(finding, row))
        return f'      <failure type="{finding.verdict}" message={why}>{escape(about)}</failure>'
    if finding.verdict is Verdict.NOT_RUN:
        return f'      <error type="{finding.verdict}" message={why}/>'
    if finding.verdict in _SKIPPED:
        return f"      <skipped message={why}/>"
    if finding.verdict is Verdict.WARN:
        return f"      <system-out>{escape(_clean('warning: ' + finding.why))}</system-out>"
    return ""


def _story(finding: Finding, row: Requirement | None) -> str:
    lines = [f"must hold: {row.says}", f"source: {row.section} ({row.strength})"] if row else []
    lines += [f"expected: {finding.expected}", f"got: {finding.got}"] if finding.expected else []
    for each in finding.trace:
        if not each.setup:
            lines.append(f"{each.number}. {each.method} {each.path} {each.call}: {each.status}")
    return "\n".join(lines)


def _totals(findings: Iterable[Finding]) -> str:
    verdicts = [each.verdict for each in findings]
    failures = sum(each in _FAILED for each in verdicts)
    skipped = sum(each in _SKIPPED for each in verdicts)
    errors = verdicts.count(Verdict.NOT_RUN)
    return f'tests="{len(verdicts)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'


def _clean(text: str) -> str:
    """Without what XML can't hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
