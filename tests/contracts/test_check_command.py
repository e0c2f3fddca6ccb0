"""`mediasim check` as a person runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread

CANARY = "sk_live_canary_0123456789"
REPORTS = {"report.html", "report.json", "junit.xml", "summary.md", "badge.json"}


@dataclass(frozen=True)
class Served:
    """A simulator on a socket; ``begun`` is set when a check empties its world."""

    url: str
    begun: threading.Event


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """An app on a socket, by its URL."""
    server = ServerThread(app)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    app, begun = build(Settings()).app, threading.Event()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/_sim/reset":
            begun.set()
        await app(scope, receive, send)

    with serving(watched) as url:
        yield Served(url, begun)


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


def test_a_dry_run_lists_the_checks_and_sends_nothing() -> None:
    came: list[str] = []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        came.append(scope["type"])

    with serving(counted) as url:
        done = check("--target", url, "--dry-run")
    assert done.returncode == 0
    assert "access:no-key" in done.stdout
    assert "Nothing was sent." in done.stdout
    assert "http" not in came


@pytest.fixture
def nowhere() -> Iterator[str]:
    """The address of a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}"


def test_nobody_at_the_address_is_told_and_every_report_is_written(
    nowhere: str, tmp_path: Path
) -> None:
    done = check("--target", nowhere, "--report-dir", str(tmp_path))
    assert done.returncode == 4
    assert nowhere in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == REPORTS
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert nowhere in report["run"]["unreachable"]
    assert report["target"]["simulator"] is False
    assert set(report["summary"]["verdicts"]) <= {"not-run", "not-applicable"}


def test_nobody_behind_a_profile_is_told_before_the_checks(nowhere: str, tmp_path: Path) -> None:
    profile = tmp_path / "target.toml"
    profile.write_text(f'[target]\nrest_url = "{nowhere}"\n')
    done = check("--target", str(profile), MEDIASIM_CONTRACT_KEY=CANARY)
    assert (done.returncode, done.stdout) == (4, "")
    assert nowhere in done.stderr


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


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything with what it was asked, key and all."""
    if scope["type"] != "http":
        return
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    body = json.dumps({"credits": 5, "headers": told}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


def test_the_key_is_in_no_output_and_no_file(tmp_path: Path) -> None:
    profile, folder = tmp_path / "target.toml", tmp_path / "reports"
    with serving(echo) as url:
        profile.write_text(f'[target]\nrest_url = "{url}"\n')
        told = ("--target", str(profile), "--lanes", "access", "--report-dir", str(folder))
        done = check(*told, MEDIASIM_CONTRACT_KEY=CANARY)
    assert done.returncode == 1, done.stderr
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 5
    written = [path.read_text(encoding="utf-8") for path in files]
    assert any("[main key]" in text for text in written)
    assert [text for text in (done.stdout, done.stderr, *written) if CANARY in text] == []


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
    assert {path.name for path in tmp_path.iterdir()} >= REPORTS
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["run"]["interrupted"] is True
    assert report["summary"]["verdicts"]["not-run"] > 100
