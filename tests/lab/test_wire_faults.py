"""Faults of the wire in process: what the caller gets, and what was done all the same."""

import time

import pytest

from simulator.surfaces.connection import ConnectionDropped
from tests.lab.ways import Lab

HELD = ["hold"]


@pytest.mark.fault("status")
@pytest.mark.parametrize("code", [400, 404, 500, 503, 599])
async def test_the_answer_is_the_status_and_nothing_was_done(lab: Lab, code: int) -> None:
    fault = await lab.arm({"kind": "status", "code": code, "detail": "Not today."}, times=1)
    reply = await lab.start()
    assert (reply.status, reply.content, reply.told) == (code, {"detail": "Not today."}, fault)
    assert (await lab.kinds(), await lab.jobs()) == ([], [])
    assert not (await lab.start()).failed


@pytest.mark.fault("rate_limited")
async def test_too_many_calls_are_told_with_a_time_to_wait(lab: Lab) -> None:
    await lab.arm({"kind": "rate_limited", "retry_after": 12}, times=1)
    reply = await lab.start()
    assert (reply.failed, reply.code, reply.told) == (True, "rate_limit_exceeded", "fault-1")
    assert reply.content["retry_after_seconds"] == 12
    assert await lab.kinds() == []
    if lab.way == "rest":
        assert (reply.status, reply.http.headers["retry-after"]) == (429, "12")


@pytest.mark.fault("outage")
async def test_an_outage_lasts_its_window_by_the_worlds_clock(lab: Lab) -> None:
    await lab.credits()  # a session must be open before the outage begins
    await lab.arm({"kind": "outage", "retry_after": 5}, for_seconds=30)
    during = [await lab.call(name, {}) for name in ("get_balance", "get_models")]
    await lab.advance(29.999)
    last = await lab.call("get_balance", {})
    await lab.advance(0.001)
    after = await lab.call("get_balance", {})
    assert [reply.status for reply in (*during, last, after)] == [503, 503, 503, 200]
    assert (last.http.headers["retry-after"], last.told, after.told) == ("5", "fault-1", "")


@pytest.mark.fault("outage")
async def test_an_outage_takes_the_whole_of_mcp(lab: Lab) -> None:
    session = await lab.wire.opened()
    await lab.arm("outage", for_seconds=30)
    listed = await lab.wire.rpc("tools/list")
    ended = await lab.wire.http.delete(
        "/mcp", headers={"X-API-Key": "sk_test_w", "Mcp-Session-Id": session}
    )
    assert (listed.status_code, ended.status_code) == (503, 503)
    await lab.advance(30)
    assert (await lab.wire.rpc("tools/list")).status_code == 200


@pytest.mark.fault("drop")
@pytest.mark.parametrize(("when", "held"), [("before", []), ("after", HELD)])
async def test_the_connection_breaks_before_or_after_the_commit(
    lab: Lab, when: str, held: list[str]
) -> None:
    await lab.credits()  # a session must be open before the connection breaks
    await lab.arm({"kind": "drop", "when": when}, match={"operation": "generate_media"}, times=1)
    with pytest.raises(ConnectionDropped):
        await lab.start()
    assert await lab.kinds() == held
    assert not (await lab.start()).failed


@pytest.mark.fault("drop")
async def test_a_refusal_is_lost_like_any_other_answer(lab: Lab) -> None:
    await lab.credits()
    with pytest.raises(ConnectionDropped):
        await lab.start({"X-Sim-Fault": "drop=after"}, model="no-such-model")


@pytest.mark.fault("malformed")
async def test_all_is_done_and_the_body_is_no_json(lab: Lab) -> None:
    reply = await lab.start({"X-Sim-Fault": "malformed"})
    assert (reply.status, reply.content, reply.told) == (200, None, "header")
    assert await lab.kinds() == HELD


@pytest.mark.fault("malformed")
async def test_a_refusal_is_malformed_too(lab: Lab) -> None:
    await lab.arm("malformed", times=1)
    reply = await lab.start(model="no-such-model")
    assert (reply.content, reply.told) == (None, "fault-1")


