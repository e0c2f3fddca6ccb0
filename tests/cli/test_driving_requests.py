"""``mediasim requests``."""

import json

import pytest

from simulator.client import ControlClient
from tests.cli.driving import printed, refused
from tests.client.simulator import started


def test_calls_are_listed_in_the_order_in_which_they_came(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [started(world), started(world, "alice")]
    head, *lines = printed(capsys, "requests", "--surface", "rest").splitlines()
    assert head.split() == ["number", "at", "surface", "call", "account", "status", "told", "ms"]
    assert [line.split()[4] for line in lines] == ["generate_media", "generate_media"]
    assert [line.split()[-2] for line in lines] == ids


def test_the_last_calls_are_listed_or_those_after_a_number(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = started(world), started(world)
    only = ("--operation", "generate_media", "--limit", "1")
    last = printed(capsys, "requests", *only)
    oldest = printed(capsys, "requests", "--after", "0", *only)
    assert (second in last, first in last) == (True, False)
    assert (second in oldest, first in oldest) == (False, True)


def test_calls_are_found_by_account_and_status(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world, "alice")
    assert "alice" in printed(capsys, "requests", "--account", "alice", "--status", "200")
    assert printed(capsys, "requests", "--account", "bob") == "no calls\n"


def test_json_is_the_page_as_it_came(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    shown = json.loads(printed(capsys, "requests", "--generation", job_id, "--json"))
    assert [call["generation_id"] for call in shown["requests"]] == [job_id]


def test_one_call_is_shown_as_a_whole(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world, prompt="dawn\x1b[2J")
    (call,) = world.journal.page(surface="rest").requests
    shown = printed(capsys, "requests", "show", str(call.seq))
    assert "operation  generate_media over rest\n" in shown
    assert '"prompt": "dawn' in shown
    assert f"ledger     {call.ledger[0].id} hold 7\n" in shown
    assert "\x1b" not in shown


def test_a_check_that_holds_is_status_0(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world)
    matcher = ("operation=generate_media", "status=200", 'request.prompt={"contains": "dusk"}')
    shown = printed(capsys, "requests", "verify", *matcher, "--exactly", "1")
    assert shown == "1 calls fit: as expected\n"


def test_a_check_that_fails_is_status_1_and_tells_what_nearly_fits(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world)
    matcher = ("operation=generate_media", "account=bob")
    shown = printed(capsys, "requests", "verify", *matcher, status=1)
    assert "expected at least 1, came 0 times" in shown
    assert "account: expected 'bob', got 'main'" in shown


@pytest.mark.parametrize("limit", [("--never",), ("--at-most", "0"), ("--at-least", "2")])
def test_every_limit_of_a_check_counts(
    world: ControlClient, limit: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    started(world)
    printed(capsys, "requests", "verify", "operation=generate_media", *limit, status=1)


def test_a_check_may_have_a_time(world: ControlClient, capsys: pytest.CaptureFixture[str]) -> None:
    started(world)
    world.clock.advance(60)
    started(world)
    matcher = "operation=generate_media"
    printed(capsys, "requests", "verify", matcher, "--within", "59", status=1)
    printed(capsys, "requests", "verify", matcher, "--within", "60")


def test_the_journal_is_emptied(world: ControlClient, capsys: pytest.CaptureFixture[str]) -> None:
    started(world)
    assert printed(capsys, "requests", "clear").startswith("removed: ")
    assert printed(capsys, "requests", "--surface", "rest") == "no calls\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("requests", "--surface", "fax"), "surface: "),
        (("requests", "--since", "dawn"), "since: "),
        (("requests", "show", "999"), "there is no call 999 in the journal"),
        (("requests", "verify", "status"), "status: expected NAME=VALUE"),
        (("requests", "verify", "colour=red"), "unknown field 'colour'"),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *arguments, status=2)
