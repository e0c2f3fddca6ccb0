"""Who may ask, and with which body: what is turned away before the app is called."""

from collections.abc import Iterator

import pytest

from simulator.surfaces.guard import GuardLimits, guard
from simulator.surfaces.server import ServerThread
from tests.surfaces.rawhttp import (
    LIMITS,
    connected,
    exchange,
    guarded_app,
    json_post,
    read_answer,
    request,
    tiny_app,
)

MEBIBYTE = 1024 * 1024
UPLOAD_CAP = LIMITS.max_upload_bytes + LIMITS.upload_overhead_bytes
PAGE = "https://app.example"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ServerThread(guarded_app) as server:
        yield server.port


@pytest.fixture(scope="module")
def open_port() -> Iterator[int]:
    """A server that knows a public name and lets one page in."""
    limits = GuardLimits(allowed_hosts=frozenset({"sim.example"}), cors_origins=frozenset({PAGE}))
    with ServerThread(guard(tiny_app, limits)) as server:
        yield server.port


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:1", "localhost:4747", "LocalHost", "[::1]", "[::1]:4747"]
)
def test_a_loopback_host_is_served(port: int, host: str) -> None:
    assert exchange(port, request("GET", "/health", host=host)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4747",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "evil@localhost",
        "localhost:80:80",
        "localhost:x",
        "::1",
        "sim.example",
    ],
)
def test_a_foreign_host_is_misdirected(port: int, host: str) -> None:
    answer = exchange(port, request("GET", "/health", host=host))
    assert (answer.status, "host" in answer.detail) == (421, True)


def test_a_configured_host_is_served(open_port: int) -> None:
    assert exchange(open_port, request("GET", "/", host="Sim.example:443")).status == 200


def test_an_absolute_url_names_the_host_whatever_the_header_says(port: int) -> None:
    asked = request("GET", "http://evil.example/health?a=1")
    assert exchange(port, asked).status == 421


def test_an_absolute_url_of_this_server_is_served_as_its_path(port: int) -> None:
    answer = exchange(port, request("GET", "http://localhost:4747/health?a=1"))
    assert (answer.json["path"], answer.json["query"]) == ("/health", "a=1")


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://", PAGE]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_foreign_origin_is_forbidden(port: int, origin: str, method: str) -> None:
    answer = exchange(port, request(method, "/health", f"Origin: {origin}"))
    assert (answer.status, "origin" in answer.detail) == (403, True)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:1"])
def test_a_local_origin_is_served_without_cors_headers(port: int, origin: str) -> None:
    answer = exchange(port, request("GET", "/health", f"Origin: {origin}"))
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_configured_origin_may_read_the_answer(open_port: int) -> None:
    answer = exchange(open_port, request("GET", "/health", f"Origin: {PAGE}"))
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["vary"] == "Origin"


def test_a_configured_origin_may_read_a_refusal(open_port: int) -> None:
    asked = request("POST", "/x", f"Origin: {PAGE}", "Content-Type: text/plain", body=b"a")
    answer = exchange(open_port, asked)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (415, PAGE)


def test_a_preflight_of_a_configured_origin_is_granted(open_port: int) -> None:
    asked = request(
        "OPTIONS",
        "/v1/generate/media",
        f"Origin: {PAGE}",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: content-type, x-api-key",
    )
    answer = exchange(open_port, asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type, x-api-key"


def test_another_origin_is_forbidden_where_one_is_configured(open_port: int) -> None:
    answer = exchange(open_port, request("GET", "/", "Origin: https://app.example.evil"))
    assert answer.status == 403


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/vnd.api+json",
    ],
)
def test_json_is_accepted(port: int, content_type: str) -> None:
    asked = request("POST", "/v1/x", f"Content-Type: {content_type}", body=b'{"a": 1}')
    answer = exchange(port, asked)
    assert (answer.status, answer.body) == (200, b"{'a': 1}")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/plain; application/json",
        "multipart/form-data; boundary=application/json",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=latin-1",
        "application/json; charset=utf-16",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_another_content_type_is_not_supported(port: int, method: str, content_type: str) -> None:
    asked = request(method, "/v1/x", f"Content-Type: {content_type}", body=b"{}")
    answer = exchange(port, asked)
    assert answer.status == 415
    assert answer.headers["connection"] == "close"


