"""State files for tests: opened, killed half way, compared byte for byte."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

from simulator.engine.store.base import Store
from simulator.engine.store.sqlite import SqliteStore, in_file
from simulator.engine.store.statefile import StateFile


def open_store(path: Path, reset: bool = False) -> SqliteStore:
    state = StateFile(path)
    state.open(reset=reset)
    return in_file(state)


def digests(folder: Path) -> dict[str, str]:
    """Every file under the folder and the digest of its bytes, but for locks."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def use_state(path: Path, use: Callable[[Store], Awaitable[None]]) -> None:
    """Opens the state, uses it and closes it."""

    async def used() -> None:
        store = open_store(path)
        await use(store)
        await store.close()

    asyncio.run(used())


def abandoned(path: Path, use: Callable[[Store], Awaitable[None]], into: Path) -> Path:
    """What a kill right after ``use`` would leave of a state: the file and its log as they are."""
    left = into / path.name

    async def used(store: Store) -> None:
        await use(store)
        for suffix in ("", "-wal"):
            part = path.with_name(path.name + suffix)
            left.with_name(left.name + suffix).write_bytes(part.read_bytes())

    use_state(path, used)
    return left
