"""Which levels a target reaches: one is granted when the ones below are and all of its checks ran
and passed. A check that did not run is never a pass."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.requirements import LEVELS, Requirement, by_id
from contracts.verdicts import Finding, Verdict, settled

SAYS: Mapping[str, str] = {
    "L0": "reachable, and only with a key",
    "L1": "the wire: statuses, error bodies, MCP",
    "L2": "catalogue and refusals",
    "L3": "life cycle and billing",
    "L4": "parity, concurrency, isolation",
}

GOOD = frozenset({Verdict.PASS, Verdict.WARN, Verdict.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Grant:
    """``why``: what keeps the level from being granted; "" when it is. ``counts``: findings of
    each verdict at this level."""

    level: str
    granted: bool
    why: str
    counts: Mapping[str, int]


def grants(
    requirements: Sequence[Requirement],
    findings: Iterable[Finding],
    highest: str = LEVELS[-1],
    surface: str = "",
) -> tuple[Grant, ...]:
    """Each level up to ``highest``, on one surface or on all."""
    known = by_id(requirements)
    looked = [
        each
        for each in settled(findings)
        if each.requirement in known and surface in ("", each.surface)
    ]
    found: list[Grant] = []
    for level in LEVELS:
        if level > highest:
            break
        at = [each for each in looked if known[each.requirement].level == level]
        elsewhere = len(_asked(requirements, level, surface) - {_place(each) for each in at})
        why = _why_not(at, elsewhere) or (
            "" if not found or found[-1].granted else f"{found[-1].level} is not"
        )
        counts = Counter(each.verdict.value for each in at)
        found.append(Grant(level, not why, why, dict(sorted(counts.items()))))
    return tuple(found)


def highest_granted(those: Sequence[Grant]) -> str:
    """ "" when none is."""
    return max((each.level for each in those if each.granted), default="")


def exit_status(those: Sequence[Grant], findings: Iterable[Finding]) -> int:
    """0 fine; 1 a check failed; 4 the suite itself failed; 5 something that did not run keeps a
    level from being granted."""
    found = settled(findings)
    if any(each.harness for each in found):
        return 4
    if any(each.verdict in (Verdict.FAIL, Verdict.UNEXPECTED_PASS) for each in found):
        return 1
    held = any(each.verdict is Verdict.NOT_RUN for each in found)
    return 5 if held and not all(each.granted for each in those) else 0


def _asked(
    requirements: Sequence[Requirement], level: str, surface: str
) -> frozenset[tuple[str, str]]:
    return frozenset(
        (row.id, each)
        for row in requirements
        for each in row.surfaces
        if row.level == level and surface in ("", each)
    )


def _place(finding: Finding) -> tuple[str, str]:
    return finding.requirement, finding.surface


def _why_not(at: Sequence[Finding], elsewhere: int) -> str:
    """``elsewhere``: of how many requirements another part of the run tells."""
    bad = Counter(each.verdict for each in at if each.verdict not in GOOD)
    reasons = [f"{count} {verdict.value}" for verdict, count in sorted(bad.items())]
    reasons += [f"{elsewhere} in another part"] if elsewhere else []
    if reasons:
        return ", ".join(reasons)
    if not any(each.verdict in (Verdict.PASS, Verdict.WARN) for each in at):
        return "nothing was checked"
    return ""
