"""A failure can be shown again: by a script and a pytest file, on the broken backend and not on the
clean one."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp

from contracts.replays.answers import answer_of, at
from contracts.replays.explain import explained, plain_script
from contracts.replays.player import CannotPlay, Place, play
from contracts.replays.replay import file_names, pytest_text, shell_text
from contracts.replays.script import Script
from contracts.requirements import by_id, load_requirements
from contracts.run import Findings, Runner, Settings
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import Wire
from contracts.target import probe
from contracts.verdicts import Finding, Verdict, settled
from simulator.app import build
from simulator.settings import Settings as SimulatorSettings
from simulator.surfaces.server import ServerThread
from tests.contracts.tampering import Tampering
from tests.contracts.trial import plan_of

Answered = Callable[[str, dict[str, Any], int, dict[str, Any]], tuple[int, dict[str, Any]]]


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    server = ServerThread(app)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


@contextmanager
def broken(answered: Answered) -> Iterator[str]:
    inner = build(SimulatorSettings()).app
    bent = Tampering(inner, answered=answered)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (bent if scope["type"] == "http" else inner)(scope, receive, send)

    with serving(app) as url:
        yield url


@pytest.fixture(scope="module")
def clean() -> Iterator[str]:
    with serving(build(SimulatorSettings()).app) as url:
        yield url


async def scripts_of(url: str, name: str) -> tuple[Script, Finding]:
    """The replay of one requirement's failure over REST, and its finding."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        target = await probe(http, url)
        wire = Wire(http, {"rest": target.rest_url, "mcp": target.mcp_url}, Scrubber())
        runner = Runner(target, wire, Keys(""), Settings(workers=1))
        plan, findings = plan_of(target, name, surfaces=("rest",)), Findings()
        await runner.run(plan, findings, lambda finding: None)
        found = [each for each in settled(findings.ordered(plan)) if each.requirement == name]
        scripts = await explained(runner, plan, found)
    (finding,) = [each for each in found if each.surface == "rest"]
    assert finding.verdict in (Verdict.FAIL, Verdict.WARN), finding
    return scripts[name, "rest"], finding


def a_credit_dearer(
    path: str, body: dict[str, Any], status: int, answer: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    if path == "/v1/generate/media" and status == 200:
        answer["estimated_cost_credits"] += 1
    return status, answer


def a_progress_that_falls(
    path: str, body: dict[str, Any], status: int, answer: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    if path.startswith("/v1/generate/media/") and 30 < answer.get("progress", 0) < 100:
        answer["progress"] = 5
    return status, answer


def a_code_of_its_own(
    path: str, body: dict[str, Any], status: int, answer: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    if status == 402:
        answer["error"] = "bad_request"
    return status, answer


CASES = [
    ("prices:kling-3-0-std", a_credit_dearer, 1),
    ("lifecycle:progress", a_progress_that_falls, 3),
    ("billing:insufficient", a_code_of_its_own, 1),
]


def run(command: list[str], url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], "REPLAY_TARGET": url, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=variables, cwd=folder
    )


@pytest.mark.parametrize(("name", "answered", "calls"), CASES)
def test_a_replay_fails_on_the_broken_backend_and_passes_on_the_clean_one(
    name: str, answered: Answered, calls: int, clean: str, tmp_path: Path
) -> None:
    with broken(answered) as url:
        script, finding = asyncio.run(scripts_of(url, name))
        assert script.shortened
        assert len(script.calls) <= calls
        shell, test = tmp_path / "replay.sh", tmp_path / "test_replay.py"
        shell.write_text(shell_text(script), encoding="utf-8")
        test.write_text(pytest_text(script), encoding="utf-8")
        pytest_command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
        told = run(["sh", str(shell)], url, tmp_path)
        assert told.returncode == 1, told.stdout + told.stderr
        assert f"got:      {finding.got}"[:40] in told.stdout
        tested = run(pytest_command, url, tmp_path)
        assert tested.returncode == 1, tested.stdout + tested.stderr
    told = run(["sh", str(shell)], clean, tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr
    tested = run(pytest_command, clean, tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_replay_that_reaches_nobody_says_that_it_cannot_tell(tmp_path: Path) -> None:
    with broken(a_credit_dearer) as url:
        script, _ = asyncio.run(scripts_of(url, "prices:kling-3-0-std"))
    shell = tmp_path / "replay.sh"
    shell.write_text(shell_text(script), encoding="utf-8")
    assert run(["sh", str(shell)], "http://127.0.0.1:9", tmp_path).returncode == 2
    with pytest.raises(CannotPlay):
        play({"steps": script.steps}, Place("http://127.0.0.1:9", "", "sk_test_x"))


def test_a_failure_that_was_not_looked_into_has_a_replay_of_its_recorded_calls(clean: str) -> None:
    with broken(a_credit_dearer) as url:
        _, finding = asyncio.run(scripts_of(url, "prices:kling-3-0-std"))
        row = by_id(load_requirements())[finding.requirement]
        target = asyncio.run(probed(url))
        plain = plain_script(target, row, finding)
        assert plain is not None
        assert not plain.shortened
        assert play({"steps": plain.steps}, Place(url, f"{url}/mcp", "sk_test_plain")).shown
    found = play({"steps": plain.steps}, Place(clean, f"{clean}/mcp", "sk_test_plain"))
    assert not found.shown


def command_lines() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it may have ended
            yield file.read_text(errors="replace")


async def probed(url: str) -> Any:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await probe(http, url)


def test_no_key_is_an_argument_of_what_a_replay_starts(tmp_path: Path) -> None:
    canary, seen, came = "sk_live_canary_replay", set[str](), threading.Event()
    with broken(a_credit_dearer) as url:
        script, _ = asyncio.run(scripts_of(url, "prices:kling-3-0-std"))

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        keys = [value for name, value in scope.get("headers", []) if name == b"x-api-key"]
        if keys == [canary.encode()]:
            seen.update(command_lines())
            came.set()
        start = {"type": "http.response.start", "status": 404, "headers": []}
        await send({**start, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    shell = tmp_path / "replay.sh"
    shell.write_text(shell_text(script), encoding="utf-8")
    variables = {"PATH": os.environ["PATH"], "MEDIASIM_CONTRACT_KEY": canary}
    with serving(watching) as url:
        done = subprocess.run(
            ["sh", str(shell)],
            check=False,
            capture_output=True,
            text=True,
            env={**variables, "REPLAY_TARGET": url},
        )
    assert came.is_set(), done.stderr
    assert any("curl" in each for each in seen)
    assert [each for each in (*seen, done.stdout, done.stderr) if canary in each] == []


def test_a_name_of_a_file_holds_nothing_odd() -> None:
    with broken(a_credit_dearer) as url:
        script, _ = asyncio.run(scripts_of(url, "prices:kling-3-0-std"))
    assert file_names(script) == (
        "replays/prices_kling_3_0_std_rest/replay.sh",
        "replays/prices_kling_3_0_std_rest/test_replay_prices_kling_3_0_std_rest.py",
    )


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (["status"], 200),
        (["body", "rows", 1], "b"),
        (["body", "rows", 2], "[missing]"),
        (["body", "rows", "#length"], 2),
        (["body", "#keys"], ["rows"]),
        (["header", "content-type"], "application/json"),
    ],
)
def test_a_part_of_an_answer_is_found_by_its_path(path: list[Any], wanted: object) -> None:
    body = json.dumps({"rows": ["a", "b"]}).encode()
    assert at(answer_of(200, {"Content-Type": "application/json"}, body), path) == wanted
