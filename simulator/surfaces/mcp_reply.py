"""An answer of the MCP server on its way out: named, told of its faults, kept for the journal."""

from typing import Any

from starlette.types import Message, Send

from simulator.engine.asks import Asks
from simulator.engine.journal import BODY_MOST
from simulator.surfaces.answering import FAULT, SIM
from simulator.surfaces.connection import ConnectionDropped
from simulator.surfaces.staging import Manner, send_strangely

_STREAM = (b"content-type", b"text/event-stream")


class McpReply:
    """``manner``: how the answer leaves, if strangely; a stream leaves as it is."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._head: dict[str, Any] | None = None
        self._parts: list[bytes] = []
        self.request_id = ""
        self.asks: Asks | None = None
        self.manner: Manner | None = None
        self.status = 0
        self.size = 0
        self.begun = False

    def told(self) -> str:
        """The ids of the faults that touched it."""
        return "" if self.asks is None else self.asks.told()

    def kept(self) -> bytes:
        """The beginning of the body."""
        return b"".join(self._parts)

    async def send(self, message: Message) -> None:
        """As ASGI's ``send``. Raises ConnectionDropped."""
        if message["type"] == "http.response.start":
            await self._start(message)
            return
        body = message.get("body", b"")
        if self._head is not None:
            self._parts.append(body)
            self.size += len(body)
            if not message.get("more_body"):
                await self._send_strangely(self._head, self.kept())
            return
        if self.size < BODY_MOST:
            self._parts.append(body[: BODY_MOST - self.size])
        self.size += len(body)
        await self._send(message)

    async def _start(self, message: Message) -> None:
        if self.asks is not None and self.asks.dropped:
            raise ConnectionDropped
        self.status = message["status"]
        names = {name for name, _ in message["headers"]}
        headers = [pair for pair in message["headers"] if pair != (b"x-request-id", b"")]
        if SIM[0] not in names:
            headers.append(SIM)
        headers.append((b"x-request-id", self.request_id.encode("ascii")))
        told = self.told()
        if told:
            headers.append((FAULT, told.encode("ascii")))
        head = {**message, "headers": headers}
        strange = self.manner is not None and not any(
            name == _STREAM[0] and value.startswith(_STREAM[1]) for name, value in headers
        )
        if strange:
            self._head = head
        else:
            self.begun = True
            await self._send(head)

    async def _send_strangely(self, head: dict[str, Any], body: bytes) -> None:
        if self.manner is not None:
            self.begun = not self.manner.drop
            await send_strangely(self._send, self.manner, head, body)
