"""The transport as an answer sees it."""

import asyncio
from collections.abc import Callable

_STATUS_LINE = b"HTTP/"


class AnswerTransport:
    """Writes an answer's head together with what follows it, and closes through the connection.

    uvicorn writes head and body apart, and a system call costs more than most of our answers. So a
    head is held until the next write, at most until the loop's turn ends: a stream's head is not
    late. Closing a socket with unread bytes resets it, which can destroy the answer on its way, so
    ``close`` is the connection's own, and has to flush.
    """

    __slots__ = ("_call_soon", "_held", "_write", "close", "is_closing", "written_bytes")

    def __init__(
        self,
        transport: asyncio.Transport,
        call_soon: Callable[[Callable[[], None]], object],
        close: Callable[[], None],
    ) -> None:
        self._write = transport.write
        self._call_soon = call_soon
        self._held = b""
        self.is_closing = transport.is_closing
        self.close = close
        self.written_bytes = 0

    def write(self, data: bytes) -> None:
        if self._held:
            self._held += data
            self.flush()
        elif data.startswith(_STATUS_LINE):
            self._held = data
            self._call_soon(self.flush)
        else:
            self.written_bytes += len(data)
            self._write(data)

    def flush(self) -> None:
        """Writes what is held, if anything is and somebody is there to read it."""
        held = self._held
        if held:
            self._held = b""
            if self.is_closing():
                return
            self.written_bytes += len(held)
            self._write(held)
