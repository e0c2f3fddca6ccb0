"""The load: wrk where it is installed, else a loader of our own. Both end with one JSON object.

``python -m tests.bench.load URL CONNECTIONS SECONDS [JOB | PATH BODY NAME VALUE ...]`` is the
loader: every connection waits for its answer and asks again, one start and four polls of the job
that was started last; with a JOB, nothing but polls of it; with a PATH, nothing but posts of a body
to it, with these headers.
"""

import json
import selectors
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.processes import ROOT, Server, pin

KEY = "sk_test_default"
PATH = "/v1/generate/media"
BODY = json.dumps(
    {
        "prompt": "A lighthouse at dusk, long exposure",
        "model": "nano-banana",
        "aspect_ratio": "16:9",
    }
)
HOW_TO_GET_WRK = "wrk is not installed (apt-get install wrk); a slower loader of our own is used"
POLLS_PER_START = 4
NUMBER = "@@@@@@@@"  # in a posted body: its number, of so many digits


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load got: ``refused`` counts answers other than 2xx and 3xx, ``broken`` the rest."""

    requests: int
    seconds: float
    p99_ms: float
    refused: int
    broken: int


def has_wrk() -> bool:
    """Whether the better loader is there."""
    return shutil.which("wrk") is not None


def load(
    server: Server, connections: int, seconds: int, core: set[int], posted: tuple[str, ...] = ()
) -> Loaded:
    """Loads a server from another process. ``posted``: a path, a body, names and values of headers;
    without, starts and polls. RuntimeError when anything but answers came back."""
    if has_wrk():
        script = str(Path(__file__).with_name("post.lua" if posted else server.peer.script))
        sizes = ["-t1", f"-c{connections}", f"-d{seconds}s"]
        command = ["wrk", *sizes, "-s", script, server.url, "--", *(posted or (KEY, BODY))]
    else:
        sizes = [str(connections), str(seconds)]
        command = [sys.executable, "-m", "tests.bench.load", server.url, *sizes, *posted]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pin(process.pid, core)
    text, _ = process.communicate()
    loaded = Loaded(**json.loads(text.strip().splitlines()[-1]))
    if loaded.refused or loaded.broken or not loaded.requests:
        raise RuntimeError(f"{server.peer.name} under load: {loaded}")
    return loaded


def start_request(host: str) -> bytes:
    """A start as it goes over the wire."""
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return (head + BODY).encode()


def poll_request(host: str, job_id: str) -> bytes:
    """A poll as it goes over the wire."""
    return f"GET {PATH}/{job_id} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {KEY}\r\n\r\n".encode()


def post_request(host: str, posted: Sequence[str], number: int) -> bytes:
    """A post as it goes over the wire."""
    path, body = posted[0], posted[1].replace(NUMBER, f"{number:0{len(NUMBER)}}")
    told = zip(posted[2::2], posted[3::2], strict=True)
    lines = [f"{name}: {value}\r\n" for name, value in told]
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
    return "".join([head, *lines, "\r\n", body]).encode()


def answer_end(data: bytes) -> int | None:
    """Where the first whole answer in ``data`` ends; None: more has to come."""
    head, found, _ = data.partition(b"\r\n\r\n")
    if not found:
        return None
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    end = len(head) + 4 + length
    return end if len(data) >= end else None


@dataclass(slots=True)
class _Mix:
    """What is asked next, by all connections together."""

    host: str
    job_id: str = ""
    polls_only: bool = False
    posted: Sequence[str] = ()
    asked: int = 0
    refused: int = 0
    seconds: list[float] = field(default_factory=list)

    def next(self) -> bytes:
        self.asked += 1
        if self.posted:
            return post_request(self.host, self.posted, self.asked)
        turn = not self.seconds or self.asked % (POLLS_PER_START + 1) == 0
        if turn and not self.polls_only:
            return start_request(self.host)
        return poll_request(self.host, self.job_id or "00000000-0000-4000-a000-000000000000")

    def take(self, answer: bytes, took: float) -> None:
        self.seconds.append(took)
        self.refused += not answer.startswith(b"HTTP/1.1 2")
        body = answer.partition(b"\r\n\r\n")[2]
        if body.startswith(b'{"generation_id":"'):
            self.job_id = body.split(b'"', 4)[3].decode()


@dataclass(slots=True)
class _Connection:
    sock: socket.socket
    sent_at: float = 0.0
    got: bytes = b""


def _ask(connection: _Connection, mix: _Mix) -> None:
    connection.sent_at = time.perf_counter()
    connection.sock.sendall(mix.next())


def run(url: str, connections: int, seconds: float, *words: str) -> Loaded:
    """The loader itself. ``words``: a job's id, or what ``load`` calls posted."""
    host, _, port = url.removeprefix("http://").partition(":")
    if len(words) > 1:
        mix = _Mix(host, posted=words)
    else:
        mix = _Mix(host, "".join(words), polls_only=bool(words))
    selector = selectors.DefaultSelector()
    open_ = [_Connection(socket.create_connection((host, int(port)))) for _ in range(connections)]
    began = time.perf_counter()
    for connection in open_:
        selector.register(connection.sock, selectors.EVENT_READ, connection)
        _ask(connection, mix)
    while time.perf_counter() - began < seconds:
        for key, _events in selector.select(0.1):
            connection = key.data
            got = connection.sock.recv(65_536)
            if not got:
                return _summary(mix, began, broken=1)
            connection.got += got
            if answer_end(connection.got) is None:
                continue
            mix.take(connection.got, time.perf_counter() - connection.sent_at)
            connection.got = b""
            _ask(connection, mix)
    for connection in open_:
        connection.sock.close()
    return _summary(mix, began)


def percentile_ms(seconds: list[float], share: float) -> float:
    """The time under which a share of the answers came."""
    return sorted(seconds)[int(len(seconds) * share)] * 1000 if seconds else 0.0


def _summary(mix: _Mix, began: float, broken: int = 0) -> Loaded:
    took = time.perf_counter() - began
    return Loaded(len(mix.seconds), took, percentile_ms(mix.seconds, 0.99), mix.refused, broken)


if __name__ == "__main__":
    result = run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:])
    print(json.dumps({name: getattr(result, name) for name in Loaded.__slots__}))
