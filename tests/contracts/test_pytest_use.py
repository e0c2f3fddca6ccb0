"""The contract under pytest, as a person runs it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts import pytest_plugin
from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread

PLUGIN = ("-p", "no:mediasim_contracts", "-p", pytest_plugin.__name__)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ServerThread(build(Settings()).app)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def asked(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Away from this repository's own configuration of pytest."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    told = (*PLUGIN, "-p", "no:cacheprovider", "--pyargs", "contracts", *arguments)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *told],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(Path(pytest_plugin.__file__).parents[1])},
    )


LITTLE = ("--mediasim-lanes", "access", "--mediasim-level", "L0")


def test_without_a_target_nothing_is_collected_and_it_says_why(tmp_path: Path) -> None:
    done = asked(tmp_path)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert pytest_plugin.WHY_NOTHING in done.stdout


def test_each_requirement_and_surface_is_a_test(url: str, tmp_path: Path) -> None:
    done = asked(tmp_path, "-v", "--mediasim-target", url, *LITTLE)
    assert done.returncode == 0, done.stdout
    for surface in ("rest", "mcp"):
        assert f"test_the_backend_does_it[access:no-key-{surface}] PASSED" in done.stdout


def test_shards_are_parts_of_the_whole(url: str, tmp_path: Path) -> None:
    told = ("-q", "--collect-only", "--mediasim-target", url, *LITTLE, "--mediasim-shard")
    parts = [names(asked(tmp_path, *told, shard)) for shard in ("1/1", "1/2", "2/2")]
    whole, first, second = parts
    assert first
    assert second
    assert sorted(whole) == sorted(first + second)


def test_workers_share_the_tests(url: str, tmp_path: Path) -> None:
    done = asked(tmp_path, "-n", "2", "--mediasim-target", url, *LITTLE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_nobody_at_the_target_is_wrong_use(tmp_path: Path) -> None:
    done = asked(tmp_path, "--mediasim-target", "http://127.0.0.1:9", *LITTLE)
    assert done.returncode in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    assert "127.0.0.1:9" in done.stdout + done.stderr


def test_tests_carry_their_requirement_and_what_they_may_cost(url: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        "        for mark in item.iter_markers():\n"
        "            if mark.name in ('requirement', 'billable'):\n"
        "                print('MARK', mark.name, mark.args, mark.kwargs)\n",
        encoding="utf-8",
    )
    told = ("-q", "-s", "--collect-only", "--mediasim-target", url, "--mediasim-lanes", "lifecycle")
    # The folder comes first: a conftest is loaded for the folders that are named.
    done = asked(tmp_path, str(tmp_path), *told)
    assert "MARK requirement ('lifecycle:start',) {}" in done.stdout, done.stdout[-800:]
    assert re_billable(done.stdout)


def re_billable(text: str) -> bool:
    return any(line.startswith("MARK billable () {'max_credits':") for line in text.splitlines())


def names(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if "test_the_backend_does_it[" in line]
