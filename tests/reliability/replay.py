"""A script of many steps over HTTP, and the bytes of all its answers as one digest.

``python -m tests.reliability.replay --steps 1000`` prints it; whatever process runs the same steps
has to print the same.
"""

import argparse
import asyncio
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from simulator.app import Simulator
from tests.reliability.inproc import Caller, made, quiet_logs
from tests.reliability.script import Script
from tests.surfaces.rawhttp import Answer

PAGES = (
    "/health",
    "/openapi.json",
    "/_sim/openapi.json",
    "/_sim/rulings",
    "/_sim/ledger",
    "/_sim/jobs",
    "/docs",
    "/docs/models.json",
    "/llms.txt",
    "/v1/models",
    "/nothing",
)


def told(answer: Answer) -> bytes:
    """Every byte of an answer that a caller sees."""
    return f"{answer.status} {answer.headers}\n".encode() + answer.body + b"\n"


async def run(simulator: Simulator, world: str, seed: int, steps: int) -> list[bytes]:
    """The answers of a script, and of the files of the last image that it completed."""
    script = Script(seed)
    callers = {
        "main": Caller(simulator.app, f"sk_test_{world}"),
        "other": Caller(simulator.app, f"sk_test_{world}.other"),
    }
    answers = []
    for _ in range(steps):
        step = script.step()
        answer = await callers[step.account](step.method, step.path, step.body)
        script.saw(step, answer)
        answers.append(told(answer))
    return answers + [told(each) for each in await _files(callers["main"])]


async def _files(caller: Caller) -> list[Answer]:
    started = await caller.start(seed=7)
    await caller.advance(10_000)
    status = await caller("GET", f"/v1/generate/media/{started.json['id']}")
    output: dict[str, Any] = status.json["outputs"][0]
    urls = [output["url"], output["thumbnail_url"], output["optimized_url"]]
    return [await caller("GET", url.partition(":4747")[2]) for url in urls]


async def digest(steps: int, state: Path | None = None) -> str:
    simulator = made(state=state, credits=400_000)
    answers = await run(simulator, "w", 0, steps)
    reader = Caller(simulator.app, "sk_test_w")
    answers += [told(await reader("GET", page)) for page in PAGES]
    await simulator.provider.store.close()
    return sha256(b"".join(answers)).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--state", type=Path)
    options = parser.parse_args()
    quiet_logs()
    print(asyncio.run(digest(options.steps, options.state)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
