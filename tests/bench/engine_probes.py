"""What runs in a process of its own for a row of the bench; prints one JSON object.

``python -m tests.bench.engine_probes leap|memory JOBS``
"""

import asyncio
import gc
import json
import sys
import time

from simulator.app import Simulator, build
from simulator.domain.ledger import verify
from simulator.engine.bodies import MediaBody, Nothing
from simulator.engine.worlds import Caller, World
from simulator.settings import Settings
from tests.bench.processes import resident_bytes

PROMPT = "A lighthouse at dusk, long exposure"
FAILING = PROMPT + " [sim:fail=content_policy]"
A_DAY_MS = 86_400_000


async def started(simulator: Simulator, jobs: int) -> Caller:
    """The caller of so many jobs, every third of them failing, on a clock that stands still."""
    caller = await simulator.provider.worlds.caller("bench", "main")
    if caller is None:
        raise LookupError("the account could not be made")
    for number in range(jobs):
        body = MediaBody(FAILING if number % 3 == 0 else PROMPT, "nano-banana")
        await simulator.provider.generate_media(caller, body)
    return caller


async def leap(simulator: Simulator, jobs: int) -> dict[str, float]:
    """Processor seconds of the leap and the first balance. RuntimeError when a law breaks."""
    caller = await started(simulator, jobs)
    began = time.process_time()
    await leap_a_day(simulator, caller.world)
    await simulator.provider.get_balance(caller, Nothing())
    seconds = time.process_time() - began
    await check(simulator, caller.world, jobs)
    return {"seconds": seconds}


async def memory(simulator: Simulator, jobs: int) -> dict[str, float]:
    """Bytes of memory per finished job."""
    caller = await started(simulator, 100)
    before = resident_bytes()
    await started(simulator, jobs)
    await leap_a_day(simulator, caller.world)
    await simulator.provider.get_balance(caller, Nothing())
    gc.collect()
    return {"bytes_per_job": (resident_bytes() - before) / jobs}


async def leap_a_day(simulator: Simulator, world: World) -> None:
    """Past the end of every job."""
    worlds = simulator.provider.worlds
    real_ms = worlds.real_ms()
    await worlds.set_clock(
        world, world.clock.moved_to(world.clock.now(real_ms) + A_DAY_MS, real_ms)
    )


async def check(simulator: Simulator, world: World, jobs: int) -> None:
    """Every law of the ledger, and that nothing is held any more."""
    now_ms = await simulator.provider.worlds.now(world)
    history = await simulator.provider.store.history(world.id, now_ms)
    violations = verify(history.entries, history.jobs, history.balances, now_ms)
    held = sum(balance.held for balance in history.balances.values())
    if violations or held or len(history.jobs) != jobs:
        raise RuntimeError(f"{len(history.jobs)} jobs, {held} held, {violations[:3]}")


def main() -> None:
    """Runs one probe."""
    settings = Settings(limits=False, frozen=True, credits=10**15)
    simulator = build(settings)
    name, jobs = sys.argv[1], int(sys.argv[2])
    probe = leap if name == "leap" else memory
    print(json.dumps(asyncio.run(probe(simulator, jobs))))


if __name__ == "__main__":
    main()
