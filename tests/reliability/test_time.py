"""The machine's clock moves no world; a world's own clock may stand anywhere."""

import time
from datetime import UTC, datetime

import pytest

from simulator.app import build
from simulator.settings import Settings
from tests.reliability.inproc import BASE_URL, Caller, made
from tests.reliability.replay import digest

DAY_S = 86_400
MACHINE_CLOCKS = {
    "ten days back": time.time() - 10 * DAY_S,
    "ten years on": time.time() + 3_653 * DAY_S,
    "past 2038": 2.0**31 + 5,
    "a leap day": datetime(2028, 2, 29, 12, tzinfo=UTC).timestamp(),
    "before 1970": -5.0,
}


@pytest.mark.parametrize("name", sorted(MACHINE_CLOCKS))
async def test_nothing_depends_on_the_machines_clock(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    usual = await digest(60)
    instant = MACHINE_CLOCKS[name]
    monkeypatch.setattr(time, "time", lambda: instant)
    monkeypatch.setattr(time, "time_ns", lambda: int(instant * 10**9))
    assert await digest(60) == usual


INSTANTS = (
    "2026-12-31T23:59:59.999Z",
    "2028-02-28T23:59:59Z",
    "2028-02-29T23:59:58.5Z",
    "2038-01-19T03:14:07Z",
    "2106-02-07T06:28:15Z",
    "9999-12-30T00:00:00Z",
)


@pytest.mark.parametrize("instant", INSTANTS)
async def test_a_job_is_on_time_wherever_the_worlds_clock_stands(instant: str) -> None:
    caller = Caller(made().app, "sk_test_w")
    assert (await caller("POST", "/_sim/clock/set", {"now": instant})).status == 200
    job_id = (await caller.start()).json["id"]
    done_at = (await caller.read(f"/_sim/jobs/{job_id}"))["timetable"]["done_at"]
    whole_s = seconds(done_at) - seconds((await caller.read("/_sim/clock"))["now"])
    await caller.advance(round(whole_s - 0.001, 3))
    early = await caller.read(f"/v1/generate/media/{job_id}")
    await caller.advance(0.001)
    on_time = await caller.read(f"/v1/generate/media/{job_id}")
    assert (early["status"], on_time["status"]) == ("processing", "completed")
    assert on_time["completed_at"] == done_at
    assert (await caller.read("/_sim/ledger/verify"))["ok"]


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


async def test_at_the_end_of_time_jobs_wait_and_the_clock_stops() -> None:
    caller = Caller(made().app, "sk_test_w")
    last = "9999-12-31T23:59:59.999Z"
    assert (await caller("POST", "/_sim/clock/set", {"now": last})).status == 200
    job_id = (await caller.start()).json["id"]
    assert (await caller.advance(0.001)).status == 400
    assert (await caller("POST", "/_sim/clock/resume", {})).json["now"] == last
    assert (await caller.read(f"/v1/generate/media/{job_id}"))["status"] == "pending"
    assert (await caller.read("/_sim/ledger/verify"))["ok"]


async def test_jumps_of_the_clock_leave_ids_unique_and_the_ledger_in_order() -> None:
    caller = Caller(made().app, "sk_test_w")
    ids = []
    for jump in (0, 0, 5, 10 * DAY_S, 3_653 * DAY_S, 0.001, 0):
        ids.append((await caller.start()).json["id"])
        await caller.advance(jump)
    entries = (await caller.read("/_sim/ledger"))["entries"]
    jobs = (await caller.read("/_sim/jobs"))["jobs"]
    assert len(set(ids)) == len(ids)
    assert [entry["id"] for entry in entries] == list(range(1, len(entries) + 1))
    assert {job["status"] for job in jobs[3:]} == {"completed"}


async def test_real_time_moves_a_running_world_by_its_speed() -> None:
    real_ms = 5_000
    settings = Settings(frozen=False, speed=10.0, limits=False)
    caller = Caller(build(settings, BASE_URL, lambda: real_ms).app, "sk_test_w")
    seen = []
    for reading in (5_000, 5_001, 5_001, 105_000, 5_000 + DAY_S * 1_000):
        real_ms = reading
        seen.append(seconds((await caller.read("/_sim/clock"))["now"]))
    assert [round(each - seen[0], 3) for each in seen] == [0, 0.01, 0.01, 1_000, 10 * DAY_S]
