"""Requests that are not HTTP, or too much of it."""

import contextlib
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from simulator.surfaces.protocol import ConnectionLimits
from simulator.surfaces.server import ServerThread
from tests.surfaces.rawhttp import (
    HOST,
    connected,
    exchange,
    guarded_app,
    is_closed,
    json_post,
    read_answer,
    request,
    tiny_app,
)

JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
KIBIBYTE = 1024


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ServerThread(guarded_app, limits=ConnectionLimits(max_pipelined=8)) as server:
        yield server.port


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /v1/x HTTP/1.1\r\n" + HOST + JSON + headers + b"\r\n" + body


MALFORMED = {
    "length and chunks": post(b"Content-Length: 3\r\n" + CHUNKED, b"0\r\n\r\n"),
    "chunks and length": post(CHUNKED + b"Content-Length: 3\r\n", b"0\r\n\r\n"),
    "two lengths": post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"null"),
    "the same length twice": post(b"Content-Length: 4\r\nContent-Length: 4\r\n", b"null"),
    "a list of lengths": post(b"Content-Length: 4, 4\r\n", b"null"),
    "a negative length": post(b"Content-Length: -4\r\n", b"null"),
    "a signed length": post(b"Content-Length: +4\r\n", b"null"),
    "a length in hex": post(b"Content-Length: 0x4\r\n", b"null"),
    "an empty length": post(b"Content-Length: \r\n"),
    "a length of 30 digits": post(b"Content-Length: " + b"9" * 30 + b"\r\n"),
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil\r\n\r\n",
    "the same Host twice": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "two Hosts on HTTP/1.0": b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n",
    "another coding": post(b"Transfer-Encoding: gzip\r\n"),
    "another coding before chunks": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "chunks twice": post(CHUNKED + CHUNKED, b"0\r\n\r\n"),
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    "an unknown version": b"GET / HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a proxy's CONNECT": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "no path": b"GET x HTTP/1.1\r\n" + HOST + b"\r\n",
    "letters beyond ASCII in the path": "GET /é HTTP/1.1\r\n".encode() + HOST + b"\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_http_is_a_400_and_the_end_of_the_connection(port: int, data: bytes) -> None:
    with connected(port) as sock:
        sock.sendall(data)
        answer = read_answer(sock)
        assert answer.status == 400
        assert answer.detail
        assert answer.headers["connection"] == "close"
        assert answer.headers["x-sim"] == "1"
        assert is_closed(sock, 1)


