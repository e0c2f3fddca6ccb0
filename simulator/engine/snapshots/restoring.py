"""Putting a snapshot in a world's place, all of it or nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from simulator.domain.inputs import Upload
from simulator.engine.clock import Clock
from simulator.engine.snapshots.parts import Extras, UploadFiles
from simulator.engine.snapshots.snapshot import Snapshot, whole_of
from simulator.engine.snapshots.soundness import problems
from simulator.engine.snapshots.text import SnapshotError, line_of, snapshot_of
from simulator.engine.store.base import StorageFull
from simulator.engine.store.whole import WholeWorld
from simulator.engine.worlds import LEASE_REAL_MS, World, Worlds


def sound_snapshot(text: bytes) -> Snapshot:
    """Blocks for as long as a large file takes. Raises SnapshotError for a file that can't be put
    back."""
    snapshot = snapshot_of(text)
    for where, what in problems(snapshot):
        raise SnapshotError(f"{where}: {what}", line_of(text, where))
    return snapshot


def prepared(extras: Extras, snapshot: Snapshot) -> Callable[[World], None]:
    """What puts the snapshot's extras into a world. Raises SnapshotError."""
    try:
        return extras.prepare(snapshot.extras)
    except ValueError as error:
        raise SnapshotError(f"extras: {error}") from error


async def put_back(
    worlds: Worlds, files: UploadFiles, extras: Extras, world: World, snapshot: Snapshot
) -> None:
    """``snapshot``, which must be sound, in the place of all that the world has: state, files,
    clock and extras; the journal stays. Raises SnapshotError for extras and files that can't be
    read, and StorageFull; the world is then as it was."""
    set_extras = prepared(extras, snapshot)
    try:
        staged = await asyncio.to_thread(files.stage, world.name, snapshot.uploads)
    except OSError as error:
        raise StorageFull(error.strerror or str(error)) from error
    try:
        whole = whole_of(snapshot, world.id, world.name)
        before = await _put_state(worlds, world, whole, snapshot.counters.requests)
        set_extras(world)
        world.wake()
        await asyncio.to_thread(staged.keep, before)
    finally:
        await asyncio.to_thread(staged.discard)


async def _put_state(
    worlds: Worlds, world: World, whole: WholeWorld, requests: int
) -> list[Upload]:
    """The clock and what jobs are drawn from change first: whoever comes while the state is being
    written is answered from the state that then stands, and must not bring the old time into it."""
    row = whole.row
    former = (world.seed, world.origin, world.clock, world.lease_ms)
    clock = Clock(
        row.at_ms, worlds.real_ms(), row.speed, "frozen" if row.mode == "frozen" else "running"
    )
    ahead_ms = 0 if clock.mode == "frozen" else int(LEASE_REAL_MS * clock.speed)
    lease_ms = row.at_ms + ahead_ms
    world.seed, world.origin, world.clock, world.lease_ms = row.seed, row.origin, clock, lease_ms
    try:
        stored = replace(whole, row=replace(row, at_ms=lease_ms))
        before = await worlds.store.import_world(stored)
    except BaseException:
        world.seed, world.origin, world.clock, world.lease_ms = former
        raise
    world.accounts = {}
    world.requests = requests
    return before
