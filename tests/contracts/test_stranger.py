"""The second backend: each of its mistakes is found by a documented requirement, and nothing is
found where there is none."""

from collections import Counter
from pathlib import Path

import pytest

from contracts.levels import grants, highest_granted
from contracts.requirements import load_requirements
from contracts.verdicts import Finding, Verdict
from tests.candidate.defects import DEFECTS
from tests.contracts.stranger import findings_of
from tests.contracts.strangers_mistakes import FOUND, POOR, WHOLE

CREDITS = 90_000
ALL = [row.id for row in load_requirements()]
STRENGTH = {row.id: row.strength for row in load_requirements()}


def failed(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(each.requirement, each.surface) for each in findings if each.verdict is Verdict.FAIL}


async def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    """And every level is granted."""
    findings = await findings_of(tmp_path, (), *ALL, seed=3, credits=CREDITS)
    bad = [each for each in findings if each.verdict in (Verdict.FAIL, Verdict.NOT_RUN)]
    assert [(each.requirement, each.surface, each.why) for each in bad] == []
    warned = {each.requirement for each in findings if each.verdict is Verdict.WARN}
    assert {STRENGTH[each] for each in warned} == {"assumed", "observed"}
    assert Counter(each.verdict for each in findings)[Verdict.PASS] > 900
    assert highest_granted(grants(load_requirements(), findings)) == "L4"


@pytest.mark.parametrize("seed", [0, 11])
async def test_all_its_mistakes_are_found_whatever_the_seed_and_nothing_else(
    tmp_path: Path, seed: int
) -> None:
    findings = await findings_of(tmp_path, DEFECTS, *ALL, seed=seed, credits=CREDITS)
    assert failed(findings) == WHOLE
    left = {each.requirement: each.why for each in findings if each.verdict is Verdict.NOT_RUN}
    assert set(left) == POOR  # whose second account was overdrawn by then
    assert all("the second account has -" in why for why in left.values())
    assert all(each.trace for each in findings if each.verdict is Verdict.FAIL)


@pytest.mark.parametrize(("defect", "ids"), FOUND.items())
async def test_a_mistake_is_found_and_by_nothing_else(
    tmp_path: Path, defect: str, ids: frozenset[str]
) -> None:
    surface = "mcp" if any(each.startswith("parity:") for each in ids) else "rest"
    findings = await findings_of(tmp_path, (defect,), *sorted(ids), surfaces=[surface])
    assert failed(findings) == {(each, surface) for each in ids}
    assert all(each.trace for each in findings if each.verdict is Verdict.FAIL)


def test_every_mistake_has_a_documented_requirement_that_finds_it() -> None:
    assert set(FOUND) == set(DEFECTS)
    assert {STRENGTH[each] for each, _ in WHOLE} == {"documented"}
    assert {each for ids in FOUND.values() for each in ids} <= {each for each, _ in WHOLE} | POOR
