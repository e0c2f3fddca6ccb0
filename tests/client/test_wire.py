"""The client's connections: kept open, looked at before use, shared between threads, closed."""

import gc
import socket
import subprocess
import sys
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator.client import ControlClient, ControlError, Reply
from simulator.client.wire import Wire
from tests.cli.process import environment
from tests.client.peer import GOOD, peer


def test_calls_one_after_the_other_share_a_connection() -> None:
    with peer() as server:
        wire = Wire(server.url)
        for _ in range(5):
            wire("GET", "/", {}, None)
        wire.close()
    assert (server.requests, server.connections) == (5, 1)


def test_a_connection_that_the_peer_closed_is_replaced_before_anything_is_sent() -> None:
    with peer(leaves=True) as server:
        wire = Wire(server.url)
        for _ in range(3):
            server.closed.clear()
            assert wire("POST", "/", {}, b"{}").status == 200
            assert server.closed.wait(30)
        wire.close()
    assert (server.requests, server.connections) == (3, 3)


def test_a_request_that_gets_no_answer_is_not_sent_again() -> None:
    with peer(b"", leaves=True) as server:
        wire = Wire(server.url)
        with pytest.raises(OSError, match=r"closed connection|reset by peer"):
            wire("POST", "/", {}, b"{}")
    assert server.requests == 1


def test_a_base_url_may_have_a_path_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}/sim/")
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(wire, "GET", "/_sim/info?x=1", {}, None)
            connection, _ = listener.accept()
            with connection:
                head = connection.recv(65_536)
                connection.sendall(GOOD)
            assert reply.result().content == b"{}"
        wire.close()
    assert head.startswith(b"GET /sim/_sim/info?x=1 HTTP/1.1\r\n")


def test_threads_share_a_client_and_get_their_own_answers(client: ControlClient) -> None:
    def own(number: int) -> bool:
        world = client.within(f"{client.namespace}-{number}")
        return all(world.info().namespace == world.namespace for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(own, range(8)))


def test_a_client_that_is_forgotten_leaves_no_open_socket(url: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = ControlClient(url)
        client.info()
        del client
        gc.collect()
    assert caught == []


def test_a_closed_client_can_be_used_again(client: ControlClient) -> None:
    client.info()
    client.close()
    assert client.info().name == "mediasim"


def test_nobody_there_is_an_error_of_status_0_that_names_the_address() -> None:
    with pytest.raises(ControlError) as caught:
        ControlClient("http://127.0.0.1:1/").info()
    assert caught.value.status == 0
    assert str(caught.value) == "http://127.0.0.1:1: Connection refused"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"SSH-2.0-OpenSSH\r\n", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html", 0),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n<html", 502),
    ],
)
def test_something_that_is_no_simulator_is_an_error(answer: bytes, status: int) -> None:
    with peer(answer, leaves=True) as server, pytest.raises(ControlError) as caught:
        ControlClient(server.url).info()
    assert caught.value.status == status


@pytest.mark.parametrize("url", ["", "127.0.0.1:4747", "ftp://127.0.0.1", "http://", "http:///x"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected http://HOST:PORT"):
        ControlClient(url)


class Recorder:
    """A transport that keeps what it is sent."""

    def __init__(self, answer: bytes) -> None:
        self.sent: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self._answer = answer

    def __call__(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        self.sent.append((method, target, headers, body))
        return Reply(200, self._answer)


def test_a_transport_of_ones_own_replaces_the_network() -> None:
    recorder = Recorder(b'{"now": "2026-01-01T00:00:00.000Z", "mode": "frozen", "speed": 1}')
    ControlClient("http://nowhere.test", "w", transport=recorder).clock.advance(2)
    headers = {"X-Sim-Namespace": "w", "Content-Type": "application/json"}
    assert recorder.sent == [("POST", "/_sim/clock/advance", headers, b'{"seconds":2}')]


def test_a_name_stays_one_part_of_the_path() -> None:
    recorder = Recorder(b"{}")
    with pytest.raises(ControlError, match="unexpected answer"):
        ControlClient("http://nowhere.test", transport=recorder).job("a/../b?c#d")
    assert [target for _, target, _, _ in recorder.sent] == ["/_sim/jobs/a%2F..%2Fb%3Fc%23d"]


def test_the_client_loads_no_server_and_no_protocol_library() -> None:
    code = "import simulator.client, sys; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True
    )
    heavy = ("asyncio", "mcp", "rich", "starlette", "structlog", "uvicorn", "PIL", "av", "click")
    assert [name for name in heavy if name in shown.stdout.split()] == []
