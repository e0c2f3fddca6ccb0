"""The Python SDK's own client, with every revision that it speaks, in process and over a socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2
import jsonschema_rs
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextResourceContents
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_HANDSHAKE_VERSION

from simulator.commands.local import local_simulator
from simulator.settings import Settings
from simulator.surfaces.mcp_prompts import PROMPTS
from simulator.surfaces.tools import TOOLS
from tests.mcp.wire import BASE, MODERN, in_session, initialize, request, wired

IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}
KEY = "sk_test_clients"
MODES = {"auto": MODERN, "legacy": LATEST_HANDSHAKE_VERSION, MODERN: MODERN}
"""How the client is asked to connect, and the revision that comes of it."""


@pytest.fixture(scope="module")
def served_url() -> Iterator[str]:
    """A simulator behind a real socket."""
    with local_simulator(Settings(frozen=True, limits=False)) as server:
        yield f"http://{server.host}:{server.port}"


@asynccontextmanager
async def connected(url: str, mode: str = "auto", key: str = KEY) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers={"X-API-Key": key}) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


async def works(client: Client) -> None:
    """Tools, a start, a refusal, a look-up, an unknown tool, resources, prompts."""
    assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
    start = await client.call_tool("generate_media", IMAGE)
    job_id = start.structured_content["id"]
    job = await client.call_tool("get_generation_status", {"generation_id": job_id})
    assert job.structured_content["status"] == "pending"
    refused = await client.call_tool("generate_media", {**IMAGE, "model": "no-such-model"})
    assert refused.is_error
    assert refused.structured_content["error"] == "model_not_found"
    with pytest.raises(MCPError, match="Unknown tool"):
        await client.call_tool("no_such_tool")
    for resource in (await client.list_resources()).resources:
        (text,) = (await client.read_resource(resource.uri)).contents
        assert isinstance(text, TextResourceContents)
        assert len(text.text.encode()) == resource.size
    with pytest.raises(MCPError, match="Resource not found"):
        await client.read_resource("kubeez://skills/no-such-skill")
    prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert prompts == {prompt.name for prompt in PROMPTS}
    asked = await client.get_prompt("price-before-start", {"wanted": "a waltz"})
    assert "a waltz" in str(asked.messages[0].content)
    with pytest.raises(MCPError, match="Unknown prompt"):
        await client.get_prompt("no-such-prompt")
    assert (await client.list_resource_templates()).resource_templates == []


@pytest.mark.parametrize("mode", sorted(MODES))
async def test_the_client_works_over_a_socket(served_url: str, mode: str) -> None:
    async with connected(served_url, mode) as client:
        assert client.protocol_version == MODES[mode]
        assert "nothing is charged" in (client.instructions or "") or mode == MODERN
        await works(client)


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
async def test_a_client_of_any_older_revision_works_over_a_socket(
    served_url: str, version: str
) -> None:
    """The SDK's client offers its newest one, so the handshake is written out."""
    headers = {
        "X-API-Key": KEY,
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    async with httpx2.AsyncClient(headers=headers, base_url=served_url) as http:
        opened = await http.post("/mcp", content=initialize(version))
        assert opened.json()["result"]["protocolVersion"] == version
        session = in_session(opened.headers["mcp-session-id"], version)
        call = request("tools/call", {"name": "generate_media", "arguments": IMAGE})
        answer = await http.post("/mcp", content=call, headers=session)
        ping = await http.post("/mcp", content=request("ping"), headers=session)
    assert answer.json()["result"]["structuredContent"]["status"] == "pending"
    assert ping.json()["result"] == {}


@pytest.mark.parametrize("mode", ["auto", MODERN])
async def test_the_client_works_in_process(mode: str) -> None:
    async with wired() as wire:
        transport = httpx2.ASGITransport(app=wire.simulator.app)
        headers = {"X-API-Key": KEY}
        async with httpx2.AsyncClient(transport=transport, headers=headers, base_url=BASE) as http:
            to = streamable_http_client(f"{BASE}/mcp", http_client=http)
            async with Client(to, mode=mode) as client:
                await works(client)


async def test_a_bearer_token_is_a_key_too(served_url: str) -> None:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"})
    to = streamable_http_client(f"{served_url}/mcp", http_client=http)
    async with http, Client(to) as client:
        assert not (await client.call_tool("get_balance")).is_error


async def test_without_a_key_the_client_does_not_connect(served_url: str) -> None:
    async with httpx2.AsyncClient() as http:
        transport = streamable_http_client(f"{served_url}/mcp", http_client=http)
        with pytest.raises((MCPError, ExceptionGroup)):
            async with Client(transport) as client:
                await client.list_tools()


async def test_many_calls_of_one_client_at_once_are_each_answered(served_url: str) -> None:
    models = ["nano-banana", "no-such-model"] * 20
    async with connected(served_url, key="sk_test_many") as client:
        calls = [client.call_tool("generate_media", {**IMAGE, "model": m}) for m in models]
        answers = await asyncio.gather(*calls)
        ids = {a.structured_content["id"] for a in answers if not a.is_error}
    assert [a.is_error for a in answers] == [model == "no-such-model" for model in models]
    assert len(ids) == 20


async def test_clients_at_once_each_act_in_their_own_world(served_url: str) -> None:
    async def one(number: int) -> list[str]:
        mode = list(MODES)[number % len(MODES)]
        async with connected(served_url, mode, f"sk_test_own{number}") as client:
            start = await client.call_tool("generate_media", IMAGE)
            listed = await client.call_tool("get_generations")
            rows = listed.structured_content["generations"]
            assert [row["id"] for row in rows] == [start.structured_content["id"]]
            return [row["id"] for row in rows]

    worlds = await asyncio.gather(*[one(number) for number in range(12)])
    assert len({job_id for ids in worlds for job_id in ids}) == 12


async def test_every_schema_is_a_schema_and_fits_what_is_answered_or_refused() -> None:
    async with wired() as wire:
        tools = (await wire.rpc("tools/list")).json()["result"]["tools"]
        for tool in tools:
            jsonschema_rs.meta.validate(tool["inputSchema"])
            jsonschema_rs.meta.validate(tool["outputSchema"])
            example = dict(TOOLS[tool["name"]].example)
            assert jsonschema_rs.is_valid(tool["inputSchema"], example) or not example
            for asked in (example, {"model": "no-such-model"}, {"prompt": 4}):
                answer = await wire.tool(tool["name"], asked)
                jsonschema_rs.validate(tool["outputSchema"], answer.content)


async def test_what_is_neither_an_answer_nor_a_refusal_fits_no_schema() -> None:
    async with wired() as wire:
        tools = (await wire.rpc("tools/list")).json()["result"]["tools"]
    fit = [t["name"] for t in tools if jsonschema_rs.is_valid(t["outputSchema"], {"message": "x"})]
    assert fit == []


async def test_every_tool_tells_what_it_does_and_what_it_changes() -> None:
    async with wired() as wire:
        tools = (await wire.rpc("tools/list")).json()["result"]["tools"]
    for tool in tools:
        operation = TOOLS[tool["name"]]
        assert operation.advice in tool["description"]
        assert tool["title"]
        assert tool["annotations"]["readOnlyHint"] == operation.reads
        assert tool["annotations"]["destructiveHint"] is False


async def test_the_list_of_tools_is_the_same_bytes_each_time() -> None:
    async with wired() as one, wired(seed=7) as other:
        lists = [(await wire.rpc("tools/list")).content for wire in (one, one, other)]
    assert len(set(lists)) == 1


async def test_what_the_conformance_suite_looks_for_is_served_only_when_it_is_asked_for() -> None:
    async with wired() as plain, wired(mcp_fixtures=True) as with_fixtures:
        lists = [
            {tool["name"] for tool in (await wire.rpc("tools/list")).json()["result"]["tools"]}
            for wire in (plain, with_fixtures)
        ]
        said = await with_fixtures.called("test_simple_text", {})
        own = await with_fixtures.tool("get_balance", {})
    assert lists[0] == set(TOOLS)
    assert "test_simple_text" in lists[1] - lists[0]
    assert "for testing" in said.text
    assert not own.is_error
