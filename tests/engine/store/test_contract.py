"""What every store does, whatever it is made of."""

import asyncio
import sqlite3

import pytest

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload
from simulator.domain.ledger import Balance
from simulator.engine.store.base import Account, Query, Store, WorldRow
from tests.engine.store.drafts import (
    BEGIN,
    HOUR_MS,
    LONGEST_MS,
    SCOPES,
    STUCK,
    a_draft,
    a_world,
    violations,
)


async def test_a_new_world_has_the_account_main_with_a_grant(store: Store) -> None:
    world = await a_world(store, 700)
    entries = await store.entries(world, BEGIN)
    assert [(entry.kind, entry.millicredits, entry.account) for entry in entries] == [
        ("grant", 700, "main")
    ]


async def test_opening_a_world_again_leaves_it_as_it_is(store: Store) -> None:
    world = await a_world(store, 700)
    await store.save_clock(world, "running", 3.5, BEGIN + 5)
    again = await store.open_world(WorldRow(0, "w", 9, "frozen", 1.0, 0), 900, ())
    assert again == WorldRow(world, "w", 0, "running", 3.5, BEGIN + 5)
    assert len(await store.entries(world, BEGIN)) == 1


async def test_a_world_is_found_by_its_name_and_looking_makes_none(store: Store) -> None:
    assert await store.find_world("w") is None
    world = await a_world(store)
    found = await store.find_world("w")
    assert found is not None
    assert found.id == world


async def test_worlds_do_not_see_each_other(store: Store) -> None:
    here, there = await a_world(store, 100), await a_world(store, 100, "other")
    job, _ = await store.accept(here, a_draft(40), BEGIN)
    assert await store.job(there, job.id) is None
    assert await store.jobs(there, Query(), BEGIN) == []
    assert (await store.balance(there, "main", BEGIN)).available == 100
    assert len(await store.entries(there, BEGIN)) == 1


async def test_an_account_is_made_once(store: Store) -> None:
    world = await a_world(store)
    await store.open_account(world, "second", 30, SCOPES, BEGIN)
    again = await store.open_account(world, "second", 99, (), BEGIN)
    assert again == Account("second", frozenset(SCOPES))
    assert (await store.balance(world, "second", BEGIN)).available == 30
    assert [account.name for account in await store.accounts(world)] == ["main", "second"]


async def test_an_account_that_is_not_there_is_none(store: Store) -> None:
    world = await a_world(store)
    assert await store.account(world, "nobody") is None
    assert await store.balance(world, "nobody", BEGIN) == Balance()


async def test_setting_credits_adjusts_by_the_difference(store: Store) -> None:
    world = await a_world(store, 100)
    await store.change_account(world, "main", None, 30, BEGIN)
    last = (await store.entries(world, BEGIN))[-1]
    assert (last.kind, last.millicredits) == ("adjust", -70)
    assert await violations(store, world, BEGIN) == []


async def test_a_refused_change_of_credits_leaves_the_scopes(store: Store) -> None:
    world = await a_world(store, 100)
    with pytest.raises(Rejection):
        await store.change_account(world, "main", (), -1, BEGIN)
    assert await store.account(world, "main") == Account("main", frozenset(SCOPES))


async def test_changing_an_unknown_account_is_a_lookup_error(store: Store) -> None:
    world = await a_world(store)
    with pytest.raises(LookupError):
        await store.change_account(world, "nobody", None, 30, BEGIN)


async def test_an_adjustment_below_nothing_is_refused(store: Store) -> None:
    world = await a_world(store, 100)
    before = await store.entries(world, BEGIN)
    with pytest.raises(Rejection, match="are available"):
        await store.adjust(world, "main", -101, "too much", BEGIN)
    assert await store.entries(world, BEGIN) == before


async def test_accepting_holds_the_credits_and_adds_the_job(store: Store) -> None:
    world = await a_world(store, 100)
    job, new = await store.accept(world, a_draft(40), BEGIN)
    assert new
    assert await store.job(world, job.id) == job
    assert await store.balance(world, "main", BEGIN) == Balance(60, 40, 0, -100)
    assert await violations(store, world, BEGIN) == []


async def test_too_few_credits_refuse_and_leave_nothing(store: Store) -> None:
    world = await a_world(store, 39)
    before = await store.history(world, BEGIN)
    with pytest.raises(Rejection) as refused:
        await store.accept(world, a_draft(40), BEGIN)
    assert refused.value.body()["error"] == "insufficient_credits"
    assert refused.value.fields == {"required_credits": 0.04, "available_credits": 0.039}
    assert await store.history(world, BEGIN) == before


async def test_a_refused_start_uses_up_no_number(store: Store) -> None:
    world = await a_world(store, 50)
    with pytest.raises(Rejection):
        await store.accept(world, a_draft(51), BEGIN)
    job, _ = await store.accept(world, a_draft(50), BEGIN)
    assert job.number == 1


