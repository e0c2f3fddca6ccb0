"""What the guard sends to its callers."""

import asyncio
import json
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from starlette.types import Receive, Send

from contracts.guard.request import Header

MARK = "X-Guard"
"""Of answers that are not the backend's: ``refused`` (the request never left, or nobody was there
to take it) or ``lost`` (nobody knows what became of it)."""


async def send_head(send: Send, status: int, headers: Iterable[Header]) -> None:
    """The first of an answer's messages."""
    told = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    await send({"type": "http.response.start", "status": status, "headers": told})


async def send_part(send: Send, part: bytes, *, more: bool = False) -> None:
    """The next of its body."""
    await send({"type": "http.response.body", "body": part, "more_body": more})


async def send_own(send: Send, status: int, mark: str, told: Mapping[str, Any]) -> None:
    """A whole answer of the guard's own."""
    body = json.dumps(told).encode()
    length = ("content-length", str(len(body)))
    await send_head(send, status, [("content-type", "application/json"), length, (MARK, mark)])
    await send_part(send, body)


async def until_hung_up(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Returns when the work is done, or the caller hung up, which ends it. Raises what it does."""
    working = asyncio.create_task(work)
    waiting = asyncio.create_task(_hung_up(receive))
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
