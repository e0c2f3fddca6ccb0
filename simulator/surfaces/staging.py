"""Faults of the wire: what happens to a request before its operation, and to its answer after."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from msgspec import Struct
from starlette.types import Send

from simulator.domain.delays import delay_ms
from simulator.domain.effects import Effect, Layer
from simulator.domain.errors import Denial, Rejection
from simulator.domain.faults import Fired, find
from simulator.engine import asks as asking
from simulator.engine.asks import Asks, decide
from simulator.engine.breakpoints import Parked
from simulator.engine.operations import OPERATIONS, UNROUTED, Operation
from simulator.engine.provider import Provider
from simulator.engine.seeds import draw
from simulator.engine.worlds import Caller, World
from simulator.surfaces.answering import JSON
from simulator.surfaces.connection import ConnectionDropped

LOOKS = frozenset(
    operation.name for operation in (*OPERATIONS, *UNROUTED) if operation.looks_up
) | {"get_generations"}
"""The operations that show jobs, whose faults they may have to tell."""

Pause = Callable[[float], Awaitable[object]]
"""Waits so many real seconds, or until the process stops."""

_MAGIC = asking.MAGIC.encode("ascii")
_DRAWN = 2**64
MALFORMED = b'{"error": "malformed", "message": '


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer leaves, where that differs from the usual. ``keep``: the fraction of its body
    that arrives; ``drip``: the bytes of a piece, and the seconds between two."""

    delay_s: float = 0.0
    drop: bool = False
    keep: Fraction | None = None
    malformed: bool = False
    content_type: bytes | None = None
    drip: tuple[int, float] | None = None

    @property
    def unreadable(self) -> bool:
        """Whether it arrives whole, but as nothing that a client can read."""
        return self.malformed or self.content_type is not None


USUAL = Manner()


@dataclass(slots=True)
class Stage:
    """What becomes of one request beside its operation: filled by ``enter``, and told of however
    the request ends."""

    asks: Asks
    manner: Manner = USUAL
    fired: tuple[Fired, ...] = ()


def with_asks(
    provider: Provider, caller: Caller, raw: bytes, way: tuple[str, str, str, str]
) -> Asks | None:
    """What the request asks, if anything: by its headers, its world's faults and breakpoints, or
    its prompt. ``way``: the surface, the route's template, the operation and the path."""
    asks = caller.asks
    if asks is None:
        if not (provider.options.magic and _MAGIC in raw):
            return None
        asks = Asks()
    asks.surface, asks.route, asks.operation, asks.path = way
    return asks


async def enter(
    provider: Provider,
    caller: Caller,
    stage: Stage,
    layers: Sequence[Layer],
    unless: Collection[str] = (),
) -> None:
    """What must happen before the operation: nothing, or an answer instead of it. The stage knows
    the manner of either. Raises Denial, Rejection, and ConnectionDropped."""
    world, asks = caller.world, stage.asks
    now_ms = await provider.worlds.now(world)
    prompt = asks.fields.get("prompt")
    words = prompt if isinstance(prompt, str) and provider.options.magic else ""
    call = asks.call(caller.account)
    fired = decide(world.lab.faults, asks, words, call, now_ms, layers, unless)
    asks.fired += fired
    stage.fired, stage.manner = fired, manner_of(fired, world)
    drop = find(fired, "drop")
    if drop is not None and drop.word("when") == "before":
        await provider.worlds.pause(stage.manner.delay_s)
        raise ConnectionDropped
    _answer_instead(fired)


async def perform(provider: Provider, caller: Caller, operation: Operation, body: Struct) -> Any:
    """The operation between the breakpoints of a start. Raises what it raises, and Denial."""
    asks, points = caller.asks, caller.world.lab.breakpoints
    try:
        if asks is None or not points or not operation.starts:
            return await operation.call(provider, caller, body)
        call = asks.call(caller.account)
        await points.reach("start.before_check", call, asks.left)
        answer = await operation.call(provider, caller, body)
        await points.reach("start.before_answer", call, asks.left)
    except Parked as parked:
        if asks is not None:
            asks.fired.append(Fired(parked.breakpoint_id, Effect("status")))
        raise released(parked) from None
    return answer


def released(parked: Parked) -> Exception:
    """What a request ends with that was released from a breakpoint not to go on."""
    if parked.timeout:
        return ConnectionDropped()
    return Denial(500, f"Released from {parked.breakpoint_id} to fail.")


def _answer_instead(fired: Sequence[Fired]) -> None:
    status = find(fired, "status")
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


def manner_of(fired: Sequence[Fired], world: World) -> Manner:
    """How the answer leaves, whatever it says."""
    truncate, drip, kind = (find(fired, name) for name in ("truncate", "drip", "content_type"))
    delay = find(fired, "delay")
    return Manner(
        delay_s=0.0 if delay is None else _delay_s(delay, world),
        drop=find(fired, "drop") is not None,
        keep=None if truncate is None else truncate.number("keep"),
        malformed=find(fired, "malformed") is not None,
        content_type=None if kind is None else kind.word("value").encode("ascii"),
        drip=None if drip is None else _drip(drip),
    )


def _drip(effect: Effect) -> tuple[int, float]:
    return int(effect.number("bytes") or 1), float(effect.number("every_ms") or 0) / 1000


def _delay_s(effect: Effect, world: World) -> float:
    if effect.number("to_ms") is None and effect.number("sigma") is None:
        return delay_ms(effect, Fraction(0)) / 1000
    drawn = Fraction(draw(world.seed, "delay", world.lab.drawn()), _DRAWN)
    return delay_ms(effect, drawn) / 1000


async def send_strangely(
    send: Send, manner: Manner, start: dict[str, Any], body: bytes, pause: Pause
) -> None:
    """An answer whose head is ``start``, in its manner. Raises ConnectionDropped when it breaks."""
    if manner.delay_s:
        await pause(manner.delay_s)
    if manner.drop:
        raise ConnectionDropped
    if manner.malformed:
        body = MALFORMED
    headers = [
        pair for pair in start["headers"] if pair[0] not in (b"content-length", b"content-type")
    ]
    kind = next((pair for pair in start["headers"] if pair[0] == b"content-type"), JSON)
    headers.append(kind if manner.content_type is None else (b"content-type", manner.content_type))
    headers.append((b"content-length", b"%d" % len(body)))
    await send({**start, "headers": headers})
    if manner.keep is not None:
        await send_pieces(send, body[: int(len(body) * manner.keep)], manner, pause, more=True)
        raise ConnectionDropped
    await send_pieces(send, body, manner, pause, more=False)


async def send_pieces(send: Send, body: bytes, manner: Manner, pause: Pause, *, more: bool) -> None:
    """A part of a body, in as many pieces as the manner asks; ``more``: it is not the last part."""
    size, pause_s = manner.drip or (len(body) or 1, 0.0)
    for begin in range(0, len(body), size):
        last = begin + size >= len(body)
        piece = body[begin : begin + size]
        await send({"type": "http.response.body", "body": piece, "more_body": more or not last})
        if not last:
            await pause(pause_s)
    if not body and not more:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
