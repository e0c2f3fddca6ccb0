"""One request to the app from within the process, and all that comes back."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from starlette.types import ASGIApp, Message, Scope

from simulator.surfaces.connection import ConnectionDropped

_LEAVES_S = 5.0


@dataclass(slots=True)
class Reply:
    """What arrived: ``status`` 0 when no head did. ``ended``: whole, dropped by the server, or by
    the client, who gave up."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    ended: Literal["whole", "dropped", "gave_up"] = "dropped"

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


async def ask(
    app: ASGIApp,
    way: tuple[str, str, str],
    headers: dict[str, str],
    body: bytes,
    patience_s: float,
) -> Reply:
    """``way``: method, path and query. After ``patience_s`` real seconds the client hangs up."""
    reply = Reply()
    over = asyncio.Event()
    sent: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if sent:
            return sent.pop()
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if over.is_set():
            return
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {k.decode(): v.decode("latin-1") for k, v in message["headers"]}
            return
        reply.parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            reply.ended = "whole"
            over.set()

    async def run() -> None:
        with suppress(ConnectionDropped):
            await app(_scope(way, headers, len(body)), receive, send)

    task = asyncio.ensure_future(run())
    try:
        done, _ = await asyncio.wait((task,), timeout=patience_s)
        if not done and not over.is_set():
            reply.ended = "gave_up"
        over.set()
        await asyncio.wait((task,), timeout=_LEAVES_S)
    finally:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return reply


def _scope(way: tuple[str, str, str], headers: dict[str, str], size: int) -> Scope:
    method, path, query = way
    given = {"content-length": str(size), **headers} if method == "POST" else headers
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
        "state": {},
    }
