"""What hostile input may cost in memory, measured in a process of its own."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.surfaces.rawhttp import HOST, connected, exchange, read_answer, request
from tests.surfaces.test_server_stop import Process, running

MEGABYTE = 1_000_000
SENT = 200
ALLOWED = 5 * MEGABYTE


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    with running() as started:
        for _ in range(20):  # what is allocated once is not what is looked for
            exchange(started.port, request("GET", "/"))
        yield started


def resident_bytes(process: Process) -> int:
    for line in Path(f"/proc/{process.popen.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise LookupError("the kernel states no peak memory, as Linux does")


HOSTILE = {
    "a header": (b"GET / HTTP/1.1\r\n" + HOST + b"X: ", 431),
    "a header's name": (b"GET / HTTP/1.1\r\n" + HOST, 431),
    "a URL": (b"GET /", 414),
    "a method": (b"", 400),
    "a trailer": (
        b"POST /v1/upload/x HTTP/1.1\r\n"
        + HOST
        + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ",
        400,
    ),
    "a chunk's extension": (
        b"POST /v1/upload/x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1;",
        400,
    ),
    "a body that nobody reads": (
        b"POST /unread HTTP/1.1\r\n"
        + HOST
        + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nBEBC200\r\n",
        200,
    ),
}


@pytest.mark.parametrize(("start", "status"), HOSTILE.values(), ids=HOSTILE.keys())
def test_two_hundred_megabytes_take_five_at_most(
    process: Process, start: bytes, status: int
) -> None:
    before = resident_bytes(process)
    part = b"x" * MEGABYTE
    with connected(process.port) as sock:
        sock.sendall(start)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(SENT):
                sock.sendall(part)
        assert read_answer(sock).status == status
    assert resident_bytes(process) - before < ALLOWED


def test_two_hundred_megabytes_of_empty_lines_take_five_at_most(process: Process) -> None:
    before = resident_bytes(process)
    with (
        connected(process.port) as sock,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),
    ):
        for _ in range(SENT):
            sock.sendall(b"\r\n" * (MEGABYTE // 2))
    assert resident_bytes(process) - before < ALLOWED
