"""Calls on their way into the journal of their world."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Scope

from simulator.engine.asks import Asks
from simulator.engine.journal import BODY_MOST, Entry
from simulator.engine.worlds import World, Worlds
from simulator.surfaces.tools import TOOLS

KEPT_HEADERS = frozenset(
    {
        b"accept",
        b"content-type",
        b"if-none-match",
        b"mcp-method",
        b"mcp-name",
        b"mcp-protocol-version",
        b"range",
        b"user-agent",
        b"x-sim-delay",
        b"x-sim-fault",
        b"x-sim-namespace",
        b"x-sim-scenario",
        b"x-sim-seed",
    }
)
"""No header in which a credential travels is among them."""

HEADER_VALUE_MOST = 300
UNKNOWN_TOOL = "unknown_tool"


def started() -> int:
    """Real time, to be handed to ``Seen``."""
    return time.perf_counter_ns()


@dataclass(slots=True)
class Seen:
    """What is known of a call so far. ``begun``: whether its answer is on its way."""

    surface: str
    began_ns: int
    world: World | None = None
    account: str = ""
    operation: str = ""
    raw: bytes = b""
    rule: str = ""
    faults: str = ""
    asks: Asks | None = None
    begun: bool = False


def record(
    worlds: Worlds,
    seen: Seen,
    scope: Scope,
    answered: tuple[str, int, bytes],
    size: int | None = None,
) -> None:
    """``answered``: the request's id, the status (0: the connection broke) and the body; ``size``:
    of the body, when it is not all there."""
    request_id, status, answer = answered
    worlds.counters.call(
        seen.surface, counted_as(seen), status, seen.faults.count(",") + 1 if seen.faults else 0
    )
    world = seen.world
    if world is None:
        return
    journal = world.lab.journal
    real_ms = worlds.real_ms()
    journal.add(
        Entry(
            seq=journal.next(),
            request_id=request_id,
            surface=seen.surface,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            operation=seen.operation,
            account=seen.account,
            headers=_kept(scope["headers"]),
            request=seen.raw[:BODY_MOST],
            request_bytes=len(seen.raw),
            status=status,
            answer=answer[:BODY_MOST],
            answer_bytes=len(answer) if size is None else size,
            rule=seen.rule,
            faults=tuple(seen.faults.split(",")) if seen.faults else (),
            at_ms=min(world.clock.now(real_ms), world.lease_ms)
            if worlds.store.durable
            else world.clock.now(real_ms),
            real_ms=real_ms,
            took_us=(time.perf_counter_ns() - seen.began_ns) // 1000,
        )
    )


def counted_as(seen: Seen) -> str:
    """The operation's name. A tool's is the caller's word, and callers may make up many."""
    known = seen.surface != "mcp" or not seen.operation or seen.operation in TOOLS
    return seen.operation if known else UNKNOWN_TOOL


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(
        (name, value[:HEADER_VALUE_MOST]) for name, value in headers if name in KEPT_HEADERS
    )
