"""The way to the backend: what is sent of a request's headers, and what comes back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from contracts.guard.passage import Passage
from contracts.guard.request import Header, Request

SENT_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "cache-control",
        "content-type",
        "idempotency-key",
        "if-modified-since",
        "if-none-match",
        "last-event-id",
        "origin",
        "range",
        "user-agent",
        "x-client",
        "x-client-build",
        "x-client-trace",
        "x-client-version",
    }
)
"""Nothing else goes on: no cookie, no other method or path than the request's own."""
SENT_PREFIXES = ("mcp-", "x-sim-")

KEPT_BACK = frozenset(
    {
        "alt-svc",
        "connection",
        "content-encoding",
        "content-length",
        "date",
        "keep-alive",
        "proxy-authenticate",
        "server",
        "set-cookie",
        "strict-transport-security",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-guard",
    }
)
"""Of an answer: what belongs to the connection, and what only the guard may say."""

_CONNECT_S = 10.0


class NotSent(Exception):
    """Not a byte of the request left."""


class Lost(Exception):
    """It left, or some of it, and no whole answer came back: anything may have happened."""


class Upstream:
    """A client that follows no redirect, asks no proxy, keeps no cookie and tries once."""

    def __init__(
        self, timeout_s: float, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx2.AsyncClient(
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(timeout_s, connect=_CONNECT_S, pool=None),
            limits=httpx2.Limits(max_connections=200, max_keepalive_connections=50),
            transport=transport,
        )

    @asynccontextmanager
    async def answer(self, passage: Passage) -> AsyncIterator[httpx2.Response]:
        """Sends the request; the answer's body is read within the block. Raises NotSent and Lost,
        which say nothing of what was sent."""
        request = passage.request
        try:
            prepared = self._client.build_request(
                request.method,
                passage.url,
                headers=[
                    *_host(request),
                    *_sent(request),
                    (b"accept-encoding", b"identity"),
                    *_key(passage),
                ],
                content=request.body or None,
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise NotSent(type(error).__name__) from None
        try:
            response = await self._client.send(prepared, stream=True)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol) as error:
            raise NotSent(type(error).__name__) from None
        except httpx2.HTTPError as error:
            raise Lost(type(error).__name__) from None
        self._client.cookies.clear()
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Ends every connection."""
        await self._client.aclose()


async def parts_of(response: httpx2.Response) -> AsyncIterator[bytes]:
    """An answer's body as it comes. Raises Lost."""
    try:
        async for part in response.aiter_bytes():
            yield part
    except httpx2.HTTPError as error:
        raise Lost(type(error).__name__) from None


def passed_headers(response: httpx2.Response) -> list[Header]:
    """The headers of an answer that the caller is to see."""
    return [(name, text) for name, text in response.headers.multi_items() if name not in KEPT_BACK]


def _sent(request: Request) -> list[tuple[bytes, bytes]]:
    return [
        _bytes(header)
        for header in request.headers
        if header[0] in SENT_HEADERS or header[0].startswith(SENT_PREFIXES)
    ]


def _host(request: Request) -> list[tuple[bytes, bytes]]:
    return [_bytes(("host", request.told_host))] if request.told_host else []


def _key(passage: Passage) -> list[tuple[bytes, bytes]]:
    return [_bytes(header) for header in passage.keyed.headers]


def _bytes(header: Header) -> tuple[bytes, bytes]:
    return header[0].encode("latin-1"), header[1].encode("latin-1")
