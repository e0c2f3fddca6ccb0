"""A simulator in this process without a socket, for tests that run on an event loop."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio.from_thread
import httpx2
from starlette.types import ASGIApp

from simulator.app import build
from simulator.client import ControlClient, Reply
from simulator.settings import Settings
from simulator.testing.server import Server
from simulator.testing.transports import app_transport

T = TypeVar("T")

URL = "http://testserver"


@contextmanager
def built_app(settings: Settings | None) -> Iterator[ASGIApp]:
    """The app of a new simulator, whose answers name URL."""
    simulator = build(settings or Settings(frozen=True), URL)
    yield simulator.app
    _alone(simulator.provider.store.close())


def app_server(app: ASGIApp, settings: Settings | None, *, from_loop: bool) -> Server:
    """``app`` as the server of worlds. ``from_loop``: its control client is called from threads
    that the running event loop waits for; otherwise from where none runs."""
    token = None if settings is None else settings.admin_token
    send = _Sender(app)
    control = ControlClient(URL, "default", token, send.from_thread if from_loop else send.alone)
    return Server(URL, control, httpx2.MockTransport(_refuse), app_transport(app))


class _Sender:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def from_thread(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        return anyio.from_thread.run(self._send, method, target, headers, body)

    def alone(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        return _alone(self._send(method, target, headers, body))

    async def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        transport = app_transport(self._app)
        async with httpx2.AsyncClient(transport=transport, base_url=URL) as client:
            answer = await client.request(method, target, headers=headers, content=body)
        return Reply(answer.status_code, answer.content)


def _refuse(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.UnsupportedProtocol("a simulator in process answers async clients only")


def _alone(work: Coroutine[Any, Any, T]) -> T:
    """On an event loop of its own, which nobody else sees."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
