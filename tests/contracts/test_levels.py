"""Levels, exit statuses and the baseline: what did not run is never a pass."""

from datetime import date
from pathlib import Path

import pytest

from contracts.baseline import apply_baseline, load_baseline
from contracts.data import DataError
from contracts.levels import exit_status, grants
from contracts.reasons import counted
from contracts.requirements import LEVELS, Requirement
from contracts.verdicts import Finding, Verdict

TODAY = date(2026, 6, 1)
KNOWN = """[[known]]
requirement = "L1"
reason = "it is being built"
link = "https://example.com/1"
expires = 2026-07-01
"""


def rows() -> list[Requirement]:
    """One for each level, named by it."""
    return [
        Requirement(level, "It does.", "page: Response", "documented", ("rest",), level, "access")
        for level in LEVELS
    ]


def found(**verdicts: Verdict) -> list[Finding]:
    """A finding for each level; passed unless told otherwise."""
    return [Finding(each, "rest", verdicts.get(each, Verdict.PASS), why="x") for each in LEVELS]


def granted(findings: list[Finding], highest: str = "L4") -> list[str]:
    return [each.level for each in grants(rows(), findings, highest) if each.granted]


def test_all_levels_are_granted_when_everything_passed() -> None:
    assert granted(found()) == list(LEVELS)


@pytest.mark.parametrize(
    "verdict",
    [Verdict.FAIL, Verdict.NOT_RUN, Verdict.EXPECTED_FAILURE, Verdict.UNEXPECTED_PASS],
)
def test_a_level_is_kept_back_with_all_above_it(verdict: Verdict) -> None:
    assert granted(found(L2=verdict)) == ["L0", "L1"]


def test_what_did_not_run_keeps_its_level_back_beside_what_passed() -> None:
    unrun = Finding("L1", "mcp", Verdict.NOT_RUN)
    assert granted([*found(), unrun]) == ["L0"]


def test_a_part_of_the_checks_grants_nothing_of_which_another_part_tells() -> None:
    part = [each for each in found() if each.requirement != "L2"]
    third = grants(rows(), part)[2]
    assert granted(part) == ["L0", "L1"]
    assert (third.granted, third.why) == (False, "1 in another part")


def test_a_warning_keeps_no_level_back() -> None:
    assert granted(found(L2=Verdict.WARN)) == list(LEVELS)


def test_a_level_of_which_nothing_applies_is_not_granted() -> None:
    assert granted(found(L3=Verdict.NOT_APPLICABLE)) == ["L0", "L1", "L2"]


def test_the_worst_of_several_findings_decides() -> None:
    assert granted([*found(), Finding("L0", "rest", Verdict.FAIL)]) == []


def test_only_the_levels_that_were_asked_for_are_looked_at() -> None:
    assert granted(found(L4=Verdict.FAIL), "L3") == ["L0", "L1", "L2", "L3"]


def test_a_surface_has_levels_of_its_own() -> None:
    findings = [*found(), *(Finding(each, "mcp", Verdict.FAIL) for each in ("L1",))]
    by_surface = grants(rows(), findings, "L4", "rest")
    assert [each.granted for each in by_surface] == [True] * 5


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        (found(), 0),
        (found(L3=Verdict.WARN), 0),
        (found(L3=Verdict.FAIL), 1),
        (found(L3=Verdict.UNEXPECTED_PASS), 1),
        (found(L3=Verdict.NOT_RUN), 5),
        (found(L3=Verdict.EXPECTED_FAILURE), 0),
        (found(L2=Verdict.FAIL, L3=Verdict.NOT_RUN), 1),
        ([Finding("L0", "rest", Verdict.NOT_RUN, harness=True)], 4),
    ],
)
def test_the_exit_status_says_what_came_of_it(findings: list[Finding], status: int) -> None:
    assert exit_status(grants(rows(), findings), findings) == status


def baselined(tmp_path: Path, text: str, finding: Finding, today: date = TODAY) -> Finding:
    file = tmp_path / "known.toml"
    file.write_text(text)
    (judged,) = apply_baseline(load_baseline(file, rows()), [finding], today)
    return judged


def test_a_known_failure_is_expected_and_says_why(tmp_path: Path) -> None:
    judged = baselined(tmp_path, KNOWN, Finding("L1", "rest", Verdict.FAIL, "no"))
    assert judged.verdict is Verdict.EXPECTED_FAILURE
    assert "it is being built, https://example.com/1, until 2026-07-01" in judged.why


def test_a_known_failure_that_passes_fails_as_stale(tmp_path: Path) -> None:
    judged = baselined(tmp_path, KNOWN, Finding("L1", "rest", Verdict.PASS))
    assert judged.verdict is Verdict.UNEXPECTED_PASS
    assert "known.toml:1" in judged.why


def test_a_known_failure_fails_once_its_day_is_over(tmp_path: Path) -> None:
    late = date(2026, 7, 2)
    judged = baselined(tmp_path, KNOWN, Finding("L1", "rest", Verdict.FAIL, "no"), late)
    assert judged.verdict is Verdict.FAIL
    assert "expired on 2026-07-01" in judged.why


def test_another_failure_is_not_excused(tmp_path: Path) -> None:
    finding = Finding("L2", "rest", Verdict.FAIL, "no")
    assert baselined(tmp_path, KNOWN, finding) == finding


def test_a_row_for_one_surface_excuses_no_other(tmp_path: Path) -> None:
    finding = Finding("L1", "rest", Verdict.FAIL, "no")
    assert baselined(tmp_path, KNOWN + 'surface = "mcp"\n', finding) == finding


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('reason = "it is being built"\n', ""), "known.toml:1: reason is missing"),
        (('"L1"', '"L9"'), "there is no requirement 'L9'"),
        (("2026-07-01", '"soon"'), "expires is missing, expected a day"),
        (("2026-07-01", "2026-07-01T00:00:00Z"), "expires is missing, expected a day"),
        (("reason", "because"), "reason is missing"),
    ],
)
def test_a_baseline_that_is_wrong_is_told_with_its_line(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    with pytest.raises(DataError) as error:
        baselined(tmp_path, KNOWN.replace(*change), Finding("L1", "rest", Verdict.FAIL))
    assert told in str(error.value)


def test_reasons_that_differ_in_a_price_are_counted_as_one() -> None:
    told = "it may cost {} credits, more than is left of --max-credits 5"
    whys = [told.format(7), told.format("1e+06"), "no check looks at it"]
    findings = [Finding("a", "rest", Verdict.NOT_RUN, why=why) for why in whys]
    assert counted(findings, Verdict.NOT_RUN) == {
        "it may cost more than is left of --max-credits 5": 2,
        "no check looks at it": 1,
    }
