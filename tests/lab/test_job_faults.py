"""Faults of a job: what becomes of it, and where that shows, by every way in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from tests.lab.ways import PRICE, Lab

LONG: Mapping[str, Any] = {
    "model": "kling-3-0-std",
    "generation_type": "text-to-video",
    "duration": "5s",
}


@pytest.mark.fault("fail")
async def test_a_job_fails_for_its_reason_and_is_refunded(lab: Lab) -> None:
    job_id = await lab.started({"X-Sim-Fault": "fail=content_policy"})
    reply = await lab.ended(job_id)
    assert reply.content["status"] == "failed"
    assert reply.content["error_message"] == "The content policy does not allow this request."
    assert (await lab.kinds(), await lab.credits()) == (["hold", "release"], 10_000)


@pytest.mark.fault("fail")
@pytest.mark.parametrize(("at", "progress"), [(0, 0), (0.25, 24), (1, 99)])
async def test_a_job_fails_at_the_fraction_that_was_asked_for(
    lab: Lab, at: float, progress: int
) -> None:
    await lab.arm({"kind": "fail", "reason": "timeout", "at": at})
    reply = await lab.ended(await lab.started(**LONG))
    assert (reply.content["status"], reply.content["progress"]) == ("failed", progress)
    times = (await lab.jobs())[0]["timetable"]
    assert (times["done_at"] == times["processing_at"]) == (at == 0)


@pytest.mark.fault("moderation")
@pytest.mark.parametrize(("stage", "worked"), [("before", False), ("after", True)])
async def test_moderation_stops_a_job_before_or_after_its_work(
    lab: Lab, stage: str, worked: bool
) -> None:
    reply = await lab.ended(await lab.started(prompt=f"a [sim:moderation={stage}]", **LONG))
    assert reply.content["error_message"] == "Moderation stopped this generation."
    assert (reply.content["processing_time_ms"] > 0) == worked
    assert await lab.kinds() == ["hold", "release"]


@pytest.mark.fault("stuck")
async def test_a_stuck_job_never_ends_and_keeps_its_hold(lab: Lab) -> None:
    job_id = await lab.started(prompt="[sim:stuck]")
    await lab.advance(10_000_000)
    reply = await lab.status(job_id)
    assert (reply.content["status"], reply.content["progress"]) == ("processing", 99)
    assert await lab.credits() == 10_000 - PRICE


@pytest.mark.fault("slow")
async def test_a_slow_job_takes_so_many_times_as_long(lab: Lab) -> None:
    usual, slow = await lab.started(seed=1), await lab.started({"X-Sim-Fault": "slow=3"}, seed=1)
    jobs = {job["id"]: job["timetable"] for job in await lab.jobs()}
    for job_id, times in ((usual, 1), (slow, 3)):
        queued = _ms(jobs[job_id]["queued_at"]) - _ms(jobs[job_id]["created_at"])
        assert queued == 1_000 * times


@pytest.mark.fault("late_visibility")
async def test_a_job_is_unknown_until_it_becomes_visible(lab: Lab) -> None:
    await lab.arm({"kind": "late_visibility", "seconds": 20}, times=1)
    job_id = await lab.started()
    early, listed = await lab.status(job_id), await lab.listed()
    unknown = await lab.status("00000000-0000-4000-a000-000000000000")
    await lab.advance(20)
    late = await lab.status(job_id)
    assert (early.failed, early.content, early.told) == (True, unknown.content, "fault-1")
    assert (listed.content["generations"], listed.told) == ([], "fault-1")
    assert (late.failed, late.told) == (False, "")
    assert [row["id"] for row in (await lab.listed()).content["generations"]] == [job_id]


@pytest.mark.fault("late_cdn")
async def test_a_completed_job_waits_for_its_files(lab: Lab) -> None:
    job_id = await lab.started({"X-Sim-Fault": "late_cdn=50"})
    await lab.sim("/clock/advance", {"until": {"generation_id": job_id, "status": "completed"}})
    early = await lab.status(job_id)
    url = early.content["outputs"][0]["url"]
    absent = await lab.wire.http.get(url)
    await lab.advance(50)
    late, there = await lab.status(job_id), await lab.wire.http.get(url)
    assert (early.content["status"], early.content["cdn_ready"]) == ("completed", False)
    assert (early.content["outputs"][0]["cdn_ready"], early.told) == (False, "header")
    assert (absent.status_code, absent.headers["x-sim-fault"]) == (404, "header")
    assert (late.content["cdn_ready"], late.told, there.status_code) == (True, "", 200)
    assert "x-sim-fault" not in there.headers


@pytest.mark.fault("optimization_failed")
async def test_a_completed_job_lacks_its_optimized_copy(lab: Lab) -> None:
    reply = await lab.ended(await lab.started(prompt="[sim:optimization_failed]"))
    (output,) = reply.content["outputs"]
    assert (output["optimized_url"], output["optimization_status"]) == (None, "failed")
    assert (reply.told, await lab.kinds()) == ("prompt", ["hold", "capture"])
    light = output["url"].replace(".png", ".optimized.webp")
    absent = await lab.wire.http.get(light)
    assert (absent.status_code, absent.headers["x-sim-fault"]) == (404, "prompt")
    assert (await lab.wire.http.get(output["url"])).status_code == 200


@pytest.mark.fault("broken_file")
async def test_a_completed_job_has_a_broken_file_and_is_paid(lab: Lab) -> None:
    reply = await lab.ended(await lab.started({"X-Sim-Fault": "broken_file"}))
    broken = await lab.wire.http.get(reply.content["outputs"][0]["url"])
    assert (reply.content["status"], reply.told) == ("completed", "")
    assert (broken.status_code, broken.headers["x-sim-fault"]) == (404, "header")
    assert await lab.kinds() == ["hold", "capture"]


@pytest.mark.ruling("faults.told")
async def test_a_look_at_a_job_tells_the_fault_once_it_shows(lab: Lab) -> None:
    failing, stuck = await lab.started(prompt="[sim:fail]"), await lab.started(prompt="[sim:stuck]")
    slow = await lab.started({"X-Sim-Fault": "slow=2"})
    before = [(await lab.status(job_id)).told for job_id in (failing, stuck, slow)]
    await lab.advance(3600)
    after = [(await lab.status(job_id)).told for job_id in (failing, stuck, slow)]
    assert (before, after) == (["", "", "header"], ["prompt", "prompt", "header"])
    assert sorted((await lab.listed()).told.split(",")) == ["header", "prompt"]


@pytest.mark.parametrize(
    ("name", "arguments", "look"),
    [
        ("generate_music", {"prompt": "a song"}, "get_music_status"),
        ("generate_dialogue", {"dialogue": [{"text": "Hello there"}]}, "get_generation_status"),
    ],
)
async def test_other_products_fail_alike(
    rest: Lab, name: str, arguments: dict[str, object], look: str
) -> None:
    started = await rest.call(name, arguments, {"X-Sim-Fault": "fail=timeout"})
    await rest.advance(3600)
    field = "generation_id"
    reply = await rest.call(look, {field: started.content[field]})
    assert (started.told, reply.content["status"], reply.told) == ("header", "failed", "header")
    assert await rest.credits() == 10_000


async def test_a_call_that_answers_with_its_result_takes_no_fault_of_a_job(rest: Lab) -> None:
    fault = await rest.arm("fail", times=1)
    reply = await rest.call("generate_captions", {"media_url": "https://x.test/a.mp3"})
    assert (reply.content["status"], reply.told) == ("completed", "")
    assert (await rest.fault(fault))["left"] == 1


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
