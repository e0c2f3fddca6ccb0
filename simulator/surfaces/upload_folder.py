"""Where uploaded files lie on the disk: ``<root>/<world>/<upload id>.<extension>``.

Every name is made here, of a world's name, an id and an extension from a fixed list; nothing that
a caller wrote becomes part of a path. All functions block: call them off the event loop.
"""

import os
import tempfile
import threading
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

UNFINISHED = ".part"


class UploadFolder:
    """The folder is made when the first file is received."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, world: str, upload_id: str, extension: str) -> Path:
        return self._of(world) / f"{upload_id}.{extension}"

    def begin(self, world: str) -> "PartFile":
        """A new file to receive bytes. Raises OSError."""
        folder = self._of(world)
        folder.mkdir(parents=True, exist_ok=True)
        # The name is seen by nobody and must be free even when several processes share the folder.
        descriptor, name = tempfile.mkstemp(UNFINISHED, dir=folder)
        return PartFile(descriptor, Path(name))

    def has(self, world: str) -> bool:
        """Whether files of a world were ever received; a look that costs microseconds."""
        return self._of(world).exists()

    def forget(self, world: str) -> None:
        """Removes a world's files; one that is just being received goes on, as of the new world."""
        folder = self._of(world)
        _remove(path for path in _inside(folder) if path.suffix != UNFINISHED)
        with suppress(OSError):
            folder.rmdir()

    def sweep(self) -> None:
        """Removes what killed processes left half received; only while nobody receives."""
        for folder in _inside(self.root):
            _remove(path for path in _inside(folder) if path.suffix == UNFINISHED)

    def _of(self, world: str) -> Path:
        # Some filesystems see no difference in capitals; no world's own name has a dot.
        if world == world.lower():
            return self.root / world
        digest = blake2b(world.encode(), digest_size=8).hexdigest()
        return self.root / f"{world.lower()}.{digest}"


class PartFile:
    """A file that is received: it is at ``path``, first under a passing name.

    Its methods may be called from several threads. Once discarded it stays so: a write that was
    under way then is finished first, and a later one does nothing.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = descriptor
        self._lock = threading.Lock()

    def write(self, data: bytes | bytearray) -> None:
        """Appends all of ``data``. Raises OSError."""
        with self._lock:
            if self._descriptor is None:
                return
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def close(self) -> None:
        """Ends the writing; twice does nothing. Raises OSError."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                os.close(descriptor)

    def move(self, path: Path) -> None:
        """Gives the file its name, in place of what had that name. Raises OSError."""
        with self._lock:
            self.path = self.path.replace(path)

    def discard(self) -> None:
        """Removes the file, whatever its name is by now."""
        with suppress(OSError):
            self.close()
        with self._lock, suppress(OSError):
            self.path.unlink()


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()
