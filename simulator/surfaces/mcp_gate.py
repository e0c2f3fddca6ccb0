"""The door of ``/mcp``: keys and body limits before the SDK, which is loaded at the first call."""

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.domain.effects import kinds_of
from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.domain.faults import find
from simulator.engine.asks import Asks
from simulator.engine.operations import Operation
from simulator.engine.provider import Provider
from simulator.engine.shapes import from_fields
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import REFUSALS, Header, encode, refusal, send_json
from simulator.surfaces.auth import Keys
from simulator.surfaces.connection import ConnectionDropped, gone, hang_up
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body
from simulator.surfaces.mcp_reply import McpReply
from simulator.surfaces.recording import Seen, record, started
from simulator.surfaces.staging import LOOKS, Stage, enter, with_asks
from simulator.surfaces.tools import ADDED_ARGUMENT, TOOLS, admit, where_of

PATH = "/mcp"
METHODS = ("DELETE", "GET", "POST")
PARSE_ERROR = -32_700
NO_SESSION = -32_001
NAME_MOST = 100
LOST = "lost_session"
_ALL_BUT_OUTAGES = kinds_of("wire") - {"outage"}
SDK_HEADERS = frozenset({b"accept", b"content-type", b"last-event-id"})
CALLER = "mediasim.caller"  # the key of the scope that hands it to the tools
SEEN = "mediasim.seen"  # and what is known of the call so far


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
        seen = Seen("mcp", started())
        reply = McpReply(send)
        try:
            await self._answer(seen, reply, scope, receive)
        except ConnectionDropped:
            reply.status = 0
            await hang_up(scope, receive, polite=reply.begun)
        finally:
            seen.faults, seen.stage = reply.told(), reply.stage
            answered = (reply.request_id, reply.status, reply.kept())
            record(self._provider.worlds, seen, scope, answered, reply.size)

    async def _answer(self, seen: Seen, reply: McpReply, scope: Scope, receive: Receive) -> None:
        try:
            caller = await self._admit(scope)
        except REFUSALS as error:
            seen.world = self._keys.witness(scope["headers"])
            await self._refuse(reply, *refusal(error))
            return
        seen.world, seen.account = caller.world, caller.account
        caller.world.requests += 1
        reply.request_id = f"req_{caller.world.requests:08d}"
        message: Any = None
        if scope["method"] == "POST":
            seen.raw = await read_json_body(receive, self._limits)
            check_json_depth(seen.raw)
            message, problem = _json_of(seen.raw)
            if problem is not None:
                await self._refuse(reply, 400, problem)
                return
            seen.operation = tool_of(message)
            receive = _replayed(seen.raw, receive)
        try:
            caller = await self._stage(caller, message, reply, seen, scope, receive)
        except Denial as error:
            await self._refuse(reply, *refusal(error))
        else:
            if reply.stage is not None and find(reply.stage.fired, LOST) is not None:
                await self._refuse(reply, 404, _lost(message))
            else:
                await self._pass_on(caller, seen, scope, receive, reply)
        await reply.finish(self._provider.worlds.pause)

    async def _pass_on(
        self, caller: Caller, seen: Seen, scope: Scope, receive: Receive, reply: McpReply
    ) -> None:
        # The SDK compares headers with the body; blanks around a value are no part of it. It looks
        # through all of them for each: it gets those that it asks for, and never a key.
        told = [
            (name, value.strip(b" \t"))
            for name, value in scope["headers"]
            if name in SDK_HEADERS or name.startswith(b"mcp-")
        ]
        inner = {**scope, "headers": told, CALLER: caller, SEEN: seen}
        await (await self._opened())(inner, receive, reply.send)

    async def _stage(
        self,
        caller: Caller,
        message: Any,
        reply: McpReply,
        seen: Seen,
        scope: Scope,
        receive: Receive,
    ) -> Caller:
        """The caller with what it asks, if it asks anything. Raises Denial, if that is to be
        answered instead of the SDK, and ConnectionDropped."""
        name = seen.operation
        asks = with_asks(self._provider, caller, seen.raw, ("mcp", "", name, ""))
        if asks is None:
            if name not in LOOKS:
                return caller
            asks = Asks("mcp", "", name)
            reply.stage = Stage(asks)
            return replace(caller, asks=asks)
        asks.left = lambda: gone(receive)
        reply.stage = stage = Stage(asks)
        caller = replace(caller, asks=asks)
        operation = TOOLS.get(name)
        if operation is None:
            await enter(self._provider, caller, stage, ("wire",), _ALL_BUT_OUTAGES)
            return caller
        given = arguments_of(message)
        unless = [] if any(key == b"mcp-session-id" for key, _ in scope["headers"]) else [LOST]
        if ADDED_ARGUMENT in given:
            unless.append("schema_changed")
        try:
            await self._admit_call(caller, asks, operation, given)
        except (Rejection, Denial, Malformed) as error:
            asks.refusal = error
            return caller
        try:
            await enter(self._provider, caller, stage, ("wire", "mcp"), unless)
        except Rejection as error:
            asks.refusal = error
        return caller

    async def _admit_call(
        self, caller: Caller, asks: Asks, operation: Operation, given: Mapping[str, Any]
    ) -> None:
        """What REST asks before faults can come. Raises what it raises."""
        asks.admitted = True
        await admit(self._provider, caller, operation)
        body = from_fields(operation.body, given, where_of(operation), strict=True)
        asks.fields = msgspec.to_builtins(body)

    async def _refuse(
        self, reply: McpReply, status: int, payload: bytes, headers: tuple[Header, ...] = ()
    ) -> None:
        if not reply.request_id:
            self._refused += 1
            reply.request_id = f"mcp_0_{self._refused:08d}"
        await send_json(reply.send, status, payload, "", headers)

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
        server = module.make_server(self._provider, self._caller_of, _tell_rule, self._version)
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
        caller: Caller = context.request.scope[CALLER]
        return caller


def _tell_rule(context: Any, rule: str) -> None:
    context.request.scope[SEEN].rule = rule


def _json_of(body: bytes) -> tuple[Any, bytes | None]:
    """The message, or the answer to what is no JSON, as strictly as over REST: the SDK's two
    parsers differ in what they make of NaN, 1e999, half a surrogate pair and UTF-16."""
    try:
        return msgspec.json.decode(body), None
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        problem = {"code": PARSE_ERROR, "message": f"Parse error: {error}"[:200]}
        return None, encode({"jsonrpc": "2.0", "id": None, "error": problem})


def tool_of(message: Any) -> str:
    """The tool that a message calls; empty for every other message."""
    if not isinstance(message, dict) or message.get("method") != "tools/call":
        return ""
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name[:NAME_MOST] if isinstance(name, str) else ""


def arguments_of(message: Any) -> Mapping[str, Any]:
    """The arguments of a tool's call."""
    given = message["params"].get("arguments")
    return given if isinstance(given, dict) else {}


def _lost(message: Any) -> bytes:
    """As the SDK answers a session that it does not know."""
    problem = {"code": NO_SESSION, "message": "Session not found"}
    return encode({"jsonrpc": "2.0", "id": message.get("id"), "error": problem})


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read once more, then whatever comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
