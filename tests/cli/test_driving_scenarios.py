"""``mediasim scenarios``."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from simulator.client import ControlClient
from simulator.surfaces.answering import send_json
from simulator.surfaces.server import ServerThread
from tests.cli.driving import printed, refused

NAME = "lost-answer-after-the-hold"
CLOCK = {"now": "2026-01-01T00:00:00.000Z", "mode": "frozen", "speed": 1}
ENDING: Mapping[str, Any] = {"balances": {}, "entries": []}
SCENARIO = {
    "name": "odd",
    "topic": "tests",
    "title": "It goes otherwise",
    "says": "",
    "client": "",
    "strength": "assumed",
    "source": "",
    "request": "",
    "surfaces": ["rest"],
    "arm": {},
    "play": [],
    "ledger": ENDING,
}
STEP = {"number": 1, "does": "start", "expected": {}, "got": {}, "problems": ["too late"]}
PLAYED = {
    "surface": "rest",
    "holds": False,
    "steps": [STEP],
    "ledger": {"expected": ENDING, "got": ENDING, "problems": ["7 too much"]},
}
ARMED: Mapping[str, Any] = {"accounts": [], "faults": [], "queues": [], "breakpoints": []}
OTHERWISE = {"name": "odd", "namespace": "x", "client": "", "armed": ARMED, "played": PLAYED}


@contextmanager
def answering(play: tuple[int, Mapping[str, Any]]) -> Iterator[str]:
    """The address of a simulator with one scenario, whose play is answered so."""
    answers = {
        "/_sim/scenarios": (200, {"scenarios": [SCENARIO]}),
        "/_sim/reset": (200, {"reset": [], "clock": CLOCK}),
        "/_sim/scenarios/odd": play,
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        status, body = answers[scope["path"]]
        await send_json(send, status, json.dumps(body).encode(), "req_1")

    with ServerThread(app) as server:
        yield f"http://{server.host}:{server.port}"


@pytest.mark.usefixtures("world")
def test_scenarios_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = printed(capsys, "scenarios").splitlines()
    assert head.split()[:2] == ["name", "about"]
    assert NAME in [line.split()[0] for line in lines]


@pytest.mark.usefixtures("world")
def test_one_scenario_is_shown_with_its_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed(capsys, "scenarios", "show", NAME)
    assert "ledger    hold 7 main\n" in shown
    listed = json.loads(printed(capsys, "scenarios", "show", NAME, "--json"))
    assert listed["name"] == NAME


def test_a_scenario_is_put_into_the_chosen_world(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed(capsys, "scenarios", "put", NAME)
    (fault,) = world.faults.all()
    assert f"fault     {fault.id}\n" in shown
    assert f"key       {world.key()}, " in shown


def test_a_scenario_is_played_in_a_world_of_its_own(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rest, mcp = printed(capsys, "scenarios", "run", NAME).splitlines()
    assert rest.split() == [NAME, "rest", "as", "it", "says"]
    assert mcp.split() == [NAME, "mcp", "as", "it", "says"]
    assert world.jobs() == []


def test_a_world_is_emptied_before_it_is_played_in(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.within(f"play-{NAME}-rest")
    other.put_account(other.key("guest"), credits=1)
    printed(capsys, "scenarios", "run", NAME, "--surface", "rest")
    assert [account.account for account in other.accounts()] == ["main"]


@pytest.mark.usefixtures("world")
def test_a_scenario_can_be_played_again_over_one_surface(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        shown = printed(capsys, "scenarios", "run", NAME, "--surface", "mcp", "--json")
        (played,) = json.loads(shown)
        assert (played["surface"], played["result"]["holds"]) == ("mcp", True)


def test_one_that_goes_otherwise_is_status_1_and_says_where(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering((200, OTHERWISE)) as url:
        shown = printed(capsys, "scenarios", "run", "--all", "--url", url, status=1)
    assert shown.splitlines()[1:] == [
        "odd   rest  otherwise",
        "odd over rest, step 1, start: too late",
        "odd over rest, ledger: 7 too much",
    ]


@pytest.mark.parametrize(("chosen", "status"), [("--all", 0), ("odd", 1)])
def test_one_that_cannot_be_played_here_counts_only_by_its_name(
    chosen: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering((409, {"detail": "This needs limits."})) as url:
        shown = printed(capsys, "scenarios", "run", chosen, "--url", url, status=status)
    assert shown.splitlines()[1:] == ["odd   rest  not played: This needs limits."]


def test_a_refusal_of_another_kind_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    with answering((500, {"detail": "internal error"})) as url:
        said = refused(capsys, "scenarios", "run", "odd", "--url", url, status=4)
    assert said == "internal error"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "expected names of scenarios, or --all"),
        (("run", NAME, "--all"), "expected names of scenarios, or --all"),
        (("run", "nothing"), "nothing: no scenario of this name"),
        (("show", "nothing"), "nothing: no scenario of this name"),
        (("put", "nothing"), "no scenario of this name"),
    ],
)
@pytest.mark.usefixtures("world")
def test_wrong_use_is_told_in_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, "scenarios", *arguments, status=2)


def test_without_an_address_they_are_played_on_a_simulator_of_the_commands_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ("same-start-replayed", "rate-window-edge", NAME)
    _, *lines = printed(capsys, "scenarios", "run", *names, "--surface", "rest").splitlines()
    assert [line.split()[0] for line in lines] == list(names)
    assert all(line.endswith("as it says") for line in lines)


def test_an_unknown_name_is_told_without_an_address_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, "scenarios", "run", "nothing", status=2)
    assert said == "nothing: no scenario of this name"
