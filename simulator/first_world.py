"""The snapshot that a simulator begins with, read before anything else is touched."""

from pathlib import Path
from tempfile import TemporaryDirectory

from simulator.engine.snapshots.keeper import FILE_BYTES_MOST
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.snapshots.restoring import prepared, sound_snapshot
from simulator.engine.snapshots.snapshot import Snapshot
from simulator.engine.snapshots.text import SnapshotError
from simulator.settings import SettingsError
from simulator.surfaces.snapshot_files import SnapshotFiles


def first_world(path: Path) -> Snapshot:
    """A sound snapshot. Raises SettingsError with the file, and the line where one is known."""
    try:
        snapshot = sound_snapshot(_read(path))
        prepared(lab_extras(), snapshot)
        with TemporaryDirectory(prefix="mediasim-") as folder:
            SnapshotFiles(Path(folder)).stage(snapshot.world.name, snapshot.uploads).discard()
    except SnapshotError as error:
        line = "" if error.line is None else f":{error.line}"
        raise SettingsError(f"{path}{line}: {error.what}, expected a snapshot") from error
    except OSError as error:
        text = error.strerror or str(error)
        raise SettingsError(f"{path}: {text}, expected a snapshot") from error
    return snapshot


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise SnapshotError("is no file")
    with path.open("rb") as file:
        text = file.read(FILE_BYTES_MOST + 1)
    if len(text) > FILE_BYTES_MOST:
        raise SnapshotError(f"has more than {FILE_BYTES_MOST} bytes")
    return text
