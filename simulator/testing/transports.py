"""HTTP clients that speak to an app in this process, without a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, cast

import httpx2
from starlette.types import ASGIApp, Message

from simulator.surfaces.connection import ConnectionDropped

_GRACE_S = 1.0


def app_transport(app: ASGIApp) -> httpx2.AsyncBaseTransport:
    """For ``httpx2.AsyncClient(transport=...)``; see ``AppTransport``."""
    return cast(httpx2.AsyncBaseTransport, AppTransport(app, httpx2))


class AppTransport:
    """A transport for the async client of ``library``: httpx2, or httpx.

    Answers come piece by piece, as over a socket. A connection that a fault breaks is the library's
    own RemoteProtocolError, as over a socket. For asyncio only, and for one event loop.
    """

    def __init__(self, app: ASGIApp, library: ModuleType) -> None:
        self._app = app
        self._library = library
        self._body = _body_type(library)

    async def handle_async_request(self, request: Any) -> Any:
        exchange = Exchange(self._app, _scope(request), await request.aread())
        try:
            start = await exchange.begin()
        except ConnectionDropped:
            text = "Server disconnected without sending a response."
            raise self._library.RemoteProtocolError(text, request=request) from None
        return self._library.Response(
            start["status"], headers=start["headers"], stream=self._body(exchange, request)
        )

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def __aenter__(self) -> "AppTransport":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


@dataclass(slots=True)
class Exchange:
    """One request in the app, which runs in a task of its own."""

    app: ASGIApp
    scope: dict[str, Any]
    body: bytes
    _told: "asyncio.Queue[Message | None]" = field(default_factory=asyncio.Queue)
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: bool = False
    _task: "asyncio.Task[None] | None" = None

    async def begin(self) -> Message:
        """The head of the answer. Raises what the app raises before it: ConnectionDropped."""
        self._task = asyncio.create_task(self._run())
        message = await self._told.get()
        if message is None:
            await self._task
            raise ConnectionDropped
        return message

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body. Raises ConnectionDropped where it breaks off, and what else the app raises."""
        more = True
        while more:
            message = await self._told.get()
            if message is None:
                assert self._task is not None
                await self._task
                raise ConnectionDropped
            more = message.get("more_body", False)
            if self.scope["method"] != "HEAD":
                yield message.get("body", b"")

    async def leave(self) -> None:
        """The caller is gone; the app has a moment to end by itself."""
        self._left.set()
        task = self._task
        if task is None or task.done():
            return
        await asyncio.wait([task], timeout=_GRACE_S)
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionDropped):
            await task

    async def _run(self) -> None:
        try:
            await self.app(self.scope, self._receive, self._told.put)
        finally:
            self._told.put_nowait(None)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}


def _body_type(library: ModuleType) -> Any:
    """What the library takes for the body of an answer."""

    class Body(library.AsyncByteStream):  # type: ignore[name-defined,misc]  # known at run time only
        def __init__(self, exchange: Exchange, request: Any) -> None:
            self._exchange = exchange
            self._request = request

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for piece in self._exchange.pieces():
                    yield piece
            except ConnectionDropped:
                text = "Server disconnected in the middle of an answer."
                raise library.RemoteProtocolError(text, request=self._request) from None

        async def aclose(self) -> None:
            await self._exchange.leave()

    return Body


def _scope(request: Any) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": (url.host, url.port or 80),
    }
