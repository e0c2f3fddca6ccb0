"""When a store's operations are committed: each at once, or in groups off the event loop."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from simulator.domain.errors import Denial, Rejection
from simulator.engine.store.base import StorageFull

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

EXPECTED = (Rejection, Denial, LookupError)
"""Answers in the shape of exceptions: raised before anything that must not stand was written."""

GROUP_MOST = 256


class Committer(Protocol):
    def run(self, operation: Operation[T]) -> Awaitable[T]: ...

    async def close(self) -> None: ...


class AtOnce:
    """Each operation in a transaction of its own, on the caller's thread: for state in memory,
    where a commit costs microseconds."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    async def run(self, operation: Operation[T]) -> T:
        return _alone(self._db, operation)

    async def close(self) -> None:
        self._db.close()


class Grouped:
    """Operations queue for one writer thread, which commits all that wait as one transaction.

    An answer is given after the commit, so what was acknowledged is in the file. An operation that
    fails unexpectedly must not take its neighbours along: the group is rolled back, and each is
    run again alone.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._queue: queue.SimpleQueue[tuple[Operation[Any], asyncio.Future[Any]] | None]
        self._queue = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(connect,), name="store-writer")
        self._thread.daemon = True
        self._started = False

    def run(self, operation: Operation[T]) -> Awaitable[T]:
        if not self._started:
            self._started = True
            self._thread.start()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((operation, future))
        return future

    async def close(self) -> None:
        if self._started:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self, connect: Callable[[], sqlite3.Connection]) -> None:
        db = connect()
        open_ = True
        while open_:
            group = [self._queue.get()]
            while len(group) < GROUP_MOST:
                try:
                    group.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            work = [item for item in group if item is not None]
            open_ = len(work) == len(group)
            if work:
                outcomes = _together(db, [operation for operation, _ in work])
                futures = [future for _, future in work]
                futures[0].get_loop().call_soon_threadsafe(_deliver, futures, outcomes)
        db.close()


def _together(db: sqlite3.Connection, operations: list[Operation[Any]]) -> list[Any]:
    outcomes: list[Any] = []
    try:
        db.execute("BEGIN IMMEDIATE")
        for operation in operations:
            try:
                outcomes.append(operation(db))
            except EXPECTED as answer:
                outcomes.append(_Raised(answer))
        db.execute("COMMIT")
    except Exception:
        _roll_back(db)
        return [_outcome(db, operation) for operation in operations]
    return outcomes


def _outcome(db: sqlite3.Connection, operation: Operation[Any]) -> Any:
    try:
        return _alone(db, operation)
    except Exception as error:
        return _Raised(error)


def _alone(db: sqlite3.Connection, operation: Operation[T]) -> T:
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            result = operation(db)
        except EXPECTED:
            db.execute("COMMIT")
            raise
        db.execute("COMMIT")
    except EXPECTED:
        raise
    except sqlite3.Error as error:
        _roll_back(db)
        if getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_WRITE"):
            raise StorageFull("no room left to write the state") from error
        raise
    except BaseException:
        _roll_back(db)
        raise
    return result


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _deliver(futures: list[asyncio.Future[Any]], outcomes: list[Any]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.cancelled():
            continue
        if isinstance(outcome, _Raised):
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome)
