"""A guard in this process, its callers, and backends that count what they would charge."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.types import Message

from contracts.guard.app import GuardApp
from contracts.guard.pace import Clock
from contracts.guard.profile import GuardProfile
from contracts.guard.secret import Secret
from contracts.pricing import PriceList, load_prices

REST, MCP = "https://rest.example", "https://mcp.example/mcp"
CANARY, SECOND = "sk_live_canary_0123456789", "sk_live_second_0123456789"
IMAGE = {"model": "z-image", "prompt": "x"}  # 4 credits

PRICES = load_prices()

Handler = Callable[[httpx2.Request], Awaitable[httpx2.Response]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller of the guard got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def mark(self) -> str:
        return self.headers.get("x-guard", "")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A guard, and every request that reached the backend behind it."""

    app: GuardApp
    arrived: list[httpx2.Request]

    async def ask(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        key: str = "guard-main",
    ) -> Reply:
        """``body``: bytes as they are, anything else as JSON."""
        told = {"host": "127.0.0.1:1", **({"x-api-key": key} if key else {}), **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            told.setdefault("content-type", "application/json")
            body = json.dumps(body).encode()
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
        return await sent(self.app, method, target, pairs, body if isinstance(body, bytes) else b"")

    async def start(self, body: object = None, **more: Any) -> Reply:
        return await self.ask("POST", "/v1/generate/media", body or IMAGE, **more)

    async def call(self, tool: str, arguments: object, number: object = 1, **more: Any) -> Reply:
        return await self.ask("POST", "/mcp", call_of(tool, arguments, number), **more)


def call_of(tool: str, arguments: object, number: object = 1) -> dict[str, Any]:
    """A tools/call."""
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


async def sent(
    app: GuardApp, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> Reply:
    """One request as a server hands it to the app; ``target`` as it stands in the first line."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": headers,
    }
    messages: list[Message] = [
        {"type": "http.request", "body": body[:7], "more_body": True},
        {"type": "http.request", "body": body[7:], "more_body": False},
    ]
    answers: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await stay()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answers.append(message)

    await app(scope, receive, send)
    head = answers[0]
    told = {name.decode().lower(): text.decode("latin-1") for name, text in head["headers"]}
    return Reply(head["status"], told, b"".join(each.get("body", b"") for each in answers[1:]))


async def stay() -> None:
    """A caller who stays."""
    await asyncio.Event().wait()


@asynccontextmanager
async def guarded(
    handler: Handler | None = None,
    *,
    prices: PriceList | None = None,
    clock: Clock | None = None,
    **profile: Any,
) -> AsyncIterator[Guarded]:
    """A guard before a handler of httpx requests; without one, before a backend that accepts."""
    arrived: list[httpx2.Request] = []

    async def handle(request: httpx2.Request) -> httpx2.Response:
        arrived.append(request)
        return await (handler or accepting)(request)

    settings = {
        "rest_url": REST,
        "mcp_url": MCP,
        "key": Secret(CANARY),
        "calls_a_minute": {},
        **profile,
    }
    transport = httpx2.MockTransport(handle)
    app = GuardApp(
        GuardProfile(**settings), prices=prices or PRICES, transport=transport, clock=clock
    )
    try:
        yield Guarded(app, arrived)
    finally:
        await app.close()


async def accepting(request: httpx2.Request) -> httpx2.Response:
    """Takes everything, and says nothing of its price."""
    if request.url.host == "mcp.example":
        try:
            told = json.loads(request.content)
        except ValueError:
            told = {}
        calls = [each for each in (told if isinstance(told, list) else [told]) if each]
        numbers = [each.get("id") for each in calls if isinstance(each, dict)]
        results = [result_of(number, {"generation_id": "g"}) for number in numbers]
        return httpx2.Response(200, json=results[0] if len(results) == 1 else results)
    return httpx2.Response(200, json={"generation_id": "g"})


def result_of(number: object, content: object, *, is_error: bool = False) -> dict[str, Any]:
    """The answer to a tools/call."""
    text = {"type": "text", "text": json.dumps(content)}
    result = {"content": [text], "structuredContent": content, "isError": is_error}
    return {"jsonrpc": "2.0", "id": number, "result": result}
