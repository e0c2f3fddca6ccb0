"""The guard on a socket before a simulator on a socket, as the checks use it."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from contracts.guard import MAIN_KEY, Guard, GuardProfile, Secret
from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread, bind
from tests.contracts.guarding import IMAGE

KEY = Secret("sk_test_guarded")


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    sock = bind("127.0.0.1", 0)
    port = sock.getsockname()[1]
    sock.close()
    simulator = build(Settings(frozen=True, limits=False), f"http://127.0.0.1:{port}")
    with ServerThread(simulator.app, port=port) as server:
        yield f"http://127.0.0.1:{server.port}"


def profile(backend: str, **told: Any) -> GuardProfile:
    return GuardProfile(
        **{"rest_url": backend, "mcp_url": f"{backend}/mcp", "key": KEY, "control": True, **told}
    )


def callers(guard: Guard) -> httpx2.Client:
    return httpx2.Client(base_url=guard.rest_url, headers={"X-API-Key": MAIN_KEY})


def test_what_is_spent_is_what_the_backend_took(backend: str) -> None:
    with Guard(profile(backend, max_credits=200)) as guard, callers(guard) as client:
        before = client.get("/v1/balance").json()["credits"]
        assert client.post("/v1/generate/media", json=IMAGE).status_code == 200
        refused = client.post("/v1/generate/media", json={**IMAGE, "aspect_ratio": "7:7"})
        assert refused.json()["error"] == "invalid_aspect_ratio"
        dear = {"model": "kling-3-0-std", "prompt": "x", "generation_type": "text-to-video"}
        assert client.post("/v1/generate/media", json=dear).headers["x-guard"] == "refused"
        plain = {**dear, "duration": "5s"}
        assert client.post("/v1/generate/media", json=plain).status_code == 200
        assert before - client.get("/v1/balance").json()["credits"] == guard.spent() == 89
        assert guard.reserved() == 0


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_the_official_client_works_through_the_guard_in_both_eras(
    backend: str, mode: str
) -> None:
    with Guard(profile(backend, max_credits=4)) as guard:
        async with (
            httpx2.AsyncClient(headers={"X-API-Key": MAIN_KEY}) as http,
            Client(streamable_http_client(guard.mcp_url, http_client=http), mode=mode) as client,
        ):
            assert "generate_media" in {tool.name for tool in (await client.list_tools()).tools}
            answer = await client.call_tool("generate_media", dict(IMAGE))
            assert not answer.is_error
            wrong = await client.call_tool("get_generation_status", {"generation_id": "x"})
            assert wrong.is_error
        assert (guard.spent(), guard.reserved()) == (4, 0)
        assert {record.surface for record in guard.records()} == {"mcp"}


def test_streams_uploads_and_files_go_through(backend: str) -> None:
    with Guard(profile(backend, max_credits=4)) as guard, callers(guard) as client:
        job = client.post("/v1/generate/media", json=IMAGE).json()["generation_id"]
        client.post("/_sim/clock/advance", json={"seconds": 600}).raise_for_status()
        stream = client.get(f"/v1/generate/media/{job}/stream")
        assert stream.text.startswith("event: result")
        url = client.get(f"/v1/generate/media/{job}").json()["outputs"][0]["url"]
        picture = httpx2.get(guard.file_url(url)).content
        assert picture.startswith(b"\x89PNG")
        files = {"file": ("a.png", picture, "image/png")}
        assert "urls" in client.post("/v1/upload/media", files=files).json()


def test_a_stream_that_the_caller_leaves_does_not_keep_the_guard(backend: str) -> None:
    guard = Guard(profile(backend, max_credits=4))
    with guard, callers(guard) as client:
        job = client.post("/v1/generate/media", json=IMAGE).json()["generation_id"]
        with client.stream("GET", f"/v1/generate/media/{job}/stream") as stream:
            assert stream.status_code == 200
        assert client.get("/v1/models").status_code == 200
    assert [each.name for each in threading.enumerate() if each.name == "guard"] == []


def test_a_backend_that_is_gone_is_told_as_such() -> None:
    sock = bind("127.0.0.1", 0)
    port = sock.getsockname()[1]
    sock.close()
    nobody = profile(f"http://127.0.0.1:{port}", max_credits=4)
    with Guard(nobody) as guard, callers(guard) as client:
        answer = client.post("/v1/generate/media", json=IMAGE)
        assert (answer.status_code, answer.json()["reason"]) == (502, "unreachable")
        assert (guard.spent(), guard.reserved()) == (0, 0)


def test_many_callers_on_sockets_spend_no_more_than_the_cap(backend: str) -> None:
    told: list[int] = []
    with Guard(profile(backend, max_credits=43)) as guard:

        def work() -> None:
            with callers(guard) as client:
                answers = [client.post("/v1/generate/media", json=IMAGE) for _ in range(5)]
            told.extend(answer.status_code for answer in answers)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (told.count(200), told.count(402)) == (10, 30)
        assert guard.spent() == 40
