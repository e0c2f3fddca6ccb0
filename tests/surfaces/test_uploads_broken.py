"""Uploads that break off or meet trouble leave nothing behind."""

import asyncio
import errno
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message

from simulator.surfaces.multipart import Multipart, Part, PartEnd
from simulator.surfaces.upload_folder import UploadFolder
from tests.surfaces.hosting import (
    FORM,
    PNG,
    UPLOAD,
    client_of,
    file_part,
    form,
    host,
    sent,
    told,
)

WHOLE = form(file_part("a.png", PNG), file_part("b.png", PNG))
SCOPE = {
    "type": "http",
    "method": "POST",
    "path": UPLOAD,
    "query_string": b"",
    "headers": [(name.encode(), value.encode()) for name, value in FORM.items()],
}
LONG_HEAD = b"X: " + b"x" * 5_000 + b"\r\n\r\n"

BROKEN = {
    "cut in a head": WHOLE[:20],
    "cut in the first file": WHOLE[: len(PNG) // 2],
    "cut in the second file": WHOLE[: -len(PNG) // 2],
    "cut before its closing boundary": WHOLE[:-7],
    "another boundary": WHOLE.replace(b"--b", b"--c"),
    "no form at all": b"hello",
    "nothing": b"",
    "a head without a name": form(b"Content-Disposition: form-data\r\n\r\nx"),
    "a head without a disposition": form(b"Content-Type: image/png\r\n\r\n" + PNG),
    "a head that is too long": form(LONG_HEAD),
    "a head of too many lines": form(b"A: b\r\n" * 9 + b"\r\n"),
    "too many parts": form(*[b'Content-Disposition: form-data; name="a"\r\n\r\n'] * 65),
}


@pytest.mark.anyio
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_form_is_refused_and_leaves_no_file(tmp_path: Path, body: bytes) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, content=body, headers=FORM)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("the multipart body is broken: ")
    assert served.stored() == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", f"{FORM['content-type']}{'b' * 256}"]
)
async def test_a_boundary_that_is_missing_or_endless_is_refused(
    tmp_path: Path, content_type: str
) -> None:
    async with client_of(host(tmp_path)) as client:
        answer = await client.post(UPLOAD, content=WHOLE, headers={"content-type": content_type})
    assert answer.status_code == 400


def arriving(*bodies: bytes) -> list[Message]:
    return [{"type": "http.request", "body": body, "more_body": True} for body in bodies]


@pytest.mark.anyio
async def test_a_connection_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    served = host(tmp_path)
    caller = await served.caller()
    receive = told([*arriving(WHOLE[: len(PNG) + 1_000]), {"type": "http.disconnect"}])
    with pytest.raises(ClientDisconnect):
        await served.uploads.receive(caller, SCOPE, receive)
    assert served.stored() == []


@pytest.mark.anyio
async def test_a_cancelled_upload_leaves_no_file(tmp_path: Path) -> None:
    served = host(tmp_path)
    caller = await served.caller()
    half_sent = asyncio.Event()
    arrived = arriving(WHOLE[: len(PNG) + 1_000])

    async def receive() -> Message:
        if arrived:
            return arrived.pop()
        half_sent.set()
        return await told([])()

    task = asyncio.create_task(served.uploads.receive(caller, SCOPE, receive))
    await half_sent.wait()
    assert len(served.stored()) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert served.stored() == []


@pytest.mark.anyio
@pytest.mark.parametrize("call", ["mkstemp", "write", "replace"])
async def test_a_full_disk_is_said_and_leaves_no_file(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = {
        "mkstemp": "tempfile.mkstemp",
        "write": "simulator.surfaces.upload_folder.os.write",
        "replace": "pathlib.Path.replace",
    }[call]
    served = host(tmp_path)
    async with client_of(served) as client:
        with monkeypatch.context() as patched:
            patched.setattr(target, full)
            answer = await client.post(UPLOAD, content=WHOLE, headers=FORM)
        assert answer.status_code == 507
        assert "No space left on device" in answer.json()["detail"]
        assert served.stored() == []
        assert (await client.post(UPLOAD, files=sent(("a.png", PNG)))).status_code == 200


@pytest.mark.anyio
async def test_a_world_that_is_forgotten_loses_its_files_and_no_other_does(tmp_path: Path) -> None:
    served = host(tmp_path)
    other = UploadFolder(served.folder).begin("other")
    other.close()
    async with client_of(served) as client:
        await client.post(UPLOAD, files=sent(("a.png", PNG)))
    await served.uploads.forget("w")
    assert list(served.folder.iterdir()) == [other.path.parent]
    assert served.stored() == [other.path.name]


@pytest.mark.anyio
async def test_an_upload_goes_on_while_its_world_is_forgotten(tmp_path: Path) -> None:
    served = host(tmp_path)
    caller = await served.caller()
    pieces = arriving(WHOLE[:60_000]), arriving(WHOLE[60_000:])
    pieces[1][0]["more_body"] = False

    async def receive() -> Message:
        if pieces[0]:
            return pieces[0].pop()
        await served.uploads.forget("w")
        return pieces[1].pop()

    answer = await served.uploads.receive(caller, SCOPE, receive)
    assert sorted(url.rpartition("/")[2] for url in answer.urls) == served.stored()


@pytest.mark.anyio
async def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        await client.post(UPLOAD, files=sent(("a.png", PNG)))
    kept = served.stored()
    UploadFolder(served.folder).begin("w").close()
    await served.uploads.sweep()
    assert served.stored() == kept


def test_names_that_differ_in_capitals_only_have_folders_of_their_own(tmp_path: Path) -> None:
    folder = UploadFolder(tmp_path)
    paths = [str(folder.path(world, "id", "png")).lower() for world in ("abc", "Abc", "aBc")]
    assert len(set(paths)) == 3


def test_a_write_after_the_end_is_lost_quietly(tmp_path: Path) -> None:
    file = UploadFolder(tmp_path).begin("w")
    file.discard()
    file.write(b"late")
    assert list(file.path.parent.iterdir()) == []


@given(cuts=st.lists(st.integers(0, 400), max_size=12))
def test_a_form_means_the_same_however_it_is_cut(cuts: list[int]) -> None:
    one, other = b"one\r\n--\r\n--bb", b"\r\n--a\r" * 9
    body = form(file_part("a.png", one), file_part("b.png", other))
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    parser, heads, data, ends = Multipart(b"b"), [], b"", 0
    for start, stop in pairwise(places):
        for event in parser.feed(body[start:stop]):
            if isinstance(event, Part):
                heads.append(event)
            elif isinstance(event, PartEnd):
                ends += 1
            else:
                data += event
    assert heads == [Part("file", "a.png"), Part("file", "b.png")]
    assert ends == 2
    assert parser.finished
    assert data == one + other
