"""The provider is killed, at random and at every write: what was acknowledged is there."""

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload
from simulator.engine.store.base import Store
from simulator.engine.store.commit import AtOnce, Grouped
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.store.statefile import StateFile, schema
from tests.engine.store import crashes
from tests.engine.store.drafts import BEGIN, FAILS, HOUR_MS, SCOPES, a_draft, a_world, violations
from tests.engine.store.files import digests, open_store

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

ROUNDS = 8
PRICE, CREDITS = 10, 1_000
LATER = BEGIN + HOUR_MS
Step = Callable[[Store, int], Awaitable[object]]

SCRIPT: tuple[Step, ...] = (
    lambda store, world: store.accept(world, a_draft(PRICE, at_once=9, key="k"), BEGIN),
    lambda store, world: store.accept(world, a_draft(PRICE, fault=FAILS), BEGIN),
    lambda store, world: store.open_account(world, "second", 50, SCOPES, BEGIN),
    lambda store, world: store.accept(world, a_draft(PRICE, account="second"), BEGIN),
    lambda store, world: store.accept(world, a_draft(10**9), BEGIN),
    lambda store, world: store.adjust(world, "second", 5, "a gift", BEGIN),
    lambda store, world: store.next_upload(world),
    lambda store, world: store.add_upload(world, "main", Upload("u", "image", "png", 9)),
    lambda store, world: store.save_clock(world, "frozen", 1.0, LATER),
    lambda store, world: store.balance(world, "main", LATER),
    lambda store, world: store.change_account(world, "main", SCOPES, 70, LATER),
    lambda store, world: store.accept(world, a_draft(PRICE), LATER),
)
"""Every kind of write; the fifth is refused."""


def nothing(when: str, statement: str) -> None:
    pass


class Watched(sqlite3.Connection):
    """Calls ``watch`` before and after each statement, with the statement and which of the two."""

    watch: Callable[[str, str], None] = staticmethod(nothing)

    @override
    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self.watch("before", statement)
        cursor = super().execute(statement, *values)
        try:
            self.watch("after", statement)
        except sqlite3.Error:
            cursor.close()  # a statement that failed has no rows to come
            raise
        return cursor


def a_connection(path: Path | str) -> Watched:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Watched)
    assert isinstance(db, Watched)
    return db


async def play(store: Store, world: int, done: list[int]) -> None:
    """The whole script; the number of each step is added to ``done`` once it is answered."""
    for number, step in enumerate(SCRIPT):
        try:
            await once_more_if_broken(store, world, step, BEGIN if number < 9 else LATER)
        except Rejection:
            continue
        done.append(number)


async def once_more_if_broken(store: Store, world: int, step: Step, now_ms: int) -> None:
    try:
        await step(store, world)
    except sqlite3.OperationalError:
        assert await violations(store, world, now_ms) == []
        await step(store, world)


async def outcome(store: Store, world: int) -> object:
    return await store.history(world, LATER), await store.uploads(world, ["u"])


async def expected() -> object:
    store = SqliteStore(AtOnce(in_memory_connection()), "", durable=False)
    world = await a_world(store, CREDITS)
    await play(store, world, [])
    return await outcome(store, world)


def in_memory_connection() -> Watched:
    db = a_connection(":memory:")
    db.executescript(schema())
    return db


def test_a_killed_provider_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    assert crashes.run(ROUNDS, 3, tmp_path)[:5] == []


def test_a_crash_before_or_after_any_statement_leaves_a_sound_state(tmp_path: Path) -> None:
    """What a kill would leave is copied before and after each statement; equal copies once."""
    live, left = tmp_path / "live", tmp_path / "left"
    live.mkdir()
    state = StateFile(live / "state")
    state.open()
    db = a_connection(state.path)
    db.execute("PRAGMA journal_mode = WAL")
    done: list[int] = []
    seen: dict[str, list[int]] = {}

    def keep_a_copy(when: str, statement: str) -> None:
        now = digests(live)
        name = "-".join((now["state"][:16], now.get("state-wal", "")[:16]))
        if name not in seen:
            shutil.copytree(live, left / name)
        seen[name] = list(done)  # the last instant at which a kill would have left this

    db.watch = keep_a_copy
    store = SqliteStore(Grouped(db, state.release), "", durable=True)

    async def run() -> None:
        await play(store, await a_world(store, CREDITS), done)
        await store.close()

    asyncio.run(run())
    assert len(seen) > len(SCRIPT) - 2
    for name, acknowledged in seen.items():
        asyncio.run(judge(left / name / "state", acknowledged))


async def judge(path: Path, acknowledged: list[int]) -> None:
    store = open_store(path)
    world = await a_world(store, CREDITS)
    now_ms = BEGIN if 9 not in acknowledged else LATER
    jobs = (await store.history(world, now_ms)).jobs
    started = [step for step in acknowledged if step in (0, 1, 3, 11)]
    assert len(jobs) - len(started) in (0, 1)  # one may have been kept that nobody was told of
    assert (7 in acknowledged) <= ("u" in await store.uploads(world, ["u"]))
    assert await violations(store, world, now_ms) == []
    assert await violations(store, world, BEGIN + 2 * HOUR_MS) == []
    await store.close()


async def statements() -> int:
    """How many statements the script runs."""
    count = 0

    def add(when: str, statement: str) -> None:
        nonlocal count
        count += when == "before"

    db = in_memory_connection()
    store = SqliteStore(AtOnce(db), "", durable=False)
    world = await a_world(store, CREDITS)
    db.watch = add
    await play(store, world, [])
    return count


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_error_at_any_statement_leaves_nothing_half_done(when: str) -> None:
    """The step is seen to have changed nothing, and done again it ends as if nothing had been."""
    wanted = await expected()
    for number in range(await statements()):
        db = in_memory_connection()
        left = number

        def fail(moment: str, statement: str) -> None:
            nonlocal left
            if moment != when or (when == "after" and statement == "COMMIT"):
                return
            left -= 1
            if left == -1:
                raise sqlite3.OperationalError("disk I/O error")

        store = SqliteStore(AtOnce(db), "", durable=False)
        world = await a_world(store, CREDITS)
        db.watch = fail
        await play(store, world, [])
        db.watch = nothing
        assert (await outcome(store, world) == wanted) is True, number