async def test_the_limit_on_running_jobs_is_exact_and_per_bucket_and_account(store: Store) -> None:
    world = await a_world(store)
    await store.open_account(world, "second", 100, SCOPES, BEGIN)
    for _ in range(3):
        await store.accept(world, a_draft(at_once=3), BEGIN)
    with pytest.raises(Rejection) as refused:
        await store.accept(world, a_draft(at_once=3), BEGIN)
    assert refused.value.code == "concurrency_limit_exceeded"
    await store.accept(world, a_draft(at_once=3, account="second"), BEGIN)


async def test_a_job_that_has_ended_makes_room_under_the_limit(store: Store) -> None:
    world = await a_world(store)
    await store.accept(world, a_draft(at_once=1), BEGIN)
    later = BEGIN + LONGEST_MS
    await store.accept(world, a_draft(at_once=1, now_ms=later), later)
    assert await violations(store, world, later) == []


async def test_the_limit_is_looked_at_before_the_credits(store: Store) -> None:
    world = await a_world(store, 10)
    await store.accept(world, a_draft(10, at_once=1), BEGIN)
    with pytest.raises(Rejection) as refused:
        await store.accept(world, a_draft(10, at_once=1), BEGIN)
    assert refused.value.code == "concurrency_limit_exceeded"


async def test_the_same_idempotency_key_finds_its_job_and_holds_nothing(store: Store) -> None:
    world = await a_world(store, 100)
    first, _ = await store.accept(world, a_draft(10, key="k"), BEGIN)
    again, new = await store.accept(world, a_draft(20, key="k"), BEGIN)
    assert (again, new) == (first, False)
    assert (await store.balance(world, "main", BEGIN)).held == 10


async def test_two_accounts_may_use_the_same_idempotency_key(store: Store) -> None:
    world = await a_world(store, 100)
    await store.open_account(world, "second", 100, SCOPES, BEGIN)
    first, _ = await store.accept(world, a_draft(key="k"), BEGIN)
    other, new = await store.accept(world, a_draft(key="k", account="second"), BEGIN)
    assert new
    assert other.id != first.id


async def test_a_failure_while_the_job_is_built_holds_nothing(store: Store) -> None:
    world = await a_world(store, 100)
    before = await store.history(world, BEGIN)

    def broken(number: int) -> None:
        raise KeyError(number)

    draft = a_draft(40)
    object.__setattr__(draft, "build", broken)
    with pytest.raises(KeyError):
        await store.accept(world, draft, BEGIN)
    assert await store.history(world, BEGIN) == before


async def test_listings_are_newest_first_filtered_and_limited(store: Store) -> None:
    world = await a_world(store)
    await store.open_account(world, "second", 100, SCOPES, BEGIN)
    for model in ("a", "b", "a"):
        await store.accept(world, a_draft(model=model), BEGIN)
    await store.accept(world, a_draft(account="second", fault=STUCK), BEGIN)
    later = BEGIN + HOUR_MS

    async def numbers(query: Query, now_ms: int = later) -> list[int]:
        return [job.number for job in await store.jobs(world, query, now_ms)]

    assert await numbers(Query()) == [4, 3, 2, 1]
    assert await numbers(Query(limit=2)) == [4, 3]
    assert await numbers(Query(account="main")) == [3, 2, 1]
    assert await numbers(Query(model="a")) == [3, 1]
    assert await numbers(Query(generation_type="image-to-video")) == []
    assert await numbers(Query(status="completed")) == [3, 2, 1]
    assert await numbers(Query(status="processing")) == [4]
    assert await numbers(Query(status="pending"), BEGIN) == [4, 3, 2, 1]
    assert await numbers(Query(status="queued"), BEGIN + 1_000) == [4, 3, 2, 1]


async def test_the_next_event_is_the_first_change_of_any_job(store: Store) -> None:
    world = await a_world(store)
    assert await store.next_event(world, BEGIN) is None
    job, _ = await store.accept(world, a_draft(), BEGIN)
    seen, now_ms = [], BEGIN
    while (event := await store.next_event(world, now_ms)) is not None:
        seen.append(event)
        now_ms = event
    times = job.times
    assert seen == [times.queued_at_ms, times.processing_at_ms, times.done_at_ms]


async def test_a_job_that_never_ends_has_no_event_after_its_start(store: Store) -> None:
    world = await a_world(store)
    job, _ = await store.accept(world, a_draft(fault=STUCK), BEGIN)
    assert await store.next_event(world, BEGIN) == job.times.queued_at_ms
    assert await store.next_event(world, job.times.processing_at_ms) is None
    assert (await store.balance(world, "main", BEGIN + 10**12)).held == 10


