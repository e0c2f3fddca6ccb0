"""Breakpoints: who is parked where, how they go on, and that nobody is held up for ever."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulator.engine.breakpoints import POINTS
from simulator.surfaces.connection import ConnectionDropped
from tests.lab.socketed import Socketed, message, socketed
from tests.lab.ways import IMAGE, PRICE, Lab, Reply
from tests.mcp.wire import META, MODERN, request, wired
from tests.surfaces.rawhttp import connected

START_POINTS = ("start.before_check", "start.after_hold", "start.before_answer")
HELD = ["hold"]
COMMITTED = {"start.before_check": [], "start.after_hold": HELD, "start.before_answer": HELD}


async def point(lab: Lab, name: str, **fields: Any) -> str:
    """The id of a breakpoint that has been set."""
    return str((await lab.sim("/breakpoints", {"point": name, **fields}))["id"])


async def parked(lab: Lab, breakpoint_id: str, count: int = 1) -> None:
    view = await lab.sim(f"/breakpoints/{breakpoint_id}/wait", {"parked": count})
    assert len(view["parked"]) == count


async def release(lab: Lab, breakpoint_id: str, **fields: Any) -> int:
    answer = await lab.sim(f"/breakpoints/{breakpoint_id}/release", fields)
    return int(answer["released"])


@asynccontextmanager
async def parked_start(lab: Lab, name: str, **fields: Any) -> AsyncIterator[Any]:
    """A start that is parked, and the breakpoint that holds it."""
    await lab.credits()
    breakpoint_id = await point(lab, name, **fields)
    task = asyncio.create_task(lab.start())
    await parked(lab, breakpoint_id)
    yield breakpoint_id, task
    if not task.done():
        task.cancel()


@pytest.mark.parametrize("name", START_POINTS)
async def test_a_start_waits_at_its_point_and_goes_on(lab: Lab, name: str) -> None:
    async with parked_start(lab, name) as (breakpoint_id, task):
        assert (task.done(), await lab.kinds()) == (False, COMMITTED[name])
        (view,) = (await lab.sim("/breakpoints"))["breakpoints"]
        seen = [(each["operation"], each["account"]) for each in view["parked"]]
        assert (seen, view["seen"]) == ([("generate_media", "main")], 1)
        assert await release(lab, breakpoint_id) == 1
        reply: Reply = await task
    assert (reply.failed, reply.told, await lab.kinds()) == (False, "", ["hold"])


@pytest.mark.parametrize("name", START_POINTS)
async def test_a_start_fails_from_its_point_and_says_which(lab: Lab, name: str) -> None:
    async with parked_start(lab, name) as (breakpoint_id, task):
        await release(lab, breakpoint_id, outcome="fail")
        reply: Reply = await task
    detail = {"detail": f"Released from {breakpoint_id} to fail."}
    assert (reply.failed, reply.content, reply.told) == (True, detail, breakpoint_id)
    assert await lab.kinds() == COMMITTED[name]


@pytest.mark.parametrize("name", START_POINTS)
async def test_a_start_times_out_from_its_point_without_an_answer(lab: Lab, name: str) -> None:
    async with parked_start(lab, name) as (breakpoint_id, task):
        await release(lab, breakpoint_id, outcome="timeout")
        with pytest.raises(ConnectionDropped):
            await task
    assert await lab.kinds() == COMMITTED[name]


@pytest.mark.parametrize("outcome", ["continue", "fail", "timeout"])
async def test_settling_waits_where_there_is_something_to_settle(lab: Lab, outcome: str) -> None:
    breakpoint_id = await point(lab, "settle.before", times=1)
    await lab.started()
    assert await lab.credits() == 10_000 - PRICE  # nothing has ended yet: nobody is parked
    await lab.advance(3600)
    task = asyncio.create_task(lab.call("get_balance", {}))
    await parked(lab, breakpoint_id)
    await release(lab, breakpoint_id, outcome=outcome)
    if outcome == "timeout":
        with pytest.raises(ConnectionDropped):
            await task
    else:
        assert (await task).failed == (outcome == "fail")


async def test_a_start_that_was_parked_before_settling_is_dated_when_it_goes_on(lab: Lab) -> None:
    await lab.started()
    await lab.advance(3600)
    breakpoint_id = await point(lab, "settle.before", times=1)
    task = asyncio.create_task(lab.start())
    await parked(lab, breakpoint_id)
    await lab.advance(3600)
    await release(lab, breakpoint_id)
    await task
    assert (await lab.jobs())[0]["timetable"]["created_at"] == "2026-01-01T02:00:00.000Z"
    assert (await lab.sim("/ledger/verify"))["ok"]


@pytest.mark.parametrize(("outcome", "status"), [("continue", 200), ("fail", 500), ("timeout", 0)])
async def test_a_download_waits_before_its_first_byte(rest: Lab, outcome: str, status: int) -> None:
    url = (await rest.ended(await rest.started())).content["outputs"][0]["url"]
    breakpoint_id = await point(rest, "file.before")
    task = asyncio.create_task(rest.wire.http.get(url))
    await parked(rest, breakpoint_id)
    await release(rest, breakpoint_id, outcome=outcome)
    if outcome == "timeout":
        with pytest.raises(ConnectionDropped):
            await task
    else:
        assert (await task).status_code == status
    told = rest.wire.simulator.provider.worlds.all()[0].lab.journal.entries[-1]
    assert (told.status, told.faults) == (status, () if status == 200 else (breakpoint_id,))


async def test_two_parked_starts_race_for_the_last_credits(lab: Lab) -> None:
    async with wired(credits=PRICE * 1_000) as wire:
        racing = Lab(wire, lab.way)
        await racing.credits()
        breakpoint_id = await point(racing, "start.before_check")
        starts = [asyncio.create_task(racing.start()) for _ in range(2)]
        await parked(racing, breakpoint_id, 2)
        await release(racing, breakpoint_id)
        failed = sorted([(await start).failed for start in starts])
        assert (failed, await racing.kinds()) == ([False, True], ["hold"])


async def test_they_go_on_in_the_order_in_which_they_came(rest: Lab) -> None:
    breakpoint_id = await point(rest, "start.before_check")
    starts = []
    for number in range(3):
        starts.append(asyncio.create_task(rest.start(prompt=f"number {number}")))
        await parked(rest, breakpoint_id, number + 1)
    assert [await release(rest, breakpoint_id, count=2), await release(rest, breakpoint_id)] == [
        *(2, 1)
    ]
    await asyncio.gather(*starts)
    assert [job["prompt"] for job in await rest.jobs()] == ["number 2", "number 1", "number 0"]


async def test_only_so_many_are_parked_and_only_those_that_match(rest: Lab) -> None:
    match = {"model": "nano-banana"}
    breakpoint_id = await point(rest, "start.before_check", times=1, match=match)
    other = await rest.start(model="z-image")
    task = asyncio.create_task(rest.start())
    await parked(rest, breakpoint_id)
    second = await rest.start()
    await release(rest, breakpoint_id)
    assert [reply.failed for reply in (other, second, await task)] == [False] * 3
    assert (await rest.sim("/breakpoints"))["breakpoints"][0]["left"] == 0


@pytest.mark.parametrize(("at_timeout", "failed"), [("continue", False), ("fail", True)])
async def test_of_a_crashed_test_nobody_waits_longer_than_it_said(
    lab: Lab, at_timeout: str, failed: bool
) -> None:
    await lab.credits()
    await point(lab, "start.after_hold", hold_seconds=0.05, at_timeout=at_timeout)
    reply = await lab.start()
    assert (reply.failed, await lab.kinds()) == (failed, ["hold"])
    assert (await lab.sim("/breakpoints"))["breakpoints"][0]["parked"] == []


@pytest.mark.parametrize("by", ["one", "all", "reset"])
async def test_who_is_parked_goes_on_when_the_breakpoint_is_removed(rest: Lab, by: str) -> None:
    async with parked_start(rest, "start.before_check") as (breakpoint_id, task):
        if by == "reset":
            await rest.sim("/reset", {})
        else:
            path = f"/breakpoints/{breakpoint_id}" if by == "one" else "/breakpoints"
            assert await rest.sim(path, method="DELETE") == {"removed": 1}
        assert not (await task).failed
    assert (await rest.sim("/breakpoints"))["breakpoints"] == []


async def test_who_waits_at_a_breakpoint_that_is_removed_hears_of_it(rest: Lab) -> None:
    breakpoint_id = await point(rest, "start.before_check")
    path = f"/_sim/breakpoints/{breakpoint_id}/wait"
    waiting = asyncio.create_task(rest.wire.rest("POST", path, {"seconds": 30}))
    await asyncio.sleep(0.01)
    await rest.sim("/breakpoints", method="DELETE")
    assert (await asyncio.wait_for(waiting, 5)).status_code == 404


async def test_a_wait_that_sees_nobody_says_so(rest: Lab) -> None:
    breakpoint_id = await point(rest, "start.before_check")
    view = await rest.sim(f"/breakpoints/{breakpoint_id}/wait", {"seconds": 0.02})
    assert view["parked"] == []


async def test_points_are_named_and_others_refused(rest: Lab) -> None:
    for name in POINTS:
        await point(rest, name)
    answer = await rest.wire.rest("POST", "/_sim/breakpoints", {"point": "start.between"})
    assert (answer.status_code, "start.before_check" in answer.text) == (422, True)


async def test_a_breakpoint_that_is_set_under_a_request_does_not_break_it(rest: Lab) -> None:
    begun, going = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        begun.set()
        await going.wait()
        yield json.dumps(IMAGE).encode()

    headers = {"X-API-Key": "sk_test_w", "Content-Type": "application/json"}
    post = rest.wire.http.post("/v1/generate/media", content=body(), headers=headers)
    task = asyncio.create_task(post)
    await begun.wait()
    breakpoint_id = await point(rest, "start.after_hold")
    going.set()
    await parked(rest, breakpoint_id)
    await release(rest, breakpoint_id, outcome="fail")
    assert (await task).status_code == 500


@pytest.mark.ruling("faults.hang-up")
@pytest.mark.parametrize("name", START_POINTS)
def test_a_client_that_hangs_up_leaves_nobody_behind(name: str) -> None:
    with socketed() as host:
        breakpoint_id = host.json("POST", "/_sim/breakpoints", {"point": name})["id"]
        with connected(host.server.port) as sock:
            sock.sendall(message("POST", "/v1/generate/media", {}, json.dumps(IMAGE).encode()))
            host.json("POST", f"/_sim/breakpoints/{breakpoint_id}/wait", {})
        assert _empty(host)
        assert host.kinds() == COMMITTED[name]
        released = host.json("POST", f"/_sim/breakpoints/{breakpoint_id}/release", {})
        assert (released, host.kinds()) == ({"released": 0}, COMMITTED[name])


@pytest.mark.ruling("faults.hang-up")
def test_an_agent_that_hangs_up_leaves_nobody_behind() -> None:
    with socketed() as host:
        host.tool("get_balance", {})  # the SDK is loaded by the first call
        host.json("POST", "/_sim/breakpoints", {"point": "start.before_check"})
        caller = threading.Thread(target=_impatient, args=(host,))
        caller.start()
        host.json("POST", "/_sim/breakpoints/breakpoint-1/wait", {})
        caller.join()
        assert (_empty(host), host.kinds()) == (True, [])


def test_a_stop_waits_for_nobody_who_is_parked_or_delayed() -> None:
    with socketed() as host:
        host.json("POST", "/_sim/breakpoints", {"point": "start.after_hold"})
        ends: list[int] = []
        callers = [
            threading.Thread(target=lambda: ends.append(host.start().status)),
            threading.Thread(target=lambda: ends.append(host.start("delay=30000").status)),
        ]
        for caller in callers:
            caller.start()
        host.json("POST", "/_sim/breakpoints/breakpoint-1/wait", {"parked": 2})
        host.json("POST", "/_sim/breakpoints/breakpoint-1/release", {"count": 2})
        callers.append(threading.Thread(target=lambda: ends.append(host.start().status)))
        callers[2].start()
        host.json("POST", "/_sim/breakpoints/breakpoint-1/wait", {"parked": 1})
        began = time.monotonic()
        host.server.stop()
        stopped_s = time.monotonic() - began
        for caller in callers:
            caller.join()
    assert (ends, stopped_s < 1.0) == ([200, 200, 200], True)


def _empty(host: Socketed) -> bool:
    """Whether the only breakpoint is left by all within a while."""
    for _ in range(200):
        (view,) = host.json("GET", "/_sim/breakpoints")["breakpoints"]
        if not view["parked"]:
            return True
        time.sleep(0.01)
    return False


def _impatient(host: Socketed) -> None:
    """A call whose caller has no patience."""
    body = request("tools/call", {"name": "generate_media", "arguments": IMAGE, "_meta": META})
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "generate_media",
    }
    host.arrived(message("POST", "/mcp", headers, body), patience_s=0.3)
