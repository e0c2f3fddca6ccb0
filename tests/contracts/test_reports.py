"""Reports: the same result as JSON after its schema, and as JUnit."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema_rs

from contracts import reports
from contracts.plan import Choice, Plan
from contracts.reports import write_reports
from contracts.reports.jsonreport import as_object
from contracts.reports.junit import junit_text
from contracts.requirements import Requirement
from contracts.result import Result
from contracts.run import Settings
from contracts.talk.exchange import Capture, Exchange
from contracts.target import Target
from contracts.verdicts import Finding, Verdict

SCHEMA = Path(reports.__file__).parent / "report.schema.json"
TRACE = (
    Exchange(
        number=1,
        surface="rest",
        call="get_balance",
        who="main",
        method="GET",
        base="rest",
        path="/v1/balance",
        headers=(("X-API-Key", "[main key]"),),
        sent=b"\xff",
        status=200,
        answer=b'{"credits": 5}',
        answer_bytes=14,
        captures=(Capture("url_1", "url", "x"),),
    ),
)


def result() -> Result:
    """A finding of each verdict; texts that XML does not like."""
    rows = tuple(
        Requirement(
            id=f"a:{verdict.value}",
            says='It does <this> & "that".',
            section="page: Response",
            strength="documented",
            surfaces=("rest",),
            level="L0" if verdict is Verdict.PASS else "L1",
            lane="access",
        )
        for verdict in Verdict
    )
    findings = tuple(
        Finding(
            requirement=f"a:{verdict.value}",
            surface="rest",
            verdict=verdict,
            why="" if verdict is Verdict.PASS else "bad \x00 \ud800 <&>",
            expected="more" if verdict is Verdict.FAIL else "",
            got="less" if verdict is Verdict.FAIL else "",
            trace=TRACE if verdict is Verdict.FAIL else (),
            seconds=0.5,
        )
        for verdict in Verdict
    )
    target = Target("https://api.example", name="example", features=frozenset({"uploads"}))
    plan = Plan((), (), rows, Choice())
    return Result(target, Settings(), plan, findings, "1.0", seconds=1.25, requests=7)


def test_the_json_report_follows_its_schema() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    told = json.loads(json.dumps(as_object(result())))
    assert list(jsonschema_rs.validator_for(schema).iter_errors(told)) == []
    assert told["summary"]["level"] == "L0"
    assert told["summary"]["exit_status"] == 1
    assert told["summary"]["verdicts"] == {verdict.value: 1 for verdict in Verdict}


def test_the_schema_refuses_what_is_no_report() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    told = json.loads(json.dumps(as_object(result())))
    assert not validator.is_valid({**told, "report_version": 2})
    told["requirements"][0]["findings"][0]["verdict"] = "perhaps"
    assert not validator.is_valid(told)


def test_junit_has_a_case_for_each_requirement_and_surface() -> None:
    root = ET.fromstring(junit_text(result()))
    cases = {case.get("name"): [part.tag for part in case] for case in root.iter("testcase")}
    assert cases == {
        "a:pass [rest]": [],
        "a:fail [rest]": ["failure"],
        "a:unexpected-pass [rest]": ["failure"],
        "a:warn [rest]": ["system-out"],
        "a:not-run [rest]": ["error"],
        "a:not-applicable [rest]": ["skipped"],
        "a:expected-failure [rest]": ["skipped"],
    }
    totals = [root.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert totals == ["7", "2", "1", "2"]


def test_a_failure_in_junit_tells_the_requirement_and_the_calls() -> None:
    root = ET.fromstring(junit_text(result()))
    (failure,) = [each for each in root.iter("failure") if each.get("type") == "fail"]
    text = failure.text or ""
    assert 'must hold: It does <this> & "that".' in text
    assert "expected: more" in text
    assert "1. GET /v1/balance get_balance: 200" in text


def test_reports_are_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    written = write_reports(result(), tmp_path / "a" / "b")
    assert {path.name for path in written} >= {"report.json", "junit.xml"}
    assert all(path.stat().st_size for path in written)
