"""Jobs that wait cost a start nothing: plans search by an index, and steps do not grow."""

import re
import sqlite3
from collections.abc import Awaitable, Callable

import pytest

from simulator.engine.store.base import Query
from simulator.engine.store.commit import AtOnce
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.store.statefile import schema
from tests.engine.store.drafts import BEGIN, FAILS, LONGEST_MS, STUCK, a_draft, a_world

FEW, MANY = 20, 4_000
TABLES = "worlds|accounts|jobs|open_jobs|entries|uploads"
SCAN = re.compile(rf"SCAN ({TABLES}|o|w)\b")

Use = Callable[[SqliteStore, int], Awaitable[object]]
HOT: dict[str, Use] = {
    "start": lambda store, world: store.accept(world, a_draft(at_once=9, account="b"), BEGIN),
    "start with a key": lambda store, world: store.accept(world, a_draft(key="k"), BEGIN),
    "settlement": lambda store, world: store.balance(world, "b", BEGIN + LONGEST_MS),
    "balance": lambda store, world: store.balance(world, "main", BEGIN),
    "status": lambda store, world: store.job(world, "no such id"),
    "own listing": lambda store, world: store.jobs(world, Query(account="b", limit=25), BEGIN),
    "key": lambda store, world: store.account(world, "main"),
    "upload": lambda store, world: store.uploads(world, ["u"]),
}


def a_store() -> tuple[SqliteStore, sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(schema())
    return SqliteStore(AtOnce(db), "", durable=False), db


@pytest.mark.parametrize("name", HOT)
async def test_no_hot_statement_reads_a_whole_table(name: str) -> None:
    store, db = a_store()
    world = await a_world(store)
    await store.open_account(world, "b", 10_000, (), BEGIN)
    await store.accept(world, a_draft(account="b"), BEGIN)
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    await HOT[name](store, world)
    db.set_trace_callback(None)
    plans = {
        statement: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
        for statement in statements
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
    }
    assert any(plans.values())
    assert {text: plan for text, plan in plans.items() if SCAN.search(" ; ".join(plan))} == {}


async def steps(waiting: int, use: Use) -> int:
    """How many steps of sqlite's machine a use takes while so many other jobs wait."""
    store, db = a_store()
    world = await a_world(store, 10**9)
    await store.open_account(world, "b", 10_000, (), BEGIN)
    await store.accept(world, a_draft(account="b", fault=FAILS, estimate_s=5), BEGIN)
    for _ in range(waiting):
        await store.accept(world, a_draft(fault=STUCK), BEGIN)
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    db.set_progress_handler(step, 1)
    await use(store, world)
    db.set_progress_handler(None, 1)
    return count


@pytest.mark.parametrize("name", HOT)
async def test_waiting_jobs_add_no_steps_to_a_hot_operation(name: str) -> None:
    assert await steps(MANY, HOT[name]) <= await steps(FEW, HOT[name]) * 1.1
