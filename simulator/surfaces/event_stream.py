"""``GET /_sim/events``: all that happens in a world, as server-sent events.

Each has an id. Who comes back with the last one it saw, in Last-Event-ID or in ``?after=``, reads
on from there; nothing is kept for a reader meanwhile, so a slow one holds up nobody.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.engine.events import Cursor, Event, Feed, cursor_of
from simulator.engine.provider import Provider
from simulator.engine.worlds import World
from simulator.surfaces.answering import NOSNIFF, SIM, encode, query_fields

HEARTBEAT_REAL_S = 15.0
CLOCK_STEP_REAL_S = 0.001
TOGETHER = 100
"""Events that are sent as one piece."""

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    SIM,
    NOSNIFF,
)
_ID_MOST = 64


async def stream_events(
    provider: Provider, world: World, scope: Scope, receive: Receive, send: Send
) -> None:
    """Raises Denial 400 for an id that is none before anything is sent."""
    feed = Feed(provider.store, provider.worlds, world, _cursor(scope))
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
        return
    news = _News(world)
    watched = [asyncio.ensure_future(each) for each in (_gone(receive), _stopping(scope))]
    for task in watched:
        task.add_done_callback(news.wake)
    try:
        await _tell(feed, news, send, *watched)
    finally:
        news.close()
        for task in watched:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class _News:
    """Wakes a reader when its world's clock moves or a call in it is over, and at the end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._woken = asyncio.Event()
        self._heard = world.lab.journal.listeners
        self._moved = world.moved

    def wake(self, ended: "asyncio.Future[None]") -> None:
        self._woken.set()

    def listen(self) -> None:
        """Before looking, so that what happens meanwhile wakes the next time. A world that was
        emptied has another journal."""
        self._woken.clear()
        self.close()
        self._heard = self._world.lab.journal.listeners
        self._heard.add(self._woken)
        self._moved = self._world.moved

    async def wait(self, timeout_s: float) -> bool:
        """Whether there was anything before the time was over."""
        waits = [asyncio.ensure_future(each.wait()) for each in (self._moved, self._woken)]
        try:
            done, _ = await asyncio.wait(
                waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in waits:
                each.cancel()
        return bool(done)

    def close(self) -> None:
        self._heard.discard(self._woken)


async def _tell(
    feed: Feed,
    news: _News,
    send: Send,
    gone: "asyncio.Future[None]",
    stopping: "asyncio.Future[None]",
) -> None:
    while not gone.done():
        news.listen()
        events = await feed.next()
        for begin in range(0, len(events), TOGETHER):
            await _send(send, map(_told, events[begin : begin + TOGETHER]))
        if stopping.done():
            error = {"message": "The simulator is shutting down."}
            await _send(send, [_text(b"error", encode(error))], more=False)
            return
        due_s = await feed.due_in_s()
        due_soon = due_s is not None and due_s < HEARTBEAT_REAL_S
        wait_s = due_s + CLOCK_STEP_REAL_S if due_s is not None and due_soon else HEARTBEAT_REAL_S
        woken = gone.done() or stopping.done() or await news.wait(wait_s)
        if not woken and not due_soon:
            await _send(send, [_text(b"heartbeat", b"{}")])


def _cursor(scope: Scope) -> Cursor | None:
    """Where the reader goes on; None: with what comes next."""
    given = query_fields(scope).get("after", "")
    for name, value in scope["headers"]:
        if name == b"last-event-id":
            given = value[:_ID_MOST].decode("latin-1").strip()
    if not given:
        return None
    try:
        return cursor_of(given)
    except ValueError as error:
        raise Denial(400, f"Last-Event-ID: {error}.") from error


def _told(event: Event) -> bytes:
    cursor = event.cursor.text().encode("ascii")
    return _text(event.name.encode("ascii"), encode(event.data), b"id: " + cursor + b"\n")


def _text(name: bytes, data: bytes, more: bytes = b"") -> bytes:
    return more + b"event: " + name + b"\ndata: " + data + b"\n\n"


async def _send(send: Send, texts: Iterable[bytes], *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": b"".join(texts), "more_body": more})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stopping(scope: Scope) -> None:
    signal = scope.get("state", {}).get("shutdown")
    if signal is None:
        await asyncio.Event().wait()
    else:
        await signal.wait()
