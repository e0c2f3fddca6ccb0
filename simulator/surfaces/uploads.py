"""Files that callers upload: from the wire straight to their place on the disk, measured there."""

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from simulator.domain.errors import Denial, Malformed
from simulator.domain.inputs import CONTENT_TYPES, Upload
from simulator.domain.sessions import FILES_MOST, SESSION_OVER, UploadSession
from simulator.engine.answers import UploadAnswer, UploadedFile, seconds
from simulator.engine.ids import make_id
from simulator.engine.provider import Provider
from simulator.engine.store.base import StorageFull
from simulator.engine.worlds import Caller
from simulator.media import Probe, UnreadableMedia, probe
from simulator.surfaces.answering import query_fields
from simulator.surfaces.multipart import (
    BrokenMultipart,
    Event,
    Multipart,
    NotMultipart,
    Part,
    PartEnd,
    boundary_of,
)
from simulator.surfaces.upload_folder import PartFile, UploadFolder

FILE_BYTES_MOST = 500 * 1024 * 1024
FIELD = "file"
DEFAULT_BUCKET = "media-inputs"

_BUCKET = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WRITTEN_AT_ONCE = 1024 * 1024
_PARSED_AT_ONCE = 64 * 1024
_CLOSE: Mapping[str, str] = {"connection": "close"}
_EXPECTED_TYPE = "expected image/..., video/... or audio/..."
_EXPECTED = f"expected one of {', '.join(CONTENT_TYPES)}"


@dataclass(slots=True)
class _Received:
    """One file of a request while it arrives."""

    file: PartFile
    extension: str
    buffer: bytearray
    size_bytes: int = 0
    probe: Probe | None = None


class Uploads:
    """Receives uploads into ``folder``, which is made when it is first needed."""

    def __init__(
        self,
        provider: Provider,
        folder: Path,
        max_file_bytes: int = FILE_BYTES_MOST,
        max_files: int = FILES_MOST,
    ) -> None:
        self._provider = provider
        self._folder = UploadFolder(folder)
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files

    async def receive(self, caller: Caller, scope: Scope, receive: Receive) -> UploadAnswer:
        """``POST /v1/upload/media``: stores all files of the request, or none.

        The caller's key, scope and rate are already checked. Raises Denial (400, 413, 415),
        Malformed when no file was sent, StorageFull, and ClientDisconnect. Until it returns, the
        files are known to nobody.
        """
        uploads = await self._receive(caller, scope, receive, self._max_files, typed=False)
        files = [self._shown(caller.world.name, upload) for upload in uploads]
        urls = [file.url for file in files]
        return UploadAnswer(url=urls[0], urls=urls, files=files)

    async def collect(
        self, caller: Caller, session: UploadSession, scope: Scope, receive: Receive
    ) -> None:
        """Files for a session, as ``receive`` takes them; each must be sent as an image, a video or
        a sound. Raises as ``receive`` does."""
        uploads = await self._receive(caller, scope, receive, session.room, typed=True)
        ids = [upload.id for upload in uploads]
        if not await self._provider.store.collect(caller.world.id, session.token, ids):
            # Others have filled it, or a reset has ended it, while these were on their way.
            raise Denial(410, SESSION_OVER)

    async def _receive(
        self, caller: Caller, scope: Scope, receive: Receive, files_most: int, *, typed: bool
    ) -> list[Upload]:
        arrival = _Arrival(
            _opened(scope), self._folder, caller.world.name, self._max_file_bytes, files_most, typed
        )
        kept = False
        try:
            await arrival.take(receive)
            uploads = await self._keep(caller, arrival.files)
            kept = True
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error
        finally:
            if not kept:
                # Even a cancelled request must leave no file; a future outlives its waiter.
                await asyncio.shield(_off_loop(arrival.discard))
        return uploads

    async def forget(self, world_name: str) -> None:
        """Removes the files of a world that was reset."""
        if self._folder.has(world_name):
            await asyncio.to_thread(self._folder.forget, world_name)

    async def sweep(self) -> None:
        """Removes what a killed process left half received; for a start that shares its folder with
        no other process."""
        await asyncio.to_thread(self._folder.sweep)

    async def _keep(self, caller: Caller, files: list[_Received]) -> list[Upload]:
        world, store = caller.world, self._provider.store
        uploads = []
        for received in files:
            number = await store.next_upload(world.id)
            upload_id = make_id(world.seed, world.draws_as, "upload", number)
            uploads.append(_upload(upload_id, received))
        paths = [self._folder.path(world.name, upload.id, upload.extension) for upload in uploads]

        def move() -> None:
            for received, path in zip(files, paths, strict=True):
                received.file.move(path)

        await asyncio.to_thread(move)
        for upload in uploads:
            await store.add_upload(world.id, caller.account, upload)
        return uploads

    def _shown(self, world_name: str, upload: Upload) -> UploadedFile:
        visual = upload.kind != "audio"
        return UploadedFile(
            url=self._provider.urls.upload(world_name, upload.id, upload.extension),
            kind=upload.kind,
            mime_type=CONTENT_TYPES[upload.extension],
            file_size_bytes=upload.size_bytes,
            width=upload.width if visual else None,
            height=upload.height if visual else None,
            duration_seconds=seconds(upload.duration_ms) if upload.duration_ms else None,
        )


