"""Everything under ``/media/``: uploads as they came, and results, made when first fetched.

There are no keys here, as on the provider's public file host: who has a URL has the file. A GET
makes nothing but a result's bytes, and those follow from the job; worlds are found, never opened.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.domain.inputs import CONTENT_TYPES, Upload
from simulator.domain.jobs import Job, can_be_heard, files_are_there, status
from simulator.domain.outputs import Output, Variant, declared_size
from simulator.engine.answers import optimized_format
from simulator.engine.provider import Provider
from simulator.engine.worlds import World
from simulator.media import Rendered, render
from simulator.surfaces.answering import (
    JSON,
    NOSNIFF,
    REFUSALS,
    SIM,
    Header,
    encode,
    method_not_allowed,
    refusal,
)
from simulator.surfaces.connection import ConnectionDropped, gone, hang_up
from simulator.surfaces.file_faults import DOWNLOAD, FileReply, absent, file_fate, why_absent
from simulator.surfaces.ranges import Unsatisfiable, goes_on, is_current, wanted
from simulator.surfaces.recording import Seen, record, started
from simulator.surfaces.rendering import Renderings
from simulator.surfaces.upload_folder import UploadFolder

CACHE_BYTES = 64 * 1024 * 1024
STREAMED = "stream."
"""Begins the name under which a song is served before it is whole."""

_UPLOAD = re.compile(r"/media/([A-Za-z0-9_-]{1,64})/uploads/([0-9a-f-]{36})\.([a-z0-9]{1,8})")
_OUTPUT = re.compile(
    r"/media/([A-Za-z0-9_-]{1,64})/([0-9a-f-]{36})/([0-9a-f-]{36})\.([a-z0-9.]{1,32})"
)
_SENT_AT_ONCE = 256 * 1024
_FIXED: tuple[Header, ...] = (
    (b"accept-ranges", b"bytes"),
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    NOSNIFF,
    SIM,
)


_Read = Callable[[int, int], Awaitable[bytes]]
"""From a place on, at most so many bytes; called with places that follow one another."""


@dataclass(frozen=True, slots=True)
class _Uploaded:
    """An upload's file on the disk."""

    path: Path
    upload: Upload
    etag: str

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.upload.extension]


@dataclass(frozen=True, slots=True)
class _Result:
    """A file of a completed job; ``sources`` are the uploads that it shows."""

    job: Job
    output: Output
    variant: Variant
    extension: str
    sources: tuple[Path, ...]
    etag: str

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.extension]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the request's head says beside the path."""

    head_only: bool
    range: str | None
    if_range: str | None
    if_none_match: str | None


