"""The event stream of a generation, over a real socket: it ends with the same answer as the GET."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from simulator.app import Simulator, build
from simulator.settings import Settings
from simulator.surfaces import stream
from simulator.surfaces.server import ServerThread

IMAGE = json.dumps({"prompt": "x", "model": "nano-banana"})
HEADERS = {"X-API-Key": "sk_test_w", "Content-Type": "application/json"}


class Wire:
    """One simulator on a socket, and calls to it."""

    def __init__(self, simulator: Simulator) -> None:
        self.server = ServerThread(simulator.app)
        self.server.start()
        self.connections: list[http.client.HTTPConnection] = []

    def call(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = self.connect()
        connection.request(method, path, body, HEADERS)
        return connection.getresponse().read()

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.connections.append(connection)
        return connection

    def close(self) -> None:
        self.server.stop()
        for connection in self.connections:
            connection.close()

    def started(self, body: str = IMAGE) -> str:
        answer = json.loads(self.call("POST", "/v1/generate/media", body))
        job_id: str = answer["generation_id"]
        return job_id

    def listen(self, job_id: str) -> http.client.HTTPResponse:
        connection = self.connect()
        connection.request("GET", f"/v1/generate/media/{job_id}/stream", headers=HEADERS)
        return connection.getresponse()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with contextlib.closing(Wire(build(Settings(frozen=True)))) as wire:
        yield wire


def test_the_stream_of_a_finished_job_is_its_status(wire: Wire) -> None:
    job_id = wire.started()
    wire.call("POST", "/_sim/clock/advance", '{"seconds": 600}')
    answer = wire.listen(job_id)
    name, data = answer.read().decode().strip().split("\n")
    assert answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    assert name == "event: result"
    assert data.removeprefix("data: ") == wire.call("GET", f"/v1/generate/media/{job_id}").decode()


def test_the_stream_waits_until_the_clock_is_moved(wire: Wire) -> None:
    job_id = wire.started()
    answer = wire.listen(job_id)
    wire.call("POST", "/_sim/clock/advance", '{"seconds": 600}')
    assert answer.read().startswith(b"event: result\n")


def test_the_stream_of_a_running_clock_ends_when_the_job_does() -> None:
    with contextlib.closing(Wire(build(Settings(speed=100.0)))) as wire:
        data = wire.listen(wire.started()).read().split(b"data: ")[1]
    assert json.loads(data)["progress"] == 100


def test_a_failed_job_streams_its_failure(wire: Wire) -> None:
    job_id = wire.started('{"prompt": "[sim:fail=timeout]", "model": "z-image"}')
    answer = wire.listen(job_id)
    wire.call("POST", "/_sim/clock/advance", '{"seconds": 600}')
    assert json.loads(answer.read().split(b"data: ")[1])["status"] == "failed"


def test_a_waiting_stream_beats(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_REAL_S", 0.05)
    answer = wire.listen(wire.started())
    assert answer.readline() == b"event: heartbeat\n"
    answer.close()


def test_an_unknown_generation_has_no_stream(wire: Wire) -> None:
    answer = wire.listen("none")
    assert answer.status == 404
    assert json.loads(answer.read())["detail"]


def test_a_reset_ends_the_stream_with_an_error(wire: Wire) -> None:
    answer = wire.listen(wire.started())
    wire.call("POST", "/_sim/reset", "{}")
    name, data = answer.read().decode().strip().split("\n")
    assert name == "event: error"
    assert "reset" in json.loads(data.removeprefix("data: "))["message"]


def test_a_stop_of_the_server_ends_the_stream(wire: Wire) -> None:
    answer = wire.listen(wire.started())
    stopping = threading.Thread(target=wire.server.stop)
    stopping.start()
    assert answer.read().startswith(b"event: error\n")
    stopping.join()


def test_a_listener_that_hangs_up_leaves_nothing_behind(wire: Wire) -> None:
    answer = wire.listen(wire.started())
    wire.connections[-1].close()
    answer.close()
    wire.server.stop()
    assert not wire.server._thread.is_alive()