class _Arrival:
    """The files of one request as they arrive."""

    def __init__(
        self,
        multipart: Multipart,
        folder: UploadFolder,
        world_name: str,
        max_file_bytes: int,
        max_files: int,
        typed: bool,
    ) -> None:
        self.files: list[_Received] = []
        self._typed = typed
        self._multipart = multipart
        self._folder = folder
        self._world_name = world_name
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._current: _Received | None = None
        self._saw_value = False
        self._lock = threading.Lock()
        self._discarded = False

    async def take(self, receive: Receive) -> None:
        """Reads the body to its end; every file of it is then on the disk and measured."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            await self._parse(message.get("body", b""))
            more = message.get("more_body", False)
        if not self._multipart.finished:
            raise _broken("it ends before its closing boundary")
        if not self.files:
            raise Malformed([_missing(saw_value=self._saw_value)])

    def discard(self) -> None:
        """Blocks; removes every file, and lets no other be made."""
        with self._lock:
            self._discarded = True
        for received in self.files:
            received.file.discard()

    async def _parse(self, body: bytes) -> None:
        """In pieces, so that a body made to be slow to parse doesn't hold the others up."""
        for start in range(0, len(body), _PARSED_AT_ONCE):
            if start:
                await asyncio.sleep(0)
            try:
                events = self._multipart.feed(body[start : start + _PARSED_AT_ONCE])
            except BrokenMultipart as error:
                raise _broken(str(error)) from None
            for event in events:
                await self._handle(event)

    async def _handle(self, event: Event) -> None:
        match event:
            case Part():
                await self._begin(event)
            case PartEnd():
                await self._end()
            case data if self._current is not None:
                await self._add(self._current, data)
            case _:
                pass  # a field that is not ours

    async def _begin(self, part: Part) -> None:
        if part.field != FIELD:
            return
        if not part.file_name:  # a form whose file was left out sends an empty name
            self._saw_value = True
            return
        if len(self.files) >= self._max_files:
            raise Denial(400, f"at most {_files(self._max_files)} accepted at once", _CLOSE)
        if self._typed and part.content_type.partition("/")[0] not in ("image", "video", "audio"):
            text = f"its type is {part.content_type[:60] or 'not said'}; {_EXPECTED_TYPE}"
            raise _refused(len(self.files) + 1, text)
        extension = extension_of(part.file_name)
        if extension not in CONTENT_TYPES:
            shown = f"a file named .{extension}" if extension else "a file without an extension"
            raise _refused(len(self.files) + 1, f"{shown} is not accepted; {_EXPECTED}")
        self._current = await asyncio.to_thread(self._make, extension)

    def _make(self, extension: str) -> _Received | None:
        """Blocks. None when the request was given up while this was waiting for its thread."""
        with self._lock:
            if self._discarded:
                return None
            received = _Received(self._folder.begin(self._world_name), extension, bytearray())
            # Noted here, since a waiter that was cancelled would never learn of the file.
            self.files.append(received)
            return received

    async def _add(self, received: _Received, data: memoryview) -> None:
        received.size_bytes += len(data)
        if received.size_bytes > self._max_file_bytes:
            text = f"file {len(self.files)} is too large: at most {self._max_file_bytes} bytes"
            raise Denial(413, text, _CLOSE)
        received.buffer += data
        if len(received.buffer) >= _WRITTEN_AT_ONCE:
            full, received.buffer = received.buffer, bytearray()
            await asyncio.to_thread(received.file.write, full)

    async def _end(self) -> None:
        received, self._current = self._current, None
        if received is None:
            return
        try:
            received.probe = await asyncio.to_thread(_finish, received)
        except UnreadableMedia as error:
            kind = CONTENT_TYPES[received.extension].partition("/")[0]
            text = f"{error.reason} A .{received.extension} file is expected to hold {kind} data."
            raise _refused(len(self.files), text) from None


def extension_of(file_name: str) -> str:
    """The lower-case extension of a client's file name, at most 16 characters, or ``""``."""
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    return extension if len(extension) <= 16 and extension.isalnum() else ""


def _opened(scope: Scope) -> Multipart:
    """The parser of a request whose head is in order. Raises Denial 400 and 415."""
    bucket = query_fields(scope).get("bucket", DEFAULT_BUCKET)
    if not _BUCKET.fullmatch(bucket):
        text = "this is no bucket: expected 1 to 64 letters, digits, - and _"
        raise Denial(400, text, _CLOSE)
    try:
        return Multipart(boundary_of(scope["headers"]))
    except NotMultipart:
        text = f"files are sent as multipart/form-data, in the field {FIELD!r}"
        raise Denial(415, text, _CLOSE) from None
    except BrokenMultipart as error:
        raise _broken(str(error)) from None


def _finish(received: _Received) -> Probe:
    """Blocks; the last bytes, then the file's measures."""
    received.file.write(received.buffer)
    received.buffer = bytearray()
    received.file.close()
    return probe(received.file.path, received.extension)


def _upload(upload_id: str, received: _Received) -> Upload:
    found = received.probe
    if found is None:
        raise ValueError("a part that has ended was measured")
    return Upload(
        id=upload_id,
        kind=found.kind,
        extension="jpg" if received.extension == "jpeg" else received.extension,
        size_bytes=found.size_bytes,
        width=found.width,
        height=found.height,
        duration_ms=found.duration_ms or 0,
    )


def _off_loop(function: Callable[[], None]) -> "asyncio.Future[None]":
    return asyncio.get_running_loop().run_in_executor(None, function)


def _files(count: int) -> str:
    return "1 file is" if count == 1 else f"{count} files are"


def _refused(number: int, text: str) -> Denial:
    return Denial(400, f"file {number}: {text}", _CLOSE)


def _broken(reason: str) -> Denial:
    return Denial(400, f"the multipart body is broken: {reason}", _CLOSE)


def _missing(*, saw_value: bool) -> dict[str, object]:
    if saw_value:
        text, kind = "expected a file with a file name", "invalid"
    else:
        text, kind = "Field required", "missing"
    return {"loc": ["body", FIELD], "msg": text, "type": kind}
