"""Many workers on one server, each in a world of its own, as under xdist: a long walk each, after
which every world is byte for byte what the same walk makes of it on a server of its own.

``python -m tests.soak [--workers 64] [--steps 10000] [--compare 64]``; it ends with 1 if they
differ. The full figures take a quarter of an hour on an idle machine.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.app import build
from simulator.settings import Settings
from tests.reliability.inproc import BASE_URL, Caller, quiet_logs
from tests.reliability.script import Script
from tests.surfaces.rawhttp import Answer

WORKERS, STEPS = 64, 10_000
END = (
    *("/_sim/ledger", "/_sim/jobs", "/_sim/accounts", "/_sim/clock", "/_sim/faults"),
    *("/_sim/queues", "/v1/generations?limit=25"),
)
EFFECTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "fail", "reason": "timeout"},
    {"kind": "slow", "factor": 3},
    {"kind": "late_visibility", "seconds": 20},
    {"kind": "late_cdn", "seconds": 20},
    {"kind": "insufficient"},
    {"kind": "price", "factor": 1.5},
    {"kind": "status", "code": 503},
    {"kind": "rate_limited", "retry_after": 3},
)
RESET_EVERY = 500
"""Steps after which a world is emptied, so that a long walk does not end in a full one."""


@dataclass(slots=True)
class Walk:
    """One worker's way through its world: calls of every sort, faults, queues and snapshots."""

    number: int
    script: Script = field(init=False)
    dice: random.Random = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        self.script = Script(self.number)
        self.dice = random.Random(f"soak {self.number}")

    async def step(self, main: Caller, other: Caller) -> None:
        self.done += 1
        if self.done % RESET_EVERY == 0:
            await self._control(main, "POST", "/_sim/reset", {})
            self.script.known = []
            return
        if self.dice.random() < 0.1:
            await self._trouble(main)
            return
        step = self.script.step()
        caller = other if step.account == "other" else main
        self.script.saw(step, await caller(step.method, step.path, step.body))

    async def _trouble(self, main: Caller) -> None:
        kind = self.dice.randrange(6)
        if kind < 2:
            rule = {"do": self.dice.choice(EFFECTS), "times": self.dice.randrange(1, 4)}
            rule |= {"probability": self.dice.choice((1, 0.5)), "for_seconds": 500}
            await self._control(main, "POST", "/_sim/faults", rule)
        elif kind == 2:
            await self._control(main, "DELETE", "/_sim/faults")
        elif kind == 3:
            queue = {"model": "z-image", "workers": self.dice.randrange(1, 3), "burst": 2}
            await self._control(main, "POST", "/_sim/queues", queue)
        elif kind == 4:
            body = {"name": "here", "replace": True}
            await self._control(main, "POST", "/_sim/snapshots", body)
        else:  # there may be none yet
            await main("POST", "/_sim/snapshots/here/restore", {})

    async def _control(self, main: Caller, method: str, path: str, body: Any = None) -> Answer:
        answer = await main(method, path, body)
        assert answer.status == 200, (self.number, self.done, path, answer)
        return answer


async def walked(app: Any, number: int, steps: int) -> list[bytes]:
    """The world's end after so many steps: what is left of it, as bytes."""
    key = f"sk_test_soak-{number}"
    main, other = Caller(app, key), Caller(app, f"{key}.other")
    walk = Walk(number)
    for _ in range(steps):
        await walk.step(main, other)
        await asyncio.sleep(0)  # gives way: in memory a call may end without ever waiting
    return [(await main("GET", path)).body for path in END]


async def together(workers: int, steps: int) -> list[list[bytes]]:
    """All worlds on one server at once, each step of one between steps of the others."""
    app = _server()
    return await asyncio.gather(*(walked(app, number, steps) for number in range(workers)))


async def differing(workers: int, steps: int, compare: int) -> list[int]:
    """The worlds, of ``compare`` that are walked again alone, whose ends differ."""
    ends = await together(workers, steps)
    numbers = range(0, workers, max(1, workers // compare))
    return [number for number in numbers if ends[number] != await walked(_server(), number, steps)]


def _server() -> Any:
    settings = Settings(frozen=True, credits=400_000, seed=11, public_url=BASE_URL)
    return build(settings, BASE_URL).app


def main() -> int:
    """The exit status: 1 if a world differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--compare", type=int, default=WORKERS)
    given = parser.parse_args()
    quiet_logs()
    wrong = asyncio.run(differing(given.workers, given.steps, given.compare))
    print(f"{given.workers} worlds, {given.steps} steps each; different from a run alone: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
