"""The state of a whole process in numbers, put together when somebody asks for it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.domain.jobs import STATUSES
from simulator.engine.store.base import Store
from simulator.engine.store.tallies import BEFORE_ALL, Moved, Place
from simulator.engine.worlds import Worlds

KINDS = ("held", "captured", "released", "open")

_NONE = Moved(0, 0)


@dataclass(frozen=True, slots=True)
class Readings:
    """``jobs`` by status; ``millicredits`` by ``KINDS``, as all ledgers tell them once everything
    due is settled. The journal's numbers are those of all worlds together."""

    worlds: int
    jobs: Mapping[str, int]
    millicredits: Mapping[str, int]
    parked: int
    armed_faults: int
    journal_entries: int
    journal_bytes: int
    journal_dropped: int


async def read(store: Store, worlds: Worlds) -> Readings:
    """Settles nothing; the event loop has its turns in between."""
    opened = worlds.all()
    real_ms = worlds.real_ms()
    now_ms = {world.id: world.clock.now(real_ms) for world in opened}
    unsettled = await store.open_sums(now_ms)
    entries = await _entries(store)
    labs = [world.lab for world in opened]
    return Readings(
        worlds=len(opened),
        jobs=_jobs(unsettled, entries),
        millicredits=_millicredits(unsettled, entries),
        parked=sum(len(one.parked) for lab in labs for one in lab.breakpoints.all()),
        armed_faults=sum(len(lab.faults.all()) for lab in labs),
        journal_entries=sum(len(lab.journal.entries) for lab in labs),
        journal_bytes=sum(lab.journal.taken for lab in labs),
        journal_dropped=sum(lab.journal.dropped for lab in labs),
    )


async def _entries(store: Store) -> Mapping[str, Moved]:
    sums: dict[str, Moved] = {}
    place: Place | None = BEFORE_ALL
    while place is not None:
        found = await store.entry_sums(place)
        for kind, moved in found.moved.items():
            before = sums.get(kind, _NONE)
            sums[kind] = Moved(
                before.entries + moved.entries, before.millicredits + moved.millicredits
            )
        place = found.rest
        # A store in memory answers at once: others shall have their turn between slices.
        await asyncio.sleep(0)
    return sums


def _jobs(unsettled: Mapping[str, Moved], entries: Mapping[str, Moved]) -> Mapping[str, int]:
    counts: dict[str, int] = {status: unsettled.get(status, _NONE).entries for status in STATUSES}
    counts["completed"] += entries.get("capture", _NONE).entries
    counts["failed"] += entries.get("release", _NONE).entries
    return counts


def _millicredits(
    unsettled: Mapping[str, Moved], entries: Mapping[str, Moved]
) -> Mapping[str, int]:
    held = entries.get("hold", _NONE).millicredits
    captured, released = (
        entries.get(kind, _NONE).millicredits + unsettled.get(status, _NONE).millicredits
        for kind, status in (("capture", "completed"), ("release", "failed"))
    )
    return {
        "held": held,
        "captured": captured,
        "released": released,
        "open": held - captured - released,
    }
