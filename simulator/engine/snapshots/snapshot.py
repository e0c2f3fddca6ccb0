"""A snapshot as a value: what its file says, section by section, in the file's order.

The journal of requests is evidence and not state, so it is in no snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simulator.domain.inputs import Upload
from simulator.domain.jobs import Job
from simulator.domain.ledger import Entry
from simulator.domain.sessions import UploadSession
from simulator.domain.times import from_rfc3339, rfc3339
from simulator.engine.store.base import WorldRow
from simulator.engine.store.whole import (
    CallCount,
    OpenHold,
    OwnedBalance,
    OwnedUpload,
    UsedKey,
    WholeWorld,
)
from simulator.engine.worlds import World

FORMAT = "mediasim-snapshot"
VERSION = 1


@dataclass(frozen=True, slots=True)
class SavedWorld:
    """``origin``: the world whose name the ids are drawn from. It stays when the world is put back
    under another name, so that every fork gives its next job the id that the original would."""

    seed: int
    name: str = "default"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SavedClock:
    """``now``: RFC 3339, exact to the millisecond. A running clock goes on from there at
    ``speed``, in simulated seconds per real one; a frozen one stands there."""

    now: str
    mode: Literal["running", "frozen"]
    speed: float


@dataclass(frozen=True, slots=True)
class Counters:
    """How many of each the world has had; ``uploads`` counts upload sessions too, ``requests``
    what the ids of REST's answers count."""

    jobs: int
    entries: int
    uploads: int
    requests: int


@dataclass(frozen=True, slots=True)
class SavedUpload:
    """An upload with its bytes, which stand in the file as base64."""

    account: str
    upload: Upload
    data: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``extras`` is what tests have put into the world beside its state: see ``Extras``."""

    format: Literal["mediasim-snapshot"]
    version: Literal[1]
    world: SavedWorld
    clock: SavedClock
    counters: Counters
    accounts: tuple[OwnedBalance, ...] = ()
    calls: tuple[CallCount, ...] = ()
    entries: tuple[Entry, ...] = ()
    holds: tuple[OpenHold, ...] = ()
    idempotency_keys: tuple[UsedKey, ...] = ()
    jobs: tuple[Job, ...] = ()
    upload_sessions: tuple[UploadSession, ...] = ()
    uploads: tuple[SavedUpload, ...] = ()
    extras: Mapping[str, object] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """``ValueError`` for a ``now`` that is no instant."""
        return from_rfc3339(self.clock.now)


def taken_of(
    world: World, whole: WholeWorld, files: Mapping[str, bytes], extras: Mapping[str, object]
) -> Snapshot:
    """``whole`` with the bytes of its uploads by their ids, and what else the world holds."""
    row = whole.row
    return Snapshot(
        format="mediasim-snapshot",
        version=1,
        world=SavedWorld(row.seed, row.name, world.draws_as),
        clock=SavedClock(rfc3339(row.at_ms), world.clock.mode, world.clock.speed),
        counters=Counters(len(whole.jobs), len(whole.entries), whole.uploads_drawn, world.requests),
        accounts=whole.accounts,
        calls=whole.calls,
        entries=whole.entries,
        holds=whole.holds,
        idempotency_keys=whole.keys,
        jobs=whole.jobs,
        upload_sessions=whole.sessions,
        uploads=tuple(
            SavedUpload(owned.account, owned.upload, files[owned.upload.id])
            for owned in whole.uploads
        ),
        extras=extras,
    )


def whole_of(snapshot: Snapshot, world_id: int, name: str) -> WholeWorld:
    """What a store takes in, as the world of that id and name."""
    origin = snapshot.world.origin or snapshot.world.name
    clock = snapshot.clock
    return WholeWorld(
        row=WorldRow(
            world_id,
            name,
            snapshot.world.seed,
            clock.mode,
            clock.speed,
            snapshot.now_ms,
            "" if origin == name else origin,
        ),
        uploads_drawn=snapshot.counters.uploads,
        accounts=snapshot.accounts,
        entries=snapshot.entries,
        jobs=snapshot.jobs,
        holds=snapshot.holds,
        keys=snapshot.idempotency_keys,
        sessions=snapshot.upload_sessions,
        uploads=tuple(OwnedUpload(saved.account, saved.upload) for saved in snapshot.uploads),
        calls=snapshot.calls,
    )
