"""Names and paths made to lead elsewhere open nothing outside the folder of uploads."""

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.surfaces.hosting import (
    FORM,
    PNG,
    UPLOAD,
    answered,
    client_of,
    file_part,
    form,
    host,
)

STEPS = [
    "..",
    "../..",
    "..\\..",
    "%2e%2e",
    "..;",
    ".%00.",
    "\u2025",
    "....//",
    "C:",
    "\\\\host\\c$",
]
ENDS = [
    "/etc/passwd",
    "\\windows\\win.ini",
    "/.ssh/id_rsa",
    "",
    "/",
    "\x00",
    "\n/x",
    "/w",
    "/x",
    "~",
]
PAYLOADS = [
    "/".join([step] * count) + end for step, end, count in itertools.product(STEPS, ENDS, (1, 5))
]


def test_there_are_two_hundred_payloads() -> None:
    assert len(set(PAYLOADS)) == 200


class _Watch:
    """Audit hooks stay for good, so there is one for all tests, which is mostly asleep."""

    def __init__(self) -> None:
        self.seen: list[str] | None = None
        sys.addaudithook(self.note)

    def note(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.seen is None or event not in ("open", "os.rename", "os.mkdir", "os.remove"):
            return
        names = [arguments[0], arguments[1] if event == "os.rename" else None]
        self.seen += [os.fsdecode(name) for name in names if isinstance(name, str | bytes | Path)]


WATCH = _Watch()


@contextmanager
def opened_outside(folder: Path) -> Iterator[list[str]]:
    """Every path outside ``folder`` that is opened, made, moved or removed meanwhile."""
    outside: list[str] = []
    seen: list[str] = []
    WATCH.seen = seen
    try:
        yield outside
    finally:
        WATCH.seen = None
    inside = f"{folder}{os.sep}"
    outside += [path for path in seen if not f"{Path(path).absolute()}/".startswith(inside)]
    assert any(path.startswith(inside) for path in seen)


def folders_with_files(folder: Path) -> set[Path]:
    return {path.parent for path in folder.rglob("*") if path.is_file()}


@pytest.mark.anyio
async def test_a_file_name_never_becomes_a_path(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        await client.post(UPLOAD, content=form(file_part("warm.png", PNG)), headers=FORM)
        with opened_outside(served.folder) as outside:
            for number, payload in enumerate(PAYLOADS):
                name = payload if number % 2 else f"{payload}.png"
                quoted = name.replace("\n", "%0A").replace("\x00", "%00")
                body = form(file_part(quoted, PNG))
                answer = await client.post(UPLOAD, content=body, headers=FORM)
                assert answer.status_code in (200, 400)
    assert outside == []
    assert len(served.stored()) > 100
    assert folders_with_files(tmp_path) == {served.folder / "w"}


@pytest.mark.anyio
async def test_a_field_name_and_a_content_type_never_become_a_path(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        head = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\n'
        body = form(head + b"Content-Type: image/../../x\r\n\r\n" + PNG)
        answer = await client.post(UPLOAD, content=body, headers=FORM)
    assert answer.status_code == 200
    assert answer.json()["files"][0]["mime_type"] == "image/png"


@pytest.mark.anyio
async def test_a_url_never_becomes_a_path(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, content=form(file_part("a.png", PNG)), headers=FORM)
    path = answer.json()["url"].partition("4747")[2]
    name = path.rpartition("/")[2]
    with opened_outside(served.folder) as outside:
        for payload in PAYLOADS:
            for wrong in (
                f"/media/{payload}",
                f"/media/w/{payload}",
                f"/media/w/uploads/{payload}",
                f"/media/w/uploads/{payload}.png",
                f"/media/{payload}/uploads/{name}",
                f"/media/w/uploads/{payload}/{name}",
                f"{path}{payload}" if payload else "/media/",
            ):
                assert (await answered(served, wrong))[0] == 404, wrong
        assert (await answered(served, path))[0] == 200
    assert outside == []
