"""Many callers at once: exactly what the credits pay for, and nobody hurt by a neighbour."""

import asyncio
from collections.abc import Awaitable, Sequence
from random import Random
from typing import TypeVar

import pytest

from simulator.domain.errors import Rejection
from simulator.engine.store.base import Draft, Store
from tests.engine.store.drafts import BEGIN, HOUR_MS, a_draft, a_world, violations

T = TypeVar("T")
CALLERS = 200


async def codes(starts: Sequence[Awaitable[T]]) -> list[str]:
    """``accepted`` or the code of its refusal, for each."""
    answers = await asyncio.gather(*starts, return_exceptions=True)
    found = []
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Rejection):
            raise answer
        found.append(answer.code if isinstance(answer, Rejection) else "accepted")
    return found


async def test_credits_for_k_starts_accept_exactly_k(store: Store) -> None:
    world = await a_world(store, 100 * 23)
    seen = await codes([store.accept(world, a_draft(23), BEGIN) for _ in range(CALLERS)])
    assert seen.count("accepted") == 100
    assert seen.count("insufficient_credits") == CALLERS - 100
    assert (await store.balance(world, "main", BEGIN)).available == 0
    assert await violations(store, world, BEGIN) == []


async def test_at_the_end_nothing_was_refused_that_would_still_fit(store: Store) -> None:
    world = await a_world(store, 3_000)
    random = Random(11)
    prices = [random.randint(1, 93) for _ in range(CALLERS)]
    seen = await codes([store.accept(world, a_draft(price), BEGIN) for price in prices])
    left = (await store.balance(world, "main", BEGIN)).available
    refused = [price for price, code in zip(prices, seen, strict=True) if code != "accepted"]
    assert refused
    assert left < min(refused)
    assert await violations(store, world, BEGIN) == []


async def test_the_limit_on_running_jobs_holds_against_a_crowd(store: Store) -> None:
    world = await a_world(store)
    starts = [store.accept(world, a_draft(at_once=10), BEGIN) for _ in range(CALLERS)]
    seen = await codes(starts)
    assert seen.count("accepted") == 10
    assert seen.count("concurrency_limit_exceeded") == CALLERS - 10


async def test_one_idempotency_key_in_a_crowd_makes_one_job(store: Store) -> None:
    world = await a_world(store)
    answers = await asyncio.gather(
        *(store.accept(world, a_draft(key="k"), BEGIN) for _ in range(CALLERS))
    )
    assert [new for _, new in answers].count(True) == 1
    assert len({job.id for job, _ in answers}) == 1


async def test_every_read_during_a_crowd_balances(store: Store) -> None:
    world = await a_world(store, 100_000)

    async def read(_: int) -> list[str]:
        history = await store.history(world, BEGIN)
        sums = history.balances["main"]
        held = sum(job.hold_millicredits for job in history.jobs)
        return [] if sums.available + held == 100_000 and sums.held == held else [str(sums)]

    mixed: list[Awaitable[object]] = []
    for number in range(CALLERS):
        mixed += [store.accept(world, a_draft(7), BEGIN), read(number)]
    found = [answer for answer in await asyncio.gather(*mixed) if isinstance(answer, list)]
    assert found == [[]] * CALLERS


async def test_a_caller_who_leaves_hurts_nobody(store: Store) -> None:
    world = await a_world(store, 10_000)
    tasks = [asyncio.ensure_future(store.accept(world, a_draft(10), BEGIN)) for _ in range(CALLERS)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    stayed = [answer for answer in answers[1::2] if not isinstance(answer, BaseException)]
    assert len(stayed) == CALLERS // 2
    assert await violations(store, world, BEGIN + HOUR_MS) == []


async def test_an_operation_that_fails_takes_no_neighbour_along(store: Store) -> None:
    world = await a_world(store, 10_000)

    def broken(number: int) -> None:
        raise ZeroDivisionError(number)

    def a_start(number: int) -> Draft:
        draft = a_draft(10)
        if number % 20 == 0:
            object.__setattr__(draft, "build", broken)
        return draft

    answers = await asyncio.gather(
        *(store.accept(world, a_start(number), BEGIN) for number in range(CALLERS)),
        return_exceptions=True,
    )
    failed = [isinstance(answer, ZeroDivisionError) for answer in answers]
    assert failed == [number % 20 == 0 for number in range(CALLERS)]
    assert [answer for answer in answers if isinstance(answer, Rejection)] == []
    assert (await store.balance(world, "main", BEGIN)).held == 10 * failed.count(False)
    assert await violations(store, world, BEGIN) == []


async def test_a_rejection_in_a_crowd_reaches_its_own_caller_only(store: Store) -> None:
    world = await a_world(store, 1_000)
    prices = [10_000 if number % 3 == 0 else 1 for number in range(CALLERS)]
    seen = await codes([store.accept(world, a_draft(price), BEGIN) for price in prices])
    assert seen == ["insufficient_credits" if price > 1 else "accepted" for price in prices]


@pytest.mark.parametrize("callers", [257, 600])
async def test_more_callers_than_a_group_takes_are_all_answered(store: Store, callers: int) -> None:
    world = await a_world(store, 10_000)
    answers = await asyncio.gather(
        *(store.accept(world, a_draft(1), BEGIN) for _ in range(callers))
    )
    assert sorted(job.number for job, _ in answers) == list(range(1, callers + 1))
