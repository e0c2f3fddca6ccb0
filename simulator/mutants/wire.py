"""Apps before an app that change a request's headers, or an answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.mutants.bench import Around

Header = tuple[bytes, bytes]
MCP = "/mcp"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes

    def header(self, name: bytes) -> bytes:
        return dict(self.headers).get(name, b"")

    def told(self, body: bytes, status: int | None = None) -> "Answer":
        """With another body, and its length."""
        kept = tuple(pair for pair in self.headers if pair[0] != b"content-length")
        length = (b"content-length", str(len(body)).encode())
        return Answer(self.status if status is None else status, (*kept, length), body)


def header(scope: Scope, name: bytes) -> bytes:
    """A request's header; empty: none."""
    return next((value for key, value in scope["headers"] if key == name), b"")


def has_key(scope: Scope) -> bool:
    """Whether a request carries a key in one of its two headers."""
    return bool(header(scope, b"x-api-key") or header(scope, b"authorization"))


def asked_with(headers: Callable[[Scope], tuple[Header, ...]]) -> Around:
    """Requests get more headers, in the place of those of the same names."""

    def outer(app: ASGIApp) -> ASGIApp:
        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            more = headers(scope) if scope["type"] == "http" else ()
            if not more:
                await app(scope, receive, send)
                return
            names = {name for name, _ in more}
            kept = [pair for pair in scope["headers"] if pair[0] not in names]
            await app({**scope, "headers": [*kept, *more]}, receive, send)

        return asked

    return outer


def answered_with(
    wants: Callable[[Scope], bool], change: Callable[[Scope, Any, Answer], Answer]
) -> Around:
    """Some answers are changed: given the request's scope and its JSON (None: it is none)."""

    def outer(app: ASGIApp) -> ASGIApp:
        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not wants(scope):
                await app(scope, receive, send)
                return
            request = await _body(receive)
            answer = change(scope, parsed(request), await _answer(app, scope, request, receive))
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status,
                    "headers": list(answer.headers),
                }
            )
            await send({"type": "http.response.body", "body": answer.body})

        return answered

    return outer


def results_with(change: Callable[[Mapping[str, Any], dict[str, Any]], dict[str, Any]]) -> Around:
    """Answers of MCP to a message, both as JSON objects, are changed."""

    def changed(scope: Scope, message: Any, answer: Answer) -> Answer:
        told = parsed(answer.body)
        if not isinstance(message, dict) or not isinstance(told, dict):
            return answer
        return answer.told(json.dumps(change(message, told)).encode())

    return answered_with(lambda scope: scope["path"] == MCP and scope["method"] == "POST", changed)


def renamed(answer: Answer, name: bytes, value: bytes | None) -> Answer:
    """An answer with another header, or without it."""
    kept = tuple(pair for pair in answer.headers if pair[0] != name)
    return replace(answer, headers=kept if value is None else (*kept, (name, value)))


def parsed(body: bytes) -> Any:
    """JSON, or None."""
    try:
        return json.loads(body)
    except ValueError:
        return None


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(app: ASGIApp, scope: Scope, request: bytes, receive: Receive) -> Answer:
    waiting: list[Message] = [{"type": "http.request", "body": request, "more_body": False}]
    sent: list[Message] = []

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, replay, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], tuple(sent[0]["headers"]), body)
