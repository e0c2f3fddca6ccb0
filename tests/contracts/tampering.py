"""The rules lane against a simulator in this process whose requests and answers can be altered."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.check import Broken, CannotTell, Check, DoesNotApply, Judgement
from contracts.lanes import LANES, load_checks
from contracts.requirements import load_requirements
from contracts.talk.backend import Backend, world_keys
from contracts.talk.exchange import Trace
from contracts.talk.keys import scrubber
from contracts.talk.wire import Wire
from contracts.target import Target, probe
from simulator.app import build
from simulator.settings import Settings

BASE = "http://testserver"
Body = dict[str, Any]
Asked = Callable[[str, Body], Body | None]
Answered = Callable[[str, Body, int, Body], tuple[int, Body]]


def _as_asked(path: str, body: Body) -> Body | None:
    return None


def _as_answered(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
    return status, answer


@dataclass
class Tampering:
    """An app before another. ``asked``: what a request's body becomes, None to leave it;
    ``answered``: what an answer becomes; ``extra``: what else is sent after a start, as the same
    caller. ``seen``: every request's path."""

    inner: ASGIApp
    asked: Asked = _as_asked
    answered: Answered = _as_answered
    extra: Body = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        content = await Request(scope, receive).body()
        path = scope["path"]
        self.seen.append(path)
        body = _object(content)
        changed = self.asked(path, body)
        reply = await self._sent(scope, content if changed is None else _bytes(changed))
        if self.extra and path == "/v1/generate/media":
            await self._sent(scope, _bytes(self.extra))
        answer = _object(reply.body)
        status, altered = self.answered(path, body, reply.status, deepcopy(answer))
        if (status, altered) != (reply.status, answer):
            reply = Answer(status, ((b"content-type", b"application/json"),), _bytes(altered))
        start = {"type": "http.response.start", "status": reply.status}
        await send({**start, "headers": list(reply.headers)})
        await send({"type": "http.response.body", "body": reply.body})

    async def _sent(self, scope: Scope, content: bytes) -> "Answer":
        kept = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        messages: list[Message] = []
        left: list[Message] = [{"type": "http.request", "body": content}]

        async def receive() -> Message:
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)

        length = (b"content-length", str(len(content)).encode())
        await self.inner({**scope, "headers": [*kept, length]}, receive, send)
        start, *rest = messages
        whole = b"".join(message.get("body", b"") for message in rest)
        return Answer(start["status"], tuple(start["headers"]), whole)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True)
class Bench:
    """One simulator and the requirements that can be asked of it."""

    tampering: Tampering
    http: httpx2.AsyncClient
    target: Target

    async def judged(self, requirement: str, surface: str = "rest", **target: Any) -> "Judged":
        """What the lane says of one requirement; ``target``: what the target is said to be."""
        check = _checks()[requirement]
        told = replace(self.target, **target)
        wire = Wire(self.http, {"rest": BASE, "mcp": f"{BASE}/mcp"}, scrubber(()))
        backend = Backend(told, wire, world_keys("w"), name="w")
        await backend.prepare(credits=100_000 if told.has_worlds else None)
        try:
            judgements = await check.function(backend, surface) or [Judgement(requirement)]
        except (Broken, CannotTell, DoesNotApply) as broken:
            judgements = [Judgement(requirement, broken)]
        (found,) = judgements
        return Judged(found.broken, found.trace)


@dataclass(frozen=True)
class Judged:
    """``broken`` None: it holds."""

    broken: Broken | CannotTell | DoesNotApply | None
    trace: Trace

    @property
    def expected(self) -> str:
        return self.failure.expected

    @property
    def got(self) -> str:
        return self.failure.got

    @property
    def why(self) -> str:
        return str(self.failure)

    @property
    def failure(self) -> Broken:
        assert isinstance(self.broken, Broken), self.broken
        return self.broken


@asynccontextmanager
async def bench(
    asked: Asked = _as_asked,
    answered: Answered = _as_answered,
    extra: Mapping[str, Any] | None = None,
) -> AsyncIterator[Bench]:
    simulator = build(Settings(frozen=True))
    tampering = Tampering(simulator.app, asked, answered, dict(extra or {}))
    transport = httpx2.ASGITransport(app=tampering)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
        yield Bench(tampering, http, await probe(http, BASE))
    await simulator.provider.store.close()


@cache
def _checks() -> Mapping[str, Check]:
    (lane,) = [lane for lane in LANES if lane.name == "rules"]
    checks = load_checks(lane, load_requirements())
    return {name: check for check in checks for name in check.requirements}


def _object(content: bytes) -> Body:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _bytes(body: Body) -> bytes:
    return json.dumps(body).encode()
