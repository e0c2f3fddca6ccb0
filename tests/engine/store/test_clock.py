"""World clocks on a store that outlives the process: never back, whatever happened before."""

import asyncio
import sqlite3
from random import Random

import pytest

from simulator.domain.jobs import status
from simulator.domain.times import LAST_INSTANT_MS, from_rfc3339
from simulator.engine.store.base import Store
from simulator.engine.store.commit import AtOnce
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.store.statefile import schema
from simulator.engine.worlds import Defaults, World, Worlds
from tests.engine.store.drafts import FAILS, a_draft, a_world, violations
from tests.engine.world import RealTime


def a_durable_store() -> SqliteStore:
    """In memory, but it outlives the Worlds that use it, as a file would."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(schema())
    return SqliteStore(AtOnce(db), "", durable=True)


async def after_restart(store: Store, random: Random) -> tuple[Worlds, World, RealTime]:
    """Another process: nothing of the former is known but the store, and real time starts anew."""
    real = RealTime(random.randint(0, 10**9))
    worlds = Worlds(store, Defaults(speed=random.choice((0.5, 10.0, 1e6))), real.read)
    return worlds, await worlds.world("w"), real


@pytest.mark.parametrize("seed", range(30))
async def test_time_never_goes_back_over_kills(seed: int) -> None:
    random = Random(seed)
    store = a_durable_store()
    worlds, world, real = await after_restart(store, random)
    seen = 0
    for _ in range(200):
        match random.randint(0, 6):
            case 0:
                worlds, world, real = await after_restart(store, random)
            case 1:
                await worlds.set_clock(world, world.clock.freeze(real.ms))
            case 2:
                await worlds.set_clock(world, world.clock.resume(real.ms))
            case 3:
                speed = random.choice((0.1, 1.0, 60.0, 1e6))
                await worlds.set_clock(world, world.clock.at_speed(speed, real.ms))
            case 4:
                later = min(await worlds.now(world) + random.randint(0, 10**8), LAST_INSTANT_MS)
                await worlds.set_clock(world, world.clock.moved_to(later, real.ms))
            case _:
                real.ms += random.choice((0, 1, 7, 5_000, 60_000))
        now_ms = await worlds.now(world)
        assert seen <= now_ms <= LAST_INSTANT_MS
        seen = now_ms


async def test_many_who_ask_at_once_save_the_lease_and_none_is_ahead_of_it() -> None:
    store = a_durable_store()
    real = RealTime()
    worlds = Worlds(store, Defaults(), real.read)
    world = await worlds.world("w")
    for _ in range(20):
        real.ms += 5_001
        readings = await asyncio.gather(*(worlds.now(world) for _ in range(50)))
        row = await store.find_world("w")
        assert row is not None
        assert max(readings) <= row.at_ms


async def test_a_frozen_clock_resumes_where_it_stood() -> None:
    store = a_durable_store()
    worlds, world, real = await after_restart(store, Random(1))
    await worlds.set_clock(world, world.clock.freeze(real.ms))
    stood = await worlds.now(world)
    again, world, real = await after_restart(store, Random(2))
    real.ms += 10**6
    assert await again.now(world) == stood


@pytest.mark.parametrize(
    "instant",
    [
        "2025-12-22T00:00:00Z",
        "2028-02-29T23:59:50Z",
        "2036-01-01T00:00:00Z",
        "2038-01-19T03:14:00Z",
        "9999-12-31T00:00:00Z",
    ],
)
async def test_jobs_end_on_the_millisecond_at_odd_instants(store: Store, instant: str) -> None:
    world = await a_world(store)
    begin = from_rfc3339(instant)
    drafts = [a_draft(now_ms=begin), a_draft(now_ms=begin, fault=FAILS)]
    jobs = [(await store.accept(world, draft, begin))[0] for draft in drafts]
    for job in jobs:
        end = job.times.done_at_ms
        assert end is not None
        assert status(job, end - 1) == "processing"
        assert status(job, end) in ("completed", "failed")
    now_ms, events = begin, []
    while (event := await store.next_event(world, now_ms)) is not None:
        events.append(event)
        now_ms = event
        assert await violations(store, world, now_ms) == []
    assert events == sorted({*events})
    assert (await store.balance(world, "main", now_ms)).held == 0
    entries = await store.entries(world, now_ms)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
