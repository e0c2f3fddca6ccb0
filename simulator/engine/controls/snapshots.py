"""Snapshots: a world saved under a name, put back, put elsewhere, and as a file."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from simulator.domain.times import rfc3339
from simulator.engine import control_shapes as shapes
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.operations import FileBody
from simulator.engine.snapshots.keeper import Kept
from simulator.engine.worlds import World

_Line = dict[str, Any]


class SaveBody(Struct, frozen=True):
    """What to save the world as."""

    name: Annotated[str, Meta(description="Letters, digits, - and _; of this namespace.")]
    replace: Annotated[bool, Meta(description="Whether one of this name may go.")] = False


class SnapshotName(Struct, frozen=True):
    """Which snapshot of the namespace."""

    name: str


class ForkBody(Struct, frozen=True):
    """Which snapshot, and where it goes."""

    name: str
    namespace: Annotated[str, Meta(description="Made when it is new; else replaced as a whole.")]


class LoadBody(Struct, frozen=True):
    """A snapshot's file as it was downloaded, with its other sections."""

    name: str
    format: Literal["mediasim-snapshot"]
    version: Literal[1]
    world: _Line
    clock: _Line
    counters: _Line


class SnapshotView(Struct, frozen=True):
    """A snapshot that is kept."""

    name: str
    bytes: Annotated[int, Meta(description="Of its file.")]
    jobs: int
    saved_at: Annotated[str, Meta(description="The world's time in it.")]


class SnapshotsAnswer(Struct, frozen=True):
    """All that the namespace keeps."""

    snapshots: Annotated[list[SnapshotView], Meta(description="By their names.")]


class RestoredAnswer(Struct, frozen=True):
    """A world after a snapshot was put in its place."""

    namespace: Annotated[str, Meta(description="The world that is as the snapshot is now.")]
    snapshot: SnapshotView
    clock: shapes.ClockAnswer


class SnapshotFile(Struct, frozen=True, kw_only=True):
    """One line an entry, a job or an upload, in a fixed order."""

    format: Literal["mediasim-snapshot"]
    version: Literal[1]
    world: Annotated[_Line, Meta(description="Seed, name, and whose ids it draws.")]
    clock: Annotated[_Line, Meta(description="now, mode and speed; a running one goes on.")]
    counters: _Line
    accounts: list[_Line]
    calls: Annotated[list[_Line], Meta(description="Counted in the current rate window.")]
    entries: list[_Line]
    holds: Annotated[list[_Line], Meta(description="Of the jobs that have not ended.")]
    idempotency_keys: list[_Line]
    jobs: list[_Line]
    upload_sessions: list[_Line]
    uploads: Annotated[list[_Line], Meta(description="With their bytes as base64.")]
    extras: Annotated[_Line, Meta(description="Faults with what is left of them, and queues.")]


async def snapshots(control: Control, world: World, body: Nothing) -> SnapshotsAnswer:
    """Those that this namespace keeps: at most 32, of 128 MiB together. None is dropped to make
    room, and a reset drops all."""
    return SnapshotsAnswer([_view(kept) for kept in control.snapshots.all(world)])


async def save(control: Control, world: World, body: SaveBody) -> SnapshotView:
    """Keeps the whole world as it is: jobs, ledger, accounts, clock, uploads with their bytes (32
    MiB at most), faults and queues. The journal of requests is not in it. In memory, as long as
    the process lives: download the file to keep it longer."""
    return _view(await control.snapshots.save(world, body.name, replace=body.replace))


async def download(control: Control, world: World, body: SnapshotName) -> Raw:
    """The file: the same snapshot is always the same bytes."""
    return Raw(control.snapshots.get(world, body.name).text)


async def delete(control: Control, world: World, body: SnapshotName) -> SnapshotView:
    """Frees its name and its room."""
    return _view(control.snapshots.delete(world, body.name))


async def load(control: Control, world: World, body: FileBody) -> SnapshotView:
    """Takes a file of at most 64 MiB, as it was downloaded here or elsewhere, to be restored or
    forked later. One that is damaged, of a newer version, or at odds with itself is refused with
    the place that is wrong."""
    return _view(await control.snapshots.load(world, body.fields["name"], body.file))


async def restore(control: Control, world: World, body: SnapshotName) -> RestoredAnswer:
    """Puts the snapshot in the place of all that this namespace has, its clock included, which may
    so go back. Calls that come after it go on as they went on after the saving."""
    kept = await control.snapshots.restore(world, body.name)
    return await _restored(control, world, kept)


async def fork(control: Control, world: World, body: ForkBody) -> RestoredAnswer:
    """Puts the snapshot in the place of all that another namespace has. Generations keep their
    ids, and new ones get those that they would get here; files have URLs of the other namespace."""
    other, kept = await control.snapshots.fork(world, body.name, body.namespace)
    return await _restored(control, other, kept)


async def _restored(control: Control, world: World, kept: Kept) -> RestoredAnswer:
    return RestoredAnswer(world.name, _view(kept), await control.clock(world, Nothing()))


def _view(kept: Kept) -> SnapshotView:
    return SnapshotView(kept.name, len(kept.text), kept.jobs, rfc3339(kept.saved_at_ms))
