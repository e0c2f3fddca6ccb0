"""The lane that asks MCP's own conformance package: here a stand-in that says what it is told."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx2
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts import conformance_run
from contracts.check import CannotTell, DoesNotApply
from contracts.conformance import NEXT, RELEASED, installed
from contracts.conformance_run import Scenario, played, read_checks
from contracts.lanes.protocol import checks, it_conforms, scenario_of
from contracts.opening import Asked, client, found, runner
from contracts.plan import Choice, make_plan
from contracts.replays.explain import plain_script
from contracts.requirements import Requirement, by_id, load_requirements
from contracts.run import Findings, Settings
from contracts.talk.backend import Backend
from contracts.talk.keys import Keys, Scrubber
from contracts.talk.wire import Trouble, Wire
from contracts.target import KEY_ENV, Target
from contracts.verdicts import Finding, Verdict, settled
from simulator.app import build
from simulator.settings import Settings as Served
from simulator.surfaces.server import ServerThread
from tests.contracts.guarding import CANARY, call_of
from tests.contracts.standin import PING, StandIn, install, node, said

PINGED = "protocol:2025-11-25:ping"
PLAIN = Scenario(RELEASED, "2025-11-25", "ping")
START = call_of("generate_media", {"model": "z-image", "prompt": "x"})


@cache
def rows() -> tuple[Requirement, ...]:
    return tuple(row for row in load_requirements() if row.lane == "protocol")


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    with ServerThread(app) as server:
        yield f"http://{server.host}:{server.port}"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(build(Served(frozen=True)).app) as address:
        yield address


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Installed, with a Node on PATH, and temporary files in a place of this test's own."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("PATH", f"{node(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}")
    return install(tmp_path / "npm", RELEASED, NEXT)


async def asked(target: str, *ids: str, conformance: Path | None = None) -> tuple[Finding, ...]:
    """What the suite finds of some rows, at a URL or by a profile."""
    given = Asked(target, conformance=str(conformance or ""))
    async with client() as http:
        that = await found(http, given)
        async with runner(http, that, Settings()) as ready:
            mine = [row for row in rows() if row.id in ids]
            plan, findings = make_plan(mine, checks(mine), that, Choice()), Findings()
            await ready.run(plan, findings, lambda finding: None)
            return settled(findings.ordered(plan))


async def finding_of(url: str, standin: StandIn, row: str = PINGED) -> Finding:
    (finding,) = await asked(url, row, conformance=standin.folder)
    return finding


async def test_a_scenario_that_passes_is_a_pass(url: str, standin: StandIn) -> None:
    standin.order(said("SUCCESS"), said("WARNING", "it should"), said("INFO"))
    finding = await finding_of(url, standin)
    assert (finding.verdict, finding.why) == (Verdict.PASS, "")
    argv = standin.seen()["argv"]
    assert argv[1] == "server"
    assert argv[argv.index("--scenario") + 1] == "ping"
    assert argv[argv.index("--spec-version") + 1] == "2025-11-25"


async def test_it_is_answered_as_if_it_had_a_key(url: str, standin: StandIn) -> None:
    standin.order(said("FAILURE", "got ANSWER"))
    assert "got 400" in (await finding_of(url, standin)).got  # no session; not 401


async def test_a_failure_says_what_was_expected_and_what_came(url: str, standin: StandIn) -> None:
    standin.order(said("SUCCESS"), said("FAILURE", "no capabilities", "initialize"), status=1)
    finding = await finding_of(url, standin)
    assert finding.verdict is Verdict.FAIL
    assert finding.expected == "Server does as it should"
    assert finding.got == "initialize: no capabilities"
    assert f"{RELEASED}, scenario ping of 2025-11-25" in finding.why
    assert [each.call for each in finding.trace] == ["ping"]


async def test_what_is_assumed_is_warned_of(url: str, standin: StandIn) -> None:
    standin.order(said("FAILURE", "no list"))
    finding = await finding_of(url, standin, "protocol:2025-11-25:prompts-list")
    assert finding.verdict is Verdict.WARN


@pytest.mark.parametrize(
    "text",
    ["Not testable: server lists no such tool", "prompts/list returned JSON-RPC error -32601: no"],
)
async def test_what_no_server_needs_is_no_failure(url: str, standin: StandIn, text: str) -> None:
    standin.order(said("SUCCESS"), said("FAILURE", text), status=1)
    assert (await finding_of(url, standin)).verdict is Verdict.PASS


@pytest.mark.parametrize("status", ["INFO", "SKIPPED", "WARNING"])
async def test_a_scenario_of_which_nothing_applies_is_no_pass(
    url: str, standin: StandIn, status: str
) -> None:
    standin.order(said(status, "there are no sessions"))
    finding = await finding_of(url, standin)
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert "there are no sessions" in finding.why


@pytest.mark.parametrize(
    ("verdict", "told"),
    [("", "ended with 3 and no verdict"), ("{", "can't be read"), ("[5]", "can't be read")],
)
async def test_without_a_verdict_nothing_is_told(
    url: str, standin: StandIn, verdict: str, told: str
) -> None:
    standin.order(verdict=verdict, status=3)
    finding = await finding_of(url, standin)
    assert finding.verdict is Verdict.NOT_RUN
    assert not finding.harness
    assert told in finding.why


async def test_what_the_package_says_tells_no_address_of_the_guard(
    url: str, standin: StandIn
) -> None:
    standin.order(verdict="", status=3)
    assert "asked the endpoint" in (await finding_of(url, standin)).why
    standin.order(said("FAILURE", "nobody at URL"))
    assert (await finding_of(url, standin)).got == "a-check: nobody at the endpoint"


@pytest.mark.parametrize("message", [START, [PING, START], {**PING, "method": "no/such-method"}])
async def test_nothing_that_may_cost_leaves(url: str, standin: StandIn, message: object) -> None:
    standin.order(said("SUCCESS"), messages=[message])
    finding = await finding_of(url, standin)
    assert finding.verdict is Verdict.NOT_RUN
    assert "held back" in finding.why


async def test_what_the_package_calls_is_let_out(url: str, standin: StandIn) -> None:
    standin.order(said("FAILURE", "ANSWER"), messages=[call_of("test_simple_text", {})])
    assert (await finding_of(url, standin)).verdict is Verdict.FAIL


async def test_nothing_is_left_behind(url: str, standin: StandIn) -> None:
    standin.order(said("FAILURE", "x"))
    await finding_of(url, standin)
    assert left_behind() == []


def left_behind() -> list[Path]:
    return list(Path(tempfile.gettempdir()).iterdir())


def until_there(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_process_that_does_not_end_is_ended(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conformance_run, "RUN_S", 1.0)
    standin.order(said("SUCCESS"), messages=(), sleeps_s=600)
    with pytest.raises(CannotTell, match="did not end in 1 s"):
        await played(installed(standin.folder), PLAIN, "http://127.0.0.1:9/mcp")
    assert gone(standin.seen()["pid"])
    assert left_behind() == []


async def test_a_run_that_is_interrupted_leaves_no_process(standin: StandIn) -> None:
    standin.order(said("SUCCESS"), messages=(), sleeps_s=600)
    having = installed(standin.folder)
    running = asyncio.create_task(played(having, PLAIN, "http://127.0.0.1:9/mcp"))
    await asyncio.to_thread(until_there, standin.place() / "asked")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(standin.seen()["pid"])
    assert left_behind() == []


async def test_the_key_of_a_profile_is_seen_by_the_target_alone(
    standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    keys: list[str] = []

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        keys.append(headers.get("x-api-key", ""))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(headers).encode()})

    standin.order(said("FAILURE", "ANSWER"))
    with serving(echo) as address:
        profile = tmp_path / "target.toml"
        profile.write_text(
            f'[target]\nrest_url = "{address}"\nmcp_url = "{address}/mcp"\n'
            'key_env = "CANARY_KEY"\nconformance = "npm"\n'
        )
        (finding,) = await asked(str(profile), PINGED)
    assert set(keys) == {"", CANARY}  # nobody is asked for test tools with a key of a simulator
    assert "guard-main" in finding.got
    assert CANARY not in f"{finding} {standin.seen()}"
    assert "CANARY_KEY" not in standin.seen()["env"]


async def test_a_target_that_is_gone_is_not_blamed(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, CANARY)
    standin.order(said("FAILURE", "ANSWER"))
    nowhere = "http://127.0.0.1:9"
    target = Target(nowhere, f"{nowhere}/mcp", conformance=str(standin.folder))
    async with httpx2.AsyncClient() as http:
        backend = Backend(target, Wire(http, {}, Scrubber()), Keys(""), name="x")
        with pytest.raises(Trouble, match="unreachable"):
            await it_conforms(PINGED, backend, "mcp")


async def test_the_scenario_of_local_servers_is_not_asked_of_others(standin: StandIn) -> None:
    target = Target("https://api.example", "https://mcp.example", conformance=str(standin.folder))
    async with httpx2.AsyncClient() as http:
        backend = Backend(target, Wire(http, {}, Scrubber()), Keys(""))
        with pytest.raises(DoesNotApply, match="on this machine"):
            await it_conforms("protocol:2025-11-25:dns-rebinding-protection", backend, "mcp")


async def test_rows_of_a_version_that_is_not_installed_do_not_apply(
    url: str, tmp_path: Path, standin: StandIn
) -> None:
    alone = install(tmp_path / "one", RELEASED)
    newer = "protocol:2026-07-28:tools-list"
    findings = await asked(url, PINGED, newer, conformance=alone.folder)
    told = {each.requirement: each for each in findings}
    assert told[PINGED].verdict is Verdict.PASS
    assert told[newer].verdict is Verdict.NOT_APPLICABLE
    assert NEXT in told[newer].why


@pytest.mark.parametrize("fixtures", [True, False])
async def test_test_tools_are_found_where_they_are(standin: StandIn, fixtures: bool) -> None:
    with serving(build(Served(frozen=True, mcp_fixtures=fixtures)).app) as address:
        async with client() as http:
            target = await found(http, Asked(address, conformance=str(standin.folder)))
    assert ("mcp-fixtures" in target.features) is fixtures


def test_every_row_is_a_scenario_of_the_version_that_has_it() -> None:
    ids = [row.id for row in rows()]
    newer = {row for row in ids if scenario_of(row).version == NEXT}
    assert "protocol:2025-11-25:server-session-lifecycle" in newer
    assert {row for row in ids if row.startswith("protocol:2026-07-28:")} < newer
    assert scenario_of(PINGED) == PLAIN


async def test_no_replay_is_made_of_what_the_package_judges(url: str, standin: StandIn) -> None:
    standin.order(said("FAILURE", "x"))
    finding = await finding_of(url, standin)
    assert finding.trace
    assert plain_script(Target(url), by_id(rows())[PINGED], finding) is None


def test_long_texts_are_cut() -> None:
    (one,) = read_checks(json.dumps([said("FAILURE", "x" * 5_000)]))
    assert len(one.text) < 400
