"""Which connections may stay, on a clock that is moved by hand."""

import asyncio
from typing import Any, cast

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from simulator.surfaces.protocol import ConnectionLimits, GuardedProtocol
from tests.surfaces.rawhttp import HOST, request

LIMITS = ConnectionLimits(head_seconds=10, body_seconds=30, write_seconds=60, idle_seconds=75)
UPLOAD = b"POST /v1/upload/media HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n"


class HandLoop:
    """The running loop with a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.create_task = asyncio.get_running_loop().create_task
        self.call_soon = asyncio.get_running_loop().call_soon

    def time(self) -> float:
        return self.now


class Wire:
    """The other side: what was written to it, and how it was left."""

    def __init__(self) -> None:
        self.written = b""
        self.taken_bytes: int | None = None  # all of it
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0 if self.taken_bytes is None else len(self.written) - self.taken_bytes

    def set_write_buffer_limits(self, high: int) -> None: ...

    def is_closing(self) -> bool:
        return self.ended in ("close", "abort")

    def close(self) -> None:
        self.ended = "close"

    def abort(self) -> None:
        self.ended = "abort"

    def write_eof(self) -> None:
        self.ended = "eof"

    def can_write_eof(self) -> bool:
        return True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, name: str) -> None:
        return None


class Connection:
    """A connection whose app answers when it is told to."""

    def __init__(self) -> None:
        self.loop = HandLoop()
        self.wire = Wire()
        self.may_answer = asyncio.Event()
        self.heard: list[str] = []
        config = uvicorn.Config(self.app, log_config=None, ws="none", interface="asgi3")
        self.protocol = GuardedProtocol(
            config, ServerState(), {}, cast(Any, self.loop), limits=LIMITS
        )
        self.protocol.connection_made(cast(Any, self.wire))

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            while not self.heard or self.heard[-1] == "http.request":
                self.heard.append((await receive())["type"])
            return
        await self.may_answer.wait()
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        end: Message = {"type": "http.response.body"}
        await send(end)

    def receives(self, data: bytes) -> None:
        self.protocol.data_received(data)

    async def answers(self) -> None:
        self.may_answer.set()
        await settled()
        assert b"HTTP/1.1 200" in self.wire.written

    def is_ended_after(self, seconds: float) -> bool:
        self.loop.now += seconds
        return self.protocol.expire(self.loop.now)


async def settled() -> None:
    """Until every task has run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def connection() -> Connection:
    return Connection()


async def test_a_silent_connection_has_ten_seconds(connection: Connection) -> None:
    assert not connection.is_ended_after(9.9)
    assert connection.is_ended_after(0.1)
    assert (connection.wire.ended, connection.wire.written) == ("close", b"")


async def test_a_head_has_ten_seconds_however_it_drips(connection: Connection) -> None:
    for byte in b"GET / HTT":
        connection.receives(bytes([byte]))
        assert not connection.is_ended_after(1)
    assert connection.is_ended_after(1)
    assert b"HTTP/1.1 408" in connection.wire.written


async def test_the_head_of_a_second_request_has_ten_seconds_of_its_own(
    connection: Connection,
) -> None:
    connection.receives(request("GET", "/"))
    await connection.answers()
    assert not connection.is_ended_after(70)
    connection.receives(b"G")
    assert not connection.is_ended_after(9.9)
    assert connection.is_ended_after(0.1)


async def test_a_body_has_thirty_seconds_from_its_last_byte(connection: Connection) -> None:
    connection.receives(UPLOAD)
    for _ in range(8):
        assert not connection.is_ended_after(29.9)
        connection.receives(b"x")
    assert connection.is_ended_after(30)
    assert b"HTTP/1.1 408" in connection.wire.written


async def test_a_slow_head_takes_nothing_from_its_body(connection: Connection) -> None:
    connection.receives(UPLOAD[:-1])
    assert not connection.is_ended_after(9.9)
    connection.receives(UPLOAD[-1:])
    assert not connection.is_ended_after(29.9)
    assert connection.is_ended_after(0.1)


async def test_the_framing_of_chunks_does_not_extend_the_deadline(connection: Connection) -> None:
    connection.receives(UPLOAD.replace(b"Content-Length: 9", b"Transfer-Encoding: chunked"))
    connection.receives(b"4;")
    for _ in range(29):
        assert not connection.is_ended_after(1)
        connection.receives(b"x")
    assert connection.is_ended_after(1)


async def test_a_body_that_we_do_not_read_has_all_time(connection: Connection) -> None:
    connection.receives(UPLOAD)
    connection.protocol.flow.pause_reading()
    assert not connection.is_ended_after(1000)
    connection.protocol.flow.resume_reading()
    assert not connection.is_ended_after(29.9)
    assert connection.is_ended_after(0.1)


async def test_an_app_has_all_time(connection: Connection) -> None:
    connection.receives(request("GET", "/"))
    assert not connection.is_ended_after(100_000)


async def test_an_idle_connection_has_75_seconds_from_its_last_answer(
    connection: Connection,
) -> None:
    connection.receives(request("GET", "/"))
    connection.loop.now = 1000
    await connection.answers()
    assert not connection.is_ended_after(74.9)
    assert connection.is_ended_after(0.1)
    assert connection.wire.ended == "close"


async def test_a_reader_has_sixty_seconds_without_progress(connection: Connection) -> None:
    connection.receives(request("GET", "/"))
    connection.protocol.polite.write(b"x" * 100)
    for taken_bytes in (10, 20, 30):
        connection.wire.taken_bytes = taken_bytes
        assert not connection.is_ended_after(59.9)
    assert not connection.is_ended_after(59.9)
    assert connection.is_ended_after(0.1)
    assert connection.wire.ended == "abort"


async def test_what_is_written_on_top_is_no_progress_of_the_reader(
    connection: Connection,
) -> None:
    connection.receives(request("GET", "/"))
    connection.wire.taken_bytes = 0
    for _ in range(59):
        connection.protocol.polite.write(b"x" * 100)
        assert not connection.is_ended_after(1)
    assert connection.is_ended_after(1)


async def test_a_reader_that_keeps_up_with_a_writer_makes_progress(
    connection: Connection,
) -> None:
    connection.receives(request("GET", "/"))
    for number in range(100):
        connection.protocol.polite.write(b"x" * 100)
        connection.wire.taken_bytes = number * 100
        assert not connection.is_ended_after(30)


async def test_the_app_hears_that_a_body_will_not_come(connection: Connection) -> None:
    connection.receives(UPLOAD + b"half")
    await settled()
    assert connection.heard == ["http.request"]
    assert connection.is_ended_after(30)
    await settled()
    assert connection.heard == ["http.request", "http.disconnect"]


async def test_a_half_sent_next_request_waits_for_the_answer_before_it(
    connection: Connection,
) -> None:
    connection.receives(request("GET", "/") + b"GET /next")
    assert not connection.is_ended_after(1000)
    await connection.answers()
    assert not connection.is_ended_after(9.9)
    assert connection.is_ended_after(0.1)


async def test_a_refused_caller_has_two_seconds_to_hang_up(connection: Connection) -> None:
    connection.receives(b"GET / HTTP/9.9\r\n")
    assert connection.wire.ended == "eof"
    assert not connection.is_ended_after(1.9)
    assert connection.is_ended_after(0.1)
    assert connection.wire.ended == "abort"


async def test_a_stop_does_not_wait_for_a_refused_caller(connection: Connection) -> None:
    connection.receives(UPLOAD + b"half")
    await settled()
    assert connection.is_ended_after(30)
    connection.protocol.shutdown()
    assert connection.wire.ended == "close"
