"""Connections that do not move: each ends by itself, and none is in the way of the others."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from simulator.surfaces.guard import GuardLimits, guard
from simulator.surfaces.protocol import ConnectionLimits
from simulator.surfaces.server import ServerThread
from tests.surfaces.rawhttp import (
    HOST,
    connected,
    exchange,
    guarded_app,
    is_closed,
    read_answer,
    request,
    tiny_app,
)

SHORT_S = 0.3
AMPLE_S = 3.0  # a sweep is due every 0.1 s; the rest is for a busy machine
UPLOAD = b"POST /v1/upload/media HTTP/1.1\r\n" + HOST
LIMITS = ConnectionLimits(
    head_seconds=SHORT_S,
    body_seconds=SHORT_S,
    write_seconds=SHORT_S,
    idle_seconds=SHORT_S,
    linger_seconds=SHORT_S,
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ServerThread(guarded_app, limits=LIMITS) as server:
        yield server.port


def test_a_head_that_does_not_end_is_a_408(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        answer = read_answer(sock)
        assert (answer.status, "head" in answer.detail) == (408, True)
        assert is_closed(sock, AMPLE_S)


def test_a_connection_that_says_nothing_is_closed_without_a_word(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        assert sock.recv(1) == b""


def test_an_idle_connection_is_closed_without_a_word(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(request("GET", "/"))
        assert read_answer(sock).status == 200
        assert sock.recv(1) == b""


@pytest.mark.parametrize(
    "sent",
    [
        UPLOAD + b"Content-Length: 10\r\n\r\n",
        UPLOAD + b"Content-Length: 10\r\n\r\nhalf",
        UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n4;dripping",
    ],
    ids=["none", "half", "half in chunks", "a chunk's head"],
)
def test_a_body_that_does_not_move_is_a_408(port: int, sent: bytes) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(sent)
        answer = read_answer(sock)
        assert (answer.status, "body" in answer.detail) == (408, True)
        assert is_closed(sock, AMPLE_S)


def test_a_slow_app_is_not_hurried(port: int) -> None:
    answer = exchange(port, request("GET", f"/slow/{4 * SHORT_S}"))
    assert answer.body == b"slow"


def test_a_half_sent_next_request_does_not_cut_an_answer(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(request("GET", f"/slow/{4 * SHORT_S}") + b"GET /next HTTP/1.1\r\n")
        assert [read_answer(sock).status for _ in range(3)] == [200, 408, 0]


def test_a_body_that_nobody_wants_does_not_hold_the_connection(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(
            b"POST /unread HTTP/1.1\r\n"
            + HOST
            + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\nhalf"
        )
        assert read_answer(sock).body == b"unread"
        assert is_closed(sock, AMPLE_S)


def test_an_app_does_not_write_on_to_a_caller_that_is_gone() -> None:
    ended = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await tiny_app(scope, receive, send)
        except ClientDisconnect:
            ended.set()
            raise

    with ServerThread(guard(app, GuardLimits())) as server:
        with connected(server.port) as sock:
            sock.sendall(request("GET", "/big"))
            assert sock.recv(10)
        assert ended.wait(AMPLE_S)


def test_a_reader_that_stops_is_cut_off(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(request("GET", "/big"))
        time.sleep(4 * SHORT_S)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while part := sock.recv(1 << 20):
                received += len(part)
    assert received < 65_536_000


def test_a_stream_without_end_outlives_all_deadlines(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(request("GET", "/stream"))
        started = time.monotonic()
        while time.monotonic() < started + 4 * SHORT_S:
            assert sock.recv(65536)


def test_a_refused_caller_that_never_hangs_up_is_cut_off(port: int) -> None:
    with connected(port, AMPLE_S) as sock:
        sock.sendall(UPLOAD + b"Content-Length: 9000000\r\n\r\n")
        assert read_answer(sock).status == 413
        assert sock.recv(1) == b""
        with pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012 - when is open
            for _ in range(int(AMPLE_S / 0.05)):
                sock.sendall(b"x")
                time.sleep(0.05)


def test_health_answers_beside_300_stuck_connections() -> None:
    stuck = [b"", b"GET / HTTP/1.1\r\n" + HOST, UPLOAD + b"Content-Length: 10\r\n\r\nhalf"]
    with (
        ServerThread(guarded_app, graceful_seconds=0.1) as server,
        contextlib.ExitStack() as stack,
    ):
        for number in range(300):
            sock = stack.enter_context(connected(server.port))
            sock.sendall(stuck[number % 3])
        for _ in range(20):
            assert exchange(server.port, request("GET", "/health")).status == 200


def test_the_longest_waiting_make_room_where_connections_run_out() -> None:
    limits = ConnectionLimits(max_connections=20)
    with (
        ServerThread(guarded_app, graceful_seconds=0.1, limits=limits) as server,
        contextlib.ExitStack() as stack,
    ):
        oldest = stack.enter_context(connected(server.port))
        time.sleep(0.1)
        newer = [stack.enter_context(connected(server.port)) for _ in range(19)]
        time.sleep(0.1)
        assert exchange(server.port, request("GET", "/health")).status == 200
        assert is_closed(oldest, 1)
        assert [is_closed(sock, 0.01) for sock in newer].count(True) == 1


def test_connections_at_work_are_not_closed_to_make_room() -> None:
    limits = ConnectionLimits(max_connections=3)
    with (
        ServerThread(guarded_app, graceful_seconds=0.1, limits=limits) as server,
        contextlib.ExitStack() as stack,
    ):
        busy = [stack.enter_context(connected(server.port)) for _ in range(3)]
        for sock in busy:
            sock.sendall(request("GET", "/slow/0.5"))
        time.sleep(0.2)
        assert exchange(server.port, request("GET", "/health")).status == 0
        assert [read_answer(sock).body for sock in busy] == [b"slow"] * 3
