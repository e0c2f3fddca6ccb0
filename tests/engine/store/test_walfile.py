"""The header of a write-ahead log, by itself."""

from pathlib import Path

import pytest

from simulator.engine.store.walfile import wal_is_damaged


@pytest.mark.parametrize("size_bytes", [0, 31, 32])
def test_a_log_without_a_frame_is_not_damaged(tmp_path: Path, size_bytes: int) -> None:
    log = tmp_path / "state-wal"
    log.write_bytes(b"x" * size_bytes)
    assert not wal_is_damaged(log)
