"""The report for people: one page that opens offline, without a script. Without findings it is the
contract itself."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from typing import Any

from contracts.levels import SAYS
from contracts.plan import Plan
from contracts.reasons import alike
from contracts.replays.replay import file_names, shell_text
from contracts.replays.script import Script
from contracts.requirements import SURFACES, Requirement, by_id
from contracts.result import Result, Scripts
from contracts.sections import place
from contracts.talk.exchange import Exchange
from contracts.target import Target
from contracts.verdicts import Finding, Verdict, settled

FAILED = (Verdict.FAIL, Verdict.UNEXPECTED_PASS)
CALLS_SHOWN, BODY_SHOWN = 24, 3_000
REPLAY_SHOWN = 30_000
MARKS: Mapping[Verdict, str] = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.WARN: "!",
    Verdict.NOT_RUN: "?",
    Verdict.NOT_APPLICABLE: "·",
    Verdict.EXPECTED_FAILURE: "✗",
    Verdict.UNEXPECTED_PASS: "✓",
}
_QUOTED = re.compile(r"`([^`]+)`")
KINDS: Mapping[Verdict, str] = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.WARN: "read otherwise",
    Verdict.NOT_RUN: "not run",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.EXPECTED_FAILURE: "failed, as known",
    Verdict.UNEXPECTED_PASS: "passed, though listed",
}


def html_text(result: Result) -> str:
    """The page of a run."""
    rows = by_id(result.requirements)
    found = settled(result.findings)
    about = _about(result.target, result.version)
    return _page(
        about
        | {
            "run": _run(result),
            "levels": _levels(result),
            "counts": _counts(found),
            "failures": _stories(found, rows, FAILED, result.scripts),
            "known": _stories(found, rows, (Verdict.EXPECTED_FAILURE,), result.scripts),
            "warnings": _stories(found, rows, (Verdict.WARN,), result.scripts),
            "left": _reasons(found, Verdict.NOT_RUN),
            "off": _reasons(found, Verdict.NOT_APPLICABLE),
            "sections": _sections(result.requirements, found),
        }
    )


def contract_text(plan: Plan, target: Target, version: str) -> str:
    """The page of a plan: every requirement, and what it may cost to find out."""
    return _page(
        _about(target, version)
        | {
            "run": None,
            "levels": [],
            "counts": [],
            "failures": [],
            "known": [],
            "warnings": [],
            "left": _reasons(plan.left, Verdict.NOT_RUN),
            "off": _reasons(plan.left, Verdict.NOT_APPLICABLE),
            "sections": _sections(plan.requirements, ()),
            "most": plan.worst_case_credits,
            "checks": len(plan.items),
        }
    )


def _page(values: Mapping[str, Any]) -> str:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - a run without reports has none

    text = files("contracts.reports").joinpath("report.html.jinja").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = _prose
    return environment.from_string(text).render(**values)


def _prose(text: str) -> str:
    """A requirement's words, what stands in backquotes as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - as above

    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _about(target: Target, version: str) -> dict[str, Any]:
    return {
        "title": target.name or target.rest_url,
        "rest_url": target.rest_url,
        "mcp_url": target.mcp_url,
        "surfaces": list(SURFACES),
        "version": version,
        "simulator": target.is_simulator,
        "cap": target.max_credits,
        "features": sorted(target.features),
        "most": 0,
        "checks": 0,
    }


def _run(result: Result) -> Mapping[str, Any]:
    part, parts = result.plan.choice.shard
    return {
        "level": result.level,
        "status": result.status,
        "seconds": f"{result.seconds:.1f}",
        "requests": result.requests,
        "credits": result.credits,
        "seed": result.settings.seed,
        "era": result.settings.era,
        "shard": f"{part} of {parts}" if parts > 1 else "",
        "lanes": ", ".join(result.plan.choice.lanes),
        "interrupted": result.interrupted,
        "unreachable": result.unreachable,
        "surfaces": {
            surface: max(
                (each.level for each in result.grants_of(surface) if each.granted), default=""
            )
            for surface in result.target.surfaces
        },
    }


def _levels(result: Result) -> list[Mapping[str, Any]]:
    return [
        {
            "name": grant.level,
            "says": SAYS[grant.level],
            "granted": grant.granted,
            "why": grant.why,
            "counts": _of_level(grant.counts),
        }
        for grant in result.grants
    ]


def _of_level(counts: Mapping[str, int]) -> list[Mapping[str, Any]]:
    return [
        {"kind": verdict.value, "label": KINDS[verdict], "count": counts[verdict.value]}
        for verdict in Verdict
        if counts.get(verdict.value)
    ]


def _counts(found: Iterable[Finding]) -> list[Mapping[str, Any]]:
    counted = Counter(each.verdict.value for each in found)
    return _of_level(counted)


