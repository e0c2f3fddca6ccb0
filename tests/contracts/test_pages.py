"""Reports that people read: the page, the summary for a build server, the badge."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from contracts.baseline import Known, apply_baseline
from contracts.plan import Choice, Plan
from contracts.reports import write_contract, write_reports
from contracts.reports.badge import badge_text
from contracts.reports.html import html_text
from contracts.reports.markdown import markdown_text
from contracts.verdicts import Finding, Verdict
from tests.contracts.test_reports import result

PAGE_ASKS_FOR = re.compile(r"<script|<link|<img|src=|@import|url\(", re.IGNORECASE)


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    page = html_text(result())
    assert PAGE_ASKS_FOR.findall(page) == []
    assert "default-src 'none'" in page


def test_the_page_tells_failures_apart_from_second_readings() -> None:
    page = html_text(result())
    failures, _, rest = page.partition('<h2 id="known">')
    known, _, readings = rest.partition('<h2 id="readings">')
    assert "<h3>a:fail</h3>" in failures
    assert "<h3>a:unexpected-pass</h3>" in failures
    assert "<h3>a:expected-failure</h3>" in known
    assert "<h3>a:warn</h3>" in readings.partition('<h2 id="left">')[0]
    assert "<h3>a:pass</h3>" not in page


def test_what_a_backend_answers_is_no_markup_of_the_page() -> None:
    page = html_text(result())
    assert "<this>" not in page
    assert "&lt;this&gt; &amp; &#34;that&#34;" in page


def test_each_level_tells_why_it_is_not_granted() -> None:
    page = html_text(result())
    (reason,) = re.findall(r"<b>L1</b>.*?because: (.*?)</div>", page, re.DOTALL)
    assert "1 fail" in reason
    assert "1 not-run" in reason


def test_the_page_of_an_interrupted_run_says_so() -> None:
    assert "The run was interrupted." in html_text(replace(result(), interrupted=True))
    assert "The run was interrupted." not in html_text(result())


def test_what_a_requirement_quotes_is_shown_as_code_and_never_as_markup() -> None:
    told = result()
    row = replace(told.requirements[0], says="`sound` is <b>off</b>.")
    page = html_text(replace(told, plan=replace(told.plan, requirements=(row,))))
    assert "<code>sound</code> is &lt;b&gt;off&lt;/b&gt;." in page


def test_a_plan_is_a_page_without_verdicts(tmp_path: Path) -> None:
    told = result()
    plan = Plan((), (), told.requirements, Choice())
    page = write_contract(plan, told.target, "1.0", tmp_path).read_text(encoding="utf-8")
    assert "a:fail" in page
    assert "Nothing was sent." in page
    assert 'class="levels"' not in page


def test_the_summary_is_a_table_of_levels_and_of_failures() -> None:
    text = markdown_text(result())
    assert text.startswith("## Contract: example, L0 granted\n")
    assert "| **L0** | reachable, and only with a key | yes |" in text
    assert "### Failed: 2\n" in text
    assert '`a:fail` rest<br>It does \\<this\\> \\& "that".' in text
    assert "<summary>Second readings: 1</summary>" in text


def test_a_long_answer_is_cut_in_the_summary() -> None:
    told = result()
    long = [replace(each, got="x" * 5_000) for each in told.findings]
    assert len(markdown_text(told.with_findings(long))) < 4_000


def test_the_badge_is_red_when_a_check_failed() -> None:
    told = json.loads(badge_text(result()))
    assert told == {"schemaVersion": 1, "label": "contract", "message": "L0", "color": "red"}


def test_the_badge_tells_the_level_in_its_colour() -> None:
    passed = [each for each in result().findings if each.verdict is Verdict.PASS]
    told = json.loads(badge_text(result().with_findings(passed)))
    assert (told["message"], told["color"]) == ("L0", "orange")


def test_a_row_of_the_baseline_that_expired_is_a_failure_in_the_page() -> None:
    told = result()
    known = (Known("a:warn", "soon", "https://e.example", date(2026, 1, 1), place="b.toml:3"),)
    judged = told.with_findings(apply_baseline(known, told.findings, date(2026, 1, 2)))
    page = html_text(judged)
    assert "the baseline&#39;s row expired on 2026-01-01 (b.toml:3)" in page
    assert "<h3>a:warn</h3>" in page.partition('<h2 id="known">')[0]


def test_every_report_is_written_and_each_failure_has_a_replay(tmp_path: Path) -> None:
    paths = write_reports(result(), tmp_path)
    names = ["report.html", "report.json", "junit.xml", "summary.md", "badge.json"]
    assert [path.name for path in paths] == names
    replays = sorted(path.name for path in tmp_path.glob("replays/*/*"))
    assert replays == ["replay.sh", "test_replay_a_fail_rest.py"]
    assert "sh replays/a_fail_rest/replay.sh" in paths[0].read_text(encoding="utf-8")


def test_a_run_in_which_nothing_failed_writes_no_replay(tmp_path: Path) -> None:
    passed = [Finding("a:pass", "rest", Verdict.PASS)]
    write_reports(result().with_findings(passed), tmp_path)
    assert not (tmp_path / "replays").exists()
