"""The default store: sqlite, in memory or in one file for one process."""

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from simulator.domain.inputs import Upload
from simulator.domain.jobs import Job
from simulator.domain.ledger import Balance, Entry
from simulator.domain.limits import window
from simulator.domain.sessions import UploadSession
from simulator.engine.store import operations as ops
from simulator.engine.store import session_rows, tallies, whole_rows
from simulator.engine.store.base import Account, Draft, History, Query, StorageFull, WorldRow
from simulator.engine.store.commit import AtOnce, Committer, Grouped, Operation
from simulator.engine.store.glimpses import Glimpses
from simulator.engine.store.statefile import StateFile, schema
from simulator.engine.store.tallies import Moved, News, Place, Slice
from simulator.engine.store.whole import CallCount, WholeWorld

T = TypeVar("T")

RECENT_JOBS_MOST = 1_024
COUNTERS_MOST = 100_000


class SqliteStore:
    """Jobs never change once accepted, so the recent ones are kept decoded."""

    def __init__(self, committer: Committer, name: str, durable: bool) -> None:
        self.durable = durable
        self._name = name
        self._run = committer.run
        self._look = committer.look
        self._glance = committer.glance
        self._glimpses = Glimpses()
        self._close = committer.close
        self._recent: OrderedDict[tuple[int, str], Job] = OrderedDict()
        self._calls: dict[tuple[int, str, str], tuple[int, int]] = {}

    def describe(self) -> str:
        return self._name

    async def close(self) -> None:
        await self._close()

    async def open_world(
        self, row: WorldRow, credits: int | None, scopes: Iterable[str]
    ) -> WorldRow:
        return await self._run(lambda db: ops.open_world(db, row, credits, scopes))

    async def find_world(self, name: str) -> WorldRow | None:
        return await self._run(lambda db: ops.find_world(db, name))

    async def save_clock(self, world: int, mode: str, speed: float, at_ms: int) -> None:
        await self._run(lambda db: ops.save_clock(db, world, mode, speed, at_ms))

    async def reset_world(self, row: WorldRow, credits: int | None, scopes: Iterable[str]) -> None:
        """Shielded: a caller who leaves midway must not leave jobs of the former life behind."""
        await asyncio.shield(asyncio.ensure_future(self._reset_world(row, credits, scopes)))

    async def _reset_world(self, row: WorldRow, credits: int | None, scopes: Iterable[str]) -> None:
        await self._run(lambda db: ops.reset_world(db, row, credits, scopes))
        self._forget(row.id)

    async def drop_world(self, world: int) -> None:
        """Shielded, as a reset is."""
        await asyncio.shield(asyncio.ensure_future(self._drop_world(world)))

    async def _drop_world(self, world: int) -> None:
        await self._run(lambda db: ops.drop_world(db, world))
        self._forget(world)

    async def account(self, world: int, name: str) -> Account | None:
        return await self._run(lambda db: ops.account(db, world, name))

    async def open_account(
        self, world: int, name: str, credits: int, scopes: Iterable[str], now_ms: int
    ) -> Account:
        return await self._run(
            lambda db: ops.open_account(db, world, name, credits, scopes, now_ms)
        )

    async def change_account(
        self, world: int, name: str, scopes: Iterable[str] | None, credits: int | None, now_ms: int
    ) -> Account:
        return await self._run(
            lambda db: ops.change_account(db, world, name, scopes, credits, now_ms)
        )

    async def adjust(
        self, world: int, account: str, millicredits: int, reason: str, now_ms: int
    ) -> Balance:
        return await self._run(
            lambda db: ops.adjust(db, world, account, millicredits, reason, now_ms)
        )

    async def count_call(self, world: int, account: str, bucket: str, window: int) -> int:
        """Kept in memory: one process serves the state, and a restart may begin a window anew."""
        key = (world, account, bucket)
        counted, calls = self._calls.get(key, (window, 0))
        calls = calls + 1 if counted == window else 1
        if len(self._calls) >= COUNTERS_MOST:
            self._calls.clear()
        self._calls[key] = (window, calls)
        return calls

    async def accept(self, world: int, draft: Draft, now_ms: int) -> tuple[Job, bool]:
        job, new = await self._run(partial(ops.accept, world=world, draft=draft, now_ms=now_ms))
        self._remember(world, job)
        return job, new

    async def job(self, world: int, job_id: str) -> Job | None:
        recent = self._recent.get((world, job_id))
        if recent is not None:
            return recent
        job = await self._run(lambda db: ops.job(db, world, job_id))
        if job is not None:
            self._remember(world, job)
        return job

    async def jobs(self, world: int, query: Query, now_ms: int) -> list[Job]:
        return await self._run(lambda db: ops.jobs(db, world, query, now_ms))

    async def due(self, world: int, now_ms: int) -> bool:
        return await self._run(lambda db: ops.due(db, world, now_ms))

    async def next_event(self, world: int, now_ms: int) -> int | None:
        return await self._run(lambda db: ops.next_event(db, world, now_ms))

    async def balance(self, world: int, account: str, now_ms: int) -> Balance:
        """Most often nothing is due, and the balance is known or one SELECT tells both."""
        look = self._glimpses.look
        glimpse = await self._glance(lambda db: look(db, world, account, now_ms))
        if glimpse is not None:
            return glimpse

        def settled(db: sqlite3.Connection) -> Balance:
            ops.settle(db, world, now_ms)
            return ops.balance(db, world, account)

        return await self._read(settled)

    async def balances(self, world: int, now_ms: int) -> dict[str, Balance]:
        def settled(db: sqlite3.Connection) -> dict[str, Balance]:
            ops.settle(db, world, now_ms)
            return ops.balances(db, world)

        return await self._read(settled)

    async def accounts(self, world: int) -> list[Account]:
        return await self._run(lambda db: ops.accounts(db, world))

    async def entries(
        self, world: int, now_ms: int, account: str | None = None, job_number: int | None = None
    ) -> list[Entry]:
        def settled(db: sqlite3.Connection) -> list[Entry]:
            ops.settle(db, world, now_ms)
            return ops.entries(db, world, account, job_number)

        return await self._read(settled)

    async def history(self, world: int, now_ms: int) -> History:
        def settled(db: sqlite3.Connection) -> History:
            ops.settle(db, world, now_ms)
            return History(
                ops.entries(db, world, None, None),
                ops.jobs(db, world, Query(), now_ms),
                ops.balances(db, world),
            )

        return await self._read(settled)

    async def world_names(self) -> list[str]:
        return await self._run(ops.world_names)

    async def next_upload(self, world: int) -> int:
        return await self._run(lambda db: ops.next_upload(db, world))

    async def add_upload(self, world: int, account: str, upload: Upload) -> None:
        await self._run(lambda db: ops.add_upload(db, world, account, upload))

    async def add_session(self, world: int, session: UploadSession) -> None:
        await self._run(lambda db: session_rows.add_session(db, world, session))

    async def session(self, world: int, token: str) -> UploadSession | None:
        return await self._run(lambda db: session_rows.session(db, world, token))

    async def collect(self, world: int, token: str, upload_ids: Iterable[str]) -> bool:
        collected = tuple(upload_ids)
        return await self._run(lambda db: session_rows.collect(db, world, token, collected))

    async def uploads(self, world: int, ids: Iterable[str]) -> dict[str, Upload]:
        wanted = tuple(ids)
        return await self._run(lambda db: ops.uploads(db, world, wanted)) if wanted else {}

    async def export_world(self, row: WorldRow) -> WholeWorld:
        whole = await self._read(lambda db: whole_rows.export_world(db, row))
        current = window(row.at_ms)
        counted = sorted(
            CallCount(account, bucket, counted_in, calls)
            for (world, account, bucket), (counted_in, calls) in self._calls.items()
            if world == row.id and counted_in == current
        )
        return replace(whole, calls=tuple(counted))

    async def import_world(self, whole: WholeWorld) -> list[Upload]:
        """Shielded, as a reset is."""
        return await asyncio.shield(asyncio.ensure_future(self._import_world(whole)))

    async def _import_world(self, whole: WholeWorld) -> list[Upload]:
        before = await self._run(lambda db: whole_rows.import_world(db, whole))
        world = whole.row.id
        self._forget(world)
        for counted in whole.calls:
            key = (world, counted.account, counted.bucket)
            self._calls[key] = (counted.window, counted.calls)
        return before

    async def entry_sums(self, after: Place) -> Slice:
        return await self._glance(partial(tallies.entry_sums, after=after))

    async def open_sums(self, now_ms: Mapping[int, int]) -> Mapping[str, Moved]:
        return await self._glance(partial(tallies.open_sums, now_ms=now_ms))

    async def last_entry(self, world: int, now_ms: int) -> int:
        def settled(db: sqlite3.Connection) -> int:
            ops.settle(db, world, now_ms)
            return tallies.last_entry(db, world)

        return await self._read(settled)

    async def news(self, world: int, after: tuple[int, int], now_ms: int, most: int) -> News:
        def settled(db: sqlite3.Connection) -> News:
            ops.settle(db, world, now_ms)
            return tallies.news(db, world, after, now_ms, most)

        return await self._read(settled)

    async def _read(self, operation: Operation[T]) -> T:
        """Settlement is due whoever looks, so a reader settles; with no room left to keep it, the
        reader still gets the answer that it leads to."""
        try:
            return await self._run(operation)
        except StorageFull:
            return await self._look(operation)

    def _forget(self, world: int) -> None:
        """Drops what is kept in memory of a world whose state is another now."""
        self._recent = OrderedDict(
            (key, job) for key, job in self._recent.items() if key[0] != world
        )
        self._calls = {key: call for key, call in self._calls.items() if key[0] != world}

    def _remember(self, world: int, job: Job) -> None:
        self._recent[world, job.id] = job
        if len(self._recent) > RECENT_JOBS_MOST:
            self._recent.popitem(last=False)


def in_memory() -> SqliteStore:
    """A store that ends with the process."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.executescript(schema())
    return SqliteStore(AtOnce(db), ":memory:", durable=False)


def in_file(state: StateFile) -> SqliteStore:
    """A store on an opened and checked state file, whose lock it releases when it is closed. Raises
    StateError."""
    return SqliteStore(Grouped(state.connect(), state.release), str(state.path), durable=True)
