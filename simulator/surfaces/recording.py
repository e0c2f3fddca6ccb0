"""Calls on their way into the journal of their world."""

import time
from dataclasses import dataclass

from starlette.types import Scope

from simulator.engine.journal import BODY_MOST, Entry
from simulator.engine.worlds import World, Worlds
from simulator.surfaces.staging import Stage
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

UNKNOWN_TOOL = "unknown_tool"


def started() -> int:
    """Real time, to be handed to ``Seen``."""
    return time.perf_counter_ns()


@dataclass(slots=True)
class Seen:
    """What is known of a call so far. ``begun``: whether its answer is on its way; ``unheard``:
    the answer, where it may break on its way; ``stage``: what befalls it, if anything can."""

    surface: str
    began_ns: int
    world: World | None = None
    account: str = ""
    operation: str = ""
    raw: bytes = b""
    rule: str = ""
    faults: str = ""
    stage: Stage | None = None
    begun: bool = False
    request_id: str = ""
    unheard: bytes = b""


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
    faults = tuple(seen.faults.split(",")) if seen.faults else ()
    worlds.counters.call(seen.surface, counted_as(seen), status, len(faults))
    world = seen.world
    if world is None:
        return
    journal, raw = world.lab.journal, seen.raw
    real_ms = worlds.real_ms()
    at_ms = world.clock.now(real_ms)
    # By position, and no slice where there is nothing to cut: this is a tenth of a poll.
    journal.add(
        Entry(
            journal.next(),
            request_id,
            seen.surface,
            scope["method"],
            scope["path"],
            scope["query_string"],
            seen.operation,
            seen.account,
            tuple([pair for pair in scope["headers"] if pair[0] in KEPT_HEADERS]),
            raw if len(raw) <= BODY_MOST else raw[:BODY_MOST],
            len(raw),
            status,
            answer if len(answer) <= BODY_MOST else answer[:BODY_MOST],
            len(answer) if size is None else size,
            seen.rule,
            faults,
            min(at_ms, world.lease_ms) if worlds.store.durable else at_ms,
            real_ms,
            (time.perf_counter_ns() - seen.began_ns) // 1000,
            seen.stage is not None and seen.stage.manner.unreadable,
        )
    )


def counted_as(seen: Seen) -> str:
    """The operation's name. A tool's is the caller's word, and callers may make up many."""
    known = seen.surface != "mcp" or not seen.operation or seen.operation in TOOLS
    return seen.operation if known else UNKNOWN_TOOL
