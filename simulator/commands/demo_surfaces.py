"""The two ways on which the demo reaches the provider's tools."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from simulator.commands.wire import File, Reply, Wire
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


def _good(reply: Reply) -> Fields:
    answer = reply.json()
    if reply.status != OK_STATUS:
        raise CommandFailed(FAILED, f"the upload answered {reply.status}: {answer}")
    return answer


class Surface(Protocol):
    """A way to reach the provider's tools. Its calls raise CommandFailed when no tool answers.
    ``way``: how it takes files."""

    name: str
    way: str

    def generate_media(self, arguments: Fields) -> Outcome: ...
    def generation_status(self, generation_id: str) -> Fields: ...
    def upload(self, file: File, model: str) -> str:
        """The file's URL, to be a source of the model."""


class Rest:
    """The tools as REST routes."""

    name = "REST"
    way = "as a form"

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

    def upload(self, file: File, model: str) -> str:
        reply = self._wire.upload("/v1/upload/media", file)
        url: str = _good(reply)["url"]
        return url


class Mcp:
    """The tools over MCP's streamable HTTP, in one session that begins with the first call."""

    name = "MCP"
    way = "in the session of get_upload_url"

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

    def upload(self, file: File, model: str) -> str:
        session = self._tool("get_upload_url", {"model_id": model})["structuredContent"]
        token = {"token": session["token"]}
        _good(self._wire.upload(urlsplit(session["direct_upload_url"]).path, file, token))
        arrived = self._tool("get_upload_session", token)["structuredContent"]
        (url,) = arrived["media_urls"]
        return str(url)

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
