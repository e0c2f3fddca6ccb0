"""Faults, breakpoints and queues over the wire, end to end."""

import asyncio
from typing import Any

import httpx2
import pytest

from simulator.surfaces.connection import ConnectionDropped
from tests.surfaces.inprocess import IMAGE, Client, simulated


async def arm(client: Client, do: dict[str, Any], **fields: Any) -> str:
    answer = await client.post("/_sim/faults", {"do": do, **fields})
    assert answer.status_code == 200, answer.text
    fault_id: str = answer.json()["id"]
    return fault_id


async def test_a_fault_that_was_armed_for_two_starts_fails_two_jobs() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "fail", "reason": "timeout"}, times=2)
        answers = [await client.start() for _ in range(3)]
        await client.advance(seconds=3600)
        kinds = [entry["kind"] for entry in await client.ledger()]
    assert [answer.headers.get("x-sim-fault") for answer in answers] == ["fault-1", "fault-1", None]
    assert (kinds.count("release"), kinds.count("capture")) == (2, 1)


async def test_a_lost_answer_leaves_the_hold() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "drop", "when": "after"}, times=1)
        with pytest.raises(ConnectionDropped):
            await client.start()
        kinds = [entry["kind"] for entry in await client.ledger()]
    assert kinds == ["grant", "hold"]


async def test_an_answer_lost_before_the_commit_leaves_nothing() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "drop", "when": "before"}, times=1)
        with pytest.raises(ConnectionDropped):
            await client.start()
        kinds = [entry["kind"] for entry in await client.ledger()]
    assert kinds == ["grant"]


async def test_a_header_asks_for_a_status() -> None:
    async with simulated() as client:
        answer = await client.post(
            "/v1/generate/media", IMAGE, headers={"X-Sim-Fault": "status=503"}
        )
        kinds = [entry["kind"] for entry in await client.ledger()]
    assert (answer.status_code, answer.headers["x-sim-fault"], kinds) == (503, "header", ["grant"])


async def test_two_parked_starts_race_for_the_last_credit() -> None:
    async with simulated(credits=7_000) as client:
        point = (await client.post("/_sim/breakpoints", {"point": "start.before_check"})).json()
        starts = [asyncio.create_task(client.start()) for _ in range(2)]
        await client.post(f"/_sim/breakpoints/{point['id']}/wait", {"parked": 2})
        await client.post(f"/_sim/breakpoints/{point['id']}/release")
        statuses = sorted([(await start).status_code for start in starts])
    assert statuses == [200, 402]


async def test_a_queue_of_one_worker_lets_the_second_begin_when_the_first_ends() -> None:
    async with simulated() as client:
        await client.post("/_sim/queues", {"model": "nano-banana", "workers": 1})
        ids = [await client.started() for _ in range(2)]
        first, second = [(await client.get(f"/_sim/jobs/{job_id}")).json() for job_id in ids]
    assert second["timetable"]["processing_at"] == first["timetable"]["done_at"]
    assert (first["position"], second["position"]) == (0, 2)


async def call_tool(client: Client, name: str, arguments: dict[str, Any]) -> httpx2.Response:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": name,
            "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    }
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": name,
    }
    return await client.post("/mcp", body, headers=headers)


async def test_a_tools_call_answers_with_the_status_that_was_asked_for() -> None:
    async with simulated() as client:
        await arm(
            client, {"kind": "status", "code": 503}, match={"tool": "generate_media"}, times=1
        )
        answer = await call_tool(client, "generate_media", IMAGE)
        again = await call_tool(client, "generate_media", IMAGE)
    assert (answer.status_code, answer.headers["x-sim-fault"]) == (503, "fault-1")
    assert (again.status_code, again.json()["result"]["isError"]) == (200, False), again.text
