"""Credits for k starts, asked for by more than k at once: ``python -m tests.reliability.race``.

Every round has a world of its own whose clock stands still, so that what is available only falls.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from simulator.surfaces.server import ServerThread
from tests.reliability.inproc import made, quiet_logs
from tests.reliability.wire import Wire
from tests.surfaces.rawhttp import Answer

CONNECTIONS = 64
WATCHERS = 4
PRICED = {
    2: "p-video-720p-draft",
    4: "z-image",
    7: "imagen-4-fast",
    11: "gpt-image-2",
    31: "nano-banana-pro",
    93: "wan-2-5-text-to-video-5s-720p",
}


@dataclass(slots=True)
class Round:
    """What a round saw. ``refused`` are the prices that did not fit when they were asked for."""

    credits: int
    accepted: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    reads: int = 0
    available: int = 0

    def note(self, price: int, answer: Answer) -> None:
        if answer.status == 200 and answer.json["estimated_cost_credits"] == price:
            self.accepted.append(price)
        elif answer.status == 402 and answer.json["error"] == "insufficient_credits":
            self.refused.append(price)
        else:
            self.wrong.append(f"a start for {price} was answered {answer.status} {answer.body!r}")


async def race(port: int, world: str, credits: int, prices: Iterable[int]) -> Round:
    """Asks for all prices over CONNECTIONS connections, and reads the balance meanwhile."""
    outcome = Round(credits)
    key = f"sk_test_{world}"
    async with Wire(port, key) as control:
        await control("POST", "/_sim/accounts", {"key": key, "credits": credits})
        left = iter(prices)
        done = asyncio.Event()
        watchers = [_watch(port, key, outcome, done) for _ in range(WATCHERS)]
        watching = asyncio.gather(*watchers)
        await asyncio.gather(*(_start(port, key, left, outcome) for _ in range(CONNECTIONS)))
        done.set()
        await watching
        await _judge(control, outcome)
    return outcome


async def _start(port: int, key: str, left: "Iterable[int]", outcome: Round) -> None:
    async with Wire(port, key) as wire:
        for price in left:
            kind = "text-to-video" if "video" in PRICED[price] else "text-to-image"
            body = {"model": PRICED[price], "generation_type": kind, "prompt": "A lighthouse"}
            outcome.note(price, await wire("POST", "/v1/generate/media", body))


async def _watch(port: int, key: str, outcome: Round, done: asyncio.Event) -> None:
    """A balance that is read while starts are accepted adds up to what there was."""
    last = outcome.credits
    async with Wire(port, key) as wire:
        while not done.is_set():
            shown = (await wire("GET", "/_sim/accounts")).json["accounts"][0]["balance"]
            if shown["available"] + shown["held"] + shown["spent"] != outcome.credits:
                outcome.wrong.append(f"read during the race: {shown}")
            available = (await wire("GET", "/v1/balance")).json["credits"]
            if not 0 <= available <= shown["available"] <= last:
                outcome.wrong.append(f"read {available} after {shown} after {last}")
            last = available
            outcome.reads += 1


async def _judge(control: Wire, outcome: Round) -> None:
    verified = (await control("GET", "/_sim/ledger/verify")).json
    ledger = (await control("GET", "/_sim/ledger")).json
    jobs = (await control("GET", "/_sim/jobs")).json["jobs"]
    outcome.available = ledger["balance"]["available"]
    outcome.wrong += verified["violations"]
    if outcome.available + sum(outcome.accepted) != outcome.credits:
        outcome.wrong.append(f"{sum(outcome.accepted)} accepted, {outcome.available} left")
    if sorted(job["credits"] for job in jobs) != sorted(outcome.accepted):
        outcome.wrong.append(f"{len(jobs)} jobs for {len(outcome.accepted)} accepted starts")
    fitting = [price for price in outcome.refused if price <= outcome.available]
    if fitting:
        outcome.wrong.append(f"refused {fitting} with {outcome.available} still there")


def equal_prices(k: int) -> list[int]:
    """``k`` starts that fit, and more that do not."""
    return [4] * (k + max(CONNECTIONS, k // 5))


def mixed_prices(seed: int, k: int) -> list[int]:
    """Each price so often that the last credits are fought for by dear and by cheap starts."""
    prices = list(PRICED) * (k // len(PRICED) + 1)
    random.Random(seed).shuffle(prices)
    return prices


@contextlib.asynccontextmanager
async def serving(state: Path | None) -> AsyncIterator[int]:
    """The port of a server in this process."""
    server = ServerThread(made(state=state).app)
    await asyncio.to_thread(server.start)
    try:
        yield server.port
    finally:
        await asyncio.to_thread(server.stop)


async def _rounds(rounds: int, state: Path | None) -> int:
    failed = 0
    async with serving(state) as port:
        for number in range(rounds):
            for k in (100, 1000):
                began = time.perf_counter()
                equal = await race(port, f"equal-{k}-{number}", 4 * k, equal_prices(k))
                if len(equal.accepted) != k:
                    equal.wrong.append(f"{len(equal.accepted)} accepted, {k} fit")
                seconds = time.perf_counter() - began
                mixed = await race(port, f"mixed-{k}-{number}", 12 * k, mixed_prices(number, k))
                failed += bool(equal.wrong) + bool(mixed.wrong)
                asked = len(equal.accepted) + len(equal.refused)
                print(
                    f"round {number} k={k}: {asked / seconds:.0f} starts/s, {equal.reads} reads;"
                    f" mixed: {len(mixed.accepted)} accepted, {mixed.available} left;"
                    f" wrong: {[*equal.wrong, *mixed.wrong]}"
                )
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    quiet_logs()
    with tempfile.TemporaryDirectory() as folder:
        failed = asyncio.run(_rounds(rounds, None))
        print("with a state file:")
        failed += asyncio.run(_rounds(rounds, Path(folder) / "state.db"))
    print(f"{failed} of {rounds * 8} races went wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