class Files:
    """An ASGI app. ``folder`` is where uploads lie; ``cache_bytes`` bounds the rendered files that
    are kept in memory."""

    def __init__(self, provider: Provider, folder: Path, cache_bytes: int = CACHE_BYTES) -> None:
        self._provider = provider
        self._folder = UploadFolder(folder)
        self._renderings = Renderings(cache_bytes)
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = Seen("files", started(), operation=DOWNLOAD)
        pause = self._provider.worlds.pause
        self._calls += 1
        request_id = f"file_{self._calls:08d}"
        reply = FileReply(send, pause, request_id, head_only=scope["method"] == "HEAD")
        try:
            await self._answer(seen, reply, scope, receive)
        except ConnectionDropped as dropped:
            reply.status = 0
            seen.faults = seen.faults or "".join(dropped.args)
            await hang_up(scope, receive, polite=reply.begun)
        finally:
            record(self._provider.worlds, seen, scope, (request_id, reply.status, b""), reply.size)

    async def _answer(self, seen: Seen, reply: FileReply, scope: Scope, receive: Receive) -> None:
        send = reply.send
        try:
            if scope["method"] not in ("GET", "HEAD"):
                raise method_not_allowed(["GET"])
            asked = _asked(scope)
            found = await self._find(scope["path"], seen)
            if isinstance(found, _Result) and seen.world is not None:
                reply.fate = await file_fate(self._provider, seen.world, found.job, scope, receive)
                seen.faults = reply.fate.told
            if is_current(asked.if_none_match, found.etag):
                await _start(send, 304, [(b"etag", found.etag.encode()), *_FIXED])
                await _send_last(send, b"")
            elif isinstance(found, _Uploaded):
                await self._send_upload(found, asked, receive, send)
            else:
                await self._send_result(found, asked, receive, send)
        except REFUSALS as error:
            denial = _as_denial(error)
            seen.faults = denial.headers.get("x-sim-fault", "")
            await _refuse(scope, send, denial)

    def close(self) -> None:
        """Ends the rendering of what nobody waits for any more."""
        self._renderings.close()

    async def _find(self, path: str, seen: Seen) -> _Uploaded | _Result:
        """Raises Denial 404."""
        upload = _UPLOAD.fullmatch(path)
        output = _OUTPUT.fullmatch(path)
        found: _Uploaded | _Result | None = None
        match = upload or output
        world = await self._provider.worlds.known(match[1]) if match is not None else None
        seen.world = world
        if world is not None and upload is not None:
            found = await self._uploaded(world, upload[2], upload[3])
        elif world is not None and output is not None:
            found = await self._result(world, output[2], output[3], output[4])
        if found is None:
            raise absent()
        return found

    async def _uploaded(self, world: World, upload_id: str, extension: str) -> _Uploaded | None:
        known = await self._provider.store.uploads(world.id, [upload_id])
        upload = known.get(upload_id)
        if upload is None or upload.extension != extension:
            return None
        path = self._folder.path(world.name, upload.id, upload.extension)
        return _Uploaded(path, upload, _etag("upload", upload))

    async def _result(self, world: World, job_id: str, output_id: str, name: str) -> _Result | None:
        provider = self._provider
        job = await provider.store.job(world.id, job_id)
        if job is None:
            return None
        output = next((output for output in job.outputs if output.id == output_id), None)
        named = None if output is None else _named(output, name.removeprefix(STREAMED))
        if output is None or named is None:
            return None
        now_ms = await provider.worlds.now(world)
        if not _is_there(job, output, name, now_ms):
            raise why_absent(job, name, now_ms)
        known = await provider.store.uploads(world.id, output.sources)
        uploads = [known[source] for source in output.sources if source in known]
        paths = tuple(self._folder.path(world.name, up.id, up.extension) for up in uploads)
        variant, extension = named
        etag = _etag(variant.value, (output, uploads))
        return _Result(job, output, variant, extension, paths, etag)

    async def _send_upload(
        self, found: _Uploaded, asked: _Asked, receive: Receive, send: Send
    ) -> None:
        try:
            file, size = await asyncio.to_thread(_open, found.path)
        except OSError:
            raise absent() from None
        try:
            span = await _begin(send, found, size, asked)
            if span is not None:
                await asyncio.to_thread(file.seek, span[0])
                await _send_span(
                    lambda start, size: asyncio.to_thread(file.read, size), span, receive, send
                )
        finally:
            file.close()

    async def _send_result(
        self, found: _Result, asked: _Asked, receive: Receive, send: Send
    ) -> None:
        data = b""
        size = declared_size(found.output)
        if not (asked.head_only and found.variant is Variant.ORIGINAL):
            data = (await self._rendered(found)).data
            size = len(data)
        span = await _begin(send, found, size, asked)

        async def read(start: int, size: int) -> bytes:
            return data[start : start + size]

        if span is not None:
            await _send_span(read, span, receive, send)

    async def _rendered(self, found: _Result) -> Rendered:
        # After a reset an id may name another upload: what the file is now belongs to the key.
        stamps = await asyncio.to_thread(_stamps, found.sources) if found.sources else ""
        return await self._renderings.get(
            f"{found.etag} {stamps}", lambda: render(found.output, found.variant, found.sources)
        )


def _is_there(job: Job, output: Output, name: str, now_ms: int) -> bool:
    """Files are there when the job is completed; a song's stream and cover a little earlier."""
    streamed = name.startswith(STREAMED)
    if job.kind == "music" and (streamed or output.kind == "image"):
        return can_be_heard(job, now_ms)
    if streamed or status(job, now_ms) != "completed" or not files_are_there(job, now_ms):
        return False
    lost = job.quirks is not None and job.quirks.optimization_failed
    return not (lost and name.startswith("optimized."))


