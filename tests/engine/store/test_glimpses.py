"""Balances that are kept: as long as they hold, and not a moment longer."""

import sqlite3
from collections.abc import Iterator

import pytest

from simulator.domain.ledger import Balance
from simulator.engine.store import glimpses
from simulator.engine.store.base import Store, WorldRow
from simulator.engine.store.glimpses import Glimpses
from simulator.engine.store.operations import adjust, open_account, open_world
from simulator.engine.store.statefile import schema
from tests.engine.store.drafts import BEGIN, SCOPES, STUCK, a_draft, a_world

FULL = Balance(100, 0, 0, -100)
WORLD = WorldRow(0, "w", 0, "frozen", 1.0, BEGIN)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    """World 1 with 100 milli-credits."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(schema())
    open_world(db, WORLD, 100, SCOPES)
    yield db
    db.close()


def asked(db: sqlite3.Connection) -> list[str]:
    """What the database is asked from now on."""
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    return statements


def test_a_second_look_asks_the_database_nothing(db: sqlite3.Connection) -> None:
    kept = Glimpses()
    kept.look(db, 1, "main", BEGIN)
    statements = asked(db)
    assert kept.look(db, 1, "main", BEGIN + 1) == FULL
    assert statements == []


def test_accounts_and_worlds_are_kept_apart(db: sqlite3.Connection) -> None:
    kept = Glimpses()
    other = open_world(db, WorldRow(0, "v", 0, "frozen", 1.0, BEGIN), 7, SCOPES)
    open_account(db, 1, "second", 8, SCOPES, BEGIN)
    for _ in range(2):
        looks = [kept.look(db, 1, "main", BEGIN), kept.look(db, 1, "second", BEGIN)]
        looks.append(kept.look(db, other.id, "main", BEGIN))
        assert [look and look.available for look in looks] == [100, 8, 7]


def test_what_is_written_shows_at_the_next_look(db: sqlite3.Connection) -> None:
    kept = Glimpses()
    kept.look(db, 1, "main", BEGIN)
    adjust(db, 1, "main", 50, "test", BEGIN)
    assert kept.look(db, 1, "main", BEGIN) == Balance(150, 0, 0, -150)


def test_what_is_seen_within_a_transaction_is_not_kept(db: sqlite3.Connection) -> None:
    kept = Glimpses()
    db.execute("BEGIN IMMEDIATE")
    adjust(db, 1, "main", 50, "test", BEGIN)
    assert kept.look(db, 1, "main", BEGIN) == Balance(150, 0, 0, -150)
    db.execute("ROLLBACK")
    assert kept.look(db, 1, "main", BEGIN) == FULL


def test_an_account_that_is_not_there_is_looked_for_again(db: sqlite3.Connection) -> None:
    kept = Glimpses()
    assert kept.look(db, 1, "second", BEGIN) is None
    open_account(db, 1, "second", 8, SCOPES, BEGIN)
    assert kept.look(db, 1, "second", BEGIN) == Balance(8, 0, 0, -8)


def test_not_many_are_kept(db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glimpses, "KEPT_MOST", 2)
    names = ["main", "second", "third"]
    for name in names[1:]:
        open_account(db, 1, name, 100, SCOPES, BEGIN)
    kept = Glimpses()
    for name in names:
        kept.look(db, 1, name, BEGIN)
    statements = asked(db)
    assert [kept.look(db, 1, name, BEGIN) for name in names] == [FULL] * 3
    assert len(statements) > 0


async def test_a_kept_balance_ends_when_a_job_does(store: Store) -> None:
    world = await a_world(store, 100)
    job, _ = await store.accept(world, a_draft(40), BEGIN)
    await store.accept(world, a_draft(1, fault=STUCK), BEGIN)
    end_ms = job.times.done_at_ms
    assert end_ms is not None
    for now_ms in (BEGIN, end_ms - 1):
        assert await store.balance(world, "main", now_ms) == Balance(59, 41, 0, -100)
    for _ in range(2):
        assert await store.balance(world, "main", end_ms) == Balance(59, 1, 40, -100)


async def test_a_reset_leaves_no_balance_behind(store: Store) -> None:
    world = await a_world(store, 100)
    await store.accept(world, a_draft(40), BEGIN)
    await store.balance(world, "main", BEGIN)
    row = await store.find_world("w")
    assert row is not None
    await store.reset_world(row, 7, SCOPES)
    assert await store.balance(world, "main", BEGIN) == Balance(7, 0, 0, -7)
