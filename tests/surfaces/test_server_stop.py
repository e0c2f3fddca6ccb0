"""Starting and stopping, in a process of its own."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from simulator.surfaces.guard import guard
from simulator.surfaces.server import CannotBind, CannotStart, ServerThread, bind, run_server
from tests.surfaces import rawhttp
from tests.surfaces.rawhttp import (
    connected,
    exchange,
    guarded_app,
    read_answer,
    request,
)

ROOT = Path(__file__).parents[2]
STOP_S = 5.0  # the promise; a test fails by it, and never for being slow within it
SCRIPT = """
import json, logging, sys
from pathlib import Path
import structlog
from simulator.surfaces.guard import guard
from simulator.surfaces.server import run_server
from tests.surfaces import rawhttp
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
options = json.loads(sys.argv[1])
if "port_file" in options:
    options["port_file"] = Path(options["port_file"])
def on_ready(port):
    print(port, flush=True)
sys.exit(run_server(guard(rawhttp.tiny_app, rawhttp.LIMITS), on_ready=on_ready, **options))
"""


class Process:
    """A server in a process; `port` is what it printed when it was ready."""

    def __init__(self, **options: Any) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, json.dumps(options)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.popen.stdout is not None
        self.port = int(self.popen.stdout.readline() or 0)

    def status_after(self, *signals: signal.Signals, apart_s: float = 0.2) -> int:
        for number in signals:
            self.popen.send_signal(number)
            time.sleep(apart_s if number is not signals[-1] else 0)
        return self.popen.wait(STOP_S)


@pytest.fixture
def process() -> Iterator[Process]:
    with running() as started:
        yield started


@contextlib.contextmanager
def running(**options: Any) -> Iterator[Process]:
    started = Process(**options)
    try:
        yield started
    finally:
        started.popen.kill()
        started.popen.communicate()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_an_idle_server(
    process: Process, number: signal.Signals, status: int
) -> None:
    assert process.status_after(number) == status


def test_a_stop_answers_what_is_under_way_and_ends_open_streams(process: Process) -> None:
    with contextlib.ExitStack() as stack:
        asked = [stack.enter_context(connected(process.port)) for _ in range(100)]
        streams = [stack.enter_context(connected(process.port)) for _ in range(10)]
        for sock in streams:
            sock.sendall(request("GET", "/stream"))
        for sock in asked:
            sock.sendall(request("GET", "/slow/0.5"))
        time.sleep(0.3)
        assert process.status_after(signal.SIGTERM) == 0
        assert [read_answer(sock).body for sock in asked] == [b"slow"] * 100
        for sock in streams:
            assert read_answer(sock).body.endswith(b"data: bye\n\n")


def test_a_stop_does_not_wait_for_stuck_and_idle_connections(process: Process) -> None:
    with contextlib.ExitStack() as stack:
        idle, half, silent = (stack.enter_context(connected(process.port)) for _ in range(3))
        idle.sendall(request("GET", "/"))
        read_answer(idle)
        half.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.1)
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(10) == 0  # far below the deadlines of what is stuck
        assert silent.recv(1) == b""


def test_a_stop_gives_up_on_what_takes_longer_than_the_grace() -> None:
    with running(graceful_seconds=0.3) as process, connected(process.port) as sock:
        sock.sendall(request("GET", "/slow/60"))
        time.sleep(0.2)
        assert process.status_after(signal.SIGTERM) == 0
        assert read_answer(sock).status == 0
        assert process.popen.stderr is not None
        assert process.popen.stderr.read() == ""


def test_a_thread_that_never_returns_does_not_keep_the_process() -> None:
    with running(graceful_seconds=0.2) as process, connected(process.port) as sock:
        sock.sendall(request("GET", "/hang"))
        time.sleep(0.2)
        assert process.status_after(signal.SIGTERM) == 1


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_wait_at_once(process: Process, second: signal.Signals) -> None:
    with connected(process.port) as sock:
        sock.sendall(request("GET", "/slow/60"))
        time.sleep(0.2)
        process.popen.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.popen.poll() is None
        process.popen.send_signal(second)
        assert process.popen.wait(1.5) == 130


def test_the_port_is_free_at_once_after_a_stop(process: Process) -> None:
    with connected(process.port) as sock:
        sock.sendall(request("GET", "/"))
        read_answer(sock)
        process.status_after(signal.SIGTERM)
    bind("127.0.0.1", process.port).close()


def test_the_port_file_holds_the_port_while_the_server_runs(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    with running(port_file=str(port_file)) as process:
        assert port_file.read_text() == f"{process.port}\n"
        assert process.status_after(signal.SIGTERM) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_port_file_of_an_earlier_run_is_not_mistaken_for_this_ones(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    port_file.write_text("1\n")
    with running(port_file=str(port_file)) as process:
        assert port_file.read_text() == f"{process.port}\n"


def test_a_port_file_that_cannot_be_written_is_said_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="port file"):
        run_server(guarded_app, port_file=tmp_path / "absent" / "port")


def test_a_taken_port_is_refused_by_name() -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(CannotBind, match=rf"127\.0\.0\.1:{port}: .*in use"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000), ("no host", 0)]
)
def test_an_address_that_cannot_be_had_is_refused_by_name(host: str, port: int) -> None:
    with pytest.raises(CannotBind, match=f"cannot listen on {host}:{port}: ."):
        bind(host, port)


def test_fifty_servers_at_once_have_fifty_ports() -> None:
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(50) as pool:
        socks = list(pool.map(lambda _: bind("127.0.0.1", 0), range(50)))
        for sock in socks:
            stack.enter_context(contextlib.closing(sock))
        assert len({sock.getsockname()[1] for sock in socks}) == 50


def test_a_bound_socket_keeps_early_callers_waiting_for_the_server() -> None:
    with (
        contextlib.closing(bind("127.0.0.1", 0)) as sock,
        connected(sock.getsockname()[1]) as early,
    ):
        early.sendall(request("GET", "/early"))


def test_an_app_that_fails_at_its_start_is_said() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(CannotStart, match="failed while it started"):
        ServerThread(app).start()


def test_a_thread_serves_and_stops_and_frees_the_port() -> None:
    others = threading.enumerate()  # other tests of this process may keep a server
    server = ServerThread(guarded_app)
    url = server.start()
    assert url == f"http://127.0.0.1:{server.port}"
    assert exchange(server.port, request("GET", "/")).status == 200
    server.stop()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    started = [t for t in threading.enumerate() if t not in others]
    assert not [t for t in started if t.name == "mediasim-server"]


def test_a_thread_ends_open_streams() -> None:
    with ServerThread(guarded_app) as server, connected(server.port) as sock:
        sock.sendall(request("GET", "/stream"))
        while sock.recv(1) != b"\r":
            pass
        server.stop()
        assert b"bye" in sock.recv(65536)


def test_what_is_given_up_has_ended_before_the_app_shuts_down() -> None:
    ended: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["type"] == "http":
                await asyncio.sleep(60)
            await rawhttp.tiny_app(scope, receive, send)
        finally:
            ended.append(scope["type"])

    server = ServerThread(guard(app, rawhttp.LIMITS), graceful_seconds=0.1)
    with server, connected(server.port) as sock:
        sock.sendall(request("GET", "/"))
        time.sleep(0.2)
        server.stop()
    assert ended == ["http", "lifespan"]


def test_a_thread_that_was_never_started_can_be_stopped() -> None:
    ServerThread(guarded_app).stop()
