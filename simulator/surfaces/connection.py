"""The caller's connection, as far as a surface may touch it."""

import asyncio
from contextlib import suppress

from starlette.types import Receive, Scope

CONNECTION = "mediasim.connection"  # the scope's extension that knows whether the caller is there

_GONE_S = 5.0


class ConnectionDropped(Exception):
    """The caller gets nothing more. A transport without a socket has to raise it as a broken
    connection. Its argument, if there is any: the ids of the faults that did it."""


async def gone(receive: Receive) -> None:
    """Returns when the caller has hung up; what it sent before is nobody's any more."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang_up(scope: Scope, receive: Receive, *, polite: bool) -> None:
    """Closes the connection, at once or after what has been written. Raises ConnectionDropped where
    there is none to close."""
    connection = scope.get("extensions", {}).get(CONNECTION, {})
    close = connection.get("close" if polite else "abort")
    if close is None:
        raise ConnectionDropped
    close()
    # The server takes an app that ends before its caller has gone for a broken one.
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE_S):
            await gone(receive)
