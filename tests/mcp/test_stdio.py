"""``mediasim mcp``: the tools over standard input and output, in a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters, stdio_client

from simulator.commands.local import local_simulator
from simulator.settings import Settings
from simulator.surfaces.tools import TOOLS
from tests.cli.process import ROOT, TIMEOUT_S, environment, mediasim
from tests.mcp.wire import initialize

IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}


@asynccontextmanager
async def agent(*arguments: str, mode: str = "auto") -> AsyncIterator[Client]:
    """The SDK's client, which starts the command and ends it."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "simulator", "mcp", *arguments],
        env=environment(),
        cwd=ROOT,
    )
    async with Client(stdio_client(server), mode=mode) as client:
        yield client


@pytest.fixture(scope="module")
def running_url() -> Iterator[str]:
    """A simulator that runs already."""
    with local_simulator(Settings(frozen=True)) as server:
        yield f"http://{server.host}:{server.port}"


def started(*arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", "mcp", *arguments],
        env=environment(**variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_an_agent_starts_a_job_and_fetches_its_file() -> None:
    async with agent("--speed", "100000") as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
        start = await client.call_tool("generate_media", IMAGE)
        job_id = start.structured_content["id"]
        job = start.structured_content
        while job["status"] != "completed":
            answer = await client.call_tool("get_generation_status", {"generation_id": job_id})
            job = answer.structured_content
        async with httpx2.AsyncClient() as http:
            image = await http.get(job["outputs"][0]["url"])
    assert image.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_it_speaks_for_a_running_simulator_as_one_key(running_url: str, mode: str) -> None:
    key = f"sk_test_stdio-{mode}"
    async with agent("--url", running_url, "--key", key, mode=mode) as client:
        start = await client.call_tool("generate_media", IMAGE)
        refused = await client.call_tool("generate_media", {**IMAGE, "model": "no-such-model"})
        with pytest.raises(MCPError, match="Unknown tool: no_such_tool"):
            await client.call_tool("no_such_tool")
        skills = await client.list_resources()
        text = await client.read_resource(str(skills.resources[0].uri))
        listed_prompts = await client.list_prompts()
        prompt = await client.get_prompt("price-before-start", {"wanted": "a waltz"})
    assert refused.is_error
    assert refused.structured_content["error"] == "model_not_found"
    assert text.contents
    assert "price-before-start" in {each.name for each in listed_prompts.prompts}
    assert "a waltz" in str(prompt.messages[0].content)
    async with httpx2.AsyncClient(headers={"X-API-Key": key}) as http:
        listed = (await http.get(f"{running_url}/v1/generations")).json()["generations"]
    assert [job["id"] for job in listed] == [start.structured_content["id"]]


def test_it_ends_well_when_its_input_ends_and_writes_nothing_but_messages(running_url: str) -> None:
    with started(MEDIASIM_URL=running_url, MEDIASIM_API_KEY="sk_test_secretive") as process:
        out, err = process.communicate(initialize() + b"\n{no json\n\n", timeout=TIMEOUT_S)
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, err
    assert lines[0]["result"]["serverInfo"]["name"] == "mediasim"
    assert {line["jsonrpc"] for line in lines} == {"2.0"}
    assert b"secretive" not in out + err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_though_its_input_stays_open(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with started(TMPDIR=str(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(initialize() + b"\n")
        process.stdin.flush()
        assert b"serverInfo" in process.stdout.readline()
        assert list(tmp_path.iterdir()) != []
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == status
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_nobody_answers_ends_it_with_status_4() -> None:
    ended = mediasim("mcp", "--url", "http://127.0.0.1:9")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert "http://127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--url", "{url}", "--seed", "7"], "has its own options"),
        (["--url", "{url}", "--key", "sk_live_0123456789"], "looks like a live key"),
        (["--url", "ftp://nowhere"], "expected http://HOST:PORT"),
        (["--speed", "fast"], "--speed fast"),
    ],
    ids=["options of another", "live key", "no http", "no number"],
)
def test_wrong_use_ends_it_with_status_2(running_url: str, arguments: list[str], told: str) -> None:
    ended = mediasim("mcp", *(part.format(url=running_url) for part in arguments))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
