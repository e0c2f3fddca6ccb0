"""When a store's operations are committed: each at once, or in groups off the event loop."""

import asyncio
import queue
import sqlite3
import threading
import weakref
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from simulator.domain.errors import Rejection
from simulator.engine.store.base import StorageFull

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

GROUP_MOST = 256
NO_ROOM = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"})
"""How sqlite says that the disk, a quota or a limit on file sizes leaves no room."""


class Committer(Protocol):
    """Runs operations, each atomic. A Rejection is an answer, raised before anything that must not
    stand was written; after any other exception nothing of its operation stands."""

    def run(self, operation: Operation[T]) -> Awaitable[T]: ...

    def look(self, operation: Operation[T]) -> Awaitable[T]:
        """What the operation answers; nothing that it writes is kept, so it needs no room."""

    def glance(self, select: Operation[T]) -> Awaitable[T]:
        """What one SELECT answers, which needs no transaction of its own."""

    async def close(self) -> None: ...


class AtOnce:
    """Each operation in a transaction of its own, on the caller's thread: for state in memory,
    where a commit costs microseconds. ``db`` is closed with it, at the latest when nobody has it
    any more: an app that a test runs in itself is rarely closed."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        weakref.finalize(self, db.close)

    async def run(self, operation: Operation[T]) -> T:
        return _alone(self._db, operation, "COMMIT")

    async def look(self, operation: Operation[T]) -> T:
        return _alone(self._db, operation, "ROLLBACK")

    async def glance(self, select: Operation[T]) -> T:
        return select(self._db)

    async def close(self) -> None:
        self._db.close()


@dataclass(frozen=True, slots=True)
class _Call:
    operation: Operation[Any]
    kept: bool
    future: asyncio.Future[Any]


class Grouped:
    """Operations queue for one writer thread, which commits all that wait as one transaction.

    An answer is given after the commit, so what was acknowledged is in the file. An operation that
    fails unexpectedly must not take its neighbours along: the group is rolled back, and each is
    run again alone. ``db`` is the writer's from now on; ``closed`` is called when it is closed.
    """

    def __init__(self, db: sqlite3.Connection, closed: Callable[[], None]) -> None:
        self._queue: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(db,), name="store-writer")
        self._thread.daemon = True
        self._thread.start()
        self._open = True
        self._closed = closed

    def run(self, operation: Operation[T]) -> Awaitable[T]:
        return self._call(operation, kept=True)

    def look(self, operation: Operation[T]) -> Awaitable[T]:
        return self._call(operation, kept=False)

    def glance(self, select: Operation[T]) -> Awaitable[T]:
        return self._call(select, kept=True)

    async def close(self) -> None:
        """Finishes what waits, then closes; a second call does nothing more."""
        if self._open:
            self._open = False
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._closed()

    def _call(self, operation: Operation[T], kept: bool) -> Awaitable[T]:
        if not self._open:
            raise RuntimeError("the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Call(operation, kept, future))
        return future

    def _work(self, db: sqlite3.Connection) -> None:
        with closing(db):
            open_ = True
            while open_:
                calls, open_ = self._take()
                if calls:
                    _deliver(calls, _outcomes(db, calls))

    def _take(self) -> tuple[list[_Call], bool]:
        """All that waits, up to GROUP_MOST, and whether more may come; waits for the first."""
        calls: list[_Call] = []
        call = self._queue.get()
        while call is not None:
            calls.append(call)
            if len(calls) == GROUP_MOST:
                return calls, True
            try:
                call = self._queue.get_nowait()
            except queue.Empty:
                return calls, True
        return calls, False


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


def _outcomes(db: sqlite3.Connection, calls: list[_Call]) -> list[Any]:
    """What each call returned, or ``_Raised``; committed when this returns."""
    try:
        if all(call.kept for call in calls):
            return _together(db, calls)
    except Exception:  # noqa: BLE001  # whatever it was, each call alone shows whose it is
        _roll_back(db)
    return [_outcome(db, call) for call in calls]


def _together(db: sqlite3.Connection, calls: list[_Call]) -> list[Any]:
    outcomes: list[Any] = []
    db.execute("BEGIN IMMEDIATE")
    for call in calls:
        try:
            outcomes.append(call.operation(db))
        except Rejection as answer:
            outcomes.append(_Raised(answer))
    db.execute("COMMIT")
    return outcomes


def _outcome(db: sqlite3.Connection, call: _Call) -> Any:
    try:
        return _alone(db, call.operation, "COMMIT" if call.kept else "ROLLBACK")
    except Exception as error:  # noqa: BLE001  # the caller's to judge, not the writer's
        return _Raised(error)


def _alone(db: sqlite3.Connection, operation: Operation[T], end: str) -> T:
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            result = operation(db)
        except Rejection:
            db.execute(end)
            raise
        db.execute(end)
    except sqlite3.Error as error:
        _roll_back(db)
        if getattr(error, "sqlite_errorname", "") in NO_ROOM:
            raise StorageFull("no room left to write the state") from error
        raise
    except BaseException:
        _roll_back(db)
        raise
    return result


def _roll_back(db: sqlite3.Connection) -> None:
    """The error that led here is the one to tell, so one of the rollback itself is not."""
    if db.in_transaction:
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")


def _deliver(calls: list[_Call], outcomes: list[Any]) -> None:
    futures = [call.future for call in calls]
    for loop in {future.get_loop() for future in futures}:
        with suppress(RuntimeError):  # a loop that is closed has nobody left to tell
            loop.call_soon_threadsafe(_resolve, loop, futures, outcomes)


def _resolve(
    loop: asyncio.AbstractEventLoop, futures: list[asyncio.Future[Any]], outcomes: list[Any]
) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.get_loop() is not loop or future.cancelled():
            continue
        if isinstance(outcome, _Raised):
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome)
