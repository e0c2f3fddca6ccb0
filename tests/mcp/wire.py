"""A simulator in this process, called over REST and over MCP as bytes on a wire."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message

from simulator.app import Simulator, build
from simulator.settings import Settings
from simulator.surfaces.answering import encode

BASE = "http://testserver"
KEY = "sk_test_w"
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ACCEPT = "application/json, text/event-stream"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """A tool's answer as it travelled: ``text`` is its text block, ``content`` its object."""

    text: bytes
    content: dict[str, Any]
    is_error: bool


@dataclass(frozen=True, slots=True)
class Wire:
    """One simulator; every call names its key, None for none."""

    simulator: Simulator
    http: httpx2.AsyncClient

    async def rest(
        self, method: str, path: str, body: Any = None, key: str | None = KEY, **headers: str
    ) -> httpx2.Response:
        """``body`` is sent as msgspec writes it, so that any text and number can be."""
        fields = _key_header(key) | {k.replace("_", "-"): v for k, v in headers.items()}
        if body is None:
            return await self.http.request(method, path, headers=fields)
        fields["Content-Type"] = "application/json"
        return await self.http.request(method, path, headers=fields, content=encode(body))

    async def post(
        self, content: bytes, headers: Mapping[str, str] | None = None, key: str | None = KEY
    ) -> httpx2.Response:
        """Bytes to the endpoint, with the headers that a client of any revision sends."""
        fields = {"Content-Type": "application/json", "Accept": ACCEPT, **_key_header(key)}
        return await self.http.post("/mcp", headers={**fields, **(headers or {})}, content=content)

    async def rpc(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        key: str | None = KEY,
        name: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """One request of the stateless revision."""
        fields = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
        if name:
            fields["Mcp-Name"] = name
        body = request(method, {**(params or {}), "_meta": META})
        return await self.post(body, {**fields, **(headers or {})}, key)

    async def called(
        self, tool: str, arguments: Any, key: str | None = KEY, **headers: str
    ) -> httpx2.Response:
        """A ``tools/call`` as it was answered."""
        params = {"name": tool, "arguments": arguments}
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.rpc("tools/call", params, key, tool, fields)

    async def tool(
        self, tool: str, arguments: Any, key: str | None = KEY, **headers: str
    ) -> ToolAnswer:
        """The result of a call that the protocol has nothing against."""
        answer = await self.called(tool, arguments, key, **headers)
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        (block,) = result["content"]
        content = result["structuredContent"]
        assert json.loads(block["text"]) == content
        return ToolAnswer(block["text"].encode(), content, result["isError"])

    async def opened(self, key: str = KEY, version: str = LEGACY) -> str:
        """The id of a session of an older revision, ready to be used."""
        answer = await self.post(initialize(version), key=key)
        assert answer.status_code == 200, answer.text
        session = answer.headers["mcp-session-id"]
        ready = encode({"jsonrpc": "2.0", "method": "notifications/initialized"})
        answer = await self.post(ready, in_session(session, version), key)
        assert answer.status_code == 202, answer.text
        return str(session)

    async def state(self, world: str = "w") -> tuple[bytes, bytes, bytes]:
        """The whole of a world that a caller could have changed: ledger, jobs, accounts."""
        ledger, jobs, accounts = [
            await self.rest("GET", f"/_sim/{part}", key=None, X_Sim_Namespace=world)
            for part in ("ledger", "jobs", "accounts")
        ]
        return ledger.content, jobs.content, accounts.content

    async def advance(self, seconds: float, world: str = "w") -> None:
        body = {"seconds": seconds}
        answer = await self.rest(
            "POST", "/_sim/clock/advance", body, key=None, X_Sim_Namespace=world
        )
        assert answer.status_code == 200, answer.text


def request(method: str, params: Any = None, number: int | str = 1) -> bytes:
    """A JSON-RPC request."""
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    return encode(message if params is None else {**message, "params": params})


def initialize(version: str = LEGACY) -> bytes:
    """The handshake of the revisions before the stateless one."""
    client = {"name": "tests", "version": "1"}
    return request(
        "initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client}
    )


def in_session(session: str, version: str = LEGACY) -> dict[str, str]:
    """The headers of a request within a session."""
    return {"Mcp-Session-Id": session, "MCP-Protocol-Version": version}


def _key_header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"X-API-Key": key}


@asynccontextmanager
async def running(app: ASGIApp) -> AsyncIterator[None]:
    """The app's lifespan around the block."""
    told: asyncio.Queue[str] = asyncio.Queue()
    answers: asyncio.Queue[str] = asyncio.Queue()

    async def receive() -> Message:
        return {"type": await told.get()}

    async def send(message: Message) -> None:
        await answers.put(message["type"])

    task = asyncio.create_task(_lifespan(app, receive, send))
    await told.put("lifespan.startup")
    assert await answers.get() == "lifespan.startup.complete"
    try:
        yield
    finally:
        await told.put("lifespan.shutdown")
        await task
        assert await answers.get() == "lifespan.shutdown.complete"


async def _lifespan(app: ASGIApp, receive: Any, send: Any) -> None:
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)


@asynccontextmanager
async def wired(**settings: Any) -> AsyncIterator[Wire]:
    """A simulator whose clock stands still and that counts no calls, unless the settings say so."""
    simulator = build(Settings(**{"frozen": True, "limits": False, **settings}), BASE)
    transport = httpx2.ASGITransport(app=simulator.app)
    async with running(simulator.app), httpx2.AsyncClient(transport=transport, base_url=BASE) as to:
        yield Wire(simulator, to)


@contextmanager
def one_loop() -> Iterator[asyncio.Runner]:
    """A loop that outlives its runs, for tests that drive one simulator in many examples."""
    with asyncio.Runner() as runner:
        yield runner
