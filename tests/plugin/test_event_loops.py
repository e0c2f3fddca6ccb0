"""Worlds for tests on an event loop: over a socket, and in process."""

import asyncio
import json

import httpx
import httpx2
import pytest
from starlette.types import ASGIApp

from simulator.testing import AsyncMediasim
from simulator.testing.transports import AppTransport
from tests.plugin.starting import CREDITS, IMAGE, START


@pytest.fixture(params=["mediasim_async", "mediasim_local"])
def world(request: pytest.FixtureRequest) -> AsyncMediasim:
    """The same tests over a socket and in process."""
    found: AsyncMediasim = request.getfixturevalue(request.param)
    return found


async def test_a_job_runs_to_completion(world: AsyncMediasim) -> None:
    async with world.client() as client:
        generation_id = (await client.post(START, json=IMAGE)).json()["generation_id"]
        await world.clock.advance_until(generation_id)
        answer = await client.get(f"{START}/{generation_id}")
    assert answer.json()["status"] == (await world.job(generation_id)).status == "completed"
    assert await world.ledger.kinds() == ["grant", "hold", "capture"]
    await world.verify(operation="generate_media", exactly=1)
    await world.ledger.verify()


async def test_the_last_credits_go_to_one_of_two(world: AsyncMediasim) -> None:
    await world.account("main", credits=CREDITS)
    async with world.client() as client, world.park("start.before_check") as parked:
        starts = [asyncio.create_task(client.post(START, json=IMAGE)) for _ in range(2)]
        await parked.wait(2)
        await parked.release()
        assert sorted([(await each).status_code for each in starts]) == [200, 402]
    assert (await world.ledger.balance()).held == CREDITS


@pytest.mark.parametrize(("when", "kinds"), [("before", []), ("after", ["hold"])])
async def test_a_lost_answer_is_a_broken_connection(
    world: AsyncMediasim, when: str, kinds: list[str]
) -> None:
    await world.arm("drop", when=when, times=1)
    async with world.client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.post(START, json=IMAGE)
    assert await world.ledger.kinds() == ["grant", *kinds]


async def test_an_answer_that_breaks_off_is_a_broken_connection(world: AsyncMediasim) -> None:
    await world.arm("truncate", keep=0.5)
    async with world.client() as client, client.stream("GET", "/v1/models") as answer:
        assert answer.status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            await answer.aread()


async def test_events_of_a_stream_come_as_they_happen(world: AsyncMediasim) -> None:
    async with world.client() as client:
        generation_id = (await client.post(START, json=IMAGE)).json()["generation_id"]
        path = f"{START}/{generation_id}/stream"
        async with client.stream("GET", path) as answer:
            await world.clock.advance_until(generation_id)
            lines = [line async for line in answer.aiter_lines()]
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert "completed" in [each.get("status") for each in told], lines


async def test_who_leaves_a_stream_is_missed_by_nobody(world: AsyncMediasim) -> None:
    async with world.client() as client:
        generation_id = (await client.post(START, json=IMAGE)).json()["generation_id"]
        async with client.stream("GET", f"{START}/{generation_id}/stream") as answer:
            assert answer.status_code == 200
    assert (await world.jobs())[0].status == "pending"


async def test_a_failed_expectation_is_raised_where_it_stands(world: AsyncMediasim) -> None:
    with pytest.raises(AssertionError, match="expected exactly 1, came 0 times"):
        await world.verify(operation="generate_media", exactly=1)


async def test_the_clock_is_driven_from_the_loop(world: AsyncMediasim) -> None:
    begin = await world.clock.now()
    await world.clock.advance(5)
    assert (await world.clock.now() - begin).total_seconds() == 5
    assert (await world.clock.resume()).mode == "running"
    assert (await world.clock.freeze()).mode == (await world.clock.look()).mode == "frozen"
    assert (await world.clock.advance_to_next_event()).mode == "frozen"


async def test_any_call_of_the_world_can_be_run(world: AsyncMediasim) -> None:
    await world.run(world.world.queues.set, "nano-banana", workers=1)
    await world.snapshot()
    async with world.client("alice") as client:
        await client.post(START, json=IMAGE)
    assert await world.ledger.total("hold", "alice") == CREDITS
    await world.restore()
    assert [entry.account for entry in await world.ledger.entries()] == ["main"]


@pytest.mark.mediasim(credits=3, seed=9)
async def test_marks_hold_in_process_too(mediasim_local: AsyncMediasim) -> None:
    assert (await mediasim_local.ledger.balance()).available == 3
    assert (await mediasim_local.run(mediasim_local.world.control.info)).seed == 9


async def test_a_client_of_ones_own_speaks_to_the_app(
    mediasim_transport: httpx2.AsyncBaseTransport,
) -> None:
    client = httpx2.AsyncClient(transport=mediasim_transport, base_url="http://testserver")
    async with client:
        answer = await client.get("/v1/balance", headers={"X-API-Key": "sk_test_shop"})
        head = await client.head("/health")
    assert answer.json()["credits"] == 10_000
    assert (head.status_code, head.content) == (200, b"")


async def test_the_older_client_library_gets_errors_of_its_own(mediasim_app: ASGIApp) -> None:
    client = httpx.AsyncClient(
        transport=AppTransport(mediasim_app, httpx),  # type: ignore[arg-type]  # has its methods
        base_url="http://testserver",
        headers={"X-API-Key": "sk_test_shop"},
    )
    async with client:
        assert (await client.post(START, json=IMAGE)).status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/balance", headers={"X-Sim-Fault": "drop"})
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/v1/balance", headers={"X-Sim-Fault": "truncate"})


def test_a_sync_client_is_told_that_there_is_no_socket(mediasim_local: AsyncMediasim) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol, match="async"):
        mediasim_local.world.client.get("/v1/balance")
