"""Uploads and files over real connections."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import httpx2
import pytest

from simulator.media.padding import pad_png
from simulator.surfaces import files as files_module
from simulator.surfaces.guard import GuardLimits, guard
from simulator.surfaces.server import ServerThread
from tests.surfaces.hosting import PNG, UPLOAD, Host, digest, file_part, form, host, sent
from tests.surfaces.rawhttp import connected, exchange, read_answer, request

LIMIT = 3_000_000
LARGE = pad_png(PNG, LIMIT)
CONTENT_TYPE = "Content-Type: multipart/form-data; boundary=b"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Host]:
    served = host(tmp_path, max_file_bytes=LIMIT)
    yield served
    served.files.close()


@pytest.fixture
def port(served: Host) -> Iterator[int]:
    with ServerThread(guard(served, GuardLimits())) as server:
        yield server.port


def upload_request(data: bytes) -> bytes:
    return request("POST", UPLOAD, CONTENT_TYPE, body=form(file_part("a.png", data)))


def wait_for(files: int, served: Host) -> None:
    """Until so many files lie in the folder; a bound on patience, not on speed."""
    end = time.monotonic() + 10
    while len(served.stored()) != files and time.monotonic() < end:
        time.sleep(0.005)
    assert len(served.stored()) == files


def test_a_large_upload_comes_back_whole_and_in_part(port: int) -> None:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        url = client.post(UPLOAD, files=sent(("a.png", LARGE))).json()["url"]
        path = httpx2.URL(url).path
        assert digest(client.get(path).content) == digest(LARGE)
        part = client.get(path, headers={"range": "bytes=1000000-"})
        assert digest(part.content) == digest(LARGE[1_000_000:])


def test_an_upload_of_undeclared_length_is_received(port: int) -> None:
    body = form(file_part("a.png", LARGE))
    pieces = (body[start : start + 100_000] for start in range(0, len(body), 100_000))
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        headers = {"content-type": CONTENT_TYPE.partition(": ")[2]}
        answer = client.post(UPLOAD, content=pieces, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["files"][0]["file_size_bytes"] == LIMIT


def test_too_large_an_upload_is_told_so_while_it_is_still_sent(served: Host, port: int) -> None:
    answer = exchange(port, upload_request(LARGE + bytes(4_000_000)))
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert served.stored() == []


def test_a_caller_who_hangs_up_leaves_no_file(served: Host, port: int) -> None:
    with connected(port) as sock:
        sock.sendall(upload_request(LARGE)[:2_000_000])
        wait_for(1, served)
    wait_for(0, served)


def test_one_connection_serves_an_upload_and_its_file_in_every_way(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(upload_request(PNG))
        path = httpx2.URL(read_answer(sock).json["url"]).path
        sock.sendall(request("GET", path))
        whole = read_answer(sock)
        assert digest(whole.body) == digest(PNG)
        etag = whole.headers["etag"]
        for extra, status in ((f"If-None-Match: {etag}", 304), ("Range: bytes=0-9", 206)):
            sock.sendall(request("GET", path, extra))
            answer = read_answer(sock)
            assert answer.status == status
        sock.sendall(request("HEAD", path))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += sock.recv(1)
        assert f"content-length: {len(PNG)}".encode() in head.lower()
        sock.sendall(request("GET", path))
        assert digest(read_answer(sock).body) == digest(PNG)


def test_a_reader_who_hangs_up_does_not_keep_the_file_open(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[BinaryIO] = []
    plainly = files_module._open

    def noted(path: Path) -> tuple[BinaryIO, int]:
        file, size = plainly(path)
        opened.append(file)
        return file, size

    monkeypatch.setattr(files_module, "_open", noted)
    path = httpx2.URL(exchange(port, upload_request(LARGE)).json["url"]).path
    with connected(port) as sock:
        sock.sendall(request("GET", path))
        sock.recv(1_000)
    end = time.monotonic() + 10
    while not opened[0].closed and time.monotonic() < end:
        time.sleep(0.005)
    assert [file.closed for file in opened] == [True]
