"""MCP: the operations as tools, texts as resources and prompts, on the SDK's low-level server.

Imported when MCP is first used: the SDK takes most of a second.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from simulator import logs
from simulator.domain.faults import Call, Fired, find
from simulator.engine.operations import Operation
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import encode
from simulator.surfaces.connection import ConnectionDropped
from simulator.surfaces.mcp_lane import make_lane
from simulator.surfaces.mcp_prompts import add_prompts
from simulator.surfaces.tools import (
    ADDED_ARGUMENT,
    TOOLS,
    Outcome,
    call_tool,
    input_schema,
    output_schema,
)

SESSIONS_MOST = 4_000  # an idle one takes about 37 kB
SESSION_IDLE_S = 600.0
LOGGED_FRAMES = 8
INSTRUCTIONS = (
    "Makes images, videos, music and speech, paid in credits. Call get_models first for ids, prices"
    " and limits; estimate_generation_cost before a costly start; then generate, and poll the"
    " status until it is completed or failed. This is a simulator: nothing is charged."
)
SKILLS = Path(__file__).parent / "skills"
SKILL_URI = "kubeez://skills/"

Context = ServerRequestContext[Any, Any]
FindCaller = Callable[[Context], Awaitable[Caller]]
TellRule = Callable[[Context, str], None]


def make_server(
    provider: Provider, find_caller: FindCaller, tell_rule: TellRule, version: str
) -> "Server[Any]":
    """A server whose tools act for the caller that ``find_caller`` tells of each request.
    ``tell_rule`` hears which rule refused one."""
    tools = [_tool(operation) for operation in TOOLS.values()]
    schemas = {tool.name: tool.input_schema for tool in tools}
    texts = {f"{SKILL_URI}{file.stem}": file for file in sorted(SKILLS.glob("*.md"))}

    async def list_tools(ctx: Context, params: object) -> types.ListToolsResult:
        caller = await find_caller(ctx)
        if caller.asks is None:
            return types.ListToolsResult(tools=tools)
        now_ms = await provider.worlds.now(caller.world)
        return types.ListToolsResult(tools=_faulty(tools, caller, now_ms))

    async def answer(ctx: Context, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        operation = TOOLS.get(name)
        if operation is None:
            raise _unknown(name)
        caller = await find_caller(ctx)
        outcome = await _called(provider, caller, operation, arguments)
        tell_rule(ctx, outcome.rule)
        return _result(outcome, _padding(caller))

    async def call(ctx: Context, params: types.CallToolRequestParams) -> dict[str, Any]:
        return await answer(ctx, params.name, params.arguments or {})

    async def list_resources(ctx: Context, params: object) -> types.ListResourcesResult:
        return types.ListResourcesResult(
            resources=[_resource(uri, file) for uri, file in texts.items()]
        )

    async def list_templates(ctx: Context, params: object) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def read_resource(
        ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        file = texts.get(str(params.uri))
        if file is None:
            raise MCPError(
                code=types.INVALID_PARAMS,
                message="Resource not found",
                data={"uri": str(params.uri)[:200]},
            )
        text = types.TextResourceContents(
            uri=str(params.uri), mime_type="text/markdown", text=file.read_text("utf-8")
        )
        return types.ReadResourceResult(contents=[text])

    server: Server[Any] = Server(
        "mediasim",
        version=version,
        title="mediasim, a simulator of Kubeez",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        get_tool_input_schema=schemas.get,
    )
    add_prompts(server)
    # The constructor takes models only; a call's answer is a mapping already.
    server.add_request_handler("tools/call", types.CallToolRequestParams, call)
    # In the place of traces for OpenTelemetry, which nothing here collects.
    server.middleware[:] = [make_lane(answer, server.server_info_stamp)]
    return server


def make_manager(
    server: "Server[Any]", body_bytes_max: int, *, streams: bool = False
) -> StreamableHTTPSessionManager:
    """``streams``: answers as server-sent events, so that something can be told before them.

    Hosts and origins are the guard's business, so the SDK's own check is off; and so is its log,
    which tells session ids and whole exceptions.
    """
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    return StreamableHTTPSessionManager(
        server,
        json_response=not streams,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        session_idle_timeout=SESSION_IDLE_S,
        max_sessions=SESSIONS_MOST,
        max_request_body_size=body_bytes_max,
    )


def make_app(manager: StreamableHTTPSessionManager) -> ASGIApp:
    """The ASGI app of a manager that runs, for requests whose size was looked at before."""
    return manager.asgi_app.app  # without the limit around it, which would copy each body once more


async def _called(
    provider: Provider, caller: Caller, operation: Operation, arguments: Mapping[str, Any]
) -> Outcome:
    asks = caller.asks
    if asks is not None and find(asks.fired, "tool_vanished"):
        raise _unknown(operation.name)
    try:
        return await call_tool(provider, caller, operation, arguments)
    except ConnectionDropped:
        if asks is not None:
            asks.dropped = True
        raise MCPError(code=types.INTERNAL_ERROR, message="dropped") from None
    except Exception as error:  # noqa: BLE001 - the caller gets an answer whatever broke
        _log_failure(operation.name, error)
        raise MCPError(code=types.INTERNAL_ERROR, message="internal error") from None


def _result(outcome: Outcome, padding: str) -> dict[str, Any]:
    """As on the wire, where the SDK writes names in their order."""
    more = [{"text": padding, "type": "text"}] if padding else []
    return {
        "content": [{"text": encode(outcome.content).decode(), "type": "text"}, *more],
        "isError": outcome.is_error,
        "resultType": "complete",
        "structuredContent": outcome.content,
    }


def _log_failure(tool: str, error: Exception) -> None:
    """By type and place: a message may hold a prompt or a key."""
    frames = traceback.extract_tb(error.__traceback__)[-LOGGED_FRAMES:]
    at = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    logs.logger().error("tool failed", tool=tool, error=type(error).__name__, at=at)


def _unknown(name: str) -> MCPError:
    return MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {name[:100]}")


def _padding(caller: Caller) -> str:
    """What an answer carries besides, where a fault makes it too large."""
    oversized = None if caller.asks is None else find(caller.asks.fired, "oversized")
    return "" if oversized is None else "x" * int(oversized.number("bytes") or 0)


def _faulty(tools: list[types.Tool], caller: Caller, now_ms: int) -> list[types.Tool]:
    """The tools as faults leave them: without some, and some with one more argument. Each that
    shows is told; none is counted, since calls are what they are for."""
    left = []
    for tool in tools:
        vanished = _waiting(caller, tool.name, now_ms, "tool_vanished")
        changed = None if vanished else _waiting(caller, tool.name, now_ms, "schema_changed")
        fired = vanished or changed
        if caller.asks is not None and fired is not None:
            caller.asks.fired.append(fired)
        if vanished is None:
            left.append(tool if changed is None else _with_added_argument(tool))
    return left


def _waiting(caller: Caller, tool: str, now_ms: int, kind: str) -> Fired | None:
    """What would take a call of the tool: asked for by this request, or by a rule."""
    asked = () if caller.asks is None else caller.asks.asked
    named = next((one for one in asked if one.effect.kind == kind), None)
    call = Call(tool, "mcp", "", caller.account)
    return named or caller.world.lab.faults.waiting(call, now_ms, kind)


def _with_added_argument(tool: types.Tool) -> types.Tool:
    schema = dict(tool.input_schema)
    schema["properties"] = {
        **schema.get("properties", {}),
        ADDED_ARGUMENT: {"type": "boolean", "description": "Needed since the schema changed."},
    }
    schema["required"] = [*schema.get("required", ()), ADDED_ARGUMENT]
    return tool.model_copy(update={"input_schema": schema})


def _tool(operation: Operation) -> types.Tool:
    return types.Tool(
        name=operation.name,
        title=operation.summary,
        description=f"{operation.description} {operation.advice}".strip(),
        input_schema=input_schema(operation),
        output_schema=output_schema(operation),
        annotations=types.ToolAnnotations(
            title=operation.summary,
            read_only_hint=operation.reads,
            destructive_hint=False,
            idempotent_hint=operation.reads,
            open_world_hint=not operation.reads,
        ),
    )


def _resource(uri: str, file: Path) -> types.Resource:
    text = file.read_text("utf-8")
    heading = text.partition("\n")[0].removeprefix("# ")
    return types.Resource(
        uri=uri,
        name=file.stem,
        title=heading,
        description=f"How to work with this provider: {heading.lower()}.",
        mime_type="text/markdown",
        size=len(text.encode()),
    )
