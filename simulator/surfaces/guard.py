"""What an HTTP request passes before the app sees it, and the shape of what turns it away.

The guard trusts nothing that arrived: not the Host (a rebound name reaches loopback), not the
Origin (any web page can post here), not the declared length. It parses no body. The app below it
may raise `BodyRefused` anywhere; whatever else escapes becomes a 500 that tells nothing.

Deadlines and the request's head belong to the connection: see protocol.py.
"""

import itertools
import re
import traceback
from array import array
from asyncio import CancelledError
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from logging import DEBUG
from pathlib import PurePath
from time import perf_counter_ns

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from simulator import logs
from simulator.surfaces.connection import CONNECTION, ConnectionDropped
from simulator.surfaces.cors import PREFLIGHT, cors_headers, preflight_headers

Header = tuple[bytes, bytes]

LOOPBACK_HOSTS = frozenset({b"127.0.0.1", b"localhost", b"[::1]", b"testserver"})
UPLOAD_PREFIXES = ("/v1/upload/", "/upload/")
_SIM = (b"x-sim", b"1")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
REFUSAL_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    _SIM,
    _NOSNIFF,
)
CLIENT_GONE = 499  # no answer was possible; the number is nginx's, and only the log shows it

_MAX_LENGTH_DIGITS = 18
_LOGGED_PATH_CHARACTERS = 256
_LOGGED_FRAMES = 8
_TOO_LARGE = 413
_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_JSON_TYPE = re.compile(rb"application/(?:[\w.!#$&^-]+\+)?json", re.IGNORECASE | re.ASCII)
_SNAPSHOT_LOAD = re.compile(r"/_sim/snapshots/[^/]+/load")
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
# Possessive, so that a string without its end costs one pass; such a string runs to the end.
_JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NESTING = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_NESTING = bytes(set(range(256)) - set(b"[{]}"))