def _named(output: Output, name: str) -> tuple[Variant, str] | None:
    """The file that is called ``name`` behind the output's id, and its extension: the names are
    those that ``answers.output_answer`` gives."""
    if name == output.format:
        return Variant.ORIGINAL, output.format
    if output.kind == "audio":
        return None
    if name == "thumbnail.webp":
        return Variant.THUMBNAIL, "webp"
    light = optimized_format(output)
    return (Variant.OPTIMIZED, light) if name == f"optimized.{light}" else None


def _etag(kind: str, description: object) -> str:
    """A strong validator made of what the bytes follow from, so that no byte has to exist."""
    digest = blake2b(msgspec.json.encode((kind, description)), digest_size=16)
    return f'"{digest.hexdigest()}"'


def _as_denial(error: Exception) -> Denial:
    """Files have one form of refusal."""
    if isinstance(error, Denial):
        return error
    status, payload, headers = refusal(error)
    text = msgspec.json.decode(payload).get("message", "refused")
    return Denial(status, text, {name.decode(): value.decode() for name, value in headers})


def _asked(scope: Scope) -> _Asked:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    return _Asked(
        head_only=scope["method"] == "HEAD",
        range=headers.get(b"range"),
        if_range=headers.get(b"if-range"),
        if_none_match=headers.get(b"if-none-match"),
    )


async def _begin(
    send: Send, found: _Uploaded | _Result, size: int, asked: _Asked
) -> tuple[int, int] | None:
    """Sends the answer's head; the bytes that have to follow it, or None when it was the whole."""
    headers = [(b"etag", found.etag.encode()), *_FIXED]
    span: tuple[int, int] | None = None
    if not asked.head_only and goes_on(asked.if_range, found.etag):
        try:
            span = wanted(asked.range, size)
        except Unsatisfiable:
            body = encode({"detail": f"the file has {size} bytes"})
            headers += [JSON, (b"content-range", b"bytes */%d" % size), _length(len(body))]
            await _start(send, 416, headers)
            await _send_last(send, body)
            return None
    code, (start, stop) = (206, span) if span is not None else (200, (0, size))
    headers += [(b"content-type", found.content_type.encode()), _length(stop - start)]
    if code == 206:
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)))
    await _start(send, code, headers)
    if asked.head_only:
        await _send_last(send, b"")
        return None
    return start, stop


async def _send_span(read: _Read, span: tuple[int, int], receive: Receive, send: Send) -> None:
    """In pieces, since a server keeps a whole piece until its reader has taken it."""
    start, stop = span
    leaves = asyncio.ensure_future(gone(receive))
    try:
        while start < stop:
            piece = await read(start, min(_SENT_AT_ONCE, stop - start))
            if leaves.done():
                return
            if not piece:
                raise OSError("the file became shorter while it was sent")
            start += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await _send_last(send, b"")
    finally:
        leaves.cancel()
        with suppress(asyncio.CancelledError):
            await leaves


async def _refuse(scope: Scope, send: Send, denial: Denial) -> None:
    body = encode({"detail": denial.detail})
    allowed = [(name.encode(), value.encode()) for name, value in denial.headers.items()]
    headers = [JSON, _length(len(body)), (b"cache-control", b"no-store"), NOSNIFF, SIM, *allowed]
    await _start(send, denial.status, headers)
    await _send_last(send, b"" if scope["method"] == "HEAD" else body)


async def _start(send: Send, code: int, headers: list[Header]) -> None:
    await send({"type": "http.response.start", "status": code, "headers": headers})


async def _send_last(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body})


def _length(size: int) -> Header:
    return b"content-length", b"%d" % size


def _open(path: Path) -> tuple[BinaryIO, int]:
    """Blocks. The file and its size. Raises OSError."""
    file = path.open("rb")
    return file, os.fstat(file.fileno()).st_size


def _stamps(paths: tuple[Path, ...]) -> str:
    """Blocks. What tells a file from another that had its name before."""
    stamps = []
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            stamps.append("gone")
        else:
            stamps.append(f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}")
    return " ".join(stamps)
