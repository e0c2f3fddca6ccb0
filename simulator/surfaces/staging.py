"""Faults of the wire: what happens to a request before its operation, and to its answer after."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from msgspec import Struct
from starlette.types import Send

from simulator.domain.delays import delay_ms
from simulator.domain.effects import Effect, Layer
from simulator.domain.errors import Denial, Rejection
from simulator.domain.faults import Fired, find
from simulator.engine.asks import Asks, decide
from simulator.engine.breakpoints import Parked
from simulator.engine.operations import Operation
from simulator.engine.provider import Provider
from simulator.engine.seeds import draw
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import JSON
from simulator.surfaces.connection import ConnectionDropped

MAGIC = b"[sim:"
_DRAWN = 2**64
_MALFORMED = b'{"error": "malformed", "message": '


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer leaves, where that differs from the usual."""

    drop: bool = False
    keep: Fraction | None = None
    malformed: bool = False
    content_type: bytes | None = None
    drip: tuple[int, float] | None = None
    padding: int = 0


USUAL = Manner()


def with_asks(
    provider: Provider, caller: Caller, raw: bytes, way: tuple[str, str, str]
) -> Asks | None:
    """What the request asks, if anything: by its headers, its world's faults and breakpoints, or
    its prompt. ``way``: the surface, the route's template and the operation."""
    asks = caller.asks
    if asks is None:
        if not (provider.options.magic and MAGIC in raw):
            return None
        asks = Asks()
    asks.surface, asks.route, asks.operation = way
    return asks


async def enter(
    provider: Provider, caller: Caller, asks: Asks, layers: Sequence[Layer]
) -> tuple[Manner, tuple[Fired, ...]]:
    """What must happen before the operation: waiting, or an answer instead of it. Raises Denial,
    Rejection, and ConnectionDropped."""
    world = caller.world
    now_ms = await provider.worlds.now(world)
    prompt = asks.fields.get("prompt")
    words = prompt if isinstance(prompt, str) and provider.options.magic else ""
    call = asks.call(caller.account)
    fired = decide(world.lab.faults, asks, words, call, now_ms, layers)
    asks.fired += fired
    await _wait(world.seed, world.lab.drawn(), fired)
    _answer_instead(fired)
    return manner_of(fired), fired


async def perform(provider: Provider, caller: Caller, operation: Operation, body: Struct) -> Any:
    """The operation between the breakpoints of a start. Raises what it raises, and Denial."""
    asks, points = caller.asks, caller.world.lab.breakpoints
    try:
        if asks is None or not points or not operation.starts:
            return await operation.call(provider, caller, body)
        call = asks.call(caller.account)
        await points.reach("start.before_check", call)
        answer = await operation.call(provider, caller, body)
        await points.reach("start.before_answer", call)
    except Parked as parked:
        if asks is not None:
            asks.fired.append(Fired(parked.breakpoint_id, Effect("status")))
        if parked.timeout:
            raise ConnectionDropped from None
        raise Denial(500, f"Released from {parked.breakpoint_id} to fail.") from None
    return answer


async def _wait(seed: int, number: int, fired: Sequence[Fired]) -> None:
    effect = find(fired, "delay")
    if effect is not None:
        drawn = Fraction(draw(seed, "delay", number), _DRAWN)
        await asyncio.sleep(delay_ms(effect, drawn) / 1000)


def _answer_instead(fired: Sequence[Fired]) -> None:
    drop, status = find(fired, "drop"), find(fired, "status")
    if drop is not None and drop.word("when") == "before":
        raise ConnectionDropped
    if status is not None:
        raise Denial(int(status.number("code") or 500), status.word("detail"))
    limited, outage = find(fired, "rate_limited"), find(fired, "outage")
    if limited is not None:
        seconds = int(limited.number("retry_after") or 0)
        text = f"Too many calls; try again in {seconds} s."
        raise Rejection("rate_limit_exceeded", text, retry_after_seconds=seconds)
    if outage is not None:
        after = outage.number("retry_after")
        headers = {} if after is None else {"retry-after": str(int(after))}
        raise Denial(503, "The service is not available.", headers)


def manner_of(fired: Sequence[Fired]) -> Manner:
    """How the answer leaves after the operation."""
    drop, truncate, drip = (find(fired, kind) for kind in ("drop", "truncate", "drip"))
    kind, oversized = find(fired, "content_type"), find(fired, "oversized")
    return Manner(
        drop=drop is not None,
        keep=None if truncate is None else truncate.number("keep"),
        malformed=find(fired, "malformed") is not None,
        content_type=None if kind is None else kind.word("value").encode("ascii"),
        drip=None
        if drip is None
        else (int(drip.number("bytes") or 1), float(drip.number("every_ms") or 0) / 1000),
        padding=0 if oversized is None else int(oversized.number("bytes") or 0),
    )


async def send_strangely(send: Send, manner: Manner, start: dict[str, Any], body: bytes) -> None:
    """An answer whose head is ``start``, in its manner. Raises ConnectionDropped when it breaks."""
    if manner.drop:
        raise ConnectionDropped
    if manner.malformed:
        body = _MALFORMED
    headers = [
        pair for pair in start["headers"] if pair[0] not in (b"content-length", b"content-type")
    ]
    kind = next((pair for pair in start["headers"] if pair[0] == b"content-type"), JSON)
    headers.append(kind if manner.content_type is None else (b"content-type", manner.content_type))
    headers.append((b"content-length", b"%d" % len(body)))
    await send({**start, "headers": headers})
    if manner.keep is not None:
        await _pieces(send, body[: int(len(body) * manner.keep)], manner.drip, more=True)
        raise ConnectionDropped
    await _pieces(send, body, manner.drip, more=False)


async def _pieces(send: Send, body: bytes, drip: tuple[int, float] | None, *, more: bool) -> None:
    size, pause_s = (len(body) or 1, 0.0) if drip is None else drip
    for start in range(0, len(body), size):
        last = start + size >= len(body) and not more
        piece = body[start : start + size]
        await send({"type": "http.response.body", "body": piece, "more_body": not last})
        if not last:
            await asyncio.sleep(pause_s)
    if not body and not more:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
