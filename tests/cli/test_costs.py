"""``mediasim costs``: its tables, files, comparisons and budgets."""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.app import build_app
from simulator.cli import run
from simulator.commands.cost_files import safe
from simulator.commands.wire import Wire
from simulator.domain.costs import Amounts, Report, Row
from simulator.engine.controls.costs import answer_of
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

GROUP = ("namespace", "test", "account", "model", "day")


def row(model: str, held: int, captured: int, released: int = 0, duplicates: int = 0) -> Row:
    amounts = Amounts(1, held * 1000, captured * 1000, released * 1000, duplicates * 1000)
    return Row(("w", "tests/a.py::test_b", "main", model, "2026-01-01"), amounts)


def saved(folder: Path, name: str, *rows: Row) -> str:
    path = folder / name
    answer = answer_of(Report(GROUP, tuple(sorted(rows, key=lambda each: each.key))), ["w"])
    path.write_bytes(msgspec.json.encode(answer))
    return str(path)


@pytest.fixture
def report(tmp_path: Path) -> str:
    rows = (row("dear", 1_500, 1_000, 400), row("cheap", 9, 9, duplicates=4), row("=1+1", 1, 1))
    return saved(tmp_path, "after.json", *rows)


@pytest.fixture
def earlier(tmp_path: Path) -> str:
    return saved(
        tmp_path, "before.json", row("dear", 700, 700), row("=1+1", 1, 1), row("old", 5, 5)
    )


@pytest.fixture
def url() -> Iterator[str]:
    """A simulator in which three generations were accepted, in two worlds."""
    with ServerThread(build_app(Settings(frozen=True))) as server:
        base = f"http://127.0.0.1:{server.port}"
        for key in ("sk_test_w", "sk_test_w.other", "sk_test_v"):
            body = {"prompt": "a lighthouse", "model": "nano-banana"}
            assert Wire(base, key).post("/v1/generate/media", body).status == 200
        yield base


def test_the_table_puts_the_largest_spender_first(
    report: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["costs", "--from", report]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:5]] == [
        ["model", "jobs", "held", "captured", "released", "open", "wasted"],
        ["dear", "1", "1,500", "1,000", "400", "100", "0"],
        ["cheap", "1", "9", "9", "0", "0", "4"],
        ["=1+1", "1", "1", "1", "0", "0", "0"],
        ["total", "3", "1,510", "1,010", "400", "100", "4"],
    ]


def test_the_table_says_what_is_wasted_only_where_something_is(
    report: str, earlier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["costs", "--from", report])
    assert "wasted: 4 by duplicates, 0 by worst case" in capsys.readouterr().out
    run(["costs", "--from", earlier])
    assert "Wasted credits" not in capsys.readouterr().out


