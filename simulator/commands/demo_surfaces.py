"""The two ways on which the demo reaches the provider's tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from simulator.commands.wire import Reply, Wire
from simulator.console import FAILED, CommandFailed
from simulator.version import installed_version

OK_STATUS = 200
MCP_PATH = "/mcp"
MCP_REVISION = "2025-11-25"

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start was answered. ``started``: the start's answer; ``refused``: the refusal's body;
    ``status``: HTTP's, or over MCP whether the result says that it is an error."""

    started: Fields | None
    refused: Fields | None
    status: int | Literal["isError"]


class Surface(Protocol):
    """A way to reach the provider's tools. Its calls raise CommandFailed when no tool answers."""

    name: str

    def generate_media(self, arguments: Fields) -> Outcome: ...
    def generation_status(self, generation_id: str) -> Fields: ...


class Rest:
    """The tools as REST routes."""

    name = "REST"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def generate_media(self, arguments: Fields) -> Outcome:
        reply = self._wire.post("/v1/generate/media", arguments)
        body = reply.json()
        good = reply.status == OK_STATUS
        return Outcome(body if good else None, None if good else body, reply.status)

    def generation_status(self, generation_id: str) -> Fields:
        reply = self._wire.get(f"/v1/generate/media/{generation_id}")
        if reply.status != OK_STATUS:
            raise CommandFailed(FAILED, f"the status of {generation_id} answered {reply.status}")
        return reply.json()


class Mcp:
    """The tools over MCP's streamable HTTP, in one session that begins with the first call."""

    name = "MCP"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._session: Mapping[str, str] = {}
        self._calls = 0

    def generate_media(self, arguments: Fields) -> Outcome:
        result = self._tool("generate_media", arguments)
        content = result["structuredContent"]
        if result.get("isError"):
            return Outcome(None, content, "isError")
        return Outcome(content, None, OK_STATUS)

    def generation_status(self, generation_id: str) -> Fields:
        result = self._tool("get_generation_status", {"generation_id": generation_id})
        content: Fields = result["structuredContent"]
        if result.get("isError"):
            raise CommandFailed(FAILED, f"the status of {generation_id} answered {content}")
        return content

    def _tool(self, name: str, arguments: Fields) -> Fields:
        if not self._session:
            self._begin()
        return self._result(self._request("tools/call", {"name": name, "arguments": arguments}))

    def _begin(self) -> None:
        me = {"name": "mediasim-demo", "version": installed_version()}
        asked = {"protocolVersion": MCP_REVISION, "capabilities": {}, "clientInfo": me}
        reply = self._request("initialize", asked)
        self._session = {
            "Mcp-Session-Id": reply.headers.get("mcp-session-id", ""),
            "Mcp-Protocol-Version": self._result(reply)["protocolVersion"],
        }
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _request(self, method: str, params: Fields) -> Reply:
        self._calls += 1
        return self._send({"jsonrpc": "2.0", "id": self._calls, "method": method, "params": params})

    def _send(self, message: Fields) -> Reply:
        both = {"Accept": "application/json, text/event-stream"}
        return self._wire.post(MCP_PATH, message, {**both, **self._session})

    def _result(self, reply: Reply) -> Fields:
        answer = reply.json()
        if "result" not in answer:
            raise CommandFailed(FAILED, f"{MCP_PATH} answered {reply.status}: {answer}")
        result: Fields = answer["result"]
        return result