def _reasons(found: Iterable[Finding], verdict: Verdict) -> list[Mapping[str, Any]]:
    """Each reason with the requirements that it holds back, the most frequent first."""
    by_why: dict[str, list[str]] = {}
    for each in found:
        if each.verdict is verdict:
            by_why.setdefault(alike(each.why), []).append(f"{each.requirement} [{each.surface}]")
    ordered = sorted(by_why.items(), key=lambda pair: -len(pair[1]))
    return [{"why": why, "of": those, "count": len(those)} for why, those in ordered]


def _sections(
    requirements: Sequence[Requirement], found: Iterable[Finding]
) -> list[Mapping[str, Any]]:
    """By the documents' sections, in the order in which a reader meets them."""
    cells: dict[str, dict[str, Finding]] = {}
    for each in found:
        cells.setdefault(each.requirement, {})[each.surface] = each
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for row in requirements:
        mine = cells.get(row.id, {})
        grouped.setdefault(row.section, []).append(_line(row, mine))
    return [
        {
            "name": name,
            "anchor": f"section-{number}",
            "rows": lines,
            "bad": sum(any(c and c["kind"] in _BAD for c in line["cells"]) for line in lines),
        }
        for number, (name, lines) in enumerate(
            sorted(grouped.items(), key=lambda pair: place(pair[0])), start=1
        )
    ]


_BAD = frozenset({Verdict.FAIL.value, Verdict.UNEXPECTED_PASS.value})


def _line(row: Requirement, mine: Mapping[str, Finding]) -> Mapping[str, Any]:
    kinds = sorted({each.verdict.value for each in mine.values()})
    return {
        "id": row.id,
        "says": row.says,
        "strength": row.strength,
        "level": row.level,
        "lane": row.lane,
        "cost": _cost(row),
        "needs": sorted(row.features),
        "kinds": " ".join(kinds),
        "surfaces": list(row.surfaces),
        "cells": [_cell(mine.get(surface)) for surface in SURFACES],
    }


def _cell(finding: Finding | None) -> Mapping[str, Any] | None:
    if finding is None:
        return None
    told = finding.verdict in (*FAILED, Verdict.WARN, Verdict.EXPECTED_FAILURE)
    return {
        "kind": finding.verdict.value,
        "mark": MARKS[finding.verdict],
        "label": KINDS[finding.verdict],
        "why": finding.why,
        "link": f"#{_anchor(finding)}" if told else "",
    }


def _cost(row: Requirement) -> str:
    return f"≤ {row.worst_case_credits:g} credits" if row.cost == "billable" else row.cost


def _anchor(finding: Finding) -> str:
    return f"{finding.requirement}:{finding.surface}".replace(":", "-")


def _stories(
    found: Iterable[Finding],
    rows: Mapping[str, Requirement],
    verdicts: Sequence[Verdict],
    scripts: Scripts,
) -> list[Mapping[str, Any]]:
    return [
        _story(each, rows[each.requirement], scripts.get((each.requirement, each.surface)))
        for each in found
        if each.verdict in verdicts and each.requirement in rows
    ]


def _story(finding: Finding, row: Requirement, script: Script | None) -> Mapping[str, Any]:
    calls = [each for each in finding.trace if not each.setup]
    return {
        "anchor": _anchor(finding),
        "id": row.id,
        "surface": finding.surface,
        "kind": finding.verdict.value,
        "label": KINDS[finding.verdict],
        "says": row.says,
        "section": row.section,
        "strength": row.strength,
        "level": row.level,
        "why": finding.why,
        "expected": finding.expected,
        "got": finding.got,
        "flaky": finding.flaky,
        "calls": [_call(each) for each in calls[-CALLS_SHOWN:]],
        "earlier": max(len(calls) - CALLS_SHOWN, 0),
        "replay": _replay(script) if script else None,
    }


def _replay(script: Script) -> Mapping[str, Any]:
    shell, test = file_names(script)
    text = shell_text(script)
    return {
        "shell": shell,
        "test": test,
        "count": len(script.calls),
        "shortened": script.shortened,
        "text": text if len(text) <= REPLAY_SHOWN else "",
    }


def _call(exchange: Exchange) -> Mapping[str, Any]:
    sent = exchange.sent.decode("utf-8", "replace")
    return {
        "number": exchange.number,
        "method": exchange.method,
        "path": exchange.path or "(the MCP endpoint)",
        "call": exchange.call,
        "who": exchange.who,
        "status": exchange.status or "no answer",
        "sent": _readable(sent, exchange.sent_bytes),
        "answer": _readable(exchange.text, exchange.answer_bytes),
    }


def _readable(text: str, size: int) -> str:
    """JSON on several lines; the beginning of what is long; nothing of what is no text."""
    if not text:
        return f"{size} bytes that are no text" if size else ""
    if "\x00" in text or text.count("\N{REPLACEMENT CHARACTER}") > 3:
        return f"{size} bytes that are no text"
    with suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= BODY_SHOWN else f"{text[:BODY_SHOWN]} …"