def test_rows_can_be_by_several_parts(report: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(["costs", "--from", report, "--by", "day, account"])
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == [
        "2026-01-01",
        "main",
        "3",
        "1,510",
    ]


def test_a_running_simulator_is_asked_for_its_own_world_or_all(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = []
    for more in ([], ["--account", "other"], ["--all"]):
        assert run(["costs", "--url", url, "--namespace", "w", "--json", *more]) == 0
        answer = json.loads(capsys.readouterr().out)
        counted.append((answer["total"]["jobs"], answer["namespaces"]))
    assert counted == [(2, ["w"]), (1, ["w"]), (3, ["v", "w"])]


def test_a_saved_report_is_what_the_simulator_answered(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    assert run(["costs", "--url", url, "--all", "--format", "json", "--out", str(out)]) == 0
    told = Wire(url, "sk_test_w").get(f"/_sim/costs?all=true&group={','.join(GROUP)}").json()
    assert json.loads(out.read_bytes()) == told
    assert capsys.readouterr().out == ""
    assert run(["costs", "--from", str(out), "--compare", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []


def test_changes_are_told_from_the_largest_down(
    report: str, earlier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["costs", "--from", report, "--compare", earlier]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "captured or still open: 706 before, 1,110 after: +404"
    assert [line.split() for line in lines[3:]] == [
        ["dear", "700", "1,100", "+400", "changed"],
        ["cheap", "0", "9", "+9", "new"],
        ["old", "5", "0", "-5", "gone"],
    ]


def test_changes_as_json_tell_both_sides(
    report: str, earlier: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["costs", "--from", report, "--compare", earlier, "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["format"], told["version"], told["difference"]) == (
        "mediasim-cost-changes",
        1,
        404,
    )
    changes = told["changes"]
    assert [(each["model"], each["change"], each["difference"]) for each in changes] == [
        ("dear", "changed", 400),
        ("cheap", "new", 9),
        ("old", "gone", -5),
    ]
    assert (changes[0]["before"]["held"], changes[0]["after"]["held"]) == (700, 1_500)
    assert (changes[1]["before"], changes[2]["after"]) == (None, None)


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_the_csv_file_has_a_header_and_ends_lines_as_the_rfc_says(
    report: str, tmp_path: Path
) -> None:
    out = tmp_path / "costs.csv"
    run(["costs", "--from", report, "--format", "csv", "--out", str(out)])
    assert out.read_bytes().count(b"\r\n") == out.read_bytes().count(b"\n") == 4
    rows = read_csv(out)
    assert (rows[0]["model"], rows[0]["held"], rows[0]["open"]) == ("dear", "1500", "100")
    assert rows[1]["duplicates"] == "4"


def test_the_csv_file_of_changes_tells_both_sides(
    report: str, earlier: str, tmp_path: Path
) -> None:
    out = tmp_path / "changes.csv"
    run(["costs", "--from", report, "--compare", earlier, "--format", "csv", "--out", str(out)])
    last = read_csv(out)[-1]
    assert (last["model"], last["change"], last["difference"]) == ("old", "gone", "-5")
    assert (last["held_before"], last["held_after"]) == ("5", "0")


def test_no_text_in_the_csv_file_is_a_formula(report: str, tmp_path: Path) -> None:
    out = tmp_path / "costs.csv"
    run(["costs", "--from", report, "--format", "csv", "--out", str(out)])
    assert [each["model"] for each in read_csv(out)] == ["dear", "cheap", "'=1+1"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert (safe(start + "cmd"), safe("cmd" + start)) == ("'" + start + "cmd", "cmd" + start)


def test_a_text_with_commas_and_quotes_survives_the_csv_file(tmp_path: Path) -> None:
    name, out = 'a "b",\nc', tmp_path / "costs.csv"
    path = saved(tmp_path, "x.json", row(name, 1, 1))
    run(["costs", "--from", path, "--format", "csv", "--out", str(out)])
    assert read_csv(out)[0]["model"] == name


class Page(HTMLParser):  # how the standard library reads a page
    """Every tag with its attributes, and the text of the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    @override
    def handle_data(self, data: str) -> None:
        self.text += data

    def bars(self, plot: int) -> list[list[tuple[str | None, float, float]]]:
        """For each bar of a plot its pieces: class, begin and width in percent."""
        found: list[list[tuple[str | None, float, float]]] = []
        seen = -1
        for tag, given in self.tags:
            if tag == "svg" and given.get("class") == "plot":
                seen += 1
            elif seen == plot and tag == "g":
                found.append([])
            elif seen == plot and tag == "rect":
                x, width = (float((given[name] or "").rstrip("%")) for name in ("x", "width"))
                found[-1].append((given["class"], x, width))
        return found


def page_of(*arguments: str) -> Page:
    out = Path(arguments[1]).with_suffix(".html")
    assert run(["costs", *arguments, "--format", "html", "--out", str(out)]) in (0, 1)
    return Page(out.read_text(encoding="utf-8"))


def test_the_page_needs_no_script_and_no_other_file(report: str, earlier: str) -> None:
    page = page_of("--from", report, "--compare", earlier)
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"} == set()
    assert not [given for _, given in page.tags if {"src", "href", "onload"} & set(given)]
    assert not re.search(r"url\(|@import", Path(report).with_suffix(".html").read_text())


def test_each_bar_of_the_plot_is_as_long_as_its_credits(report: str) -> None:
    dear, cheap, _ = page_of("--from", report).bars(0)
    percents = [("used", 0.0, 66.667), ("open", 66.667, 6.667), ("released", 73.333, 26.667)]
    assert dear == percents  # of an axis that ends with 1,500
    assert [sort for sort, _, _ in cheap] == ["used", "wasted"]


def test_the_page_shows_budgets_changes_and_what_wasted_means(report: str, earlier: str) -> None:
    page = page_of("--from", report, "--compare", earlier, "--budget", "1000")
    assert (
        "budget exceeded by 110 credits: 1110 of 1000 (1010 captured, 100 still open)" in page.text
    )
    assert "706 before, 1,110 after" in page.text
    assert "Wasted credits were captured" in page.text


def test_what_a_report_names_is_text_in_the_page(tmp_path: Path) -> None:
    page = page_of("--from", saved(tmp_path, "x.json", row("<script>x</script>", 1, 1)))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script>x</script>" in page.text


def test_the_plot_of_many_rows_ends_with_the_others_together(tmp_path: Path) -> None:
    rows = [row(f"m{number:02}", number, number) for number in range(1, 21)]
    page = page_of("--from", saved(tmp_path, "x.json", *rows))
    bars = page.bars(0)
    assert len(bars) == 15
    assert "6 others together" in page.text
    assert bars[-1] == [("used", 0.0, sum(range(1, 7)) * 100 / 25)]  # the axis ends with 25


def test_the_page_of_a_run_without_any_start_says_so(tmp_path: Path) -> None:
    page = page_of("--from", saved(tmp_path, "x.json"))
    assert "Nothing was started." in page.text


def test_a_run_that_keeps_its_budgets_ends_well(report: str) -> None:
    assert run(["costs", "--from", report, "--budget", "1110", "--budget", "model:cheap=9"]) == 0


def test_each_exceeded_budget_is_told_and_the_status_is_one(
    report: str, capsys: pytest.CaptureFixture[str]
) -> None:
    test = "test:tests/a.py::test_b=1109.5"
    figures = "1110 of 1109.5 (1010 captured, 100 still open)"
    assert run(["costs", "--from", report, "--budget", "model:cheap=1", "--budget", test]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "budget of model cheap exceeded by 8 credits: 9 of 1 (9 captured, 0 still open)",
        f"budget of test tests/a.py::test_b exceeded by 0.5 credits: {figures}",
    ]


def test_the_report_is_still_written_when_a_budget_is_exceeded(report: str, tmp_path: Path) -> None:
    out = tmp_path / "x.txt"
    assert run(["costs", "--from", report, "--budget", "0", "--out", str(out)]) == 1
    assert out.read_text().startswith("model")


def coarse(folder: Path) -> str:
    path = folder / "coarse.json"
    answer = answer_of(Report(("model",), (Row(("a",), Amounts()),)), ["w"])
    path.write_bytes(msgspec.json.encode(answer))
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--by", "colour"], "--by colour: expected some of namespace, test"),
        (["--by", "model,model"], "expected some of namespace, test"),
        (["--budget", "many"], "--budget 'many': expected credits"),
        (["--compare", "absent.json"], "absent.json: No such file or directory"),
        (["--compare", "wrong.json"], "wrong.json: Invalid enum value 'else'"),
        (["--compare", "half.json"], "half.json: Input data was truncated"),
        (["--compare", "coarse.json", "--by", "day"], "grouped by model, so not by day"),
        (
            ["--from", "coarse.json", "--budget", "account:a=1"],
            "grouped by model, so not by account",
        ),
        (["--from", "bare.json"], "a row lacks some of model"),
        (["--out", "absent/x"], "absent/x: No such file or directory"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    arguments: list[str],
    says: str,
    report: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    good: dict[str, Any] = json.loads(Path(coarse(tmp_path)).read_bytes())
    wrong, bare = {**good, "format": "else"}, {**good, "rows": [{"figures": good["total"]}]}
    Path("wrong.json").write_text(json.dumps(wrong))
    Path("bare.json").write_text(json.dumps(bare))
    Path("half.json").write_text(json.dumps(good)[:50])
    assert run(["costs", "--from", report, *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_simulator_that_is_not_there_is_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["costs", "--url", "http://127.0.0.1:9"]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1
