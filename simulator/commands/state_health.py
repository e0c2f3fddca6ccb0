"""A state file's health, seen from a copy: the file itself is only read."""

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from simulator.engine.store.base import StateError
from simulator.engine.store.statefile import StateFile

Verdict = Literal["ok", "note", "broken"]


def look_at(path: Path) -> tuple[Verdict, str, str]:
    """A verdict, what was seen, and what can be done. Nothing beside the file changes either."""
    if not path.parent.is_dir():
        return (
            "broken",
            f"{path}: the folder {path.parent} does not exist",
            "make it, or mend the path",
        )
    if path.is_dir():
        return "broken", f"{path}: is a directory, expected a state file", "choose a file"
    if not path.exists():
        return "note", f"{path}: is not there yet", "mediasim serve makes it"
    owner = _owner(path)
    if owner is not None:
        return (
            "note",
            f"{path}: in use by the process {owner}",
            "stop that first to have it checked",
        )
    return _checked(path)


def _checked(path: Path) -> tuple[Verdict, str, str]:
    with TemporaryDirectory(prefix="mediasim-doctor-") as folder:
        copy = Path(folder) / path.name
        try:
            shutil.copyfile(path, copy)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}-wal", f"{copy}-wal")
            state = StateFile(copy)
            state.open()
        except StateError as error:
            what, _, advice = str(error).replace(str(copy), str(path)).partition("; ")
            return "broken", what, advice
        except OSError as error:
            return "broken", f"{path}: {error.strerror or error}", "check the file's rights"
        state.release()
    size = path.stat().st_size
    return "ok", f"{path}: whole, {size / 1000:.0f} kB", ""


def _owner(path: Path) -> str | None:
    """The process that holds the file's lock; None when nobody does. A look takes no lock that
    lasts, and makes no file."""
    try:
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
    else:
        return None
    finally:
        os.close(lock)
