"""What watchers read of a store: sums over all worlds, and what is new in one."""

import pytest

from simulator.domain.jobs import status
from simulator.engine.store import tallies
from simulator.engine.store.base import Query, Store
from simulator.engine.store.tallies import BEFORE_ALL, Moved
from tests.engine.store.drafts import BEGIN, FAILS, HOUR_MS, STUCK, a_draft, a_world

START = (0, BEGIN)


async def three_jobs(store: Store, world: int) -> None:
    """One that will complete, one that will fail, one that is stuck: 10, 20 and 40."""
    for amount, fault in ((20, FAILS), (40, STUCK)):
        await store.accept(world, a_draft(amount, fault=fault), BEGIN)
    await store.accept(world, a_draft(10), BEGIN)


async def test_entries_of_all_worlds_are_summed_by_kind(store: Store) -> None:
    for name in ("w", "v"):
        await three_jobs(store, await a_world(store, name=name))
    found = await store.entry_sums(BEFORE_ALL)
    assert found.moved == {"grant": Moved(2, 20_000), "hold": Moved(6, 140)}
    assert found.rest is None


@pytest.mark.parametrize("most", range(1, 9))
async def test_slices_together_are_the_whole(
    store: Store, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "SLICE", most)
    for name in ("w", "v"):
        await three_jobs(store, await a_world(store, name=name))
    place: tuple[int, int] | None = BEFORE_ALL
    counted, slices = 0, 0
    while place is not None:
        found = await store.entry_sums(place)
        counted += sum(each.entries for each in found.moved.values())
        assert counted <= most * (slices + 1)
        place, slices = found.rest, slices + 1
    assert counted == 8


async def test_open_jobs_are_summed_by_their_status_at_each_worlds_own_time(store: Store) -> None:
    one, other = await a_world(store), await a_world(store, name="v")
    await three_jobs(store, one)
    await three_jobs(store, other)
    found = await store.open_sums({one: BEGIN, other: BEGIN + HOUR_MS})
    assert found == {
        "pending": Moved(3, 70),
        "completed": Moved(1, 10),
        "failed": Moved(1, 20),
        "processing": Moved(1, 40),
    }


async def test_a_world_that_is_not_open_stands_at_its_last_time(store: Store) -> None:
    world = await a_world(store)
    await three_jobs(store, world)
    assert await store.open_sums({}) == {"pending": Moved(3, 70)}
    await store.save_clock(world, "frozen", 1.0, BEGIN + 2_000)
    assert set(await store.open_sums({})) == {"queued"}


async def test_watching_the_sums_settles_nothing(store: Store) -> None:
    world = await a_world(store)
    await three_jobs(store, world)
    await store.open_sums({world: BEGIN + HOUR_MS})
    assert "capture" not in (await store.entry_sums(BEFORE_ALL)).moved


async def test_news_are_the_later_entries_and_their_jobs(store: Store) -> None:
    world = await a_world(store)
    await three_jobs(store, world)
    news = await store.news(world, (2, BEGIN), BEGIN, 100)
    assert [entry.seq for entry in news.entries] == [3, 4]
    assert [job.number for job in news.jobs] == [2, 3]
    assert news.passed == 0


async def test_news_settle_what_is_due(store: Store) -> None:
    world = await a_world(store)
    await three_jobs(store, world)
    news = await store.news(world, (4, BEGIN), BEGIN + HOUR_MS, 100)
    assert [entry.kind for entry in news.entries] == ["release", "capture"]
    assert await store.last_entry(world, BEGIN + HOUR_MS) == 6


async def test_the_last_entry_counts_what_is_due(store: Store) -> None:
    world = await a_world(store)
    assert await store.last_entry(world, BEGIN) == 1
    await three_jobs(store, world)
    assert await store.last_entry(world, BEGIN + HOUR_MS) == 6
    assert await store.last_entry(world + 1, BEGIN) == 0


async def test_a_job_that_was_queued_or_begun_is_news_without_an_entry(store: Store) -> None:
    world = await a_world(store)
    await store.accept(world, a_draft(), BEGIN)
    (job,) = await store.jobs(world, Query(), BEGIN)
    for instant in (job.times.queued_at_ms, job.times.processing_at_ms):
        before, at, after = instant - 1, instant, instant + 1
        assert status(job, at) != status(job, before)
        found = [
            len((await store.news(world, (2, since), until, 100)).jobs)
            for since, until in ((before, at), (at, after), (before - 1, before))
        ]
        assert found == [1, 0, 0]


async def test_the_newest_are_kept_and_the_others_counted_when_there_are_too_many(
    store: Store,
) -> None:
    world = await a_world(store)
    for _ in range(5):
        await store.accept(world, a_draft(), BEGIN)
    news = await store.news(world, START, BEGIN, 2)
    assert [entry.seq for entry in news.entries] == [5, 6]
    assert news.passed == 4
    begun = await store.news(world, (6, BEGIN), BEGIN + 2_000, 3)
    assert (len(begun.jobs), begun.passed) == (3, 1)


async def test_news_of_one_world_hold_nothing_of_another(store: Store) -> None:
    world = await a_world(store)
    await three_jobs(store, await a_world(store, name="v"))
    news = await store.news(world, START, BEGIN + 2_000, 100)
    assert [entry.kind for entry in news.entries] == ["grant"]
    assert news.jobs == []
