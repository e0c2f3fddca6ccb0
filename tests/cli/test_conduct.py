"""``mediasim conduct``: its report in three forms, and its gate."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.cli import run
from simulator.client import ControlClient
from simulator.commands.conduct_files import as_junit, as_text
from simulator.engine.controls.conduct import ConductAnswer, FindingView, RuleView
from tests.cli.driving import printed, refused
from tests.client.simulator import started

LAPSE = "never_looks"
EVIL = 'a "quoted" <tag> & \x1b[31m'


@pytest.fixture
def careless(world: ControlClient) -> ControlClient:
    """A world in which a picture was paid for that nobody looked at."""
    started(world)
    world.clock.advance(3_600)
    return world


def rule(name: str, *findings: FindingView, says: str = "Says.") -> RuleView:
    lost = sum(one.credits for one in findings)
    return RuleView(name, says, "Why.", "assumed", "a source", list(findings), lost)


def answer(*rules: RuleView, dropped: int = 0) -> ConductAnswer:
    found = any(one.findings for one in rules)
    return ConductAnswer(not found, 9, dropped, sum(one.credits for one in rules), list(rules))


def finding(calls: int = 1, credits: float = 0, says: str = "It did.") -> FindingView:
    return FindingView("r", says, list(range(1, calls + 1)), credits, None)


@pytest.mark.usefixtures("world")
def test_a_world_without_lapses_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "conduct") == "0 calls judged, nothing found\n"


@pytest.mark.usefixtures("careless")
def test_a_lapse_is_told_with_its_calls_and_what_it_cost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, "conduct")
    assert f"{LAPSE}: " in shown
    assert "; calls 2; generation " in shown
    assert shown.endswith("; 7 credits\n1 calls judged, 1 findings, 7 credits lost\n")


@pytest.mark.usefixtures("careless")
@pytest.mark.parametrize("asked", [("--json",), ("--format", "json")])
def test_json_tells_every_rule(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, "conduct", *asked))
    assert (told["ok"], told["credits"]) == (False, 7)
    assert [each["id"] for each in told["rules"] if each["findings"]] == [LAPSE]


@pytest.mark.usefixtures("careless")
def test_a_file_takes_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "conduct.xml"
    assert printed(capsys, "conduct", "--format", "junit", "--out", str(out)) == ""
    failed = ElementTree.parse(out).findall(".//testcase[failure]")
    assert [case.get("name") for case in failed] == [LAPSE]


@pytest.mark.usefixtures("careless")
@pytest.mark.parametrize("rules", [LAPSE, "any", f"polls_too_fast, {LAPSE}"])
def test_a_lapse_that_must_not_be_is_status_1(
    rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["conduct", "--fail-on", rules]) == 1
    out, err = capsys.readouterr()
    assert LAPSE in out
    assert err == f"broken: {LAPSE}\n"


@pytest.mark.usefixtures("careless")
def test_other_lapses_are_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert LAPSE in printed(capsys, "conduct", "--fail-on", "polls_too_fast")


@pytest.mark.usefixtures("world")
def test_a_rule_that_is_none_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "conduct", "--fail-on", "politeness", status=2)
    assert "unknown rule 'politeness', expected polls_too_fast, " in said


@pytest.mark.usefixtures("world")
def test_a_file_that_cannot_be_written_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(tmp_path) in refused(capsys, "conduct", "--out", str(tmp_path), status=2)


def test_junit_has_a_case_for_each_rule_and_a_failure_for_each_broken_one() -> None:
    text = as_junit(answer(rule("kept"), rule("broken", finding(2, 7.5), finding(1, 1))))
    (suite,) = ElementTree.fromstring(text)
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    kept, broken = suite
    assert (kept.get("name"), len(kept)) == ("kept", 0)
    (failure,) = broken
    assert failure.get("message") == "2 findings, 8.5 credits: Says."
    assert "It did.; calls 1, 2; 7.5 credits" in str(failure.text)


def test_junit_stays_xml_whatever_a_finding_says() -> None:
    told = rule('<"&>', finding(says=EVIL), says=EVIL)
    (case,) = ElementTree.fromstring(as_junit(answer(told))).iter("testcase")
    assert case.get("name") == '<"&>'
    assert 'a "quoted" <tag> & ' in str(case[0].text)


def test_text_moves_no_cursor() -> None:
    assert "\x1b" not in as_text(answer(rule("r", finding(says=EVIL), says=EVIL)))


def test_a_finding_of_many_calls_shows_some() -> None:
    assert "8, 9, 10 and 3 more\n" in as_text(answer(rule("r", finding(13))))


def test_a_finding_without_calls_names_none() -> None:
    assert "  It did.\n" in as_text(answer(rule("r", finding(0))))


def test_calls_that_are_gone_are_told() -> None:
    assert as_text(answer(dropped=4)).endswith("4 older calls are no longer kept\n")
