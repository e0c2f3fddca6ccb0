"""The files of uploads, read for a snapshot and put back from one."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from simulator.domain.inputs import Upload
from simulator.engine.snapshots.snapshot import SavedUpload
from simulator.engine.snapshots.text import SnapshotError
from simulator.media import UnreadableMedia, probe
from simulator.surfaces.upload_folder import PartFile, UploadFolder


class SnapshotFiles:
    """``folder`` is where uploads lie. All methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = UploadFolder(folder)

    def read(self, world: str, uploads: Iterable[Upload]) -> dict[str, bytes]:
        """The bytes of each, by its id. Raises OSError."""
        found = {}
        for upload in uploads:
            data = self._folder.path(world, upload.id, upload.extension).read_bytes()
            if len(data) != upload.size_bytes:
                raise OSError(f"the file has {len(data)} bytes, not {upload.size_bytes}")
            found[upload.id] = data
        return found

    def stage(self, world: str, uploads: Sequence[SavedUpload]) -> "Staged":
        """Writes and measures. Raises OSError, and SnapshotError for bytes that are not what the
        upload says of them."""
        staged = Staged(self._folder, world)
        try:
            for index, saved in enumerate(uploads):
                staged.add(saved.upload, saved.data)
                staged.check(f"uploads[{index}]", saved.upload)
        except BaseException:
            staged.discard()
            raise
        return staged


class Staged:
    """Files under passing names."""

    def __init__(self, folder: UploadFolder, world: str) -> None:
        self._folder = folder
        self._world = world
        self._parts: dict[str, tuple[Upload, PartFile]] = {}

    def add(self, upload: Upload, data: bytes) -> None:
        part = self._folder.begin(self._world)
        self._parts[upload.id] = (upload, part)
        part.write(data)
        part.close()

    def check(self, where: str, upload: Upload) -> None:
        """Raises SnapshotError unless the file is what the upload says of it."""
        try:
            found = probe(self._parts[upload.id][1].path, upload.extension)
        except UnreadableMedia as error:
            raise SnapshotError(f"{where}.data: {error.reason}") from None
        measured = (found.kind, found.width, found.height, found.duration_ms or 0)
        if measured != (upload.kind, upload.width, upload.height, upload.duration_ms):
            raise SnapshotError(f"{where}: its measures are not those of its bytes")

    def keep(self, before: Sequence[Upload]) -> None:
        """Gives them their names; the files of ``before`` that have no successor go."""
        names = set()
        for upload, part in self._parts.values():
            path = self._folder.path(self._world, upload.id, upload.extension)
            part.move(path)
            names.add(path)
        self._parts.clear()
        for upload in before:
            path = self._folder.path(self._world, upload.id, upload.extension)
            if path not in names:
                path.unlink(missing_ok=True)

    def discard(self) -> None:
        for _, part in self._parts.values():
            part.discard()
        self._parts.clear()
