"""Servers under measurement: started, pinned to one core, weighed, stopped."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).parents[2]
SIMULATOR = (sys.executable, "-m", "simulator", "serve", "--port", "0")
PLENTY = ("--no-limits", "--credits", "1000000000")
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that takes the same requests. ``command`` prints a ready line with its ``url``;
    ``script`` is the load that it is given, a Lua file beside this one."""

    name: str
    command: tuple[str, ...]
    script: str = "mix.lua"


ECHO = Peer("echo", (sys.executable, "-m", "tests.bench.echo"))
SDK = Peer("SDK", (sys.executable, "-m", "tests.bench.mcp_peer"))
MEMORY = Peer("memory", (*SIMULATOR, *PLENTY))


def with_state(file: Path) -> Peer:
    """The simulator on a state file."""
    return Peer("state file", (*SIMULATOR, *PLENTY, "--state", str(file)))


@dataclass(frozen=True, slots=True)
class Server:
    """A running peer; ``ready_seconds`` from the start of the process to its ready line."""

    peer: Peer
    pid: int
    url: str
    started_at: float

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        return host, int(port)


def cores() -> tuple[set[int], set[int]]:
    """The server's core and the load's: the same one where there is only one, or no choosing."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    known = sorted(os.sched_getaffinity(0))
    return {known[0]}, {known[-1]}


def pin(pid: int, wanted: set[int]) -> None:
    """Keeps a process, and the threads that it will start, on some cores."""
    if wanted and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, wanted)


@contextmanager
def running(peer: Peer, core: set[int]) -> Iterator[Server]:
    """A peer that has said that it is ready."""
    started_at = time.perf_counter()
    process = subprocess.Popen(
        peer.command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        pin(process.pid, core)
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise RuntimeError(f"{peer.name} did not start: {' '.join(peer.command)}")
        yield Server(peer, process.pid, json.loads(line)["url"], started_at)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            process.kill()
            if process.stdout:
                process.stdout.close()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all its threads so far."""
    # The second field is the command's name in parentheses, and may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int | str = "self") -> int:
    """Memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def output_of(command: Sequence[str], core: set[int]) -> dict[str, float]:
    """The one JSON object that a command prints."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pin(process.pid, core)
    text, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    found: dict[str, float] = json.loads(text)
    return found


PLATFORM = MappingProxyType({"proc": Path("/proc/self/stat").exists()})
"""What this machine can tell."""
