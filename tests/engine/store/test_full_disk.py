"""No room left: a named error, nothing held, reading goes on, and it works again by itself."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.domain.errors import Rejection
from simulator.domain.jobs import Job
from simulator.engine.store.base import Query, StateError, StorageFull
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.store.statefile import StateFile
from simulator.engine.worlds import Defaults, Worlds
from tests.engine.store.drafts import BEGIN, FAILS, HOUR_MS, a_draft, a_world, violations
from tests.engine.store.files import open_store
from tests.engine.world import RealTime

LATER = BEGIN + HOUR_MS


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes; the system refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def log_size(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


async def started(path: Path) -> tuple[SqliteStore, int, Job]:
    store = open_store(path)
    world = await a_world(store, 1_000)
    job, _ = await store.accept(world, a_draft(10, fault=FAILS), BEGIN)
    return store, world, job


async def test_a_start_without_room_is_named_and_holds_nothing(tmp_path: Path) -> None:
    store, world, _ = await started(tmp_path / "state")
    before = await store.history(world, BEGIN)
    with room_for(log_size(tmp_path / "state")), pytest.raises(StorageFull, match="no room left"):
        await store.accept(world, a_draft(), BEGIN)
    assert await store.history(world, BEGIN) == before
    await store.close()


async def test_time_stands_still_where_it_can_not_be_recorded(tmp_path: Path) -> None:
    real = RealTime()
    worlds = Worlds(open_store(tmp_path / "state"), Defaults(speed=1.0), real.read)
    world = await worlds.world("w")
    first = await worlds.now(world)
    with room_for(log_size(tmp_path / "state")):
        real.ms += HOUR_MS
        assert first <= await worlds.now(world) <= world.lease_ms < first + HOUR_MS
    assert await worlds.now(world) == first + HOUR_MS
    await worlds.store.close()


async def test_reading_goes_on_without_room_even_where_settlement_is_due(tmp_path: Path) -> None:
    store, world, job = await started(tmp_path / "state")
    with room_for(log_size(tmp_path / "state")):
        assert await store.job(world, job.id) == job
        assert await store.jobs(world, Query(), LATER) == [job]
        assert (await store.balance(world, "main", LATER)).available == 1_000
        assert [entry.kind for entry in await store.entries(world, LATER)][-1] == "release"
        assert (await store.balances(world, LATER))["main"].held == 0
        assert await violations(store, world, LATER) == []
    await store.close()


async def test_a_refusal_without_room_is_still_the_refusal(tmp_path: Path) -> None:
    store, world, _ = await started(tmp_path / "state")
    with room_for(log_size(tmp_path / "state")), pytest.raises(Rejection):
        await store.accept(world, a_draft(10**9), BEGIN)
    await store.close()


async def test_it_works_again_when_there_is_room_again(tmp_path: Path) -> None:
    store, world, _ = await started(tmp_path / "state")
    with room_for(log_size(tmp_path / "state")), pytest.raises(StorageFull):
        await store.accept(world, a_draft(), BEGIN)
    job, _ = await store.accept(world, a_draft(), BEGIN)
    assert job.number == 2
    await store.close()
    again = open_store(tmp_path / "state")
    assert await again.job(world, job.id) == job
    assert await violations(again, world, LATER) == []
    await again.close()


async def test_room_that_ends_in_the_middle_of_a_crowd_keeps_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    store, world, _ = await started(tmp_path / "state")
    with room_for(log_size(tmp_path / "state") + 200_000):
        answers = await asyncio.gather(
            *(store.accept(world, a_draft(1), BEGIN) for _ in range(600)), return_exceptions=True
        )
        accepted = [answer[0] for answer in answers if isinstance(answer, tuple)]
        errors = {type(answer) for answer in answers if not isinstance(answer, tuple)}
        assert errors == {StorageFull}
        assert accepted
    await store.close()
    again = open_store(tmp_path / "state")
    kept = await again.jobs(world, Query(), BEGIN)
    assert [job.id for job in accepted if job not in kept] == []
    assert len(kept) == len(accepted) + 1
    assert await violations(again, world, LATER) == []
    await again.close()


def test_no_room_for_a_new_state_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with room_for(8_192), pytest.raises(StateError, match="can't be made"):
        StateFile(tmp_path / "state").open()
    assert [part.name for part in tmp_path.iterdir()] == ["state.lock"]
