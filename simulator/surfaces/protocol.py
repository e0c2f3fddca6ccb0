"""The HTTP connection: uvicorn's, with the limits and deadlines that it does not have.

uvicorn parses with httptools, which keeps a header of any length until its end, and has a deadline
for idle connections only. Here a head has a size and a deadline, and its body and
the reading of an answer have to make progress. A connection knows its phase and since when; the
server asks each, once per second, whether it has expired, so that a request costs no timer.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from simulator.surfaces.answer_transport import AnswerTransport
from simulator.surfaces.connection import CONNECTION
from simulator.surfaces.guard import REFUSAL_HEADERS, refusal_body

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

_UPGRADE_HEADERS = frozenset({b"connection", b"http2-settings", b"upgrade"})
_UNSENT_BYTES = 1024  # beyond it an app waits for its reader: about one part each is kept
_EVICTED_SHARE = 20  # of the connections; so that a flood pays for one search per twentieth


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may take. Seconds are of real time; sizes are bytes as received.

    ``head_seconds`` from the first byte (or the connection) to the end of the head;
    ``body_seconds`` and ``write_seconds`` without any progress; ``idle_seconds`` between requests;
    ``linger_seconds`` to read a refusal while a body is still being sent. Above
    ``max_connections`` those that wait longest without a request are closed for new ones.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 60.0
    idle_seconds: float = 75.0
    linger_seconds: float = 2.0
    max_url_bytes: int = 16 * 1024
    max_head_bytes: int = 64 * 1024
    max_header_lines: int = 128
    max_pipelined: int = 64
    max_discarded_bytes: int = 1024 * 1024
    max_connections: int = 10_000
    request_id: Callable[[], str] | None = None


class Phase(Enum):
    """What a connection waits for."""

    HEAD = auto()  # the rest of a request's head
    BODY = auto()  # the rest of its body
    BUSY = auto()  # the app
    IDLE = auto()  # another request
    CLOSING = auto()  # the other side to read the refusal and hang up


class GuardedProtocol(HttpToolsProtocol):  # how uvicorn takes another protocol
    """One connection under ``limits``."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.phase = Phase.HEAD
        self.since = self.loop.time()
        self.latest: RequestResponseCycle | None = None
        self.head_bytes = 0
        self.hosts = 0
        self.refused: tuple[int, str] | None = None
        self.body_moved = False
        self.framing_bytes = 0
        self.discarded_bytes = 0
        self.taken_bytes = 0
        self.taken_since = self.since

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_UNSENT_BYTES)
        self.polite = AnswerTransport(transport, self.loop.call_soon, self.close_politely)
        self.extensions = {
            CONNECTION: {
                "is_closing": transport.is_closing,
                "abort": transport.abort,
                "close": self._close_after_writing,
            }
        }
        if len(self.connections) > self.limits.max_connections:
            _evict(self)

    def _close_after_writing(self) -> None:
        self.polite.flush()
        self.transport.close()

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_deaf():
            return
        if self.phase is Phase.IDLE:
            self._await_head()
        if self.phase is Phase.HEAD:
            self._feed_head(data)
        elif self.phase is Phase.BODY:
            self._feed_body(data)
        else:
            self._feed(data)

    def _is_deaf(self) -> bool:
        """Whether this connection has been refused: nothing more of it is read."""
        return self.phase is Phase.CLOSING or self.refused is not None

    def _await_head(self) -> None:
        self.phase = Phase.HEAD
        self.since = self.loop.time()
        self.head_bytes = 0

    def _feed_head(self, data: bytes) -> None:
        cap = self.limits.max_head_bytes
        room = cap - self.head_bytes
        self.head_bytes += len(data)
        self._feed(data[:room])
        if len(data) > room and not self._is_deaf():
            # A head that began behind this one, in the same bytes, has set the count anew.
            if self.phase is Phase.HEAD and self.head_bytes > cap:
                self._refuse(431, f"the head is over {cap} bytes")
            else:
                self._feed(data[room:])

    def _feed_body(self, data: bytes) -> None:
        self.body_moved = False
        self._feed(data)
        # Chunk extensions and trailers are no progress, and httptools keeps a trailer to its end.
        self.framing_bytes = 0 if self.body_moved else self.framing_bytes + len(data)
        if self.framing_bytes > self.limits.max_head_bytes and not self._is_deaf():
            self._refuse(400, "the body's chunks carry too much that is not body")

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_upgrade() + data[upgrade.args[0] :]
            except httptools.HttpParserError:
                if self.phase is not Phase.CLOSING:
                    refused = self.refused or (400, "the request is not well-formed HTTP/1.1")
                    self.refused = None
                    self._refuse(*refused)
                return
            else:
                return

    def _without_upgrade(self) -> bytes:
        """The head that asked for another protocol, as a plain request for a fresh parser:
        a server may ignore the wish, and clients that try HTTP/2 first count on it.
        """
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        lines = [self.scope["method"].encode("ascii"), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            if name not in _UPGRADE_HEADERS:
                lines += [name, b": ", value, b"\r\n"]
        return b"".join([*lines, b"\r\n"])

    # What httptools calls. An exception here stops the parser; `_feed` sees it as its error.

    @override
    def on_message_begin(self) -> None:
        if self.phase is Phase.CLOSING:
            raise ValueError  # it came in the same bytes as what made us close
        super().on_message_begin()
        self.hosts = 0
        if self.phase is not Phase.HEAD:
            self._await_head()
            self.head_bytes = 1  # at least: it began somewhere in the bytes at hand

    @override
    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > self.limits.max_url_bytes:
            self._stop(414, f"the URL is over {self.limits.max_url_bytes} bytes")

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self.phase is not Phase.HEAD:
            return  # a trailer; the app has its headers already
        name = name.lower()
        if name == b"host":
            self.hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            self._stop(400, "the only Transfer-Encoding understood is chunked")
        self.headers.append((name, value))
        if len(self.headers) > self.limits.max_header_lines:
            self._stop(431, f"there are over {self.limits.max_header_lines} header lines")

    @override
    def on_headers_complete(self) -> None:
        if self.hosts != 1 and (self.hosts or self.parser.get_http_version() != "1.0"):
            self._stop(400, "a request has exactly one Host header")
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
            if self.scope["method"] == "CONNECT":
                self._stop(400, "this is not a proxy: CONNECT is not supported")
            return
        if not self.url.startswith(b"/") and self.url != b"*":
            self._take_absolute_url()
        if len(self.pipeline) >= self.limits.max_pipelined:
            self._stop(400, f"over {self.limits.max_pipelined} requests are pipelined")
        super().on_headers_complete()
        self.latest = self.cycle
        self.scope["extensions"] = cast(dict[str, dict[object, object]], self.extensions)
        self.cycle.transport = cast(asyncio.Transport, self.polite)
        self.phase = Phase.BODY
        self.since = self.loop.time()
        self.framing_bytes = self.discarded_bytes = 0

    def _take_absolute_url(self) -> None:
        """A request as proxies get it: its URL names the host, whatever Host says (RFC 9112)."""
        parts = httptools.parse_url(self.url)
        host = parts.host + (b":%d" % parts.port if parts.port else b"")
        self.headers[:] = [line for line in self.headers if line[0] != b"host"]
        self.headers.append((b"host", host))
        self.url = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")

    @override
    def on_body(self, body: bytes) -> None:
        self.body_moved = True
        self.since = self.loop.time()
        if not self.cycle.response_complete:
            self.cycle.body += body
            if len(self.cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            self.cycle.message_event.set()
            return
        self.discarded_bytes += len(body)
        if self.discarded_bytes > self.limits.max_discarded_bytes:
            self.close_politely()

    @override
    def on_message_complete(self) -> None:
        if self.phase is not Phase.BODY:
            return  # of a request that will be read again without its upgrade
        if self.cycle.response_complete:
            self.phase = Phase.IDLE
            self.since = self.loop.time()
            return
        self.phase = Phase.BUSY
        self.cycle.more_body = False
        self.cycle.message_event.set()

    @override
    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self.polite.flush()
        if self.transport.is_closing() or self.phase is Phase.CLOSING:
            return
        self.flow.resume_reading()
        self.since = self.loop.time()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            if self.refused is not None and cycle.more_body:
                self._refuse(*self.refused)
            else:
                self._start_asgi_task(cycle, app)
        elif self.refused is not None:
            self._refuse(*self.refused)
        elif self.phase is Phase.BUSY:
            self.phase = Phase.IDLE

    def close_politely(self) -> None:
        """Closes after what has been written, leaving the other side time to read it."""
        self.polite.flush()
        if self.phase is Phase.BUSY or not self.transport.can_write_eof():
            self.transport.close()
        elif self.phase is not Phase.CLOSING and not self.transport.is_closing():
            self.phase = Phase.CLOSING
            self.since = self.loop.time()
            self.transport.write_eof()
            self.flow.resume_reading()

    def _stop(self, status: int, detail: str) -> None:
        self.refused = (status, detail)
        raise ValueError(detail)

    def _refuse(self, status: int, detail: str) -> None:
        """Answers for a request that the app will not see the end of, and closes."""
        if self._is_answering_earlier():
            self.refused = (status, detail)  # to be said when that answer has ended
            return
        if self.latest is not None and self.phase is Phase.BODY:
            self.latest.disconnected = True
            self.latest.message_event.set()
            if self.latest.response_started:
                self.transport.abort()
                return
        self.polite.write(self._refusal(status, detail))
        self.close_politely()

    def _refusal(self, status: int, detail: str) -> bytes:
        body = refusal_body(detail)
        headers = [*self.server_state.default_headers, *REFUSAL_HEADERS]
        if self.limits.request_id is not None:
            headers.append((b"x-request-id", self.limits.request_id().encode("latin-1")))
        headers += [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        lines = [b"%s: %s\r\n" % header for header in headers]
        status_line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode("ascii")
        return b"".join([status_line, *lines, b"\r\n", body])

    def expire(self, now: float) -> bool:
        """Ends the connection when a deadline has passed; whether it did."""
        if self._is_reader_stuck(now):
            self.transport.abort()
            return True
        if self.phase is Phase.BUSY or self.transport.is_closing():
            return False
        if self.flow.read_paused or self._is_answering_earlier():
            self.since = now  # it is we who do not read
            return False
        if now - self.since < self._seconds_allowed():
            return False
        if self.phase is Phase.CLOSING:
            self.transport.abort()
        elif self.phase is Phase.BODY:
            self._refuse(408, f"the body did not arrive: {self.limits.body_seconds:g} s of silence")
        elif self.phase is Phase.HEAD and self.head_bytes:
            self._refuse(408, f"the head took over {self.limits.head_seconds:g} s to arrive")
        else:
            self.transport.close()
        return True

    def _is_answering_earlier(self) -> bool:
        """Whether an answer is due while the bytes that arrive belong to a later request."""
        unanswered = self.latest is not None and not self.latest.response_complete
        return unanswered and (self.phase is not Phase.BODY or bool(self.pipeline))

    def _seconds_allowed(self) -> float:
        match self.phase:
            case Phase.HEAD:
                return self.limits.head_seconds
            case Phase.BODY:
                return self.limits.body_seconds
            case Phase.CLOSING:
                return self.limits.linger_seconds
            case _:
                return self.limits.idle_seconds

    def _is_reader_stuck(self, now: float) -> bool:
        left = self.transport.get_write_buffer_size()
        taken = self.polite.written_bytes - left
        if left == 0 or taken > self.taken_bytes:
            self.taken_bytes = taken
            self.taken_since = now
        return now - self.taken_since >= self.limits.write_seconds

    @override
    def shutdown(self) -> None:
        if self.phase is Phase.CLOSING:
            self.transport.close()
        else:
            super().shutdown()

    def give_up(self) -> None:
        """Drops the connection, answered or not."""
        if self.latest is not None:
            self.latest.disconnected = True
            self.latest.message_event.set()
        self.transport.abort()


def _evict(newest: GuardedProtocol) -> None:
    """Makes room for ``newest``: stuck sockets must not be what keeps others out."""
    connections = cast(set[GuardedProtocol], newest.connections)
    waiting = [c for c in connections if c.phase in (Phase.HEAD, Phase.IDLE) and c is not newest]
    waiting.sort(key=lambda connection: connection.since)
    for connection in waiting[: len(connections) // _EVICTED_SHARE + 1] or [newest]:
        connections.discard(connection)
        connection.transport.abort()
