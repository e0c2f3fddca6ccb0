"""How clients behaved, judged over the whole way: what a careless one did, and what it cost."""

from typing import Any

import pytest

from simulator.surfaces.connection import ConnectionDropped
from tests.lab.test_smoke import arm, call_tool
from tests.surfaces.inprocess import IMAGE, Client, simulated


async def findings(client: Client) -> dict[str, list[dict[str, Any]]]:
    answer = (await client.get("/_sim/conduct")).json()
    return {rule["id"]: rule["findings"] for rule in answer["rules"] if rule["findings"]}


async def test_a_careful_client_is_told_nothing() -> None:
    async with simulated() as client:
        job_id = await client.started()
        await client.advance(seconds=30)
        url = (await client.status(job_id))["outputs"][0]["url"]
        await client.get(url)
        answer = (await client.get("/_sim/conduct")).json()
    assert (answer["ok"], answer["calls"], answer["credits"]) == (True, 3, 0)


async def test_a_start_after_a_lost_answer_is_paid_for_twice() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "drop", "when": "after"}, times=1)
        with pytest.raises(ConnectionDropped):
            await client.start()
        await client.start()
        await client.advance(seconds=3600)
        (finding,) = (await findings(client))["starts_again_after_ambiguous"]
    assert finding["credits"] == 7


async def test_a_start_after_one_that_never_arrived_costs_nothing() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "drop", "when": "before"}, times=1)
        with pytest.raises(ConnectionDropped):
            await client.start()
        await client.start()
        await client.advance(seconds=3600)
        (finding,) = (await findings(client))["starts_again_after_ambiguous"]
    assert finding["credits"] == 0


async def test_calls_over_mcp_are_judged_alike() -> None:
    async with simulated() as client:
        for _ in range(2):
            await call_tool(client, "generate_media", {**IMAGE, "model": "seedance-2"})
        (finding,) = (await findings(client))["repeats_family_label"]
    assert len(finding["calls"]) == 2


async def test_who_comes_back_before_the_time_that_was_told_is_found() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "rate_limited", "retry_after": 30}, times=1)
        await client.start()
        await client.start()
        assert "ignores_retry_after" in await findings(client)


async def test_files_that_were_not_fetched_cost_what_they_cost() -> None:
    async with simulated() as client:
        job_id = await client.started()
        await client.advance(seconds=60)
        await client.status(job_id)
        (finding,) = (await findings(client))["downloads_nothing"]
    assert (finding["generation_id"], finding["credits"]) == (job_id, 7)


async def test_what_the_control_plane_was_asked_is_not_judged() -> None:
    async with simulated() as client:
        await client.advance(seconds=1)
        assert (await client.get("/_sim/conduct")).json()["calls"] == 0


async def test_other_products_are_judged_too() -> None:
    async with simulated() as client:
        music = (await client.post("/v1/generate/music", {"prompt": "rain"})).json()
        await client.get(f"/v1/generate/music/{music['generation_id']}")
        (finding,) = (await findings(client))["looks_too_early"]
    assert finding["says"] == "the first poll of a music came before 30 s were over"


@pytest.mark.parametrize(
    "effect", [{"kind": "malformed"}, {"kind": "content_type", "value": "text/html"}]
)
async def test_an_answer_that_cannot_be_read_is_as_good_as_lost(effect: dict[str, Any]) -> None:
    async with simulated() as client:
        await arm(client, effect, times=1)
        await client.start()
        await client.start()
        await client.advance(seconds=3600)
        (finding,) = (await findings(client))["starts_again_after_ambiguous"]
    assert finding["credits"] == 7


async def test_a_tools_answer_that_cannot_be_read_is_as_good_as_lost() -> None:
    async with simulated() as client:
        await arm(client, {"kind": "malformed"}, times=1)
        for _ in range(2):
            await call_tool(client, "generate_media", IMAGE)
        assert "starts_again_after_ambiguous" in await findings(client)
