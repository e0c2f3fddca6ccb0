"""The report on conduct as text and as JUnit's XML."""

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from simulator.console import escaped

if TYPE_CHECKING:
    from simulator.engine.controls.conduct import ConductAnswer, FindingView, RuleView

_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CALLS_SHOWN = 10


def as_text(answer: "ConductAnswer") -> str:
    """The rules that were broken, each with what shows it; one line when there are none."""
    lines = []
    for rule in answer.rules:
        if rule.findings:
            lines += [f"{rule.id}: {escaped(rule.says)}", f"  why: {escaped(rule.why)}"]
            lines += [f"  {_finding(one)}" for one in rule.findings]
    found = sum(len(rule.findings) for rule in answer.rules)
    lines.append(
        f"{answer.calls} calls judged, {found} findings, {answer.credits:g} credits lost"
        if found
        else f"{answer.calls} calls judged, nothing found"
    )
    if answer.dropped:
        lines.append(f"{answer.dropped} older calls are no longer kept")
    return "".join(f"{line}\n" for line in lines)


def as_junit(answer: "ConductAnswer") -> str:
    """One suite with a test case for each rule; one that was broken is a failure."""
    failures = sum(bool(rule.findings) for rule in answer.rules)
    totals = f'tests="{len(answer.rules)}" failures="{failures}" errors="0" skipped="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="mediasim conduct" {totals}>',
        f'  <testsuite name="conduct" {totals}>',
        *map(_case, answer.rules),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _case(rule: "RuleView") -> str:
    head = f'    <testcase classname="conduct" name={_attribute(rule.id)}'
    if not rule.findings:
        return f"{head}/>"
    message = _attribute(f"{len(rule.findings)} findings, {rule.credits:g} credits: {rule.says}")
    told = [f"why: {rule.why}", f"source: {rule.source} ({rule.strength})"]
    story = "\n".join([*told, *map(_finding, rule.findings)])
    failure = f'<failure type="conduct" message={message}>{escape(_clean(story))}</failure>'
    return f"{head}>\n      {failure}\n    </testcase>"


def _finding(finding: "FindingView") -> str:
    shown = ", ".join(str(seq) for seq in finding.calls[:_CALLS_SHOWN])
    more = len(finding.calls) - _CALLS_SHOWN
    parts = [escaped(finding.says)]
    if shown:
        parts.append(f"calls {shown}" + (f" and {more} more" if more > 0 else ""))
    if finding.generation_id is not None:
        parts.append(f"generation {escaped(finding.generation_id)}")
    if finding.credits:
        parts.append(f"{finding.credits:g} credits")
    return "; ".join(parts)


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    """Without what XML can't hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
