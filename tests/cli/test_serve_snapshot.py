"""``serve --snapshot``: a world to begin with, or one line on what is wrong with its file."""

import asyncio
from pathlib import Path

import pytest

from simulator.cli import run
from simulator.commands import serve as command
from tests.cli.process import serving
from tests.surfaces.inprocess import simulated


@pytest.fixture(scope="module")
def text() -> bytes:
    async def saved() -> bytes:
        async with simulated() as client:
            await client.started()
            await client.post("/_sim/clock/advance", {"seconds": 90})
            await client.started(prompt="[sim:stuck]")
            await client.post("/_sim/snapshots", {"name": "it"})
            return (await client.get("/_sim/snapshots/it")).content

    return asyncio.run(saved())


def test_the_world_of_the_file_is_there_from_the_start(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "world.json"
    file.write_bytes(text)
    with serving("--snapshot", str(file)) as simulator:
        _, clock = simulator.get("/_sim/clock", "sk_test_w")
        _, jobs = simulator.get("/_sim/jobs", "sk_test_w")
        _, others = simulator.get("/_sim/jobs", "sk_test_default")
    assert clock == {"now": "2026-01-01T00:01:30.000Z", "mode": "frozen", "speed": 10.0}
    assert [job["status"] for job in jobs["jobs"]] == ["pending", "completed"]
    assert others == {"jobs": []}


def test_a_file_that_names_no_world_is_the_default_one(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "world.json"
    file.write_bytes(text.replace(b',"name":"w","origin":"w"', b"", 1))
    with serving("--snapshot", str(file)) as simulator:
        _, jobs = simulator.get("/_sim/jobs", "sk_test_default")
    assert len(jobs["jobs"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"number":1,', b'"number":8,', ":24: jobs[0].number: is 8, expected 1"),
        (b'"version": 1', b'"version": 2', ": was written by a newer version"),
        (b'"format": "mediasim-snapshot"', b'"format": "x"', ": this is no snapshot"),
        (b'"holds": [', b'"holds": {', ":20: is damaged"),
        (b'"held":7000', b'"held":8000', ":13: entries: account main shows"),
        (b'"extras": {}', b'"extras": {"x": 1}', ": extras: "),
    ],
)
def test_a_file_that_is_wrong_ends_it_before_anything_is_begun(
    tmp_path: Path,
    text: bytes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    old: bytes,
    new: bytes,
    told: str,
) -> None:
    monkeypatch.setattr(command, "bind", None)
    file = tmp_path / "world.json"
    assert old in text
    file.write_bytes(text.replace(old, new, 1))
    state = tmp_path / "state"
    assert run(["serve", "--port", "0", "--state", str(state), "--snapshot", str(file)]) == 2
    written = capsys.readouterr()
    assert f"{file}{told}" in written.err
    assert len(written.err.splitlines()) == 1
    assert written.out == ""
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_what_is_no_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "missing"
    assert run(["serve", "--port", "0", "--snapshot", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: ")
