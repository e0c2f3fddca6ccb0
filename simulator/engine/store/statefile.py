"""A state file: who may open it, and whether it is whole. A damaged one is refused untouched."""

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from simulator.engine.store.base import StateError

APPLICATION_ID = 0x6D656473  # "meds"
SCHEMA_VERSION = 1
_HEADER = b"SQLite format 3\x00"

Durability = Literal["process", "full"]


class StateFile:
    """One file with sqlite's WAL beside it, a ``.lock`` that holds the owner's pid, and a folder
    ``.media`` for uploads.

    ``durability`` ``process`` survives the death of the process; ``full`` also a loss of power.
    """

    def __init__(self, path: Path, durability: Durability = "process") -> None:
        self.path = path
        self.media = path.with_name(path.name + ".media")
        self._durability = durability
        self._lock: int | None = None

    def open(self, reset: bool = False) -> None:
        """Takes the lock, then checks the file or makes a new one. Raises StateError."""
        if self.path.is_dir():
            raise StateError(f"{self.path}: is a directory, expected a state file")
        if not self.path.parent.is_dir():
            raise StateError(f"{self.path}: the folder {self.path.parent} does not exist")
        self._take_lock()
        try:
            if reset:
                self._move_aside()
            if self.path.exists():
                self._check()
            else:
                self._make()
        except BaseException:
            self.release()
            raise

    def connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        level = "FULL" if self._durability == "full" else "NORMAL"
        db.execute(f"PRAGMA synchronous = {level}")
        return db

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        name = self.path.with_name(self.path.name + ".lock")
        try:
            lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"{name}: {error.strerror}; check the folder's rights") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise StateError(
                f"{self.path}: in use by the process {owner}; stop it, or choose another --state"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock

    def _move_aside(self) -> None:
        """Nothing is deleted: the old state stays beside the new one under a free name."""
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.aside-{number}")).exists():
            number += 1
        for suffix in ("", "-wal", "-shm", ".media"):
            part = self.path.with_name(self.path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))

    def _make(self) -> None:
        """Built beside and moved into place, so that a crash leaves no half-made state."""
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        try:
            db = sqlite3.connect(new, isolation_level=None)
            db.executescript(schema())
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.close()
            new.replace(self.path)
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{self.path}: can't be made ({error})") from error

    def _check(self) -> None:
        """Reads only, and not through the WAL, so that a refused file stays as it was."""
        try:
            with self.path.open("rb") as file:
                head = file.read(100)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}") from error
        if not head:
            raise self._unusable("is empty")
        if len(head) < 100 or not head.startswith(_HEADER):
            raise self._unusable("is not an sqlite file")
        if int.from_bytes(head[68:72]) != APPLICATION_ID:
            raise self._unusable("is an sqlite file of another program")
        version = int.from_bytes(head[60:64])
        if version > SCHEMA_VERSION:
            raise self._unusable(
                f"was written by a newer version (schema {version}, this one knows"
                f" {SCHEMA_VERSION})"
            )
        self._check_pages(head)

    def _check_pages(self, head: bytes) -> None:
        page_size = int.from_bytes(head[16:18])
        page_size = 65_536 if page_size == 1 else page_size
        pages = int.from_bytes(head[28:32])
        wal = self._wal()
        if wal.exists() and wal.stat().st_size:
            self._check_with_wal(wal)
        elif self.path.stat().st_size < pages * page_size:
            raise self._unusable("is cut short")
        else:
            self._check_integrity(f"{self.path.absolute().as_uri()}?immutable=1")

    def _check_with_wal(self, wal: Path) -> None:
        """A process that was killed may have died while it moved the WAL into the file, so only
        both together are whole. Looked at in a copy, because reading them here would merge them."""
        with TemporaryDirectory(dir=self.path.parent, prefix=f"{self.path.name}.check-") as folder:
            copy = Path(folder) / "state"
            shutil.copyfile(self.path, copy)
            shutil.copyfile(wal, Path(folder) / "state-wal")
            self._check_integrity(copy.absolute().as_uri())

    def _check_integrity(self, uri: str) -> None:
        try:
            db = sqlite3.connect(uri, uri=True)
            try:
                faults = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
            finally:
                db.close()
        except sqlite3.DatabaseError as error:
            raise self._unusable(f"is damaged ({error})") from error
        if faults != ["ok"]:
            raise self._unusable(f"is damaged ({' '.join(faults[0].split())})")

    def _wal(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def _unusable(self, what: str) -> StateError:
        return StateError(
            f"{self.path}: {what}; restore a copy, or start afresh with --reset-state"
            " (the file is moved aside, not deleted)"
        )


def schema() -> str:
    return (Path(__file__).parent / "schema" / "sqlite.sql").read_text(encoding="utf-8")
