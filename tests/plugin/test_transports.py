"""The transport to an app in this process, with apps that do one thing."""

import asyncio

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.testing import transports
from simulator.testing.transports import app_transport

HEAD = {"type": "http.response.start", "status": 200, "headers": []}


def client_of(app: ASGIApp) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=app_transport(app), base_url="http://testserver")


class Streaming:
    """Sends a piece and then waits for the caller; with ``deaf``, for nobody."""

    def __init__(self, *, deaf: bool) -> None:
        self.deaf = deaf
        self.told: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(HEAD)
        await send({"type": "http.response.body", "body": b"piece", "more_body": True})
        try:
            if self.deaf:
                await asyncio.Event().wait()
            self.told.append((await receive())["type"])
        except asyncio.CancelledError:
            self.told.append("cancelled")
            raise


async def leave_after_one_piece(app: Streaming) -> None:
    async with client_of(app) as client, client.stream("GET", "/") as answer:
        assert await anext(answer.aiter_bytes()) == b"piece"


async def test_an_app_is_told_that_its_caller_left() -> None:
    app = Streaming(deaf=False)
    await leave_after_one_piece(app)
    assert app.told == ["http.disconnect"]


async def test_an_app_that_does_not_listen_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "_GRACE_S", 0.01)
    app = Streaming(deaf=True)
    await leave_after_one_piece(app)
    assert app.told == ["cancelled"]


async def test_an_app_gets_the_request_as_it_was_sent() -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope["method"], scope["path"], scope["query_string"], await receive()])
        await send(HEAD)
        await send({"type": "http.response.body"})

    async with client_of(app) as client:
        await client.post("/a b", params={"q": "1"}, content=b"body")
    message = {"type": "http.request", "body": b"body", "more_body": False}
    assert seen == ["POST", "/a b", b"q=1", message]


async def test_the_answer_to_a_head_has_no_body() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(HEAD)
        await send({"type": "http.response.body", "body": b"text"})

    async with client_of(app) as client:
        assert [(await client.get("/")).content, (await client.head("/")).content] == [b"text", b""]


async def test_what_an_app_raises_is_raised_by_the_call() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async with client_of(app) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")


async def test_an_app_that_ends_without_an_answer_is_a_broken_connection() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    async with client_of(app) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/")
