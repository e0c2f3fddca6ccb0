"""A client within the process: the provider's operations over REST or MCP, and control calls."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.types import ASGIApp

from simulator.domain.outputs import Output, Variant
from simulator.engine.operations import Operation
from simulator.engine.scenarios import Surface
from simulator.media import render
from simulator.surfaces.answering import encode
from simulator.surfaces.control_calls.call import PREFIX
from simulator.surfaces.plays.seen import Sight, of_file, of_rest, of_stream, of_tool, of_tools
from simulator.surfaces.plays.wire import Reply, ask
from simulator.surfaces.tools import TOOLS

STATELESS, IN_SESSION = "2026-07-28", "2025-11-25"
_ABOUT: Mapping[str, str] = {"name": "mediasim-scenario", "version": "1"}
_META: Mapping[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": _ABOUT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_BOUNDARY = "mediasim-scenario"
_PATIENCE_S = 60.0
_STREAMS: Mapping[str, str] = {
    "": "/v1/generate/media/{}/stream",
    "generate_music": "/v1/generate/music/{}/stream",
}


class Client:
    """``host``: what the app answers to; ``token``: the control plane's, if it has one."""

    def __init__(
        self, app: ASGIApp, host: str, namespace: str, surface: Surface, token: str | None
    ) -> None:
        self._app = app
        self._host = host
        self._namespace = namespace
        self._surface = surface
        self._token = token
        self._session = ""

    async def operation(
        self, name: str, fields: Mapping[str, Any], headers: Mapping[str, str], patience_s: float
    ) -> Sight:
        """An operation of the provider, by its name, over the client's surface."""
        if self._surface == "mcp" or not TOOLS[name].path:
            return await self.tool(name, fields, headers, patience_s, session=False)
        operation = TOOLS[name]
        path, rest = _filled(operation, fields)
        if operation.method == "POST":
            body = encode(rest)
            reply = await self._send("POST", path, "", _json(headers), body, patience_s)
        else:
            query = urlencode(rest)
            reply = await self._send("GET", path, query, headers, b"", patience_s)
        return of_rest(reply)

    async def tool(
        self,
        name: str,
        fields: Mapping[str, Any],
        headers: Mapping[str, str],
        patience_s: float,
        *,
        session: bool,
    ) -> Sight:
        """A tool's call, within the session that was opened or on its own."""
        params = {"name": name, "arguments": fields}
        return of_tool(await self._rpc("tools/call", params, headers, patience_s, session=session))

    async def tools(self, headers: Mapping[str, str]) -> Sight:
        return of_tools(await self._rpc("tools/list", {}, headers, _PATIENCE_S, session=False))

    async def open_session(self, headers: Mapping[str, str]) -> Sight:
        """The handshake of the revisions with sessions."""
        params = {"protocolVersion": IN_SESSION, "capabilities": {}, "clientInfo": _ABOUT}
        body = encode({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        reply = await self._send("POST", "/mcp", "", _rpc_headers(headers), body, _PATIENCE_S)
        self._session = reply.headers.get("mcp-session-id", "")
        ready = encode({"jsonrpc": "2.0", "method": "notifications/initialized"})
        more = {**_rpc_headers(headers), **self._in_session()}
        await self._send("POST", "/mcp", "", more, ready, _PATIENCE_S)
        return of_tool(reply)

    async def upload(self, fields: Mapping[str, Any], headers: Mapping[str, str]) -> Sight:
        """A file of the simulator's own making: ``kind``, and its measures."""
        kind = str(fields.get("kind", "image"))
        form = {"image": "png", "video": "mp4", "audio": "mp3"}[kind]
        output = Output(
            id="upload",
            kind="image" if kind == "image" else "video" if kind == "video" else "audio",
            format=form,
            seed=0,
            model="scenario",
            caption="A scenario's upload",
            job_id="scenario",
            width=int(fields.get("width", 320)),
            height=int(fields.get("height", 320)),
            duration_ms=0 if kind == "image" else round(float(fields.get("seconds", 1)) * 1000),
        )
        data = render(output, Variant.ORIGINAL, []).data
        head = (
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.{form}"'
            f"\r\nContent-Type: {kind}/{form}\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
        more = {**headers, "content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
        return of_rest(await self._send("POST", "/v1/upload/media", "", more, body, _PATIENCE_S))

    async def download(self, url: str, headers: Mapping[str, str], patience_s: float) -> Sight:
        path = urlsplit(url).path
        return of_file(await self._send("GET", path, "", headers, b"", patience_s))

    async def stream(
        self, operation: str, job_id: str, headers: Mapping[str, str], patience_s: float
    ) -> Sight:
        path = _STREAMS[operation].format(job_id)
        return of_stream(await self._send("GET", path, "", headers, b"", patience_s))

    async def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Sight:
        """A call of the control plane, on the client's namespace."""
        headers = {"x-sim-namespace": self._namespace}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        data = encode(body or {}) if method == "POST" else b""
        if method == "POST":
            headers = _json(headers)
        return of_rest(await self._send(method, PREFIX + path, "", headers, data, _PATIENCE_S))

    async def _rpc(
        self,
        method: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str],
        patience_s: float,
        *,
        session: bool,
    ) -> Reply:
        fields = _rpc_headers(headers)
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method}
        if session:
            fields |= self._in_session()
            message["params"] = params
        else:
            fields |= {"mcp-protocol-version": STATELESS, "mcp-method": method}
            if "name" in params:
                fields["mcp-name"] = params["name"]
            message["params"] = {**params, "_meta": _META}
        return await self._send("POST", "/mcp", "", fields, encode(message), patience_s)

    def _in_session(self) -> dict[str, str]:
        return {"mcp-session-id": self._session, "mcp-protocol-version": IN_SESSION}

    async def _send(
        self,
        method: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        patience_s: float,
    ) -> Reply:
        given = {"host": self._host, **headers}
        return await ask(self._app, (method, path, query), given, body, patience_s)


def _filled(operation: Operation, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path with its fields, and the fields that are left."""
    path, rest = operation.path, dict(fields)
    for name in operation.path_fields:
        path = path.replace("{" + name + "}", str(rest.pop(name)))
    return path, rest


def _json(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "content-type": "application/json"}


def _rpc_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {**_json(headers), "accept": "application/json, text/event-stream"}
