"""From the start of a process to its first good answers, and what it weighs when idle."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.figures import Figure
from tests.bench.load import BODY, KEY, PATH
from tests.bench.processes import (
    MEMORY,
    ROOT,
    Server,
    cores,
    cpu_seconds,
    pin,
    resident_bytes,
    running,
)

ANSWER_GOAL_SECONDS = 0.25
IDLE_GOAL_MEGABYTES = 60.0
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}


def startup(rounds: int) -> Iterator[Figure]:
    """Each round is a process of its own; files are warm after the first."""
    server_core, _ = cores()
    health, start, cpu, idle, helped = [], [], [], [], []
    for _ in range(rounds):
        with running(MEMORY, server_core) as server:
            health.append(_answered(server, "GET", "/health"))
            cpu.append(cpu_seconds(server.pid))
            idle.append(resident_bytes(server.pid) / 1e6)
        with running(MEMORY, server_core) as server:
            start.append(_answered(server, "POST", PATH))
        helped.append(_help(server_core))
    goal = ANSWER_GOAL_SECONDS
    yield Figure("process start to /health", "s", tuple(health), goal)
    yield Figure("processor time of that", "s", tuple(cpu))
    yield Figure("process start to an accepted start", "s", tuple(start), goal)
    yield Figure("idle memory", "MB", tuple(idle), IDLE_GOAL_MEGABYTES)
    yield Figure("mediasim --help", "s", tuple(helped), goal)


def _answered(server: Server, method: str, path: str) -> float:
    """Seconds from the process's start to a good answer."""
    host, port = server.address
    connection = http.client.HTTPConnection(host, port)
    connection.request(method, path, BODY if method == "POST" else None, HEADERS)
    answer = connection.getresponse()
    answer.read()
    seconds = time.perf_counter() - server.started_at
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{method} {path} answered {answer.status}")
    return seconds


def _help(core: set[int]) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--help"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    pin(process.pid, core)
    if process.wait():
        raise RuntimeError("--help failed")
    return time.perf_counter() - began
