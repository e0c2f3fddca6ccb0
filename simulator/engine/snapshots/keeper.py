"""The snapshots of all worlds that are kept under names, in memory; and what is done with them."""

import asyncio
from dataclasses import dataclass

from simulator.domain.errors import Denial
from simulator.engine.snapshots.parts import Extras, UploadFiles
from simulator.engine.snapshots.restoring import prepared, put_back, sound_snapshot
from simulator.engine.snapshots.snapshot import Snapshot, taken_of
from simulator.engine.snapshots.soundness import UPLOAD_BYTES_MOST
from simulator.engine.snapshots.text import SnapshotError, snapshot_of, text_of
from simulator.engine.store.base import WorldRow
from simulator.engine.worlds import NAME, World, Worlds

FILE_BYTES_MOST = 64 * 1024 * 1024
KEPT_MOST = 32
KEPT_BYTES_MOST = 128 * 1024 * 1024
ALL_BYTES_MOST = 512 * 1024 * 1024
"""A snapshot; the number and the bytes of those that one namespace keeps; the bytes of all."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A sound snapshot under its name. ``text`` is its file, ``saved_at_ms`` the world's time in
    it."""

    name: str
    text: bytes
    jobs: int
    saved_at_ms: int


class Snapshots:
    """Those of a world are found from that world only. Nothing is dropped to make room."""

    def __init__(self, worlds: Worlds, files: UploadFiles, extras: Extras) -> None:
        self._worlds = worlds
        self._files = files
        self._extras = extras
        self._kept: dict[str, dict[str, Kept]] = {}
        self._one_at_a_time = asyncio.Lock()

    def all(self, world: World) -> list[Kept]:
        """By their names."""
        kept = self._kept.get(world.name, {})
        return [kept[name] for name in sorted(kept)]

    def get(self, world: World, name: str) -> Kept:
        """Raises Denial 404."""
        found = self._kept.get(world.name, {}).get(name)
        if found is None:
            raise Denial(404, "There is no snapshot of this name in this namespace.")
        return found

    async def save(self, world: World, name: str, *, replace: bool = False) -> Kept:
        """The world as it is now. Raises Denial for a bad or a taken name and for too much."""
        self._check_name(world, name, replace=replace)
        snapshot = await self._take(world)
        text = await asyncio.to_thread(text_of, snapshot)
        self._check_name(world, name, replace=replace)  # others may have come first
        return self._keep(world, name, text, snapshot)

    async def load(self, world: World, name: str, text: bytes, *, replace: bool = False) -> Kept:
        """A file, to be put back or forked later. Raises Denial as ``save`` does, and for a file
        that can't be put back."""
        self._check_name(world, name, replace=replace)
        try:
            snapshot = await asyncio.to_thread(sound_snapshot, text)
            prepared(self._extras, snapshot)
            if snapshot.uploads:
                files = await asyncio.to_thread(self._files.stage, world.name, snapshot.uploads)
                await asyncio.to_thread(files.discard)
        except SnapshotError as error:
            raise _refused(error) from error
        canonical = await asyncio.to_thread(text_of, snapshot)
        self._check_name(world, name, replace=replace)
        return self._keep(world, name, canonical, snapshot)

    async def restore(self, world: World, name: str) -> Kept:
        """Puts a snapshot back where it is kept. Raises Denial and StorageFull."""
        kept = self.get(world, name)
        snapshot = await asyncio.to_thread(snapshot_of, kept.text)
        await self.put(world, snapshot)
        return kept

    async def fork(self, world: World, name: str, namespace: str) -> tuple[World, Kept]:
        """Puts a snapshot in the place of all that another namespace has, which is made when it is
        new. Raises Denial and StorageFull."""
        kept = self.get(world, name)
        snapshot = await asyncio.to_thread(snapshot_of, kept.text)
        target = await self._worlds.world(namespace)
        await self.put(target, snapshot)
        return target, kept

    async def put(self, world: World, snapshot: Snapshot) -> None:
        """``snapshot``, which must be sound, in the world's place; done to its end, also when the
        caller leaves in the middle. Raises Denial 400 and StorageFull."""
        try:
            await asyncio.shield(asyncio.ensure_future(self._put(world, snapshot)))
        except SnapshotError as error:
            raise _refused(error) from error

    def delete(self, world: World, name: str) -> Kept:
        """Raises Denial 404."""
        found = self.get(world, name)
        del self._kept[world.name][name]
        return found

    def forget(self, world_name: str) -> None:
        """Drops all of a world that is reset."""
        self._kept.pop(world_name, None)

    async def _put(self, world: World, snapshot: Snapshot) -> None:
        async with self._one_at_a_time:
            await put_back(self._worlds, self._files, self._extras, world, snapshot)

    async def _take(self, world: World) -> Snapshot:
        now_ms = await self._worlds.now(world)
        clock = world.clock
        row = WorldRow(
            world.id, world.name, world.seed, clock.mode, clock.speed, now_ms, world.origin
        )
        whole = await self._worlds.store.export_world(row)
        extras = self._extras.save(world)
        uploads = [owned.upload for owned in whole.uploads]
        if sum(upload.size_bytes for upload in uploads) > UPLOAD_BYTES_MOST:
            raise Denial(400, f"A snapshot holds at most {UPLOAD_BYTES_MOST} bytes of uploads.")
        try:
            files = await asyncio.to_thread(self._files.read, world.name, uploads)
        except OSError as error:
            raise Denial(409, "An upload of this namespace has lost its file.") from error
        return taken_of(world, whole, files, extras)

    def _check_name(self, world: World, name: str, *, replace: bool) -> None:
        if name.startswith("sk_"):  # a key in the wrong place: not stored, not repeated
            raise Denial(400, "a key is no name of a snapshot")
        if not NAME.fullmatch(name):
            text = f"{name[:80]!r} is no name of a snapshot: expected letters, digits, - and _"
            raise Denial(400, text)
        kept = self._kept.get(world.name, {})
        if name in kept and not replace:
            raise Denial(409, "There is a snapshot of this name; delete it, or ask to replace it.")
        if len(kept) >= KEPT_MOST and name not in kept:
            raise Denial(400, f"There are {KEPT_MOST} snapshots here already; delete some.")

    def _keep(self, world: World, name: str, text: bytes, snapshot: Snapshot) -> Kept:
        others = {
            (owner, kept.name): len(kept.text)
            for owner, mine in self._kept.items()
            for kept in mine.values()
            if (owner, kept.name) != (world.name, name)
        }
        own = sum(size for (owner, _), size in others.items() if owner == world.name)
        if len(text) > FILE_BYTES_MOST:
            raise Denial(400, f"A snapshot has at most {FILE_BYTES_MOST} bytes.")
        if own + len(text) > KEPT_BYTES_MOST or sum(others.values()) + len(text) > ALL_BYTES_MOST:
            raise Denial(400, f"There is no room for {len(text)} bytes; delete some snapshots.")
        kept = Kept(name, text, len(snapshot.jobs), snapshot.now_ms)
        self._kept.setdefault(world.name, {})[name] = kept
        return kept


def _refused(error: SnapshotError) -> Denial:
    return Denial(400, f"This snapshot can't be used: {error}")
