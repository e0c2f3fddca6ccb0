"""Time goes on while a request is answered: no answer may depend on how long that took."""

import itertools
from pathlib import Path
from typing import cast

from simulator.app import build
from simulator.engine.store.base import Store
from simulator.engine.worlds import Defaults, Worlds
from simulator.settings import Settings
from tests.reliability.inproc import BASE_URL, LONG_S, Caller


def ticking(*, frozen: bool) -> Caller:
    """A simulator for which a second of real time passes at every look at the clock."""
    readings = itertools.count(5_000, 1_000)
    settings = Settings(frozen=frozen, speed=10.0, limits=False)
    return Caller(build(settings, BASE_URL, lambda: next(readings)).app, "sk_test_w")


async def test_a_frozen_world_begins_where_every_world_does() -> None:
    caller = ticking(frozen=True)
    assert (await caller.read("/_sim/clock"))["now"] == "2026-01-01T00:00:00.000Z"


async def test_a_frozen_world_begins_there_again_after_a_reset() -> None:
    caller = ticking(frozen=True)
    await caller.advance(100)
    answer = await caller("POST", "/_sim/reset", {})
    assert answer.json["clock"]["now"] == "2026-01-01T00:00:00.000Z"


async def test_a_running_clock_is_advanced_by_no_time_at_all() -> None:
    assert (await ticking(frozen=False).advance(0)).status == 200


async def test_a_running_clock_is_advanced_to_what_has_already_been() -> None:
    caller = ticking(frozen=False)
    job_id = (await caller.start()).json["id"]
    await caller.advance(LONG_S)
    until = {"generation_id": job_id, "status": "completed"}
    assert (await caller("POST", "/_sim/clock/advance", {"until": until})).status == 200


async def test_a_running_clock_is_advanced_when_nothing_is_to_come() -> None:
    caller = ticking(frozen=False)
    assert (await caller("POST", "/_sim/clock/advance", {"until": "next_event"})).status == 200


async def test_a_time_is_read_after_whatever_had_to_be_recorded_first(tmp_path: Path) -> None:
    # Otherwise a caller who did not have to wait passes, and is answered from a later time.
    real_ms = 5_000
    settings = Settings(speed=10.0, state=tmp_path / "state")
    provider = build(settings, BASE_URL, lambda: real_ms).provider
    world = await provider.worlds.world("w")
    recorded: list[int] = []

    class SlowStore:
        durable = True

        async def save_clock(self, world: int, mode: str, speed: float, at_ms: int) -> None:
            nonlocal real_ms
            recorded.append(at_ms)
            real_ms += 1_000

    slow = Worlds(cast(Store, SlowStore()), Defaults(), lambda: real_ms)
    real_ms += 60_000
    before_ms = world.clock.now(real_ms)
    assert await slow.now(world) == before_ms + 10_000
    assert recorded == [world.lease_ms]
    await provider.store.close()


async def test_no_time_is_told_that_is_later_than_what_was_recorded(tmp_path: Path) -> None:
    real_ms = 5_000
    settings = Settings(speed=10.0, state=tmp_path / "state")
    provider = build(settings, BASE_URL, lambda: real_ms).provider
    world = await provider.worlds.world("w")

    class StalledStore:
        durable = True

        async def save_clock(self, world: int, mode: str, speed: float, at_ms: int) -> None:
            nonlocal real_ms
            real_ms += 3_600_000

    stalled = Worlds(cast(Store, StalledStore()), Defaults(), lambda: real_ms)
    real_ms += 60_000
    assert await stalled.now(world) == world.lease_ms
    await provider.store.close()