def is_json_route(path: str) -> bool:
    """Whether a body sent to ``path`` has to be JSON: everywhere but where files are uploaded."""
    return not path.startswith(UPLOAD_PREFIXES)


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What the guard lets through.

    ``allowed_hosts`` are host names (without port) beside the loopback ones: the bound host and the
    public one. ``cors_origins`` are whole origins (``https://app.example``) or ``*``; without any,
    no CORS header is ever sent. ``max_upload_bytes`` is the file's size; the multipart wrapping
    around it may take ``upload_overhead_bytes`` more. ``request_id`` names an answer whose app did
    not name it; the default counts.
    """

    allowed_hosts: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()
    max_json_bytes: int = 1024 * 1024
    max_upload_bytes: int = 500 * 1024 * 1024
    upload_overhead_bytes: int = 64 * 1024
    max_snapshot_bytes: int = 64 * 1024 * 1024
    json_route: Callable[[str], bool] = is_json_route
    request_id: Callable[[], str] | None = None

    def body_cap(self, path: str) -> int:
        """The most bytes that a body sent to ``path`` may have."""
        if path.endswith("/load") and _SNAPSHOT_LOAD.fullmatch(path):
            return self.max_snapshot_bytes
        if self.json_route(path):
            return self.max_json_bytes
        return self.max_upload_bytes + self.upload_overhead_bytes


class BodyRefused(Exception):
    """A body that will not be read further: ``status`` (400, 413 or 415) and ``detail`` for the
    caller. The guard turns it into the answer wherever it is raised.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def read_json_body(receive: Receive, limits: GuardLimits) -> bytes:
    """The whole request body, at most ``limits.max_json_bytes``.

    Raises BodyRefused (413) above that and ClientDisconnect when the caller hung up.
    """
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limits.max_json_bytes:
            raise BodyRefused(_TOO_LARGE, _too_large(limits.max_json_bytes))
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def check_json_depth(body: bytes, max_depth: int = 64) -> None:
    """Raises BodyRefused (400) when ``body`` nests deeper than ``max_depth``; one linear pass."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    brackets = _JSON_STRING.sub(b"", body).translate(_NESTING, _NOT_NESTING)
    if max(itertools.accumulate(array("b", brackets)), default=0) > max_depth:
        raise BodyRefused(400, f"JSON is nested too deeply: at most {max_depth} levels")


def refusal_body(detail: str) -> bytes:
    """The JSON text of a refusal."""
    return msgspec.json.encode({"detail": detail})


def guard(app: ASGIApp, limits: GuardLimits) -> ASGIApp:
    """``app`` behind the checks that ``limits`` describe: a plain ASGI app.

    Refusals are ``{"detail": text}``: 400 bad length, 403 foreign Origin, 413 too large, 415 not
    JSON, 421 foreign Host, 500 when the app failed (with ``request_id``, logged once). Every answer
    gets X-Sim, X-Request-Id and nosniff unless the app has set them. Each request is logged at
    DEBUG, without query string or header, to the log as it is configured by now.
    """
    log = logs.logger()
    logs_requests = log.is_enabled_for(DEBUG)
    hosts = LOOPBACK_HOSTS | {name.lower().encode("latin-1") for name in limits.allowed_hosts}
    cors = frozenset(origin.lower().encode("latin-1") for origin in limits.cors_origins)
    numbers = itertools.count(1)
    request_id = limits.request_id or (lambda: f"req_{next(numbers):08d}")

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        started_ns = perf_counter_ns() if logs_requests else 0
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        answer = _Answer(scope, send, request_id, cors_headers(origin, cors) if origin else ())
        try:
            refused = _refusal(scope, headers, hosts, limits, cors_allowed=bool(answer.cors))
            if refused is not None:
                status, detail = refused
                await answer.refuse(status, detail=detail, unread=_has_body(headers))
            elif answer.cors and scope["method"] == "OPTIONS" and PREFLIGHT in headers:
                granted = preflight_headers(headers)
                await answer({"type": "http.response.start", "status": 204, "headers": granted})
                await answer({"type": "http.response.body"})
            else:
                if b"transfer-encoding" in headers:
                    receive = _counted(receive, limits.body_cap(scope["path"]))
                await _run(app, scope, receive, answer, log)
        finally:
            if logs_requests:
                _log_request(log, scope, answer, started_ns)

    return guarded


async def _run(
    app: ASGIApp, scope: Scope, receive: Receive, answer: "_Answer", log: FilteringBoundLogger
) -> None:
    """Runs ``app``; whatever it raises becomes an answer."""
    try:
        await app(scope, receive, answer)
    except BodyRefused as refusal:
        unread = refusal.status == _TOO_LARGE
        await answer.refuse(refusal.status, detail=refusal.detail, unread=unread)
    except ClientDisconnect:
        answer.status = answer.status or CLIENT_GONE
    except CancelledError:
        if not _is_shutting_down(scope):
            raise
    except ConnectionDropped:
        answer.status = answer.status or CLIENT_GONE
        raise  # where there is no socket to close, whoever called has to hear of it
    except Exception as error:  # noqa: BLE001 - the caller gets an answer whatever broke
        _log_failure(log, scope, answer, error)
        name = answer.name()
        await answer.refuse(500, detail="internal error", request_id=name, unread=False)


class _Answer:
    """The `send` that the app is given: adds the headers that every answer has, and remembers
    how far the answer got.
    """

    __slots__ = ("cors", "id", "request_id", "scope", "send", "status")

    def __init__(
        self, scope: Scope, send: Send, request_id: Callable[[], str], cors: Iterable[Header]
    ) -> None:
        self.scope = scope
        self.send = send
        self.request_id = request_id
        self.cors = tuple(cors)
        self.status = 0
        self.id = ""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())
            present = dict(given)
            added: list[Header] = [*self.cors]
            if b"x-request-id" not in present:
                added.append((b"x-request-id", self.name().encode("latin-1")))
            if b"x-sim" not in present:
                added.append(_SIM)
            if b"x-content-type-options" not in present:
                added.append(_NOSNIFF)
            if added:
                message = {**message, "headers": [*given, *added]}
        elif message.get("more_body") and self.is_unheard():
            raise ClientDisconnect
        await self.send(message)

    def is_unheard(self) -> bool:
        """Whether the caller hung up. uvicorn then drops what is sent at once, so that an app would
        write the rest of its answer without ever giving way to others.
        """
        connection = self.scope.get("extensions", {}).get(CONNECTION)
        return connection is not None and bool(connection["is_closing"]())

    def name(self) -> str:
        """This answer's id, drawn when it is first needed: an app that names its own draws none."""
        self.id = self.id or self.request_id()
        return self.id

    async def refuse(self, status: int, *, unread: bool, **texts: str) -> None:
        """Answers with ``texts``, unless the app has begun to; closes when a body is ``unread``."""
        if self.status:
            return
        body = msgspec.json.encode(texts)
        headers = [*REFUSAL_HEADERS, (b"content-length", str(len(body)).encode("ascii"))]
        if unread:
            headers.append((b"connection", b"close"))
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


def _refusal(
    scope: Scope,
    headers: dict[bytes, bytes],
    hosts: frozenset[bytes],
    limits: GuardLimits,
    *,
    cors_allowed: bool,
) -> tuple[int, str] | None:
    """Status and reason when the request's head alone is enough to turn it away."""
    host = headers.get(b"host")
    if host is not None and _without_port(host) not in hosts:
        return 421, "this host name is not served here; use the address that the server printed"
    origin = headers.get(b"origin")
    if origin is not None and not cors_allowed and not _is_local_origin(origin, hosts):
        return 403, "requests from pages of another origin are not accepted"
    declared = headers.get(b"content-length")
    if declared is not None:
        if not declared.isdigit():
            return 400, "Content-Length is not a number of bytes"
        cap = limits.body_cap(scope["path"])
        # The digits are counted first: int() of a thousand of them is a denial of service.
        if len(declared) > _MAX_LENGTH_DIGITS or int(declared) > cap:
            return _TOO_LARGE, _too_large(cap)
    if scope["method"] in _METHODS_WITH_BODY and limits.json_route(scope["path"]):
        return _wrong_type(headers)
    return None


def _wrong_type(headers: dict[bytes, bytes]) -> tuple[int, str] | None:
    content_type = headers.get(b"content-type")
    if content_type == b"application/json":
        return None
    if content_type is None:
        if _has_body(headers):
            return 415, "the body has no Content-Type: application/json is expected"
        return None
    media_type = content_type.partition(b";")[0].strip()
    if not _JSON_TYPE.fullmatch(media_type):
        return 415, "the body's Content-Type is not accepted here: application/json is expected"
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in (b"utf-8", b"utf8"):
        return 415, "the body's charset is not accepted: JSON is UTF-8"
    return None


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


def _without_port(host: bytes) -> bytes:
    """The name in ``host`` when what follows it is nothing or a port; else ``host`` as it came."""
    name, colon, port = host.rpartition(b":")
    if colon and (port.isdigit() or not port):
        return name.lower()
    return host.lower()


def _is_local_origin(origin: bytes, hosts: frozenset[bytes]) -> bool:
    scheme, _, host = origin.partition(b"://")
    return scheme in (b"http", b"https") and _without_port(host) in hosts


def _counted(receive: Receive, cap: int) -> Receive:
    """``receive`` for a body of undeclared length: raises BodyRefused when it passes ``cap``."""
    left = cap

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise BodyRefused(_TOO_LARGE, _too_large(cap))
        return message

    return counted


def _too_large(cap: int) -> str:
    return f"the body is too large: at most {cap} bytes are accepted here"


def _log_failure(
    log: FilteringBoundLogger, scope: Scope, answer: _Answer, error: Exception
) -> None:
    """Logs ``error`` by type and place: its message may hold a prompt or a key."""
    frames = traceback.extract_tb(error.__traceback__)[-_LOGGED_FRAMES:]
    log.error(
        "request failed",
        request_id=answer.name(),
        method=scope["method"],
        path=_printable(scope["path"]),
        error=type(error).__name__,
        at=[f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    )


def _log_request(log: FilteringBoundLogger, scope: Scope, answer: _Answer, started_ns: int) -> None:
    # The query string stays out: callers put keys into it.
    log.debug(
        "request",
        method=scope["method"],
        path=_printable(scope["path"]),
        status=answer.status,
        ms=(perf_counter_ns() - started_ns) // 1000 / 1000,
    )


def _printable(path: str) -> str:
    """``path`` on one line whatever it holds, cut where no real path goes on."""
    path = path[:_LOGGED_PATH_CHARACTERS]
    return path if path.isprintable() else path.encode("unicode_escape").decode("ascii")


def _is_shutting_down(scope: Scope) -> bool:
    """Whether the server ended this request itself: nobody waits for the answer any more."""
    signal = scope.get("state", {}).get("shutdown")
    return signal is not None and bool(signal.is_set())
