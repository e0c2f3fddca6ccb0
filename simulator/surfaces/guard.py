"""What an HTTP request passes before the app sees it, and the shape of what turns it away.

The guard trusts nothing that arrived: not the Host (a rebound name reaches loopback), not the Origin
(any web page can post here), not the declared length. It parses no body. The app below it may raise
`BodyRefused` anywhere; whatever else escapes becomes a 500 that tells the caller nothing.

Deadlines and the request's head belong to the connection: see protocol.py.
"""

import itertools
import re
import traceback
from array import array
from asyncio import CancelledError
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from time import perf_counter_ns

import msgspec
import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

LOOPBACK_HOSTS = frozenset({b"127.0.0.1", b"localhost", b"[::1]", b"testserver"})
UPLOAD_PREFIX = "/v1/upload/"
REFUSAL_HEADERS = (
    (b"content-type", b"application/json"),
    (b"x-sim", b"1"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
EXPOSED_HEADERS = b"x-request-id, x-sim, x-sim-fault, retry-after, mcp-session-id"
CLIENT_GONE = 499  # no answer was possible; the number is nginx's, and only the log shows it

_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_CORS_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_JSON_TYPE = re.compile(rb"application/(?:[\w.!#$&^-]+\+)?json", re.IGNORECASE | re.ASCII)
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\s\";]*)", re.IGNORECASE)
_HEADER_NAMES = re.compile(rb"[\w!#$%&'*+.^`|~, -]*", re.ASCII)
# Possessive, so that a string without its end costs one pass; such a string runs to the end.
_JSON_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NESTING = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_NESTING = bytes(set(range(256)) - set(b"[{]}"))

_log = structlog.get_logger("mediasim.http")


def is_json_route(path: str) -> bool:
    """Whether a body sent to ``path`` has to be JSON: everywhere but where files are uploaded."""
    return not path.startswith(UPLOAD_PREFIX)


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
    json_route: Callable[[str], bool] = is_json_route
    request_id: Callable[[], str] | None = None

    def body_cap(self, path: str) -> int:
        """The most bytes that a body sent to ``path`` may have."""
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
            raise _too_large(limits.max_json_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def check_json_depth(body: bytes, max_depth: int = 64) -> None:
    """Raises BodyRefused (400) when ``body`` nests deeper than ``max_depth``, in one linear pass."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    brackets = _JSON_STRING.sub(b"", body).translate(_NESTING, _NOT_NESTING)
    if max(itertools.accumulate(array("b", brackets)), default=0) > max_depth:
        raise BodyRefused(400, f"JSON is nested too deeply: at most {max_depth} levels")


def decode_json(body: bytes) -> object:
    """The value of a JSON text: the last of duplicate keys wins, NUL in a string is kept, whole
    numbers may be wider than 64 bits.

    Raises BodyRefused (400) for everything that is not JSON in UTF-8: NaN, half a surrogate pair,
    numbers that no double or 4,300 digits can hold, nesting over 64.
    """
    check_json_depth(body)
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        raise BodyRefused(400, f"the body is not UTF-8: {error.reason}") from None
    except msgspec.DecodeError as error:
        raise BodyRefused(400, f"the body is not valid JSON: {error}") from None


def refusal_body(detail: str) -> bytes:
    """The JSON text of a refusal."""
    return msgspec.json.encode({"detail": detail})


def guard(app: ASGIApp, limits: GuardLimits) -> ASGIApp:
    """``app`` behind the checks that ``limits`` describe: a plain ASGI app.

    Refusals are ``{"detail": text}``: 400 bad length, 403 foreign Origin, 413 too large, 415 not
    JSON, 421 foreign Host, 500 when the app failed (with ``request_id``, logged once). Every answer
    gets X-Sim, X-Request-Id and nosniff unless the app has set them.
    """
    hosts = LOOPBACK_HOSTS | {name.lower().encode("latin-1") for name in limits.allowed_hosts}
    cors = frozenset(origin.lower().encode("latin-1") for origin in limits.cors_origins)
    request_id = limits.request_id or _counting_ids()

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _pass_other(app, scope, receive, send)
            return
        started_ns = perf_counter_ns()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        answer = _Answer(send, request_id, _cors_headers(headers, cors))
        try:
            await _admit(scope, headers, hosts, cors, limits)
            if b"transfer-encoding" in headers:
                receive = _counted(receive, limits.body_cap(scope["path"]))
            if _is_preflight(scope, headers, answer):
                await _answer_preflight(headers, answer)
            else:
                await app(scope, receive, answer)
        except BodyRefused as refusal:
            await answer.refuse(refusal.status, refusal_body(refusal.detail), _has_body(headers))
        except ClientDisconnect:
            answer.status = answer.status or CLIENT_GONE
        except CancelledError:
            if not _is_shutting_down(scope):
                raise
        except Exception as error:  # noqa: BLE001 - the caller gets an answer whatever broke
            await _answer_failure(scope, headers, answer, error)
        finally:
            _log.debug(
                "request",
                method=scope["method"],
                path=_printable(scope["path"]),
                status=answer.status,
                ms=(perf_counter_ns() - started_ns) // 1000 / 1000,
            )

    return guarded