async def test_a_reset_world_begins_as_it_did(store: Store) -> None:
    world = await a_world(store, 100)
    first, _ = await store.accept(world, a_draft(key="k"), BEGIN)
    await store.open_account(world, "second", 5, (), BEGIN)
    await store.next_upload(world)
    await store.reset_world(WorldRow(world, "w", 0, "frozen", 1.0, BEGIN), 100, SCOPES)
    assert await store.job(world, first.id) is None
    assert await store.account(world, "second") is None
    assert await store.next_upload(world) == 1
    again, new = await store.accept(world, a_draft(key="k"), BEGIN)
    assert (again, new) == (first, True)
    assert await violations(store, world, BEGIN) == []


async def test_a_reset_leaves_other_worlds_alone(store: Store) -> None:
    here, there = await a_world(store), await a_world(store, name="other")
    job, _ = await store.accept(there, a_draft(world="other"), BEGIN)
    await store.reset_world(WorldRow(here, "w", 0, "frozen", 1.0, BEGIN), 100, SCOPES)
    assert await store.job(there, job.id) == job
    assert await violations(store, there, BEGIN + HOUR_MS) == []


async def test_a_reset_whose_caller_left_leaves_no_job_of_the_former_life(store: Store) -> None:
    world = await a_world(store)
    former, _ = await store.accept(world, a_draft(), BEGIN)
    row = WorldRow(world, "w", 0, "frozen", 1.0, BEGIN)
    reset = asyncio.ensure_future(store.reset_world(row, 100, SCOPES))
    await asyncio.sleep(0)
    reset.cancel()
    await asyncio.wait([reset])
    await store.accounts(world)  # behind the reset in any queue
    assert await store.job(world, former.id) is None


async def test_the_name_of_a_dropped_world_begins_as_any_new_one(store: Store) -> None:
    world = await a_world(store, 100)
    job, _ = await store.accept(world, a_draft(key="k"), BEGIN)
    await store.count_call(world, "main", "media", 1)
    await store.drop_world(world)
    assert await store.world_names() == []
    again = await a_world(store, 50)
    assert (await store.balance(again, "main", BEGIN)).available == 50
    assert await store.job(again, job.id) is None
    assert await store.count_call(again, "main", "media", 1) == 1


async def test_the_id_of_a_dropped_world_is_not_given_again(store: Store) -> None:
    dropped, other = await a_world(store), await a_world(store, name="other")
    await store.drop_world(other)
    await store.drop_world(dropped)
    assert await a_world(store, name="third") not in (dropped, other)


async def test_a_call_under_way_in_a_dropped_world_touches_no_other(store: Store) -> None:
    world = await a_world(store, 100)
    await store.drop_world(world)
    new = await a_world(store, 100)
    await store.open_account(world, "main", 70, (), BEGIN)
    late, _ = await store.accept(world, a_draft(), BEGIN)
    assert await store.job(new, late.id) is None
    assert (await store.balance(new, "main", BEGIN)).available == 100
    assert await violations(store, new, BEGIN) == []


async def test_calls_are_counted_by_account_bucket_and_window(store: Store) -> None:
    world = await a_world(store)
    assert [await store.count_call(world, "main", "media", 7) for _ in range(3)] == [1, 2, 3]
    assert await store.count_call(world, "main", "read", 7) == 1
    assert await store.count_call(world, "second", "media", 7) == 1
    assert await store.count_call(world, "main", "media", 8) == 1


async def test_uploads_are_numbered_and_found_in_their_world_only(store: Store) -> None:
    here, there = await a_world(store), await a_world(store, name="other")
    upload = Upload("u", "image", "png", 9, 640, 480, 0)
    assert [await store.next_upload(here) for _ in range(2)] == [1, 2]
    await store.add_upload(here, "main", upload)
    assert await store.uploads(here, ["u", "v"]) == {"u": upload}
    assert await store.uploads(there, ["u"]) == {}
    assert await store.uploads(here, []) == {}


async def test_the_entries_of_one_job_or_account_are_found(store: Store) -> None:
    world = await a_world(store)
    await store.open_account(world, "second", 100, SCOPES, BEGIN)
    await store.accept(world, a_draft(account="second"), BEGIN)
    await store.accept(world, a_draft(), BEGIN)
    later = BEGIN + HOUR_MS
    of_second = await store.entries(world, later, account="second")
    assert [entry.kind for entry in of_second] == ["grant", "hold", "capture"]
    of_job = await store.entries(world, later, job_number=2)
    assert [(entry.kind, entry.account) for entry in of_job] == [
        ("hold", "main"),
        ("capture", "main"),
    ]


async def test_a_closed_store_refuses_rather_than_waits(store: Store) -> None:
    world = await a_world(store)
    await store.close()
    await store.close()
    with pytest.raises((RuntimeError, sqlite3.ProgrammingError)):
        await store.balance(world, "main", BEGIN)
