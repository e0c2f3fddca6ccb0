"""The peer of ``/mcp``: the SDK's low-level server with one tool that does nothing.

``python -m tests.bench.mcp_peer`` prints one ready line, as the simulator does, and serves until it
is stopped. No route, no key, no check stands between uvicorn and the SDK.
"""

import json
import logging
import socket
from typing import Any

import mcp_types as types
import uvicorn
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

TOOL = "get_balance"


def empty_server() -> "Server[Any]":
    """One tool of the simulator's name, whose answer holds nothing."""
    tool = types.Tool(name=TOOL, input_schema={"type": "object"})

    async def list_tools(ctx: object, params: object) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool])

    async def call(ctx: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        return types.CallToolResult(content=[])

    return Server("empty", on_list_tools=list_tools, on_call_tool=call)


class Bare:
    """The SDK's manager as an ASGI app, running as long as the server does."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager
        self._app = StreamableHTTPASGIApp(manager)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        async with self._manager.run():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    """Serves on a free port."""
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    app = Bare(StreamableHTTPSessionManager(empty_server(), json_response=True))
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(2048)
    host, port = sock.getsockname()
    print(json.dumps({"event": "ready", "url": f"http://{host}:{port}"}), flush=True)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="error", access_log=False
    )
    uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()
