"""Many jobs: a leap of the clock past all of them, and what a finished one weighs in memory."""

import sys
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.processes import cores, output_of

LEAP_GOAL_SECONDS = 1.0
JOB_GOAL_BYTES = 1024.0


def leap(rounds: int, jobs: int) -> Iterator[Figure]:
    """The leap and the first balance, which settles every job; the laws are checked untimed."""
    found = [_probe("leap", jobs)["seconds"] for _ in range(rounds)]
    goal = LEAP_GOAL_SECONDS * jobs / 100_000
    yield Figure(
        f"{jobs:,} waiting jobs: leap past all, first balance", "s of CPU", tuple(found), goal
    )


def memory_per_job(rounds: int, jobs: int) -> Iterator[Figure]:
    """What the process grows by while jobs are started and finished."""
    found = [_probe("memory", jobs)["bytes_per_job"] for _ in range(rounds)]
    yield Figure(f"memory per finished job, of {jobs:,}", "B", tuple(found), JOB_GOAL_BYTES)


def _probe(name: str, jobs: int) -> dict[str, float]:
    core, _ = cores()
    return output_of([sys.executable, "-m", "tests.bench.engine_probes", name, str(jobs)], core)
