"""A connection that is kept open, for many requests at once over real sockets."""

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.surfaces.rawhttp import Answer

GONE = Answer(0, {}, b"")
"""The connection ended before the whole answer was there."""


class Wire:
    """One keep-alive connection to a loopback port, calling as one key."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.key = key
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The whole answer, or ``GONE``; ``body`` is JSON unless it is bytes."""
        try:
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
            self._writer.write(request(method, path, self.key, body, headers))
            assert self._reader is not None
            return await read_answer(self._reader)
        except (OSError, asyncio.IncompleteReadError):
            await self.close()
            return GONE

    async def close(self) -> None:
        writer, self._reader, self._writer = self._writer, None, None
        if writer is not None:
            writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def request(
    method: str, path: str, key: str, body: Any, headers: Mapping[str, str] | None
) -> bytes:
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-API-Key: {key}"]
    if body is not None and "Content-Type" not in (headers or {}):
        lines.append("Content-Type: application/json")
    if body is not None:
        lines.append(f"Content-Length: {len(data)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """Raises IncompleteReadError when the connection ends before the answer does."""
    head = await reader.readuntil(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(int(status_line.split(" ")[1]), headers, body)
