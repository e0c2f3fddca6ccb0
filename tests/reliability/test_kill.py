"""A process that is killed under load loses nothing that it has acknowledged."""

from pathlib import Path

from tests.reliability.kill import kill_rounds

ROUNDS = 5


def test_what_was_acknowledged_survives_kills_under_load(tmp_path: Path) -> None:
    report = kill_rounds(tmp_path, ROUNDS)
    assert report.wrong == []
    assert report.jobs > ROUNDS
    assert (tmp_path / "log").read_text() == ""
