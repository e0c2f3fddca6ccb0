"""Settlement: when it is due, whoever sees it first, once, dated with the job's own end."""

import asyncio
from random import Random

import pytest

from simulator.domain.errors import Rejection
from simulator.domain.faults import HEALTHY
from simulator.domain.jobs import Job
from simulator.domain.ledger import Balance, Entry
from simulator.engine.store.base import Query, Store
from tests.engine.store.drafts import (
    BEGIN,
    FAILS,
    HOUR_MS,
    LONGEST_MS,
    SCOPES,
    STUCK,
    a_draft,
    a_world,
    violations,
)


def ends(entries: list[Entry]) -> list[tuple[str, int | None, int]]:
    return [
        (entry.kind, entry.job_number, entry.at_ms)
        for entry in entries
        if entry.kind in ("capture", "release")
    ]


def end(job: Job) -> int:
    assert job.times.done_at_ms is not None
    return job.times.done_at_ms


async def test_nothing_is_settled_a_millisecond_early_or_late(store: Store) -> None:
    world = await a_world(store, 100)
    job, _ = await store.accept(world, a_draft(40), BEGIN)
    assert await store.balance(world, "main", end(job) - 1) == Balance(60, 40, 0, -100)
    assert await store.balance(world, "main", end(job)) == Balance(60, 0, 40, -100)


async def test_a_failed_job_gives_its_hold_back(store: Store) -> None:
    world = await a_world(store, 100)
    job, _ = await store.accept(world, a_draft(40, fault=FAILS), BEGIN)
    assert await store.balance(world, "main", end(job)) == Balance(100, 0, 0, -100)


async def test_credits_given_back_can_be_held_in_the_same_moment(store: Store) -> None:
    world = await a_world(store, 40)
    job, _ = await store.accept(world, a_draft(40, fault=FAILS), BEGIN)
    with pytest.raises(Rejection):
        await store.accept(world, a_draft(40), end(job) - 1)
    await store.accept(world, a_draft(40, now_ms=end(job)), end(job))


async def test_equal_ends_settle_in_the_order_of_acceptance(store: Store) -> None:
    world = await a_world(store)
    jobs = [(await store.accept(world, a_draft(), BEGIN))[0] for _ in range(4)]
    entries = await store.entries(world, BEGIN + HOUR_MS)
    assert ends(entries) == [("capture", job.number, end(job)) for job in jobs]


async def test_ends_settle_in_the_order_of_time_not_of_acceptance(store: Store) -> None:
    world = await a_world(store)
    slow, _ = await store.accept(world, a_draft(estimate_s=50), BEGIN)
    quick, _ = await store.accept(world, a_draft(estimate_s=5, fault=FAILS), BEGIN)
    entries = await store.entries(world, BEGIN + HOUR_MS)
    assert ends(entries) == [
        ("release", quick.number, end(quick)),
        ("capture", slow.number, end(slow)),
    ]


async def test_several_accounts_settle_each_its_own(store: Store) -> None:
    world = await a_world(store, 100)
    await store.open_account(world, "second", 100, SCOPES, BEGIN)
    await store.accept(world, a_draft(10), BEGIN)
    await store.accept(world, a_draft(20, fault=FAILS), BEGIN)
    await store.accept(world, a_draft(30, account="second"), BEGIN)
    await store.accept(world, a_draft(40, account="second", fault=STUCK), BEGIN)
    assert await store.balances(world, BEGIN + HOUR_MS) == {
        "main": Balance(90, 0, 10, -100),
        "second": Balance(30, 40, 30, -100),
    }


async def test_a_refused_start_settles_and_changes_nothing_else(store: Store) -> None:
    world = await a_world(store, 40)
    job, _ = await store.accept(world, a_draft(40), BEGIN)
    with pytest.raises(Rejection):
        await store.accept(world, a_draft(40), end(job))
    entries = await store.entries(world, end(job))
    assert [entry.kind for entry in entries] == ["grant", "hold", "capture"]
    assert await violations(store, world, end(job)) == []


async def test_who_looks_first_and_how_often_makes_no_difference(store: Store) -> None:
    """The same history with and without readers between its steps, entry by entry."""
    quiet, watched = await a_world(store), await a_world(store, name="other")
    random = Random(4)
    now_ms = BEGIN
    for _ in range(40):
        fault = random.choice((FAILS, STUCK, HEALTHY))
        estimate_s = random.randint(1, 40)
        for world, name in ((quiet, "w"), (watched, "other")):
            draft = a_draft(fault=fault, estimate_s=estimate_s, now_ms=now_ms, world=name)
            await store.accept(world, draft, now_ms)
        for moment in range(0, 300, 100):
            await store.balance(watched, "main", now_ms + moment)
        now_ms += random.randint(500, 9_000)
    later = now_ms + HOUR_MS
    assert await store.entries(quiet, later) == await store.entries(watched, later)
    assert await violations(store, quiet, later) == []


async def test_ten_thousand_jobs_of_which_some_fail_leave_no_open_hold(store: Store) -> None:
    world = await a_world(store, 10**9)
    faults = [FAILS if number % 10 < 3 else HEALTHY for number in range(10_000)]
    await asyncio.gather(*(store.accept(world, a_draft(7, fault=fault), BEGIN) for fault in faults))
    later = BEGIN + LONGEST_MS
    entries = await store.entries(world, later)
    released = sum(entry.millicredits for entry in entries if entry.kind == "release")
    assert await store.balance(world, "main", later) == Balance(
        10**9 - 7 * 7_000, 0, 7 * 7_000, -(10**9)
    )
    assert released == 3_000 * 7
    assert await store.jobs(world, Query(status="processing"), later) == []
    assert await violations(store, world, later) == []