def test_a_body_without_content_type_is_not_supported(port: int) -> None:
    assert exchange(port, request("POST", "/v1/x", body=b"{}")).status == 415


def test_a_form_without_fields_is_not_supported_either(port: int) -> None:
    form = "Content-Type: application/x-www-form-urlencoded"
    assert exchange(port, request("POST", "/_sim/reset", form, "Content-Length: 0")).status == 415


def test_a_post_without_body_and_type_is_let_through(port: int) -> None:
    assert exchange(port, request("POST", "/_sim/reset")).body == b"None"


def test_an_upload_may_have_any_content_type(port: int) -> None:
    form = "Content-Type: multipart/form-data; boundary=x"
    assert exchange(port, request("POST", "/v1/upload/media", form, body=b"abc")).body == b"3"


def test_a_json_body_of_exactly_the_cap_is_read(port: int) -> None:
    body = b'"' + b"x" * (MEBIBYTE - 2) + b'"'
    assert exchange(port, json_post("/v1/x", body)).status == 200


def test_a_declared_length_over_the_cap_is_refused_before_the_body_is_sent(port: int) -> None:
    head = request(
        "POST", "/v1/x", "Content-Type: application/json", f"Content-Length: {MEBIBYTE + 1}"
    )
    answer = exchange(port, head)
    assert (answer.status, str(MEBIBYTE) in answer.detail) == (413, True)
    assert answer.headers["connection"] == "close"


def test_no_100_continue_is_sent_for_a_body_that_is_refused(port: int) -> None:
    head = request(
        "POST",
        "/v1/x",
        "Content-Type: application/json",
        "Expect: 100-continue",
        f"Content-Length: {MEBIBYTE + 1}",
    )
    assert exchange(port, head).status == 413


def test_a_caller_that_sends_on_regardless_still_reads_the_refusal(port: int) -> None:
    head = request("POST", "/v1/x", "Content-Type: application/json", "Content-Length: 30000000")
    with connected(port) as sock:
        sock.sendall(head)
        for _ in range(30):
            sock.sendall(b" " * 1_000_000)
        assert read_answer(sock).status == 413


def test_a_chunked_json_body_is_counted_as_it_comes(port: int) -> None:
    head = request("POST", "/v1/x", "Content-Type: application/json", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    answer = exchange(port, head + chunk * 17 + b"0\r\n\r\n")
    assert answer.status == 413


def test_a_chunked_body_of_an_app_that_counts_nothing_is_counted_too(port: int) -> None:
    head = request("POST", "/v1/upload/media", "Transfer-Encoding: chunked")
    chunk = b"%x\r\n" % (UPLOAD_CAP + 1) + b" " * (UPLOAD_CAP + 1) + b"\r\n"
    answer = exchange(port, head + chunk + b"0\r\n\r\n")
    assert answer.status == 413


def test_an_upload_of_exactly_the_cap_is_read(port: int) -> None:
    answer = exchange(port, request("POST", "/v1/upload/media", body=b"x" * UPLOAD_CAP))
    assert answer.body == str(UPLOAD_CAP).encode()


def test_an_upload_of_one_byte_more_is_refused(port: int) -> None:
    head = request("POST", "/v1/upload/media", f"Content-Length: {UPLOAD_CAP + 1}")
    assert exchange(port, head).status == 413


def test_a_length_of_a_thousand_digits_is_refused(port: int) -> None:
    head = request("POST", "/v1/upload/media", f"Content-Length: {'9' * 1000}")
    assert exchange(port, head).status in (400, 413)
