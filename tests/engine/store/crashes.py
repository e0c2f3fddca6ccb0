"""Kill a loaded provider on a state file, open the file again, and see that nothing is lost.

``python -m tests.engine.store.crashes --rounds 500 [--seed 1]`` runs long; the suite runs a few
rounds. Each round starts a child that says, after each answer it has got, what was answered; kills
it at an instant drawn from the seed; and judges what is left. A kill leaves what the kernel has, so
this is about the death of the process: a loss of power needs ``durability="full"``.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload
from simulator.domain.jobs import status
from simulator.domain.ledger import verify
from simulator.engine.bodies import GenerationId, MediaBody, Nothing
from simulator.engine.ids import make_id
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller, Defaults, World
from tests.engine.store.files import open_store
from tests.engine.world import caller_of, make_provider

ROOT = Path(__file__).resolve().parents[3]
CALLERS = 16
ROUNDS_A_FILE = 10
LINES_MOST = 400
PROMPTS = ("A pier", "A pier [sim:fail=provider_error]", "A pier [sim:stuck]", "[sim:slow=500]")
DEFAULTS = Defaults(speed=100.0, credits=10**12)
YEAR_MS = 365 * 24 * 3_600_000


class Answered(msgspec.Struct, frozen=True):
    """One line of the child: what it was told, and the world's time afterwards."""

    generation_id: str
    status: str
    upload_id: str
    now_ms: int


def real_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def provider_on(path: Path) -> Provider:
    provider = make_provider(store=open_store(path), defaults=DEFAULTS)
    provider.worlds.real_ms = real_ms
    return provider


async def load(path: Path, seed: int) -> None:
    """The child: calls without end, and a line for each answer."""
    provider = provider_on(path)
    caller = await caller_of(provider)
    await asyncio.gather(*(call_on(provider, caller, seed + n) for n in range(CALLERS)))


async def call_on(provider: Provider, caller: Caller, seed: int) -> None:
    random = Random(seed)
    world = caller.world
    mine: list[str] = []
    while True:
        generation_id = shown = upload_id = ""
        choice = random.random()
        if choice < 0.5 or not mine:
            body = MediaBody(prompt=random.choice(PROMPTS), model="nano-banana-2")
            started = await provider.generate_media(caller, body)
            generation_id, shown = started.generation_id, "pending"
            mine.append(generation_id)
        elif choice < 0.7:
            generation_id = random.choice(mine)
            answer = await provider.get_generation_status(caller, GenerationId(generation_id))
            shown = answer.status
        elif choice < 0.8:
            number = await provider.store.next_upload(world.id)
            upload_id = make_id(world.seed, world.name, "upload", number)
            upload = Upload(upload_id, "image", "png", 9, 640, 480, 0)
            await provider.store.add_upload(world.id, "main", upload)
        else:
            await provider.get_balance(caller, Nothing())
        now_ms = await provider.worlds.now(world)
        say(Answered(generation_id, shown, upload_id, now_ms))


def say(answered: Answered) -> None:
    os.write(1, msgspec.json.encode(answered) + b"\n")


def killed_child(path: Path, random: Random) -> list[Answered]:
    """What a child was told before it was killed."""
    command = [sys.executable, "-m", __spec__.name, "--child", str(path)]
    command += ["--seed", str(random.getrandbits(32))]
    lines: list[bytes] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        if random.random() < 0.2:
            time.sleep(random.random())  # somewhere in the child's start
        else:
            wanted = random.randint(1, LINES_MOST)
            lines += (child.stdout.readline() for _ in range(wanted))
            time.sleep(random.random() / 50)
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
    if child.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the child ended by itself: {child.returncode}")
    whole = [line for line in lines if line.endswith(b"\n")]
    return [msgspec.json.decode(line, type=Answered) for line in whole]


async def judge(path: Path, told: Iterable[Answered], last: bool) -> list[str]:
    """Opens what is left and says what is wrong with it."""
    provider = provider_on(path)
    world = (await caller_of(provider)).world
    now_ms = await provider.worlds.now(world)
    history = await provider.store.history(world.id, now_ms)
    found = verify(history.entries, history.jobs, history.balances, now_ms)
    jobs = {job.id: job for job in history.jobs}
    for answer in told:
        if answer.now_ms > now_ms:
            found.append(f"the clock went back from {answer.now_ms} to {now_ms}")
        if answer.upload_id and not await provider.store.uploads(world.id, [answer.upload_id]):
            found.append(f"the upload {answer.upload_id} is lost")
        if answer.generation_id and answer.generation_id not in jobs:
            found.append(f"the job {answer.generation_id} is lost")
        elif answer.status in ("completed", "failed"):
            shown = status(jobs[answer.generation_id], now_ms)
            if shown != answer.status:
                found.append(f"{answer.generation_id} was {answer.status} and is {shown}")
    try:
        await provider.generate_media(
            await caller_of(provider), MediaBody(prompt="After", model="nano-banana-2")
        )
    except Rejection as rejection:
        found.append(f"not healthy: {rejection}")
    if last:
        found += await judge_end(provider, world)
    await provider.store.close()
    return found


async def judge_end(provider: Provider, world: World) -> list[str]:
    """Each job that ends has been captured or released once when the clock is past it."""
    later = await provider.worlds.now(world) + YEAR_MS
    await provider.worlds.set_clock(world, world.clock.moved_to(later, real_ms()))
    end = await provider.store.history(world.id, later)
    found = verify(end.entries, end.jobs, end.balances, later)
    stuck = sum(job.hold_millicredits for job in end.jobs if job.times.done_at_ms is None)
    if end.balances["main"].held != stuck:
        found.append(f"{end.balances['main'].held} is held, by jobs that never end {stuck}")
    return found


def run(rounds: int, seed: int, folder: Path) -> list[str]:
    """What went wrong in so many rounds, each with its number; empty when nothing did."""
    random = Random(seed)
    found = []
    told: list[Answered] = []
    for number in range(rounds):
        path = folder / f"state-{number // ROUNDS_A_FILE}"
        if number % ROUNDS_A_FILE == 0:
            told = []
        told += killed_child(path, random)
        last = number % ROUNDS_A_FILE == ROUNDS_A_FILE - 1 or number == rounds - 1
        found += [f"round {number}: {fault}" for fault in asyncio.run(judge(path, told, last))]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}")
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", type=Path)
    options = parser.parse_args()
    if options.child is not None:
        asyncio.run(load(options.child, options.seed))
    with TemporaryDirectory() as folder:
        found = run(options.rounds, options.seed, Path(folder))
    print(f"{options.rounds} rounds, {len(found)} faults", *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
