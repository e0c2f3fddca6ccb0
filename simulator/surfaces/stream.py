"""Server-sent events of one generation: heartbeats while it runs, then its result, then the end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from simulator.domain.jobs import Job, finished
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import NOSNIFF, SIM, encode

HEARTBEAT_REAL_S = 15.0
CLOCK_STEP_REAL_S = 0.001

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
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

    kinds: frozenset[str]
    scopes: tuple[str, ...]
    show: Show


async def stream_status(
    provider: Provider,
    caller: Caller,
    generation_id: str,
    followed: Followed,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Raises Denial 404 before anything is sent; afterwards a problem is an ``error`` event."""
    await provider.own_job(caller, generation_id, followed.kinds)
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body", "body": b""})
        return
    gone = asyncio.ensure_future(_disconnected(receive))
    stopping = asyncio.ensure_future(_stopping(scope))
    try:
        await _follow(provider, caller, generation_id, followed.show, send, gone, stopping)
    finally:
        for task in (gone, stopping):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _follow(
    provider: Provider,
    caller: Caller,
    generation_id: str,
    show: Show,
    send: Send,
    gone: "asyncio.Future[None]",
    stopping: "asyncio.Future[None]",
) -> None:
    world, worlds = caller.world, provider.worlds
    while not gone.done():
        moved = world.moved
        job = await provider.store.job(world.id, generation_id)
        now_ms = await worlds.now(world)
        if job is None:
            await _last(send, "error", {"message": "This generation is gone: its world was reset."})
            return
        if finished(job, now_ms):
            answer = show(job, now_ms, provider.urls.files(world.name))
            await _last(send, "result", answer)
            return
        if stopping.done():
            await _last(send, "error", {"message": "The simulator is shutting down."})
            return
        due_s = None
        if job.times.done_at_ms is not None:
            due_s = world.clock.real_seconds_until(job.times.done_at_ms, worlds.real_ms())
        due_soon = due_s is not None and due_s < HEARTBEAT_REAL_S
        timeout_s = (
            due_s + CLOCK_STEP_REAL_S if due_s is not None and due_soon else HEARTBEAT_REAL_S
        )
        woken = await _first(timeout_s, moved.wait(), gone, stopping)
        if not woken and not due_soon:
            await send(_event("heartbeat", {}, more=True))


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


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stopping(scope: Scope) -> None:
    signal = scope.get("state", {}).get("shutdown")
    if signal is None:
        await asyncio.Event().wait()
    else:
        await signal.wait()


async def _last(send: Send, name: str, data: Any) -> None:
    await send(_event(name, data, more=False))


def _event(name: str, data: Any, *, more: bool) -> dict[str, Any]:
    body = b"event: " + name.encode("ascii") + b"\ndata: " + encode(data) + b"\n\n"
    return {"type": "http.response.body", "body": body, "more_body": more}
