"""What every answer carries, what a failure tells, and what the log may know."""

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from simulator.surfaces.guard import GuardLimits, guard
from simulator.surfaces.server import ServerThread
from tests.surfaces.rawhttp import connected, exchange, guarded_app, read_answer, request, tiny_app

Entries = list[MutableMapping[str, Any]]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ServerThread(guarded_app) as server:
        yield server.port


async def ask(
    path: str,
    *,
    app: Any = tiny_app,
    limits: GuardLimits | None = None,
    host: bytes = b"localhost",
    query: bytes = b"",
) -> list[Message]:
    """The messages that a guarded app sends for a GET, in this process."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [(b"host", host)],
    }
    await guard(app, limits or GuardLimits())(scope, receive, send)
    return sent


def logged(path: str, **options: Any) -> Entries:
    with capture_logs() as entries:
        asyncio.run(ask(path, **options))
    return entries


@pytest.mark.parametrize("host", ["localhost", "evil.example"], ids=["answer", "refusal"])
def test_an_answer_carries_the_simulator_headers(port: int, host: str) -> None:
    headers = exchange(port, request("GET", "/", host=host)).headers
    assert headers["x-sim"] == "1"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]


def test_a_refusal_is_json_that_nobody_stores(port: int) -> None:
    headers = exchange(port, request("GET", "/", host="evil.example")).headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"


def test_a_refusal_without_body_keeps_the_connection(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(request("GET", "/", host="evil.example"))
        assert read_answer(sock).status == 421
        sock.sendall(request("GET", "/"))
        assert read_answer(sock).status == 200


async def test_an_id_of_the_app_is_kept_and_none_is_drawn() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-request-id", b"mine")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    def draw() -> str:
        raise AssertionError

    start, _ = await ask("/", app=app, limits=GuardLimits(request_id=draw))
    assert [value for name, value in start["headers"] if name == b"x-request-id"] == [b"mine"]


async def test_ids_are_counted_where_nothing_else_is_given() -> None:
    start, _ = await ask("/")
    assert dict(start["headers"])[b"x-request-id"] == b"req_00000001"


def test_a_failure_tells_the_caller_its_id_and_nothing_else(port: int) -> None:
    answer = exchange(port, request("GET", "/fail"))
    assert answer.status == 500
    assert answer.json == {
        "detail": "internal error",
        "request_id": answer.headers["x-request-id"],
    }


def test_a_failure_within_an_answer_cuts_it_off(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(request("GET", "/fail-late"))
        received = b""
        while part := sock.recv(65536):
            received += part
    assert received.endswith(b"half\r\n")


async def test_nothing_is_added_to_an_answer_that_has_begun() -> None:
    assert [message["type"] for message in await ask("/fail-late")] == [
        "http.response.start",
        "http.response.body",
    ]


def test_a_failure_is_logged_once_by_type_and_place_and_without_its_message() -> None:
    (failure,) = [entry for entry in logged("/fail") if entry["log_level"] == "error"]
    assert failure["error"] == "ValueError"
    assert failure["at"][-1].startswith("rawhttp.py:")
    assert "canary" not in json.dumps(failure)


def test_a_request_is_one_line_without_query_and_headers() -> None:
    (entry,) = logged("/v1/balance", query=b"key=canary")
    assert entry["ms"] >= 0
    del entry["ms"]
    assert entry == {
        "event": "request",
        "log_level": "debug",
        "method": "GET",
        "path": "/v1/balance",
        "status": 200,
    }


def test_control_characters_in_a_path_are_escaped() -> None:
    (entry,) = logged("/a\nb\x1b[31m\u2028")
    assert entry["path"] == "/a\\nb\\x1b[31m\\u2028"


def test_a_long_path_is_cut_in_the_log() -> None:
    (entry,) = logged("/" + "x" * 16_000)
    assert len(entry["path"]) == 256


def test_nothing_is_logged_above_debug_for_an_ordinary_request() -> None:
    assert [entry["log_level"] for entry in logged("/")] == ["debug"]


async def test_a_caller_that_hangs_up_is_no_failure() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/x",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", b"9"),
        ],
    }
    with capture_logs() as entries:
        await guard(tiny_app, GuardLimits())(scope, gone, send)
    assert [entry["status"] for entry in entries] == [499]


async def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    await guard(tiny_app, GuardLimits())({"type": "websocket"}, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_a_cancelled_request_stays_cancelled() -> None:
    task = asyncio.create_task(ask("/slow/5"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """The default configuration, whatever another test left."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
