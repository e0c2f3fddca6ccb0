"""Starts and polls over HTTP, side by side with a bare echo, in turn."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.load import Loaded, load
from tests.bench.processes import (
    ECHO,
    MEMORY,
    Peer,
    Server,
    cores,
    cpu_seconds,
    running,
    with_state,
)

CONNECTIONS = 16
CPU_GOALS = {MEMORY.name: 0.75, "state file": 0.6}
P99_GOAL_MS = 10.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One peer's part of a round."""

    loaded: Loaded
    cpu_us: float


def starts_and_polls(rounds: int, seconds: int) -> Iterator[Figure]:
    """CPU time per request first, because the rate of a busy machine tells little."""
    with tempfile.TemporaryDirectory(prefix="mediasim-bench-") as folder:
        peers = (ECHO, MEMORY, with_state(Path(folder) / "state.sqlite"))
        turns = _turns(peers, rounds, seconds)
    echo = turns[ECHO.name]
    yield _cpu_figure(ECHO.name, echo)
    for peer in peers[1:]:
        ours = turns[peer.name]
        yield _cpu_figure(peer.name, ours)
        yield Figure(
            f"start:poll 1:4, {peer.name}: echo's CPU / ours",
            "",
            tuple(a.cpu_us / b.cpu_us for a, b in zip(echo, ours, strict=True)),
            CPU_GOALS[peer.name],
            at_least=True,
        )
    for peer in peers:
        yield from _rate_figures(peer.name, turns[peer.name])


def _turns(peers: tuple[Peer, ...], rounds: int, seconds: int) -> dict[str, list[Turn]]:
    server_core, load_core = cores()
    turns: dict[str, list[Turn]] = {peer.name: [] for peer in peers}
    with ExitStack() as stack:
        servers = [stack.enter_context(running(peer, server_core)) for peer in peers]
        for server in servers:
            load(server, CONNECTIONS, 1, load_core)
        for _ in range(rounds):
            for server in servers:
                turns[server.peer.name].append(_turn(server, seconds, load_core))
    return turns


def _turn(server: Server, seconds: int, core: set[int]) -> Turn:
    before = cpu_seconds(server.pid)
    loaded = load(server, CONNECTIONS, seconds, core)
    return Turn(loaded, (cpu_seconds(server.pid) - before) / loaded.requests * 1e6)


def _cpu_figure(name: str, turns: list[Turn]) -> Figure:
    values = tuple(turn.cpu_us for turn in turns)
    return Figure(f"start:poll 1:4, {name}: server CPU per request", "us", values)


def _rate_figures(name: str, turns: list[Turn]) -> Iterator[Figure]:
    rates = tuple(turn.loaded.requests / turn.loaded.seconds for turn in turns)
    yield Figure(f"start:poll 1:4, {name}: rate", "req/s", rates)
    p99s = tuple(turn.loaded.p99_ms for turn in turns)
    goal = P99_GOAL_MS if name == "state file" else None
    yield Figure(f"start:poll 1:4, {name}: p99, {CONNECTIONS} connections", "ms", p99s, goal)
