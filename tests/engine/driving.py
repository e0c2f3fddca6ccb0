"""A provider driven step by step, without async tests: each call runs to its end at once."""

import asyncio
import atexit
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from simulator.domain.errors import Rejection
from simulator.engine.bodies import GenerationId, MediaBody, Nothing
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller, World
from tests.engine.world import caller_of

T = TypeVar("T")


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns."""
    return _loop().run_until_complete(coroutine)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


def caller(provider: Provider, world: str = "w", account: str = "main") -> Caller:
    return done(caller_of(provider, world, account))


def leap(provider: Provider, world: World, milliseconds: int) -> int:
    """Moves the world's clock and says what it shows."""
    now_ms = world.clock.now(provider.worlds.real_ms()) + milliseconds
    moved = world.clock.moved_to(now_ms, provider.worlds.real_ms())
    done(provider.worlds.set_clock(world, moved))
    return now_ms


def start(provider: Provider, who: Caller, prompt: str = "x", **fields: Any) -> str:
    """The id of a generation that is accepted."""
    body = MediaBody(**{"prompt": prompt, "model": "nano-banana", **fields})
    return done(provider.generate_media(who, body)).generation_id


def poll(provider: Provider, who: Caller, generation_id: str) -> Any:
    return done(provider.get_generation_status(who, GenerationId(generation_id)))


def available(provider: Provider, who: Caller) -> float:
    return done(provider.get_balance(who, Nothing())).credits


def refused(provider: Provider, who: Caller, **fields: Any) -> Rejection:
    """The refusal of a start that must be refused."""
    try:
        accepted = start(provider, who, **fields)
    except Rejection as rejection:
        return rejection
    raise AssertionError(f"accepted: {accepted}")


def ledger(provider: Provider, who: Caller) -> list[tuple[str, int]]:
    """Kind and milli-credits of each entry of the caller's world."""
    now_ms = done(provider.worlds.now(who.world))
    entries = done(provider.store.entries(who.world.id, now_ms))
    return [(entry.kind, entry.millicredits) for entry in entries]
