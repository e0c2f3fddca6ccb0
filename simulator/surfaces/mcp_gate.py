"""The door of ``/mcp``: keys and body limits before the SDK, which is loaded at the first call."""

import asyncio
import importlib
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import REFUSALS, encode, refusal, send_json
from simulator.surfaces.auth import Keys
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body

PATH = "/mcp"
METHODS = ("DELETE", "GET", "POST")
PARSE_ERROR = -32_700
_CALLER = "mediasim.caller"  # the key of the scope that hands it to the tools


class McpGate:
    """An ASGI app. Every request carries its key: a session belongs to nobody. ``fixtures``: with
    what the conformance suite looks for."""

    def __init__(
        self,
        provider: Provider,
        keys: Keys,
        limits: GuardLimits,
        version: str,
        *,
        fixtures: bool = False,
    ) -> None:
        self._fixtures = fixtures
        self._provider = provider
        self._keys = keys
        self._limits = limits
        self._version = version
        self._app: ASGIApp | None = None
        self._opening: asyncio.Task[ASGIApp] | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            caller = await self._admit(scope)
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            self._refused += 1
            await send_json(send, status, payload, f"mcp_0_{self._refused:08d}", headers)
            return
        if scope["method"] == "POST":
            body = await read_json_body(receive, self._limits)
            check_json_depth(body)
            problem = _not_json(body)
            if problem is not None:
                self._refused += 1
                await send_json(send, 400, problem, f"mcp_0_{self._refused:08d}")
                return
            receive = _replayed(body, receive)
        # The SDK compares headers with the body; blanks around a value are no part of it.
        told = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        await (await self._opened())({**scope, "headers": told, _CALLER: caller}, receive, send)

    async def _admit(self, scope: Scope) -> Caller:
        if scope["path"] != PATH:
            raise Denial(404, f"There is nothing at this path; MCP is at {PATH}.")
        if scope["method"] not in METHODS:
            allowed = ", ".join(METHODS)
            raise Denial(405, f"Method not allowed here; expected {allowed}.", {"allow": allowed})
        return await self._keys.caller(scope["headers"])

    async def close(self) -> None:
        """Ends every session."""
        if self._opening is not None:
            await self._opening
        if self._running is not None:
            self._stop.set()
            await self._running

    async def _opened(self) -> ASGIApp:
        if self._app is None:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
            # A first caller who hangs up must not take the door with it.
            return await asyncio.shield(self._opening)
        return self._app

    async def _open(self) -> ASGIApp:
        module = await asyncio.to_thread(importlib.import_module, "simulator.surfaces.mcp")
        server = module.make_server(self._provider, self._caller_of, self._version)
        if self._fixtures:
            importlib.import_module("simulator.surfaces.mcp_fixtures").add_fixtures(server)
        most = self._limits.max_json_bytes
        manager = module.make_manager(server, most, streams=self._fixtures)
        started = asyncio.Event()
        self._running = asyncio.create_task(self._run(manager, started))
        await started.wait()
        app: ASGIApp = module.make_app(manager)
        self._app = app
        return app

    async def _run(self, manager: Any, started: asyncio.Event) -> None:
        """The manager's task group begins and ends in one task, as it must."""
        async with manager.run():
            started.set()
            await self._stop.wait()

    async def _caller_of(self, context: Any) -> Caller:
        """The one whom this request was admitted for, whoever began the session."""
        caller: Caller = context.request.scope[_CALLER]
        return caller


def _not_json(body: bytes) -> bytes | None:
    """The answer to what is no JSON, as strictly as over REST: the SDK's two parsers differ in what
    they make of NaN, 1e999, half a surrogate pair and UTF-16."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        problem = {"code": PARSE_ERROR, "message": f"Parse error: {error}"[:200]}
        return encode({"jsonrpc": "2.0", "id": None, "error": problem})
    return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read once more, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
