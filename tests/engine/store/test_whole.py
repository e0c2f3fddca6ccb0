"""Whole worlds: what a store gives out is what it takes in, and nothing of the old stays."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from simulator.domain.inputs import Upload
from simulator.domain.sessions import UploadSession
from simulator.engine.store.base import Query, Store, WorldRow
from simulator.engine.store.statefile import SCHEMA_VERSION, StateFile
from simulator.engine.store.whole import CallCount, WholeWorld
from tests.engine.store.drafts import BEGIN, FAILS, STUCK, a_draft, a_world, violations
from tests.engine.store.files import open_store

LATER = BEGIN + 40_000


async def lived(store: Store, name: str = "w") -> WorldRow:
    """A world with something in each of its tables, at LATER."""
    world = await a_world(store, name=name)
    await store.open_account(world, "alice", 900, ("read:balance",), BEGIN)
    await store.accept(world, a_draft(100, key="again"), BEGIN)
    await store.accept(world, a_draft(200, fault=FAILS, account="alice"), BEGIN)
    await store.accept(world, a_draft(300, fault=STUCK), BEGIN)
    await store.adjust(world, "main", 77, "a gift", BEGIN + 1)
    await store.accept(world, a_draft(50, now_ms=LATER - 5), LATER - 5)
    number = await store.next_upload(world)
    await store.add_upload(world, "alice", Upload(f"up-{number}", "image", "png", 5, 2, 3))
    await store.add_session(world, UploadSession("token", "main", "z-image", BEGIN))
    await store.collect(world, "token", ["up-1"])
    await store.count_call(world, "main", "media", LATER // 60_000)
    await store.count_call(world, "main", "read", 1)
    return WorldRow(world, name, 0, "frozen", 1.0, LATER, "elsewhere")


async def test_a_world_put_into_another_is_the_same_there(store: Store) -> None:
    whole = await store.export_world(await lived(store))
    other = await a_world(store, name="other")
    row = replace(whole.row, id=other, name="other")
    await store.import_world(replace(whole, row=row))
    assert await store.export_world(row) == replace(whole, row=row)
    assert await store.find_world("other") == row
    assert await violations(store, other, LATER) == []


async def test_nothing_of_the_old_world_stays(store: Store) -> None:
    empty = await store.export_world(await row_of(store, "empty"))
    row = await lived(store)
    before = await store.import_world(replace(empty, row=replace(row, origin="")))
    assert [upload.id for upload in before] == ["up-1"]
    assert await store.export_world(row) == replace(empty, row=row)
    assert await store.jobs(row.id, Query(), LATER) == []
    assert await store.session(row.id, "token") is None


async def test_other_worlds_are_as_they_were(store: Store) -> None:
    other = await store.export_world(await lived(store, "other"))
    whole = await store.export_world(await lived(store))
    await store.import_world(whole)
    assert await store.export_world(other.row) == other


async def test_a_world_put_back_goes_on_as_the_original(store: Store) -> None:
    row = await lived(store)
    whole = await store.export_world(row)
    ends: list[WholeWorld] = []
    for _ in range(2):
        await store.import_world(whole)
        await store.accept(row.id, a_draft(60, now_ms=LATER, key="more"), LATER)
        again, new = await store.accept(row.id, a_draft(100, key="again"), LATER)
        assert (again.number, new) == (1, False)
        ends.append(await store.export_world(replace(row, at_ms=LATER + 100_000)))
    assert ends[0] == ends[1]
    assert len(ends[0].jobs) == 5


async def test_only_the_current_rate_window_is_given_out(store: Store) -> None:
    whole = await store.export_world(await lived(store))
    assert whole.calls == (CallCount("main", "media", LATER // 60_000, 1),)


async def test_counted_calls_go_on(store: Store) -> None:
    row = await lived(store)
    whole = await store.export_world(row)
    await store.count_call(row.id, "main", "media", LATER // 60_000)
    await store.import_world(whole)
    assert await store.count_call(row.id, "main", "media", LATER // 60_000) == 2


async def test_a_job_that_is_gone_is_not_remembered(store: Store) -> None:
    row = await row_of(store, "w")
    whole = await store.export_world(row)
    job, _ = await store.accept(row.id, a_draft(1), BEGIN)
    await store.import_world(whole)
    assert await store.job(row.id, job.id) is None


async def test_what_was_put_back_outlives_the_process(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    whole = await store.export_world(await lived(store))
    await store.accept(whole.row.id, a_draft(1), LATER)
    await store.import_world(whole)
    await store.close()
    again = open_store(tmp_path / "state")
    assert await again.export_world(whole.row) == replace(whole, calls=())
    assert await again.find_world("w") == whole.row
    await again.close()


async def test_a_state_of_the_first_version_is_renewed(tmp_path: Path) -> None:
    store = open_store(tmp_path / "state")
    whole = await store.export_world(await lived(store))
    await store.close()
    db = sqlite3.connect(tmp_path / "state")
    db.execute("ALTER TABLE worlds DROP COLUMN origin")
    db.execute("PRAGMA user_version = 1")
    db.close()
    again = open_store(tmp_path / "state")
    assert await again.export_world(whole.row) == replace(whole, calls=())
    found = await again.find_world("w")
    assert found is not None
    assert found.origin == ""
    await again.close()
    state = StateFile(tmp_path / "state")
    db = sqlite3.connect(state.path)
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    db.close()


async def row_of(store: Store, name: str) -> WorldRow:
    world = await a_world(store, name=name)
    return WorldRow(world, name, 0, "frozen", 1.0, LATER)
