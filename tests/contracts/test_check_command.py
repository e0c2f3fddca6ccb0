"""`mediasim check` as a person runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread

CANARY = "sk_live_canary_0123456789"


@dataclass(frozen=True)
class Served:
    """A simulator on a socket; ``begun`` is set when a check empties its world."""

    url: str
    begun: threading.Event


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    app, begun = build(Settings()).app, threading.Event()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/_sim/reset":
            begun.set()
        await app(scope, receive, send)

    server = ServerThread(watched)
    server.start()
    yield Served(f"http://127.0.0.1:{server.port}", begun)
    server.stop()


@pytest.fixture(scope="module")
def url(served: Served) -> str:
    return served.url


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("check", *arguments),
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_a_simulator_is_granted_what_it_does(url: str, tmp_path: Path) -> None:
    done = check("--target", url, "--level", "L1", "--report-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rest: L1 granted\nmcp: L1 granted\n" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["summary"]["level"] == "L1"
    assert report["target"]["simulator"] is True


def test_what_did_not_run_keeps_a_level_back(url: str) -> None:
    done = check("--target", url, "--level", "L1", "--lanes", "access", "--surface", "rest")
    assert done.returncode == 5
    assert "this surface was not asked for" in done.stdout


class Counting(BaseHTTPRequestHandler):
    """Remembers in its server that somebody came."""

    def do_GET(self) -> None:
        self.server.server_name += "!"
        self.send_error(500)

    def log_message(self, *told: object) -> None:
        """Tests are quiet."""


def test_a_dry_run_lists_the_checks_and_sends_nothing() -> None:
    server = HTTPServer(("127.0.0.1", 0), Counting)
    server.server_name = "counted"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    done = check("--target", f"http://127.0.0.1:{server.server_port}", "--dry-run")
    server.shutdown()
    thread.join()
    server.server_close()
    assert done.returncode == 0
    assert "access:no-key" in done.stdout
    assert "Nothing was sent." in done.stdout
    assert server.server_name == "counted"


def test_nobody_at_the_address_is_told_as_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = check("--target", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert done.returncode == 4
    assert "ConnectError" in done.stderr or "connect" in done.stderr.lower()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--target", "nowhere.toml"), "nowhere.toml:1: No such file"),
        (("--target", "http://x?key=1"), "is no URL of a server"),
        (("--target", "URL", "--lanes", "acess"), "there is no lane 'acess'"),
        (("--target", "URL", "--shard", "4/3"), "--shard '4/3', expected for example 2/3"),
        (("--target", "URL", "--baseline", "none.toml"), "none.toml:1: No such file"),
        (("--target", "URL", "--level", "L9"), "Invalid value for '--level'"),
    ],
)
def test_wrong_use_is_told(url: str, arguments: tuple[str, ...], told: str) -> None:
    done = check(*(url if each == "URL" else each for each in arguments))
    assert done.returncode == 2
    assert told in done.stderr


def test_a_target_that_costs_money_needs_a_key(tmp_path: Path) -> None:
    profile = tmp_path / "target.toml"
    profile.write_text('[target]\nrest_url = "http://127.0.0.1:9"\nkey_env = "NO_SUCH_KEY"\n')
    done = check("--target", str(profile))
    assert (done.returncode, done.stderr) == (2, "the variable NO_SUCH_KEY holds no key\n")


def test_the_key_is_in_no_output_and_no_file(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    profile = tmp_path / "target.toml"
    profile.write_text(f'[target]\nrest_url = "http://127.0.0.1:{server.server_port}"\n')
    folder = tmp_path / "reports"
    told = ("--target", str(profile), "--lanes", "access", "--report-dir", str(folder))
    done = check(*told, MEDIASIM_CONTRACT_KEY=CANARY)
    server.shutdown()
    thread.join()
    server.server_close()
    assert done.returncode == 1, done.stderr
    written = [path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())]
    assert "[main key]" in written[-1]
    assert [text for text in (done.stdout, done.stderr, *written) if CANARY in text] == []


class Echo(BaseHTTPRequestHandler):
    """Answers everything with what it was asked, key and all."""

    def do_GET(self) -> None:
        body = json.dumps({"credits": 5, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, *told: object) -> None:
        """Tests are quiet."""


def test_an_interruption_writes_the_reports(served: Served, tmp_path: Path) -> None:
    served.begun.clear()
    arguments = ("check", "--target", served.url, "--workers", "1", "--report-dir", str(tmp_path))
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert served.begun.wait(timeout=60)
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
    assert running.returncode == 130, output + errors
    assert "interrupted" in output
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["interrupted"] is True
    assert report["summary"]["verdicts"]["not-run"] > 100
