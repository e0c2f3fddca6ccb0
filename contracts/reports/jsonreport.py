"""The report for programs. Its shape is ``report.schema.json`` beside this file; a change that a
reader could trip over raises VERSION."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from typing import Any

from contracts.levels import Grant
from contracts.requirements import Requirement
from contracts.result import Result
from contracts.talk.exchange import Exchange
from contracts.verdicts import Finding

VERSION = 1


def json_text(result: Result) -> str:
    """The report as it is written."""
    return json.dumps(as_object(result), indent=2, ensure_ascii=False) + "\n"


def as_object(result: Result) -> dict[str, Any]:
    """The report as plain values."""
    counts = Counter(finding.verdict.value for finding in result.findings)
    return {
        "report_version": VERSION,
        "suite": {"name": "mediasim contracts", "version": result.version},
        "target": _target(result),
        "run": _run(result),
        "summary": {
            "exit_status": result.status,
            "level": result.level or None,
            "levels": [_grant(each) for each in result.grants],
            "levels_by_surface": {
                surface: [_grant(each) for each in result.grants_of(surface)]
                for surface in result.target.surfaces
            },
            "verdicts": dict(sorted(counts.items())),
            "flaky": sum(finding.flaky for finding in result.findings),
        },
        "requirements": [_requirement(each, result) for each in result.requirements],
    }


def _target(result: Result) -> dict[str, Any]:
    target = result.target
    return {
        "name": target.name,
        "rest_url": target.rest_url,
        "mcp_url": target.mcp_url or None,
        "features": sorted(target.features),
        "simulator": target.is_simulator,
        "max_credits": target.max_credits,
    }


def _run(result: Result) -> dict[str, Any]:
    part, parts = result.plan.choice.shard
    return {
        "seed": result.settings.seed,
        "mcp_era": result.settings.era,
        "highest_level": result.plan.choice.level,
        "lanes": list(result.plan.choice.lanes),
        "shard": f"{part}/{parts}",
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
        "credits": result.credits,
        "interrupted": result.interrupted,
        "unreachable": result.unreachable or None,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "level": grant.level,
        "granted": grant.granted,
        "why_not": grant.why or None,
        "verdicts": dict(grant.counts),
    }


def _requirement(row: Requirement, result: Result) -> dict[str, Any]:
    found = [each for each in result.findings if each.requirement == row.id]
    return {
        "id": row.id,
        "says": row.says,
        "section": row.section,
        "strength": row.strength,
        "level": row.level,
        "lane": row.lane,
        "cost": row.cost,
        "worst_case_credits": row.worst_case_credits,
        "features": sorted(row.features),
        "findings": [_finding(each) for each in found],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "surface": finding.surface,
        "verdict": finding.verdict.value,
        "why": finding.why or None,
        "expected": finding.expected or None,
        "got": finding.got or None,
        "flaky": finding.flaky,
        "check": finding.check or None,
        "seconds": finding.seconds,
        "credits": finding.credits,
        "trace": [exchange_object(each) for each in finding.trace],
    }


def exchange_object(exchange: Exchange) -> dict[str, Any]:
    """One exchange as plain values; bodies as text, or in base64 when they are none."""
    return {
        "number": exchange.number,
        "surface": exchange.surface,
        "call": exchange.call,
        "who": exchange.who,
        "world": exchange.world,
        "setup": exchange.setup,
        "request": {
            "method": exchange.method,
            "base": exchange.base or None,
            "path": exchange.path,
            "headers": _headers(exchange.headers),
            **_body(exchange.sent),
            "bytes": exchange.sent_bytes,
        },
        "answer": {
            "status": exchange.status,
            "headers": _headers(exchange.answer_headers),
            **_body(exchange.answer),
            "bytes": exchange.answer_bytes,
        },
        "captures": [
            {"name": each.name, "where": each.where, "value": each.value}
            for each in exchange.captures
        ],
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(headers)


def _body(content: bytes) -> Mapping[str, str]:
    try:
        return {"body": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": b64encode(content).decode("ascii")}