BAD_CHUNKS = {
    "not a number": b"zz\r\nnull\r\n0\r\n\r\n",
    "negative": b"-4\r\nnull\r\n0\r\n\r\n",
    "over 64 bits": b"F" * 17 + b"\r\nnull\r\n",
    "longer than it says": b"3\r\nnull\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("chunks", BAD_CHUNKS.values(), ids=BAD_CHUNKS.keys())
def test_a_bad_chunk_is_a_400_and_the_end_of_the_connection(port: int, chunks: bytes) -> None:
    with connected(port) as sock:
        sock.sendall(post(CHUNKED, chunks))
        assert read_answer(sock).status == 400
        assert is_closed(sock, 1)


def test_a_chunked_body_is_read(port: int) -> None:
    assert exchange(port, post(CHUNKED, b"2\r\n[1\r\n2;x=y\r\n2]\r\n0\r\n\r\n")).body == b"[12]"


def test_trailers_do_not_become_headers(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(post(CHUNKED, b"4\r\nnull\r\n0\r\nHost: evil\r\nX-Api-Key: k\r\n\r\n"))
        assert read_answer(sock).body == b"None"
        sock.sendall(request("GET", "/"))
        assert "x-api-key" not in read_answer(sock).json["headers"]


def test_a_url_of_16_kibibytes_is_served(port: int) -> None:
    path = "/" + "x" * (16 * KIBIBYTE - 1)
    assert exchange(port, request("GET", path)).json["path"] == path


def test_a_longer_url_is_a_414(port: int) -> None:
    assert exchange(port, request("GET", "/" + "x" * 16 * KIBIBYTE)).status == 414


def test_a_head_of_nearly_64_kibibytes_is_served(port: int) -> None:
    assert exchange(port, request("GET", "/", "X: " + "x" * 65_000)).status == 200


@pytest.mark.parametrize("size", [65_536, 300_000, 3_000_000])
def test_a_larger_head_is_a_431(port: int, size: int) -> None:
    assert exchange(port, request("GET", "/", "X: " + "x" * size)).status == 431


def test_a_larger_head_that_comes_in_pieces_is_a_431_too(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        for number in range(100):
            sock.sendall(b"X-%d: " % number + b"x" * 700 + b"\r\n")
        assert read_answer(sock).status == 431


def test_128_header_lines_are_served(port: int) -> None:
    lines = [f"X-{number}: 1" for number in range(127)]
    assert exchange(port, request("GET", "/", *lines)).status == 200


def test_one_more_header_line_is_a_431(port: int) -> None:
    lines = [f"X-{number}: 1" for number in range(128)]
    assert exchange(port, request("GET", "/", *lines)).status == 431


def test_a_large_body_behind_a_head_in_one_piece_is_not_taken_for_a_head(port: int) -> None:
    assert exchange(port, json_post("/v1/x", b'"' + b"x" * 200_000 + b'"')).status == 200


def test_endless_trailers_are_refused(port: int) -> None:
    data = post(CHUNKED, b"4\r\nnull\r\n0\r\n") + b"X: " + b"x" * 1_000_000
    assert exchange(port, data).status == 400


def test_endless_chunk_extensions_are_refused(port: int) -> None:
    assert exchange(port, post(CHUNKED, b"4;" + b"x" * 1_000_000)).status == 400


def test_http_1_0_is_served_without_a_host_and_closed(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert read_answer(sock).status == 200
        assert is_closed(sock, 1)


def test_a_wish_for_http_2_is_ignored_and_the_body_read(port: int) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
    with connected(port) as sock:
        sock.sendall(post(upgrade + b"Content-Length: 3\r\n", b"[1]"))
        assert read_answer(sock).body == b"[1]"
        sock.sendall(request("GET", "/"))
        assert read_answer(sock).status == 200


def test_a_wish_for_a_websocket_is_an_ordinary_request(port: int) -> None:
    asked = request("GET", "/chat", "Connection: Upgrade", "Upgrade: websocket")
    answer = exchange(port, asked)
    assert (answer.status, "upgrade" in answer.json["headers"]) == (200, False)


def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(b"".join(request("GET", f"/{number}") for number in range(8)))
        assert [read_answer(sock).json["path"] for _ in range(8)] == [f"/{n}" for n in range(8)]


def test_what_is_wrong_behind_a_request_is_said_after_its_answer(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(request("GET", "/slow/0.1") + b"GET / HTTP/1.1\r\n\r\n")
        assert [read_answer(sock).status for _ in range(3)] == [200, 400, 0]


def test_a_bad_chunk_behind_a_request_is_said_after_its_answer(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(request("GET", "/slow/0.1") + post(CHUNKED, b"zz\r\n"))
        assert [read_answer(sock).status for _ in range(3)] == [200, 400, 0]


def test_more_pipelined_requests_than_allowed_end_the_connection(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(request("GET", "/slow/0.1") + request("GET", "/") * 20)
        answers = [read_answer(sock).status for _ in range(11)]
    assert answers == [200] * 9 + [400, 0]


def test_a_small_body_that_nobody_read_leaves_the_connection_usable(port: int) -> None:
    with connected(port) as sock:
        sock.sendall(
            request("POST", "/unread", "Content-Length: 4", "Content-Type: application/json")
        )
        assert read_answer(sock).body == b"unread"
        sock.sendall(b"null" + request("GET", "/next"))
        assert read_answer(sock).json["path"] == "/next"


def test_a_large_body_that_nobody_read_ends_the_connection(port: int) -> None:
    asked = request("POST", "/unread", "Content-Type: application/json", "Content-Length: 1040000")
    half = request(
        "POST", "/unread", "Content-Type: application/json", "Transfer-Encoding: chunked"
    )
    with connected(port) as sock:
        sock.sendall(asked)
        assert read_answer(sock).status == 200
        sock.sendall(b"x" * 1_040_000 + half)
        assert read_answer(sock).status == 200
        sock.sendall(b"101000\r\n" + b"x" * 0x101000 + b"\r\n0\r\n\r\n" + request("GET", "/"))
        assert read_answer(sock).status == 0


def test_a_bad_chunk_within_an_answer_cuts_it_off() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            while (await receive())["type"] == "http.request":
                pass
        else:
            await tiny_app(scope, receive, send)

    with ServerThread(app) as server, connected(server.port) as sock:
        sock.sendall(post(CHUNKED, b"1\r\nx\r\n"))
        received = sock.recv(65536)
        sock.sendall(b"zz\r\n")
        with contextlib.suppress(ConnectionResetError):
            while part := sock.recv(65536):
                received += part
    assert received.count(b"HTTP/1.1") == 1


def test_a_request_in_the_bytes_that_end_the_connection_is_not_begun(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            begun.append(scope["path"])
        await tiny_app(scope, receive, send)

    limits = ConnectionLimits(max_discarded_bytes=10)
    with ServerThread(app, limits=limits) as server, connected(server.port) as sock:
        sock.sendall(request("POST", "/unread", "Content-Length: 100"))
        assert read_answer(sock).status == 200
        sock.sendall(b"x" * 100 + request("GET", "/next"))
        assert read_answer(sock).status == 0
    assert begun == ["/unread"]
    assert caplog.text == ""


def test_the_answer_names_no_server_software(port: int) -> None:
    assert "server" not in exchange(port, request("GET", "/")).headers
