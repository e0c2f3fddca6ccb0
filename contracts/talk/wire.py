"""HTTP to a target: every request is recorded without its key, and what may be sent twice is sent
again when the connection breaks."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import httpx2

from contracts.talk.exchange import (
    ANSWER_KEPT_BYTES,
    LIST_KEPT_BYTES,
    LISTS,
    SENT_KEPT_BYTES,
    Capture,
    Exchange,
    Reply,
    Trace,
    parsed,
)
from contracts.talk.keys import Keys, Scrubber

RESENDS = 4
FIRST_WAIT_S = 0.05
TIMEOUT_S = 60.0
GUARD_HEADER = "x-guard"
KEY_HEADER = "X-API-Key"
BEARER = "-bearer"
"""Ends a caller's name when the key goes into ``Authorization``: ``main-bearer``."""
_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-api-key"})
_SIGNED = re.compile(
    rb"(?i)([?&](?:[\w-]*(?:sig|signature|token|credential|key)[\w-]*)=)[^&\"'\s]+"
)
_CAPTURED = ("generation_id", "separation_id", "token", "url")


class Trouble(Exception):
    """No answer came, and whether the request did anything is not known: the check is repeated."""


class Withheld(Exception):
    """The guard did not let a request out, for this reason."""


@dataclass(slots=True)
class Log:
    """The exchanges of one check, over all of its ``worlds``. ``sent``: how many requests it has
    made, ``open``: how many of them have no answer yet. ``leave``: ends the sessions in its worlds.
    ``example``: what a search is to play, alone, in place of what it would draw: a law, and what
    was drawn when it was broken."""

    exchanges: list[Exchange] = field(default_factory=list)
    credits: float = 0
    sent: int = 0
    open: int = 0
    worlds: list[str] = field(default_factory=list)
    leave: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    example: tuple[str, object] | None = None

    @property
    def trace(self) -> Trace:
        return tuple(self.exchanges)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request before its key is put in. ``base``: rest, mcp, or "" when ``path`` is a URL.
    ``again``: it may be sent twice."""

    surface: str
    call: str
    who: str
    method: str
    base: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    again: bool = False
    world: int = 0
    setup: bool = False


class Wire:
    """One client of one target. ``urls``: what ``rest`` and ``mcp`` stand for. ``token``: the
    control plane's, "" for none. ``file_url``: by which a file's whole URL is fetched.
    ``timeout_s``: how long an answer is waited for."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        urls: Mapping[str, str],
        scrub: Scrubber,
        token: str = "",
        file_url: Callable[[str], str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._file_url = file_url
        self._timeout_s = timeout_s
        self._http = http
        self._urls = urls
        self._scrub = scrub
        self._token = token
        self.requests = 0

    async def send(self, sent: Sent, keys: Keys, log: Log) -> Reply:
        """Raises Trouble, Withheld."""
        turn = (log.sent, log.open > 0)
        log.sent, log.open = log.sent + 1, log.open + 1
        try:
            return await self._answered(sent, keys, log, turn)
        finally:
            log.open -= 1

    async def _answered(self, sent: Sent, keys: Keys, log: Log, turn: tuple[int, bool]) -> Reply:
        headers = {**dict(sent.headers), **self._credentials(sent, keys)}
        url = self._url(sent)
        why = ""
        for attempt in range(RESENDS):
            self.requests += 1
            try:
                answer = await self._http.request(
                    sent.method,
                    url,
                    headers=headers,
                    content=sent.body or None,
                    timeout=self._timeout_s,
                )
            except httpx2.RequestError as error:
                why, left = f"{sent.method} {sent.path}: {type(error).__name__}", True
            else:
                reply = self._reply(answer)
                why, left = _lost(reply)
                if not why:
                    self._record(sent, reply, log, turn)
                    _check_guard(reply)
                    return reply
            self._record(sent, None, log, turn)
            if attempt == RESENDS - 1 or (left and not sent.again):
                break
            await asyncio.sleep(FIRST_WAIT_S * 2**attempt)
        raise Trouble(self._scrub.text(why))

    def _reply(self, answer: httpx2.Response) -> Reply:
        """Without keys."""
        named = {name.lower(): self._scrub.text(value) for name, value in answer.headers.items()}
        content = self._scrub.bytes(answer.content)
        return Reply(answer.status_code, parsed(content), named, answer.status_code >= 400, content)

    def _url(self, sent: Sent) -> str:
        if sent.base:
            return self._urls[sent.base] + sent.path
        return self._file_url(sent.path) if self._file_url else sent.path

    def _credentials(self, sent: Sent, keys: Keys) -> dict[str, str]:
        if sent.surface == "control":
            return {"Authorization": f"Bearer {self._token}"} if self._token else {}
        key = keys.of(sent.who.removesuffix(BEARER))
        if not key:
            return {}
        return {"Authorization": f"Bearer {key}"} if _bears(sent) else {KEY_HEADER: key}

    def _record(self, sent: Sent, reply: Reply | None, log: Log, turn: tuple[int, bool]) -> None:
        shown = [(k, "[hidden]" if k.lower() in _SECRET_HEADERS else v) for k, v in sent.headers]
        if sent.surface != "control" and sent.who != "none":
            name = f"[{sent.who.removesuffix(BEARER)} key]"
            shown.append(
                ("Authorization", f"Bearer {name}") if _bears(sent) else (KEY_HEADER, name)
            )
        exchange = Exchange(
            number=len(log.exchanges) + 1,
            surface=sent.surface,
            call=sent.call,
            who=sent.who,
            method=sent.method,
            base=sent.base,
            path=_unsigned(self._scrub.text(sent.path).encode()).decode(),
            headers=tuple((name, self._scrub.text(value)) for name, value in shown),
            sent=_unsigned(self._scrub.bytes(sent.body[:SENT_KEPT_BYTES])),
            sent_bytes=len(sent.body),
            world=sent.world,
            setup=sent.setup,
            order=turn[0],
            beside=turn[1],
        )
        if reply is not None:
            exchange = _answered(exchange, reply)
        log.exchanges.append(exchange)


def _lost(reply: Reply) -> tuple[str, bool]:
    """Why the guard has no answer of the backend's, "" when it has one; and whether the request may
    have left."""
    unreachable = reply.fields.get("reason") == "unreachable"
    mark = reply.headers.get(GUARD_HEADER)
    if mark == "lost" or (mark and unreachable):
        return str(reply.fields.get("message") or reply.body), not unreachable
    return "", True


def _check_guard(reply: Reply) -> None:
    """Raises Withheld for a refusal that is the guard's own."""
    if reply.headers.get(GUARD_HEADER):
        raise Withheld(str(reply.fields.get("message") or reply.fields.get("detail") or reply.body))


def _bears(sent: Sent) -> bool:
    return sent.who.endswith(BEARER)


def _answered(exchange: Exchange, reply: Reply) -> Exchange:
    kind = reply.headers.get("content-type", "")
    text = kind.startswith(("text/", "application/json"))
    most = LIST_KEPT_BYTES if exchange.call in LISTS else ANSWER_KEPT_BYTES
    kept = _unsigned(reply.content[:most]) if text else b""
    return replace(
        exchange,
        status=reply.status,
        answer_headers=tuple(
            (name, "[hidden]" if name in _SECRET_HEADERS else value)
            for name, value in reply.headers.items()
        ),
        answer=kept,
        answer_bytes=len(reply.content) if len(kept) < len(reply.content) else len(kept),
        captures=_captures(exchange.number, exchange.call, reply),
    )


def _captures(number: int, call: str, reply: Reply) -> tuple[Capture, ...]:
    """What later requests may use: ids, URLs of uploads, the id of an MCP session."""
    session = reply.headers.get("mcp-session-id")
    if session and call == "initialize":
        return (Capture(f"session_{number}", "header:mcp-session-id", session),)
    body, prefix = reply.fields, ""
    if isinstance(body.get("result"), dict):
        content = body["result"].get("structuredContent")
        body, prefix = (content if isinstance(content, dict) else {}), "result.structuredContent."
    if reply.refused:
        return ()
    found = {name: body.get(name) for name in _CAPTURED}
    return tuple(
        Capture(f"{name}_{number}", f"{prefix}{name}", value)
        for name, value in found.items()
        if isinstance(value, str)
    )


def _unsigned(content: bytes) -> bytes:
    """URLs without the parts that sign them."""
    return _SIGNED.sub(rb"\1[hidden]", content) if b"=" in content else content
