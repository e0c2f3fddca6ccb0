"""HTTP with the standard library, over connections that stay open."""

import contextlib
import os
import select
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status and its body as sent."""

    status: int
    content: bytes


Transport = Callable[[str, str, Headers, bytes | None], Reply]
"""Method, target (path and query), headers, body; raises OSError when nobody answers."""


class Wire:
    """A transport to one base URL. Safe to share between threads: each call has a connection to
    itself, and leaves it open for the next one. ``close`` ends those that nobody uses.

    Raises ValueError for what is no ``http://HOST[:PORT][/path]``.
    """

    def __init__(self, url: str, timeout_s: float = 90.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a simulator, expected http://HOST:PORT")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._process = os.getpid()
        self._idle: deque[HTTPConnection] = deque()
        # A socket that the collector closes warns, and a test suite may take that for a failure.
        weakref.finalize(self, _close_all, self._idle)

    def __call__(self, method: str, target: str, headers: Headers, body: bytes | None) -> Reply:
        connection = self._take()
        try:
            connection.request(method, self._prefix + target, body, headers)
            response = connection.getresponse()
            reply = Reply(response.status, response.read())
        except HTTPException as error:
            connection.close()
            raise ConnectionError(str(error) or type(error).__name__) from error
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.append(connection)
        return reply

    @contextlib.contextmanager
    def stream(self, target: str, headers: Headers) -> Iterator[HTTPResponse]:
        """A GET over a connection of its own, which ends with the block. Raises OSError and
        HTTPException."""
        connection = self._new()
        try:
            connection.request("GET", self._prefix + target, None, headers)
            response = connection.getresponse()
            with response:
                yield response
        finally:
            connection.close()

    def close(self) -> None:
        _close_all(self._idle)

    def _take(self) -> HTTPConnection:
        if self._process != os.getpid():
            # After a fork the open connections are the parent's.
            self._idle.clear()
            self._process = os.getpid()
        with contextlib.suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if _still_open(connection.sock):
                    return connection
                connection.close()
        return self._new()

    def _new(self) -> HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=context)
        return HTTPConnection(self._host, self._port, timeout=self._timeout_s)


def _still_open(sock: socket.socket) -> bool:
    """Nothing is due on an idle connection: what can be read from it is its end. To look first
    spares sending anew, which might do a thing twice."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


def _close_all(idle: "deque[HTTPConnection]") -> None:
    with contextlib.suppress(IndexError):
        while True:
            idle.pop().close()
