"""What snapshots need of others: the files of uploads, and what tests have put into a world."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from simulator.domain.inputs import Upload
from simulator.engine.snapshots.snapshot import SavedUpload
from simulator.engine.worlds import World


class StagedFiles(Protocol):
    """Files that are written and that nobody sees yet."""

    def keep(self, before: Sequence[Upload]) -> None:
        """Blocks. Gives them their names; the files of ``before`` that have no successor go."""

    def discard(self) -> None:
        """Blocks. Removes what was not kept."""


class UploadFiles(Protocol):
    """Where uploads lie. All methods block: call them off the event loop."""

    def read(self, world: str, uploads: Iterable[Upload]) -> dict[str, bytes]:
        """The bytes of each, by its id. Raises OSError for one whose file is gone."""

    def stage(self, world: str, uploads: Sequence[SavedUpload]) -> StagedFiles:
        """Writes and measures. Raises OSError, and SnapshotError for bytes that are not what the
        upload says of them; then nothing is left."""


@dataclass(frozen=True, slots=True)
class Extras:
    """``save`` gives what has to be in a snapshot beside the world's state, as JSON values by name;
    a list has a line for each item. ``prepare`` reads it again, raising ValueError for what it
    can't read, and gives a function that puts it into a world: that one must not fail, and is also
    called with nothing saved."""

    save: Callable[[World], dict[str, object]]
    prepare: Callable[[Mapping[str, object]], Callable[[World], None]]
