"""HTTP over a bare socket, for what no HTTP client would send, and a small app to send it to."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from simulator.surfaces.guard import (
    BodyRefused,
    GuardLimits,
    check_json_depth,
    guard,
    read_json_body,
)

LIMITS = GuardLimits(max_upload_bytes=2_000_000)
HOST = b"Host: 127.0.0.1\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer; header names are lower case. Status 0: the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        return str(json.loads(self.body)["detail"])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextlib.contextmanager
def connected(port: int, timeout: float = 5.0) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def exchange(port: int, data: bytes, timeout: float = 5.0) -> Answer:
    """Sends ``data`` on a connection of its own and reads one answer."""
    with connected(port, timeout) as sock:
        # A server that refuses may hang up while we still send; the answer is there all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(data)
        return read_answer(sock)


def request(method: str, path: str, *headers: str, body: bytes = b"", host: str = "") -> bytes:
    """A request with a Host, and a Content-Length where there is a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or '127.0.0.1'}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def json_post(path: str, body: bytes) -> bytes:
    return request("POST", path, "Content-Type: application/json", body=body)


def read_answer(sock: socket.socket) -> Answer:
    """One answer, by Content-Length, by chunks or to the end; what follows it stays unread."""
    head = b""
    with contextlib.suppress(ConnectionResetError):
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                break
            head += byte
    if not head:
        return Answer(0, {}, b"")
    status_line, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    status = int(status_line.split(" ")[1])
    if status == 204:
        return Answer(status, headers, b"")
    if headers.get("transfer-encoding") == "chunked":
        return Answer(status, headers, b"".join(chunks(sock)))
    return Answer(status, headers, read_exactly(sock, int(headers.get("content-length", "0"))))


def chunks(sock: socket.socket) -> Iterator[bytes]:
    """The chunks of a body, until the last or until the connection ends."""
    while True:
        size = b""
        while not size.endswith(b"\r\n"):
            byte = sock.recv(1)
            if not byte:
                return
            size += byte
        chunk = read_exactly(sock, int(size, 16))
        read_exactly(sock, 2)
        if not chunk:
            return
        yield chunk


def read_exactly(sock: socket.socket, size: int) -> bytes:
    """``size`` bytes, or as many as there were."""
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            break
        data += part
    return data


def is_closed(sock: socket.socket, within_s: float) -> bool:
    """Whether the other side hangs up in that time, whatever it says before."""
    sock.settimeout(within_s)
    try:
        while sock.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


async def _value(receive: Receive) -> object:
    body = await read_json_body(receive, LIMITS) or b"null"
    check_json_depth(body)
    try:
        return json.loads(body)
    except ValueError:
        raise BodyRefused(400, "the body is not JSON") from None


async def tiny_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Routes by path: what each does stands beside it."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    path = scope["path"]
    if path.startswith("/fail"):
        await _fail(send, late=path == "/fail-late")
    if path == "/hang":  # in a thread that nothing can stop
        await asyncio.to_thread(time.sleep, 60)
    if path == "/stream":
        await _stream(scope, send)
    elif path.startswith("/slow"):  # /slow/0.5: answers after that many seconds
        await asyncio.sleep(float(path.removeprefix("/slow/")))
        await _answer(send, b"slow")
    elif path == "/big":
        await _answer_big(send)
    elif path == "/unread":  # answers without a look at the body
        await _answer(send, b"unread")
    elif path.startswith("/v1/upload/"):  # the number of bytes that arrived
        await _answer(send, b"%d" % await _count(receive))
    elif scope["method"] in ("POST", "PUT", "PATCH"):  # the value that was decoded
        await _answer(send, repr(await _value(receive))[:200].encode())
    else:
        await _answer(send, json.dumps(_seen(scope)).encode())


guarded_app = guard(tiny_app, LIMITS)


async def _lifespan(receive: Receive, send: Send) -> None:
    for stage in ("startup", "shutdown"):
        message = await receive()
        assert message["type"] == f"lifespan.{stage}"
        await send({"type": f"lifespan.{stage}.complete"})


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _answer_big(send: Send) -> None:
    headers = [(b"content-length", b"65536000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(4000):
        part: Message = {"type": "http.response.body", "body": b"x" * 16384, "more_body": True}
        await send(part)
    await send({"type": "http.response.body", "body": b""})


async def _fail(send: Send, *, late: bool) -> None:
    if late:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise ValueError("canary in the message")


async def _stream(scope: Scope, send: Send) -> None:
    """Events until the server stops, and then a last one."""
    shutdown = scope["state"]["shutdown"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    stopping = False
    while not stopping:
        await send({"type": "http.response.body", "body": b"data: on\n\n", "more_body": True})
        stopping = await shutdown.sleep(0.2)
    await send({"type": "http.response.body", "body": b"data: bye\n\n"})


async def _count(receive: Receive) -> int:
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return size


def _seen(scope: Scope) -> dict[str, Any]:
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    return {"path": scope["path"], "query": scope["query_string"].decode(), "headers": headers}
