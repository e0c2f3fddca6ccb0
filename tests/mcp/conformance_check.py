"""The official conformance suite as a lane of the contract suite: `mediasim check --conformance`.

Like ``conformance.py``, from which it has Node and the packages, for ``tox -e conformance`` only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.app import build
from simulator.mutants.bench import Bench
from simulator.mutants.table import find
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread
from tests.mcp.conformance import modules, node

__all__ = ["modules", "node"]

CHECK_S = 300.0
OWN, WITH_TEST_TOOLS = 17, 40


@contextmanager
def served(mutant: str = "none", **settings: Any) -> Iterator[str]:
    """The URL of a simulator, or of a mutant of it."""
    bench = Bench()
    find(mutant).apply(bench)
    try:
        with ServerThread(bench.surround(build(Settings(**settings)).app)) as server:
            yield f"http://{server.host}:{server.port}"
    finally:
        bench.undo()


def verdicts(url: str, modules: Path, folder: Path) -> Mapping[str, str]:
    """Of each row of the lane."""
    options = ("--lanes", "protocol", "--level", "L1", "--conformance", str(modules.parent))
    command = ("check", "--target", url, *options, "--report-dir", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *command],
        check=False,
        capture_output=True,
        text=True,
        timeout=CHECK_S,
        env=dict(os.environ),
    )
    print(done.stdout, done.stderr)  # pytest shows it with a failure
    assert (folder / "report.json").exists()
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return {
        row["id"]: finding["verdict"]
        for row in report["requirements"]
        if row["lane"] == "protocol"
        for finding in row["findings"]
    }


def ids(found: Mapping[str, str], verdict: str) -> list[str]:
    return [row.removeprefix("protocol:") for row, told in found.items() if told == verdict]


def test_the_product_passes_what_needs_nothing_but_itself(modules: Path, tmp_path: Path) -> None:
    with served() as url:
        found = verdicts(url, modules, tmp_path)
    assert (len(ids(found, "pass")), len(found)) == (OWN, WITH_TEST_TOOLS)
    assert len(ids(found, "not-applicable")) == WITH_TEST_TOOLS - OWN


def test_the_product_with_test_tools_passes_all(modules: Path, tmp_path: Path) -> None:
    with served(mcp_fixtures=True) as url:
        found = verdicts(url, modules, tmp_path)
    assert ids(found, "pass") == [row.removeprefix("protocol:") for row in found]
    assert len(found) == WITH_TEST_TOOLS


@pytest.mark.parametrize(
    ("mutant", "rows"),
    [
        ("ping-unknown", ["2025-11-25:ping"]),
        (
            "any-session-taken",
            ["2025-11-25:server-session-lifecycle", "2026-07-28:server-stateless"],
        ),
        ("headers-not-compared", ["2026-07-28:http-header-validation"]),
    ],
)
def test_a_fault_is_found_by_its_scenario(
    modules: Path, tmp_path: Path, mutant: str, rows: list[str]
) -> None:
    with served(mutant) as url:
        found = verdicts(url, modules, tmp_path)
    assert ids(found, "fail") == rows
    assert ids(found, "not-run") == []
