"""The writer of a state file: what it does when a loop, a caller or the store is gone."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.engine.store.base import StateError
from simulator.engine.store.commit import AtOnce, Grouped
from simulator.engine.store.sqlite import in_file
from simulator.engine.store.statefile import StateFile
from tests.engine.store.drafts import BEGIN, a_draft, a_world
from tests.engine.store.files import open_store


def a_writer() -> tuple[Grouped, list[str]]:
    log: list[str] = []
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.execute("CREATE TABLE lines (text TEXT)")
    return Grouped(db, lambda: log.append("closed")), log


def add(text: str):  # type: ignore[no-untyped-def]  # an operation
    return lambda db: db.execute("INSERT INTO lines VALUES (?)", (text,))


def lines(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM lines")]


@contextmanager
def held_up(writer: Grouped) -> Iterator[None]:
    """Keeps the writer busy, so that what is called meanwhile waits as one group."""
    gate = threading.Event()
    holding = asyncio.ensure_future(wait_for(writer, gate))
    yield
    gate.set()
    assert not holding.cancelled()


async def wait_for(writer: Grouped, gate: threading.Event) -> None:
    await writer.run(lambda _: gate.wait())


async def test_closing_finishes_what_waits() -> None:
    writer, log = a_writer()
    waiting = [writer.run(add(str(number))) for number in range(50)]
    await writer.close()
    await asyncio.gather(*waiting)
    assert log == ["closed"]


async def test_a_look_answers_and_keeps_nothing() -> None:
    writer, _ = a_writer()

    def add_and_read(db: sqlite3.Connection) -> list[str]:
        add("seen")(db)
        return lines(db)

    assert await writer.look(add_and_read) == ["seen"]
    assert await writer.run(lines) == []
    await writer.close()


async def test_a_look_among_writers_keeps_what_they_write_only() -> None:
    writer, _ = a_writer()
    with held_up(writer):
        await asyncio.sleep(0)
        calls = [writer.run(add("a")), writer.look(add("b")), writer.run(add("c"))]
    await asyncio.gather(*calls)
    assert await writer.run(lines) == ["a", "c"]
    await writer.close()


async def test_each_of_a_group_that_failed_is_run_again_alone() -> None:
    writer, _ = a_writer()

    def half(db: sqlite3.Connection) -> None:
        add("half")(db)
        raise ZeroDivisionError

    with held_up(writer):
        await asyncio.sleep(0)
        calls = [writer.run(add("a")), writer.run(half), writer.run(add("b"))]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers].count(ZeroDivisionError) == 1
    assert await writer.run(lines) == ["a", "b"]
    await writer.close()


def test_a_loop_that_is_gone_does_not_stop_the_writer() -> None:
    writer, _ = a_writer()
    gate = threading.Event()

    async def leave() -> None:
        left_behind = asyncio.ensure_future(wait_for(writer, gate))
        await asyncio.sleep(0)
        assert not left_behind.done()

    async def stay() -> list[str]:
        await writer.run(add("after"))
        return await writer.run(lines)

    asyncio.run(leave())
    gate.set()
    assert asyncio.run(asyncio.wait_for(stay(), 10)) == ["after"]
    asyncio.run(writer.close())


def test_two_loops_may_wait_in_one_group() -> None:
    writer, _ = a_writer()
    gate = threading.Event()
    answered = []

    def other() -> None:
        asyncio.run(one("other"))
        answered.append("other")

    async def one(text: str) -> None:
        await asyncio.wait_for(asyncio.ensure_future(a_call(text)), 10)

    async def a_call(text: str) -> None:
        await writer.run(add(text))

    async def both() -> None:
        holding = asyncio.ensure_future(wait_for(writer, gate))
        await asyncio.sleep(0)
        thread = threading.Thread(target=other)
        thread.start()
        mine = asyncio.ensure_future(one("mine"))
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(mine, holding)
        await asyncio.to_thread(thread.join)
        await writer.close()

    asyncio.run(both())
    assert answered == ["other"]


def test_a_file_that_can_not_be_connected_to_is_an_error_at_once(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "state")
    state.open()
    state.path.unlink()
    state.path.mkdir()
    with pytest.raises(StateError, match=f"{tmp_path}/state: can't be opened"):
        in_file(state)
    state.release()


def test_closing_leaves_one_file_that_is_free(tmp_path: Path) -> None:
    async def use() -> None:
        store = open_store(tmp_path / "state")
        world = await a_world(store)
        await store.accept(world, a_draft(), BEGIN)
        await store.close()

    for _ in range(3):
        asyncio.run(use())
    assert [part.name for part in sorted(tmp_path.iterdir())] == ["state", "state.lock"]


async def test_in_memory_too_a_look_keeps_nothing() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE numbers (n)")
    committer = AtOnce(db)
    seen = await committer.look(lambda db: db.execute("INSERT INTO numbers VALUES (1)").rowcount)
    kept = await committer.run(lambda db: db.execute("SELECT count(*) FROM numbers").fetchone())
    await committer.close()
    assert (seen, kept) == (1, (0,))
