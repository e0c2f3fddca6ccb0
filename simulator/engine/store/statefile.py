"""A state file: who may open it, and whether it is whole. A damaged one is refused untouched."""

import fcntl
import os
import shutil
import sqlite3
from itertools import count
from pathlib import Path
from typing import Literal

from simulator.engine.store.base import StateError
from simulator.engine.store.walfile import wal_is_damaged

APPLICATION_ID = 0x6D656473  # "meds"
SCHEMA_VERSION = 2
_HEADER = b"SQLite format 3\x00"
_PARTS = ("", "-wal", "-shm", "-journal", ".media")

Durability = Literal["process", "full"]


class StateFile:
    """One file with sqlite's WAL beside it, a ``.lock`` that holds the owner's pid, and a folder
    ``.media`` for uploads. They stand where the file is, so a link to it leads to the same lock.

    ``durability`` ``process`` survives the death of the process; ``full`` also a loss of power.
    """

    def __init__(self, path: Path, durability: Durability = "process") -> None:
        self.path = Path(os.path.realpath(path))
        self.media = self._beside(".media")
        self._durability = durability
        self._lock: int | None = None

    def open(self, reset: bool = False) -> None:
        """Takes the lock, then checks the file or makes a new one. Raises StateError."""
        try:
            self._check_place()
            self._take_lock()
            try:
                self._check_or_make(reset)
            except BaseException:
                self.release()
                raise
        except OSError as error:
            raise StateError(
                f"{self.path}: {error.strerror}; check the rights and the room of its folder"
            ) from error

    def connect(self) -> sqlite3.Connection:
        """A connection that any one thread may use at a time. Raises StateError."""
        level = "FULL" if self._durability == "full" else "NORMAL"
        try:
            db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {level}")
            _renew(db)
        except sqlite3.Error as error:
            raise StateError(
                f"{self.path}: can't be opened ({error}); check the rights and the room of its"
                " folder"
            ) from error
        return db

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_place(self) -> None:
        if self.path.is_dir():
            raise StateError(f"{self.path}: is a directory; name a file in it with --state")
        if self.path.exists() and not self.path.is_file():
            raise StateError(f"{self.path}: is not a regular file; choose another --state")
        if not self.path.parent.is_dir():
            raise StateError(
                f"{self.path}: the folder {self.path.parent} does not exist; make it, or choose"
                " another --state"
            )

    def _check_or_make(self, reset: bool) -> None:
        if self.path.exists() and not reset:
            self._check()
            return
        # A WAL that outlived its file would be read as the new file's own.
        self._move_aside()
        self._make()

    def _take_lock(self) -> None:
        lock = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
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
        asides = (self._beside(f".aside-{number}") for number in count(1))
        aside = next(
            aside
            for aside in asides
            if not any(aside.with_name(aside.name + part).exists() for part in _PARTS)
        )
        for part in _PARTS:
            old = self._beside(part)
            if old.exists():
                old.rename(aside.with_name(aside.name + part))

    def _make(self) -> None:
        """Built beside and moved into place, so that a crash leaves no half-made state."""
        new = self._beside(".new")
        try:
            new.unlink(missing_ok=True)
            db = sqlite3.connect(new, isolation_level=None)
            try:
                db.executescript(schema())
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                db.execute("PRAGMA journal_mode = WAL")
            finally:
                db.close()
            new.replace(self.path)
        except (OSError, sqlite3.Error) as error:
            new.unlink(missing_ok=True)
            raise StateError(
                f"{self.path}: can't be made ({error}); check the rights and the room of its folder"
            ) from error

    def _check(self) -> None:
        """Reads only, and not through the WAL, so that a refused file stays as it was."""
        try:
            with self.path.open("r+b") as file:  # writable, or it would fail at the first write
                head = file.read(100)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}; check its rights") from error
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
        wal = self._beside("-wal")
        if wal.exists() and wal.stat().st_size:
            self._check_with_wal(wal)
        elif self.path.stat().st_size < pages * page_size:
            raise self._unusable("is cut short")
        else:
            self._check_integrity(f"{self.path.as_uri()}?immutable=1")

    def _check_with_wal(self, wal: Path) -> None:
        """A process that was killed may have died while it moved the WAL into the file, so only
        both together are whole. Looked at in a copy, because reading them here would merge them."""
        if wal_is_damaged(wal):
            raise self._unusable(f"{wal.name} beside it is damaged")
        folder = self._beside(".check")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            copy = folder / "state"
            shutil.copyfile(self.path, copy)
            shutil.copyfile(wal, folder / "state-wal")
            self._check_integrity(copy.as_uri())
        finally:
            shutil.rmtree(folder, ignore_errors=True)

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

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _unusable(self, what: str) -> StateError:
        return StateError(
            f"{self.path}: {what}; restore a copy, or start afresh with --reset-state"
            " (the file is moved aside, not deleted)"
        )


def _renew(db: sqlite3.Connection) -> None:
    """Gives a file of the first version what the second adds: where a fork came from."""
    if db.execute("PRAGMA user_version").fetchone() != (1,):
        return
    db.execute("BEGIN IMMEDIATE")
    db.execute("ALTER TABLE worlds ADD COLUMN origin TEXT NOT NULL DEFAULT ''")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def schema() -> str:
    """The statements that make an empty state."""
    return (Path(__file__).parent / "schema" / "sqlite.sql").read_text(encoding="utf-8")
