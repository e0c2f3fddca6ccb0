"""Time goes on while a request is answered: no answer may depend on how long that took."""

import itertools

from simulator.app import build
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
