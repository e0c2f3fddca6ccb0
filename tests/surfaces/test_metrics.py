"""The process in numbers: what a scrape tells, and what it never tells."""

import asyncio
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulator.engine.counters import Counters
from simulator.surfaces import heartbeat
from simulator.surfaces.heartbeat import Heartbeat
from tests.surfaces.inprocess import Client, simulated

Labels = tuple[tuple[str, str], ...]


async def scraped(client: Client) -> dict[tuple[str, Labels], float]:
    """Each sample by its name and labels."""
    answer = await client.get("/_sim/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def by(name: str, samples: dict[tuple[str, Labels], float]) -> dict[str, float]:
    """The samples of a name that has one label, by its value."""
    return {labels[0][1]: value for (each, labels), value in samples.items() if each == name}


async def test_calls_are_counted_by_surface_operation_and_class_of_status() -> None:
    async with simulated() as client:
        await client.started()
        await client.start(model="none")
        await client.get("/v1/balance")
        await client.as_key(None).get("/v1/balance")
        samples = await scraped(client)
    counted = {
        dict(labels)["operation"] + " " + dict(labels)["status"]: value
        for (name, labels), value in samples.items()
        if name == "mediasim_requests_total" and dict(labels)["surface"] == "rest"
    }
    assert counted == {
        "generate_media 2xx": 1,
        "generate_media 4xx": 1,
        "get_balance 2xx": 1,
        "none 4xx": 1,
    }


async def test_a_made_up_tool_gets_no_series_of_its_own() -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "made_up_7"}}
    headers = {"accept": "application/json, text/event-stream"}
    async with simulated() as client:
        await client.post("/mcp", message, headers=headers)
        text = (await client.get("/_sim/metrics")).text
    assert "made_up_7" not in text
    assert 'operation="unknown_tool"' in text


async def test_jobs_and_credits_of_all_worlds_are_told() -> None:
    async with simulated() as client:
        await client.started()
        await client.started(prompt="[sim:fail]")
        await client.advance(seconds=600)
        await client.as_key("sk_test_v").started()
        samples = await scraped(client)
        price = (await client.ledger())[1]["credits"]
    jobs = by("mediasim_jobs", samples)
    assert jobs == {"pending": 1, "queued": 0, "processing": 0, "completed": 1, "failed": 1}
    assert by("mediasim_credits", samples) == {
        "held": 3 * price,
        "captured": price,
        "released": price,
        "open": price,
    }
    assert samples["mediasim_worlds", ()] == 2


async def test_nothing_that_belongs_to_a_caller_is_told() -> None:
    async with simulated(key="sk_test_canaryworld.canaryaccount") as client:
        job_id = await client.started(prompt="canaryprompt")
        await client.status(job_id)
        assert await scraped(client)
        text = (await client.get("/_sim/metrics")).text
    assert "canary" not in text
    assert job_id not in text


async def test_two_apps_count_apart() -> None:
    async with simulated() as one, simulated() as other:
        await one.started()
        await one.get("/_sim/metrics")
        assert by("mediasim_jobs", await scraped(other))["pending"] == 0


async def test_scraping_twice_counts_nothing_twice() -> None:
    async with simulated() as client:
        await client.started()
        first, second = await scraped(client), await scraped(client)
    assert [first[each] for each in first if each[0] == "mediasim_jobs"] == [
        second[each] for each in second if each[0] == "mediasim_jobs"
    ]


@pytest.mark.parametrize(
    ("accept", "begins"),
    [
        ("text/plain", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
    ],
)
async def test_the_form_is_the_one_that_was_asked_for(accept: str, begins: str) -> None:
    async with simulated() as client:
        answer = await client.get("/_sim/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith(begins)
    assert ("# EOF" in answer.text) == begins.startswith("application")


async def test_metrics_are_only_read() -> None:
    async with simulated() as client:
        assert (await client.post("/_sim/metrics", {})).status_code == 405


async def test_metrics_need_the_admin_token_where_there_is_one() -> None:
    async with simulated(admin_token="t" * 20) as client:
        assert (await client.get("/_sim/metrics")).status_code == 401
        good = {"authorization": "Bearer " + "t" * 20}
        assert (await client.get("/_sim/metrics", headers=good)).status_code == 200


async def test_a_blocked_loop_shows_as_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_REAL_S", 0.001)
    counters = Counters()
    beating = Heartbeat(counters)
    beating.start()
    beating.start()
    await asyncio.sleep(0)
    time.sleep(0.06)  # noqa: ASYNC251 - the loop is to be blocked
    await asyncio.sleep(0.01)
    assert sum(counters.stalls[6:]) == 1
    assert counters.stalled_us > 50_000


async def test_a_heart_that_nobody_has_any_more_stops() -> None:
    counters = Counters()
    beating = Heartbeat(counters)
    beating.start()
    del beating
    await asyncio.sleep(heartbeat.BEAT_REAL_S * 2)
    assert sum(counters.stalls) == 0


async def test_the_histogram_of_stalls_counts_from_the_first_scrape_on() -> None:
    async with simulated() as client:
        assert (await scraped(client))["mediasim_loop_stall_seconds_count", ()] == 0
        await asyncio.sleep(heartbeat.BEAT_REAL_S * 3)
        samples = await scraped(client)
    beats = samples["mediasim_loop_stall_seconds_count", ()]
    assert beats > 0
    assert samples["mediasim_loop_stall_seconds_bucket", (("le", "+Inf"),)] == beats
