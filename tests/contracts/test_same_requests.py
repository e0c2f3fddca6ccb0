"""One seed is one sequence of requests, in any process; another seed is another one."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, hashlib, sys
from contracts.run import Settings
from tests.contracts.trial import plan_of, trial

IDS = ("laws:billing:adds-up", "laws:billing:linear-in-seconds", "laws:time:leap", "parity:starts")

async def main(seed):
    async with trial(settings=Settings(seed=seed, workers=1)) as tried:
        await tried.judged(plan_of(tried.target, *IDS))
        sent = hashlib.sha256()
        for each in tried.transport.requests:
            sent.update(f"{each.method} {each.url} ".encode() + each.content)
        print(len(tried.transport.requests), sent.hexdigest())

asyncio.run(main(int(sys.argv[1])))
"""


def told(seed: int, hashing: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(seed)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONHASHSEED": hashing, "PATH": ""},
        timeout=120,
    )
    return done.stdout


def test_the_same_seed_sends_the_same_requests_in_the_same_order_in_two_processes() -> None:
    first = told(3, "1")
    assert first == told(3, "2")
    assert int(first.split()[0]) > 500
    assert told(4, "1") != first
