"""An answer of the MCP server on its way out: named, told of its faults, kept for the journal."""

from collections.abc import Iterable
from typing import Any

from starlette.types import Message, Send

from simulator.engine.journal import BODY_MOST
from simulator.surfaces.answering import FAULT, NOSNIFF, SIM, Header
from simulator.surfaces.connection import ConnectionDropped
from simulator.surfaces.staging import USUAL, Pause, Stage, send_strangely

_UNNAMED = (b"x-request-id", b"")
_STREAM = (b"content-type", b"text/event-stream")


class McpReply:
    """``stage``: what befalls it. An answer that leaves strangely is kept until ``finish``, so that
    nothing breaks in the midst of the SDK; a stream leaves as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: dict[str, Any] | None = None
        self._parts: list[bytes] = []
        self.request_id = ""
        self.stage: Stage | None = None
        self.status = 0
        self.size = 0
        self.begun = False

    def told(self) -> str:
        """The ids of the faults that touched it."""
        return "" if self.stage is None else self.stage.asks.told()

    def kept(self) -> bytes:
        """The beginning of the body."""
        return b"".join(self._parts)

    async def send(self, message: Message) -> None:
        """As ASGI's ``send``."""
        if self._is_dropped():
            return
        if message["type"] == "http.response.start":
            await self._start(message)
            return
        body = message.get("body", b"")
        if self._head is not None:
            self._parts.append(body)
        elif self.size < BODY_MOST:
            self._parts.append(body[: BODY_MOST - self.size])
        self.size += len(body)
        if self._head is None:
            await self._send(message)

    async def finish(self, pause: Pause) -> None:
        """Sends what was kept. Raises ConnectionDropped."""
        if self._is_dropped():
            raise ConnectionDropped
        if self._head is not None and self.stage is not None:
            self.begun = not self.stage.manner.drop
            await send_strangely(self._send, self.stage.manner, self._head, self.kept(), pause)

    def _is_dropped(self) -> bool:
        return self.stage is not None and self.stage.asks.dropped

    async def _start(self, message: Message) -> None:
        self.status = message["status"]
        headers = [pair for pair in message["headers"] if pair != _UNNAMED]
        if SIM not in headers:  # nor what else the guard would have to add
            headers += (SIM, NOSNIFF)
        headers.append((b"x-request-id", self.request_id.encode("ascii")))
        told = self.told()
        if told:
            headers.append((FAULT, told.encode("ascii")))
        head = {**message, "headers": headers}
        if self.stage is not None and self.stage.manner != USUAL and not _streams(headers):
            self._head = head
        else:
            self.begun = True
            await self._send(head)


def _streams(headers: Iterable[Header]) -> bool:
    return any(name == _STREAM[0] and value.startswith(_STREAM[1]) for name, value in headers)
