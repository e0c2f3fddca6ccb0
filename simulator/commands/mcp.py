"""``mediasim mcp``: the tools over standard input and output, for an agent on this machine.

Behind it is a simulator over HTTP, either a running one or one of its own in this process: the
files that its answers name are fetched from there.
"""

import asyncio
import atexit
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server

from simulator import logs  # before whatever else imports structlog
from simulator.commands.local import local_simulator
from simulator.console import (
    CANNOT_START,
    INTERRUPTED,
    OK,
    UNREACHABLE,
    WRONG_USE,
    CommandFailed,
    complain,
)
from simulator.engine.load import CatalogError
from simulator.engine.store.base import StateError
from simulator.options import Given, read_settings
from simulator.settings import SettingsError, environment
from simulator.surfaces.mcp import INSTRUCTIONS
from simulator.surfaces.server import CannotStart
from simulator.version import installed_version

DEFAULT_KEY = "sk_test_default"
REVISION = "2026-07-28"
"""What this process and the simulator speak; what the agent speaks is the agent's choice."""

_TIMEOUT_S = 60.0

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A simulator to speak for: its base URL, and the key that every call is made with."""

    url: str
    key: str


def mcp(url: str | None, key: str | None, given: Given) -> int:
    """Runs until standard input ends; the exit status. ``given``: options of a simulator of its
    own, which there is unless ``url`` names another. Raises CommandFailed."""
    chosen = environment({"url": "URL", "key": "API_KEY"})
    if url is not None and any(value is not None for value in given.values()):
        raise CommandFailed(WRONG_USE, "--url: the simulator there has its own options")
    url = url or (None if any(given.values()) else chosen.get("url"))
    key = key or chosen.get("key") or DEFAULT_KEY
    if url is not None:
        logs.configure("text", "info")
        base = url.rstrip("/").removesuffix("/mcp")
        return asyncio.run(_speak_for(Target(base, key)))
    return _alone(key, given)


def _alone(key: str, given: Given) -> int:
    """Speaks for a simulator of its own, on a free port of this machine."""
    try:
        settings = read_settings({**given, "host": "127.0.0.1", "port": "0"})
    except SettingsError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error
    logs.configure(settings.log_format, settings.log_level)
    try:
        with local_simulator(settings) as server:
            url = f"http://{server.host}:{server.port}"
            complain(f"mediasim {installed_version()} answers at {url} too; its docs: {url}/docs")
            return asyncio.run(_speak_for(Target(url, key), server.stop))
    except (CannotStart, StateError) as error:
        raise CommandFailed(CANNOT_START, str(error)) from error
    except CatalogError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error


async def _speak_for(target: Target, stop: Callable[[], None] = lambda: None) -> int:
    """Until standard input ends; or a signal comes, after which ``stop`` is the last call."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells every call
    await _check(target)
    async with _client(target) as client, stdio_server() as (read, write):
        server = forwarding_server(client)
        options = server.create_initialization_options()
        speaking = asyncio.create_task(server.run(read, write, options))
        stopped = asyncio.create_task(_signalled())
        await asyncio.wait([speaking, stopped], return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            await asyncio.to_thread(stop)
            _leave(stopped.result())
        stopped.cancel()
        await speaking
    return OK


async def _check(target: Target) -> None:
    """Raises CommandFailed unless there is a simulator that takes the key."""
    try:
        async with _http(target) as http:
            answer = await http.get(f"{target.url}/v1/models?model_type=other")
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise CommandFailed(WRONG_USE, f"--url: {error}, expected http://HOST:PORT") from error
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise CommandFailed(UNREACHABLE, f"{target.url}: {reason}") from error
    if answer.status_code == 401:
        raise CommandFailed(WRONG_USE, f"--key: refused by {target.url}: {answer.text[:300]}")
    if answer.headers.get("x-sim") != "1":
        raise CommandFailed(UNREACHABLE, f"{target.url}: something answers, but no simulator")


@asynccontextmanager
async def _client(target: Target) -> AsyncIterator[Client]:
    async with _http(target) as http:
        transport = streamable_http_client(f"{target.url}/mcp", http_client=http)
        async with Client(transport, mode=REVISION) as client:
            yield client


def _http(target: Target) -> httpx2.AsyncClient:
    """No proxy and no setting of the environment: the key goes where it was meant to go."""
    headers = {"X-API-Key": target.key}
    return httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT_S, trust_env=False)


def forwarding_server(client: Client) -> "Server[Any]":
    """A server that hands every request on to ``client`` and every answer back as it came."""

    async def list_tools(ctx: Context, params: object) -> types.ListToolsResult:
        return await client.list_tools()

    async def call(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await client.call_tool(params.name, params.arguments)

    async def list_resources(ctx: Context, params: object) -> types.ListResourcesResult:
        return await client.list_resources()

    async def list_templates(ctx: Context, params: object) -> types.ListResourceTemplatesResult:
        return await client.list_resource_templates()

    async def read_resource(
        ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        return await client.read_resource(params.uri)

    async def list_prompts(ctx: Context, params: object) -> types.ListPromptsResult:
        return await client.list_prompts()

    async def get_prompt(
        ctx: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return await client.get_prompt(params.name, params.arguments)

    return Server(
        "mediasim",
        version=installed_version(),
        title="mediasim, a simulator of Kubeez",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


async def _signalled() -> int:
    """The exit status, once SIGTERM or SIGINT has come."""
    loop = asyncio.get_running_loop()
    numbers: asyncio.Queue[int] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, numbers.put_nowait, number)
    return INTERRUPTED if await numbers.get() == signal.SIGINT else OK


def _leave(status: int) -> None:
    """At once: a thread waits in a read of standard input, and nothing but its end wakes it."""
    atexit._run_exitfuncs()
    os._exit(status)
