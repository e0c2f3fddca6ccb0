"""Uploads and files in process: an app without a server, and what is sent to it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import Message, Receive, Scope, Send

from simulator.engine.bodies import MediaBody
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import REFUSALS, encode, refusal, send_json
from simulator.surfaces.files import Files
from simulator.surfaces.uploads import Uploads
from tests.engine.world import BASE, caller_of, make_provider
from tests.media.support import IMAGE, original

UPLOAD = "/v1/upload/media"
PNG = original(IMAGE)
Sent = list[tuple[str, tuple[str, bytes]]]


@dataclass
class Host:
    """A provider with its uploads and files; every upload is ``main``'s, of the world ``w``."""

    provider: Provider
    folder: Path
    uploads: Uploads
    files: Files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["path"].startswith("/media/"):
            await self.files(scope, receive, send)
            return
        headers: tuple[tuple[bytes, bytes], ...] = ()
        try:
            caller = await self.caller()
            status, payload = 200, encode(await self.uploads.receive(caller, scope, receive))
        except REFUSALS as error:
            status, payload, headers = refusal(error)
        await send_json(send, status, payload, "req_1", headers)

    async def caller(self) -> Caller:
        return await caller_of(self.provider)

    def stored(self) -> list[str]:
        """Every file in the folder, finished or not."""
        return sorted(path.name for path in self.folder.rglob("*") if path.is_file())

    async def generate(self, **fields: Any) -> str:
        """Starts a job and moves the clock to its end; its id."""
        caller = await self.caller()
        answer = await self.provider.generate_media(caller, MediaBody(**fields))
        job = await self.provider.store.job(caller.world.id, answer.generation_id)
        assert job is not None
        assert job.times.done_at_ms is not None
        clock = caller.world.clock.moved_to(job.times.done_at_ms, 0)
        await self.provider.worlds.set_clock(caller.world, clock)
        return job.id


def host(tmp_path: Path, provider: Provider | None = None, **limits: int) -> Host:
    provider = provider or make_provider()
    folder = tmp_path / "uploads"
    return Host(provider, folder, Uploads(provider, folder, **limits), Files(provider, folder))


@asynccontextmanager
async def client_of(served: Host) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(served)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


def sent(*files: tuple[str, bytes]) -> Sent:
    return [("file", file) for file in files]


async def answered(
    app: Host, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request with its path as it stands, which a client would tidy up first. The answer's
    own name is left out: no two have the same."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in (headers or {}).items()],
    }
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, told([]), send)
    start, *rest = messages
    head = {name.decode(): value.decode() for name, value in start["headers"]}
    head.pop("x-request-id", None)
    return start["status"], head, b"".join(message["body"] for message in rest)


def digest(data: bytes) -> str:
    """What large files are compared by: a failure that shows a megabyte shows nothing."""
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()}"


def told(messages: list[Message]) -> Receive:
    """A ``receive`` that tells these messages and then waits for ever, as a quiet caller does."""
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


def form(*parts: bytes, end: bytes = b"--b--\r\n") -> bytes:
    """A body of parts, each with its own head, whose boundary is ``b``."""
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end


def file_part(name: str, data: bytes, field: str = "file") -> bytes:
    head = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + data


FORM = {"content-type": "multipart/form-data; boundary=b"}