@pytest.mark.fault("content_type")
async def test_all_is_done_and_the_answer_calls_itself_something_else(lab: Lab) -> None:
    reply = await lab.start({"X-Sim-Fault": "content_type=text/plain"})
    assert (reply.http.headers["content-type"], reply.told) == ("text/plain", "header")
    assert (reply.failed, await lab.kinds()) == (False, HELD)


@pytest.mark.fault("truncate")
async def test_the_answer_breaks_off_and_all_was_done(lab: Lab) -> None:
    await lab.credits()
    with pytest.raises(ConnectionDropped):
        await lab.start({"X-Sim-Fault": "truncate=0.2"})
    assert await lab.kinds() == HELD


@pytest.mark.fault("drip")
async def test_the_body_comes_in_pieces_and_is_whole(lab: Lab) -> None:
    reply = await lab.start({"X-Sim-Fault": "drip=100;every_ms=1"})
    assert (reply.failed, reply.told, await lab.kinds()) == (False, "header", HELD)


@pytest.mark.fault("delay")
@pytest.mark.parametrize("effect", ["delay=60", "delay=60;to_ms=70", "delay=90;sigma=0.01"])
async def test_the_answer_waits_at_least_so_long(lab: Lab, effect: str) -> None:
    await lab.credits()
    began = time.monotonic()
    reply = await lab.start({"X-Sim-Fault": effect})
    assert time.monotonic() - began >= 0.055
    assert (reply.failed, reply.told) == (False, "header")


@pytest.mark.fault("delay")
async def test_a_delay_has_a_header_of_its_own_and_adds_up_with_a_status(lab: Lab) -> None:
    await lab.credits()
    began = time.monotonic()
    reply = await lab.start({"X-Sim-Delay": "60", "X-Sim-Fault": "status=502"})
    assert time.monotonic() - began >= 0.055
    assert (reply.status, reply.told) == (502, "header")


async def test_of_what_nobody_can_see_nothing_is_counted(lab: Lab) -> None:
    await lab.credits()
    hidden = await lab.arm("malformed", times=1, match={"operation": "generate_media"})
    await lab.arm({"kind": "status", "code": 503}, times=1, match={"operation": "generate_media"})
    with pytest.raises(ConnectionDropped):
        await lab.start({"X-Sim-Fault": "drop"})
    assert [(await lab.fault(fault))["left"] for fault in (hidden, "fault-2")] == [1, 1]


async def test_a_lost_answer_stands_in_the_journal_with_its_fault(lab: Lab) -> None:
    await lab.credits()
    for effect in ("drop=before", "drop=after", "truncate"):
        with pytest.raises(ConnectionDropped):
            await lab.start({"X-Sim-Fault": effect})
    entries = [
        entry
        for entry in lab.wire.simulator.provider.worlds.all()[0].lab.journal.entries
        if entry.operation == "generate_media"
    ]
    assert [(entry.status, entry.faults) for entry in entries] == [(0, ("header",))] * 3
    assert all(entry.request_id for entry in entries)


@pytest.mark.ruling("faults.order")
async def test_what_is_refused_before_it_is_looked_at_takes_no_fault(lab: Lab) -> None:
    await lab.sim("/accounts", {"key": "sk_test_w", "scopes": ["read:balance"]})
    fault = await lab.arm({"kind": "status", "code": 503}, times=1)
    unscoped = await lab.start()
    await lab.sim("/accounts", {"key": "sk_test_w", "scopes": ["generate:media"]})
    malformed = await lab.call("generate_media", {"prompt": 5})
    assert [reply.told for reply in (unscoped, malformed)] == ["", ""]
    assert (await lab.fault(fault))["left"] == 1
    assert (await lab.start()).told == fault


async def test_an_upload_takes_faults_of_the_wire(rest: Lab) -> None:
    fault = await rest.arm("rate_limited", match={"operation": "upload_media"}, times=1)
    headers = {"X-API-Key": "sk_test_w"}
    files = {"file": ("a.png", b"not really")}
    refused = await rest.wire.http.post("/v1/upload/media", headers=headers, files=files)
    plain = await rest.wire.http.post("/v1/upload/media", headers=headers, files=files)
    assert (refused.status_code, refused.headers["x-sim-fault"]) == (429, fault)
    assert "x-sim-fault" not in plain.headers
