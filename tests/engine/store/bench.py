"""What a store's operations cost: ``python -m tests.engine.store.bench``. Prints, never judges.

Times are of the processor, all threads together, so that a busy machine changes them little.
"""

import asyncio
import gc
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from simulator.engine.store.base import Query, Store
from simulator.engine.store.sqlite import SqliteStore, in_file, in_memory
from simulator.engine.store.statefile import StateFile
from tests.engine.store.drafts import BEGIN, FAILS, HOUR_MS, a_draft, a_world

CALLERS = 16
JOBS = 20_000
WAITING, MORE = 100_000, 1_600


async def accepts(store: Store, world: int, jobs: int) -> list[str]:
    async def caller(share: int) -> list[str]:
        made = []
        for number in range(share):
            fault = a_draft(fault=FAILS) if number % 3 == 0 else a_draft()
            made.append((await store.accept(world, fault, BEGIN))[0].id)
        return made

    shares = await asyncio.gather(*(caller(jobs // CALLERS) for _ in range(CALLERS)))
    return [job_id for share in shares for job_id in share]


async def reads(store: Store, world: int, ids: list[str]) -> None:
    async def caller(mine: list[str]) -> None:
        for job_id in mine:
            await store.job(world, job_id)

    await asyncio.gather(*(caller(ids[index::CALLERS]) for index in range(CALLERS)))


async def costs(name: str, store: Store) -> None:
    world = await a_world(store, 10**12)
    began = process_time()
    ids = await accepts(store, world, JOBS)
    accepted = process_time()
    await reads(store, world, ids[: JOBS // 2])
    read = process_time()
    recent = ids[-1_000:] * 10
    await reads(store, world, recent)
    again = process_time()
    print(
        f"{name}: accept {(accepted - began) / JOBS * 1e6:.1f} us,"
        f" job() of {JOBS // 2} jobs {(read - accepted) / (JOBS // 2) * 1e6:.1f} us,"
        f" of the last 1000 {(again - read) / len(recent) * 1e6:.2f} us"
    )


async def waiting(name: str, store: Store) -> None:
    before_kb = resident_kb()
    world = await a_world(store, 10**12)
    began = process_time()
    await accepts(store, world, WAITING)
    filled = process_time()
    await accepts(store, world, MORE)
    one_more = process_time()
    await store.next_event(world, BEGIN)
    event = process_time()
    await store.jobs(world, Query(account="other", limit=25), BEGIN)
    listed = process_time()
    await store.balance(world, "main", BEGIN + HOUR_MS)
    settled = process_time()
    gc.collect()
    print(
        f"{name}: {WAITING} starts {filled - began:.2f} s, then"
        f" {(one_more - filled) / MORE * 1e6:.0f} us each,"
        f" next_event {(event - one_more) * 1e3:.0f} ms,"
        f" a listing that finds nothing {(listed - event) * 1e3:.0f} ms,"
        f" clock past all and balance {settled - listed:.2f} s,"
        f" {(resident_kb() - before_kb) * 1024 / WAITING:.0f} bytes a job"
    )


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def opened(folder: str, name: str) -> SqliteStore:
    state = StateFile(Path(folder) / name)
    state.open()
    return in_file(state)


async def main() -> None:
    with TemporaryDirectory() as folder:
        for name, store in (("memory", in_memory()), ("file", opened(folder, "a"))):
            await costs(name, store)
            await store.close()
        for name, store in (("memory", in_memory()), ("file", opened(folder, "b"))):
            await waiting(name, store)
            await store.close()
        began = process_time()
        opened(folder, "b")
        print(f"opening the state of {WAITING} jobs: {process_time() - began:.2f} s")


if __name__ == "__main__":
    asyncio.run(main())
