"""Server-sent events of one generation: heartbeats while it runs, then its result, then the end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from simulator.domain.faults import find
from simulator.domain.jobs import Job, finished
from simulator.domain.traces import shown_in_stream
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import FAULT, NOSNIFF, SIM, encode
from simulator.surfaces.connection import ConnectionDropped, gone
from simulator.surfaces.staging import MALFORMED, Stage, send_pieces

HEARTBEAT_REAL_S = 15.0
CLOCK_STEP_REAL_S = 0.001

_EVENTS = b"text/event-stream; charset=utf-8"
_HEADERS = (
    (b"cache-control", b"no-store"),
    SIM,
    NOSNIFF,
)


Show = Callable[[Job, int, str], Struct]
"""A job at an instant as its status call answers it; the text begins the URLs of its files."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a stream follows: the kinds of job of its route, the scopes of which it needs any, and
    how a job is shown."""

    name: str
    path: str
    kinds: frozenset[str]
    scopes: tuple[str, ...]
    show: Show


@dataclass(slots=True)
class Reader:
    """Who reads a stream, as ASGI knows it. ``begun``: whether its head has been sent."""

    scope: Scope
    receive: Receive
    send: Send
    begun: bool = False


async def stream_status(
    provider: Provider,
    caller: Caller,
    generation_id: str,
    followed: Followed,
    to: Reader,
    stage: Stage,
) -> None:
    """Raises Denial 404 before anything is sent; afterwards a problem is an ``error`` event.
    Raises ConnectionDropped when a fault cuts it."""
    job = await provider.own_job(caller, generation_id, followed.kinds)
    stage.asks.fired += shown_in_stream(job)
    manner = stage.manner
    if manner.delay_s:
        await provider.worlds.pause(manner.delay_s)
    if manner.drop:
        raise ConnectionDropped
    headers = [(b"content-type", manner.content_type or _EVENTS), *_HEADERS]
    if stage.asks.fired:
        headers.append((FAULT, stage.asks.told().encode("ascii")))
    to.begun = True
    await to.send({"type": "http.response.start", "status": 200, "headers": headers})
    if to.scope["method"] == "HEAD":
        await to.send({"type": "http.response.body", "body": b""})
        return
    leaves = asyncio.ensure_future(gone(to.receive))
    stopping = asyncio.ensure_future(_stopping(to.scope))
    follower = _Follower(provider, caller, generation_id, followed.show, to, stage)
    try:
        await follower.follow(leaves, stopping)
    finally:
        for task in (leaves, stopping):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class _Follower:
    """One stream of one job."""

    def __init__(
        self,
        provider: Provider,
        caller: Caller,
        generation_id: str,
        show: Show,
        to: Reader,
        stage: Stage,
    ) -> None:
        self._provider = provider
        self._manner = stage.manner
        self._world = caller.world
        self._generation_id = generation_id
        self._show = show
        self._to = to
        fired = stage.fired
        cut, error = find(fired, "stream_cut"), find(fired, "stream_error")
        self._silent = find(fired, "stream_silent") is not None
        self._error = None if error is None else error.word("message")
        self._left = None if cut is None else int(cut.number("after") or 0)

    async def follow(
        self, leaves: "asyncio.Future[None]", stopping: "asyncio.Future[None]"
    ) -> None:
        if self._silent:
            await asyncio.wait((leaves, stopping), return_when=asyncio.FIRST_COMPLETED)
            raise ConnectionDropped
        if self._error is not None:
            await self._last("error", {"message": self._error})
            return
        await self._cut_when_due()
        while not leaves.done():
            moved = self._world.moved
            if await self._ended():
                return
            if stopping.done():
                await self._last("error", {"message": "The simulator is shutting down."})
                return
            due_s = await self._due_s()
            due_soon = due_s is not None and due_s < HEARTBEAT_REAL_S
            timeout_s = HEARTBEAT_REAL_S
            if due_s is not None and due_soon:
                timeout_s = due_s + CLOCK_STEP_REAL_S
            woken = await _first(timeout_s, moved.wait(), leaves, stopping)
            if not woken and not due_soon:
                await self._event("heartbeat", {}, more=True)

    async def _ended(self) -> bool:
        """Whether the job is over, or gone, and has been told."""
        provider, world = self._provider, self._world
        job = await provider.store.job(world.id, self._generation_id)
        now_ms = await provider.worlds.now(world)
        if job is None:
            text = "This generation is gone: its world was reset."
            await self._last("error", {"message": text})
        elif finished(job, now_ms):
            await self._last("result", self._show(job, now_ms, provider.urls.files(world.name)))
        else:
            return False
        return True

    async def _due_s(self) -> float | None:
        """Real seconds until the job's end; None: never, as far as can be seen."""
        job = await self._provider.store.job(self._world.id, self._generation_id)
        if job is None or job.times.done_at_ms is None:
            return None
        real_ms = self._provider.worlds.real_ms()
        return self._world.clock.real_seconds_until(job.times.done_at_ms, real_ms)

    async def _last(self, name: str, data: Any) -> None:
        await self._event(name, data, more=False)

    async def _event(self, name: str, data: Any, *, more: bool) -> None:
        manner, pause = self._manner, self._provider.worlds.pause
        told = MALFORMED if manner.malformed else encode(data)
        body = b"event: " + name.encode("ascii") + b"\ndata: " + told + b"\n\n"
        if manner.keep is not None and not more:
            kept = body[: int(len(body) * manner.keep)]
            await send_pieces(self._to.send, kept, manner, pause, more=True)
            raise ConnectionDropped
        more = more or self._left == 1
        await send_pieces(self._to.send, body, manner, pause, more=more)
        if self._left is not None:
            self._left -= 1
            await self._cut_when_due()

    async def _cut_when_due(self) -> None:
        if self._left == 0:
            raise ConnectionDropped


async def _first(timeout_s: float, *waits: Awaitable[Any]) -> bool:
    """Whether any of the waits ended before the time was over."""
    moved, *others = [asyncio.ensure_future(wait) for wait in waits]
    done, _ = await asyncio.wait(
        (moved, *others), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
    )
    moved.cancel()
    with suppress(asyncio.CancelledError):
        await moved
    return bool(done)


async def _stopping(scope: Scope) -> None:
    signal = scope.get("state", {}).get("shutdown")
    if signal is None:
        await asyncio.Event().wait()
    else:
        await signal.wait()
