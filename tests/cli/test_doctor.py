"""``mediasim doctor``: it finds what is broken, and touches nothing while it looks."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from simulator.commands import doctor as command
from simulator.engine.store.statefile import StateFile


def findings(
    *arguments: str, capsys: pytest.CaptureFixture[str], status: int
) -> dict[str, dict[str, Any]]:
    """Its findings by name."""
    assert run(["doctor", "--json", *arguments]) == status
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] == (status == 0)
    return {finding["name"]: finding for finding in report["findings"]}


def free_port() -> str:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def whole_state(folder: Path) -> Path:
    """A state file that nobody holds."""
    state = StateFile(folder / "state.db")
    state.open()
    state.release()
    return state.path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_whole_installation_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    found = findings("--port", free_port(), capsys=capsys, status=0)
    assert found["encoder libx264"]["verdict"] == "ok"
    assert found["encoder aac"]["verdict"] == "ok"


def test_a_taken_port_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = findings("--port", port, capsys=capsys, status=1)
    assert "Address already in use" in found[f"port {port}"]["detail"]


def test_a_whole_state_file_is_fine_and_stays_as_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = whole_state(tmp_path)
    before = contents(tmp_path)
    found = findings("--port", free_port(), "--state", str(state), capsys=capsys, status=0)
    assert found["state file"]["verdict"] == "ok"
    assert contents(tmp_path) == before


def test_a_damaged_state_file_is_broken_and_stays_as_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = tmp_path / "state.db"
    state.write_text("no database", encoding="utf-8")
    found = findings("--port", free_port(), "--state", str(state), capsys=capsys, status=1)
    assert found["state file"]["detail"] == f"{state}: is not an sqlite file"
    assert "--reset-state" in found["state file"]["advice"]
    assert contents(tmp_path) == {"state.db": b"no database"}


def test_a_state_file_in_use_names_its_process(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = StateFile(tmp_path / "state.db")
    state.open()
    found = findings("--port", free_port(), "--state", str(state.path), capsys=capsys, status=0)
    state.release()
    assert "in use by the process" in found["state file"]["detail"]


def test_a_state_file_in_a_folder_that_is_not_there_is_broken(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    state = str(tmp_path / "none" / "state.db")
    found = findings("--port", free_port(), "--state", state, capsys=capsys, status=1)
    assert "does not exist" in found["state file"]["detail"]


def test_a_library_that_is_missing_is_broken_and_what_needs_it_is_not_tried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = (*command.NEEDED, ("no-such-library", "no_such_library", ""))
    monkeypatch.setattr(command, "NEEDED", needed)
    found = findings(capsys=capsys, status=1)
    assert found["no-such-library"]["detail"] == "is not installed"
    assert "catalogue" not in found


def test_a_library_with_known_holes_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "NEEDED", (("starlette", "starlette", "999.0"),))
    found = findings(capsys=capsys, status=1)
    assert "install 999.0 or newer" in found["starlette"]["advice"]


def test_an_optional_part_that_is_missing_is_noted_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        command, "OPTIONAL", (("no-such-part", "no_such_part", "", "it is slower"),)
    )
    found = findings("--port", free_port(), capsys=capsys, status=0)
    assert found["no-such-part"]["verdict"] == "note"


def test_in_words_it_ends_with_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--port", free_port()]) == 0
    assert capsys.readouterr().out.endswith("Nothing is broken.\n")
