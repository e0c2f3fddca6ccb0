"""The events of a world over a real socket: told at once, read on from any id, ended politely."""

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces import event_stream
from simulator.surfaces.server import ServerThread

IMAGE = {"prompt": "x", "model": "nano-banana"}
Event = dict[str, Any]
_FIELDS: Mapping[str, str] = {"event": "event", "id": "cursor"}


class Stream:
    """One reader: each event is its data with its ``event`` and, from the id, ``cursor``."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response = response

    def next(self) -> Event:
        """Waits for one more event."""
        found: Event = {}
        while (line := self.response.readline().decode().rstrip("\n")) or not found:
            if not line and self.response.isclosed():
                raise EOFError
            name, _, value = line.partition(": ")
            found |= json.loads(value) if name == "data" else {_FIELDS[name]: value}
        return found

    def until(self, **wanted: object) -> list[Event]:
        """Events up to the first that has these values."""
        found = [self.next()]
        while any(found[-1].get(name) != value for name, value in wanted.items()):
            found.append(self.next())
        return found


class Host:
    """A simulator on a socket, and calls to its world ``w``."""

    def __init__(self, settings: Settings) -> None:
        self.simulator = build(settings)
        self.server = ServerThread(self.simulator.app)
        self.server.start()
        self.connections: list[http.client.HTTPConnection] = []

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.connections.append(connection)
        return connection

    def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> http.client.HTTPResponse:
        connection = self.connect()
        sent = {"X-API-Key": "sk_test_w", "Content-Type": "application/json", **headers}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        return connection.getresponse()

    def post(self, path: str, body: object, key: str = "sk_test_w") -> Any:
        return json.loads(self.call("POST", path, body, **{"X-API-Key": key}).read())

    def started(self, prompt: str = "x") -> str:
        job_id: str = self.post("/v1/generate/media", {**IMAGE, "prompt": prompt})["generation_id"]
        return job_id

    def listen(self, path: str = "/_sim/events", **headers: str) -> Stream:
        """A reader that has been told how the clock stands: from now on it misses nothing."""
        stream = Stream(self.call("GET", path, **headers))
        assert stream.response.status == 200
        return stream

    def close(self) -> None:
        self.server.stop()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def host() -> Iterator[Host]:
    with contextlib.closing(Host(Settings(frozen=True))) as host:
        yield host


def test_a_start_is_told_with_its_job_its_entry_and_its_call(host: Host) -> None:
    stream = host.listen()
    assert stream.next()["event"] == "clock"
    job_id = host.started()
    told = stream.until(event="request")
    assert [each["event"] for each in told] == ["job", "entry", "request"]
    job, entry, call = told
    assert (job["generation_id"], job["status"]) == (job_id, "pending")
    assert (entry["generation_id"], entry["kind"]) == (job_id, "hold")
    assert (call["operation"], call["status"], call["surface"]) == ("generate_media", 200, "rest")


def test_a_leap_of_the_clock_tells_every_change_in_order(host: Host) -> None:
    job_id = host.started()
    stream = host.listen()
    stream.next()
    host.post("/_sim/clock/advance", {"seconds": 600})
    told = [each for each in stream.until(kind="capture") if each["event"] == "job"]
    assert [each["status"] for each in told] == ["queued", "processing", "completed"]
    assert {each["generation_id"] for each in told} == {job_id}


def test_a_running_clock_tells_changes_when_they_come() -> None:
    with contextlib.closing(Host(Settings(speed=200.0))) as host:
        stream = host.listen()
        stream.next()
        host.started()
        told = stream.until(status="completed", event="job")
    states = [each["status"] for each in told if each["event"] == "job"]
    assert states == ["pending", "queued", "processing", "completed"]


def test_who_comes_back_reads_on_where_it_was(host: Host) -> None:
    stream = host.listen()
    stream.next()
    host.started("first")
    seen = stream.until(event="request")[-1]
    stream.response.close()
    second = host.started("second")
    for again in (
        host.listen(**{"Last-Event-ID": seen["cursor"]}),
        host.listen("/_sim/events?after=" + seen["cursor"]),
    ):
        told = again.until(event="request")
        assert [each["event"] for each in told] == ["clock", "job", "entry", "request"]
        assert told[1]["generation_id"] == second


def test_an_id_that_is_none_is_refused(host: Host) -> None:
    answer = host.call("GET", "/_sim/events", **{"Last-Event-ID": "yesterday"})
    assert answer.status == 400
    assert json.loads(answer.read())["detail"].startswith("Last-Event-ID: expected the id")


def test_a_reader_hears_nothing_of_another_world(host: Host) -> None:
    stream = host.listen()
    stream.next()
    host.post("/v1/generate/media", IMAGE, key="sk_test_v")
    job_id = host.started()
    assert stream.next()["generation_id"] == job_id


def test_a_fault_that_fired_is_told(host: Host) -> None:
    stream = host.listen()
    stream.next()
    host.call("GET", "/v1/balance", **{"X-Sim-Fault": "status=503"}).read()
    fault, call = stream.until(event="request")
    assert (fault["event"], fault["fault"], fault["operation"]) == (
        "fault",
        "header",
        "get_balance",
    )
    assert call["status"] == 503


def test_a_reset_is_told(host: Host) -> None:
    host.started()
    stream = host.listen()
    stream.next()
    host.post("/_sim/reset", {})
    assert stream.until(event="entry")[0]["event"] == "reset"


def test_a_silent_stream_beats(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_REAL_S", 0.05)
    stream = host.listen()
    stream.next()
    assert stream.next() == {"event": "heartbeat"}


def test_a_stream_rests_again_after_the_clock_has_moved(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = host.listen()
    stream.next()
    monkeypatch.setattr(event_stream, "HEARTBEAT_REAL_S", 0.05)
    host.post("/_sim/clock/advance", {"seconds": 1})
    assert stream.until(event="heartbeat")


def test_a_stop_of_the_server_ends_the_stream(host: Host) -> None:
    stream = host.listen()
    stream.next()
    stopping = threading.Thread(target=host.server.stop)
    stopping.start()
    assert stream.next()["event"] == "error"
    with pytest.raises(EOFError):
        stream.next()
    stopping.join()
    assert not host.server._thread.is_alive()


def test_a_reader_that_hangs_up_leaves_nothing_behind(host: Host) -> None:
    stream = host.listen()
    stream.next()
    stream.response.close()
    host.connections[-1].close()
    host.server.stop()
    assert not host.server._thread.is_alive()
    (world,) = host.simulator.provider.worlds.all()
    assert world.lab.journal.listeners == set()


def test_a_reader_that_does_not_read_holds_up_nobody(host: Host) -> None:
    silent = host.listen()
    other = host.listen()
    other.next()
    for _ in range(5):
        host.started()
        assert other.until(event="request")[0]["status"] == "pending"
    told = [silent.next()["event"] for _ in range(16)]
    assert told == ["clock", *["job", "entry", "request"] * 5]


def test_a_head_request_is_answered_and_ends(host: Host) -> None:
    answer = host.call("HEAD", "/_sim/events")
    assert (answer.status, answer.read()) == (200, b"")


def test_events_are_only_read(host: Host) -> None:
    assert host.call("POST", "/_sim/events", {}).status == 405
