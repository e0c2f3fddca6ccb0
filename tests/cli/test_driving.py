"""The commands that drive a running simulator: what they print, and their exit statuses."""

import json
import os
import pty
import subprocess
import sys

import pytest

from simulator.client import ControlClient
from simulator.commands.driving_world import seconds_of
from tests.cli.driving import printed, refused
from tests.cli.process import environment, mediasim
from tests.client.peer import answer, peer
from tests.client.simulator import simulator_at, started


def test_the_clock_is_shown_in_one_line(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.clock.look().now
    assert printed(capsys, "clock") == f"{before}  frozen\n"


def test_the_clock_moves_by_a_length_of_time(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.clock.now()
    printed(capsys, "clock", "advance", "1.5m")
    assert (world.clock.now() - before).total_seconds() == 90


@pytest.mark.parametrize(
    ("length", "seconds"),
    [("30", 30), ("30s", 30), ("500ms", 0.5), ("1.5m", 90), ("2h", 7_200), ("1d", 86_400)],
)
def test_a_length_of_time_has_a_unit_or_is_in_seconds(length: str, seconds: float) -> None:
    assert seconds_of(length) == seconds


@pytest.mark.parametrize("length", ["", "s", "30x", "1e3", "nan", "٣", "1.s", "30 s", "-1s"])
@pytest.mark.usefixtures("world")
def test_what_is_no_length_of_time_is_wrong_use(
    length: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "clock", "advance", "--", length, status=2)
    assert "is no length of time, expected for example 30s" in said


def test_the_clock_moves_to_a_status_and_to_the_next_change(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    printed(capsys, "clock", "until", job_id, "--status", "processing")
    assert world.job(job_id).status == "processing"
    printed(capsys, "clock", "next")
    assert world.job(job_id).status == "completed"


def test_the_clock_is_set_resumed_sped_up_and_frozen(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, "clock", "set", "2030-01-01T00:00:00Z").startswith("2030-01-01T")
    assert printed(capsys, "clock", "speed", "2").endswith("frozen\n")
    assert printed(capsys, "clock", "resume").endswith("running, 2 simulated seconds a second\n")
    assert printed(capsys, "clock", "freeze").endswith("frozen\n")
    assert world.clock.look().mode == "frozen"


def test_a_job_is_a_line_of_the_list(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    head, line = printed(capsys, "jobs").splitlines()
    assert head.split() == ["id", "status", "%", "model", "credits", "account", "created", "ends"]
    assert line.split()[:6] == [job_id, "pending", "0", "nano-banana", "7", "main"]


def test_jobs_are_found_by_status_and_account(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world, "alice")
    assert job_id in printed(capsys, "jobs", "--status", "pending", "--account", "alice")
    assert printed(capsys, "jobs", "--status", "completed") == "no jobs\n"


def test_one_job_is_shown_with_its_timetable_and_price(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world, prompt="dawn\x1b[2J [sim:fail=content_policy]")
    shown = printed(capsys, "jobs", job_id)
    assert f"id          {job_id}\n" in shown
    assert "outcome     failed\n" in shown
    assert "credits     7: 7 credits a generation\n" in shown
    assert "\x1b" not in shown


def test_the_ledger_is_shown_with_its_balance(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    world.clock.advance_until(started(world))
    head, *rows, balance = printed(capsys, "ledger").splitlines()
    assert head.split()[:3] == ["entry", "kind", "credits"]
    assert [row.split()[1:3] for row in rows] == [
        ["grant", "10000"],
        ["hold", "7"],
        ["capture", "7"],
    ]
    assert balance == "9993 available, 0 held, 7 spent"


def test_the_ledger_of_one_generation_is_its_entries(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    shown = json.loads(printed(capsys, "ledger", "--generation", job_id, "--json"))
    assert [entry["kind"] for entry in shown["entries"]] == ["hold"]


def test_a_sound_ledger_is_status_0(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world)
    assert printed(capsys, "ledger", "--verify") == "2 entries: every law holds\n"


def test_a_ledger_with_a_broken_law_is_status_1_and_says_which(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = answer(b'{"ok": false, "entries": 3, "violations": ["entry 2: too much"]}')
    with peer(broken, leaves=True) as other:
        shown = printed(capsys, "ledger", "--verify", "--url", other.url, status=1)
    assert shown == "3 entries: violated\n  entry 2: too much\n"


def test_json_is_the_answer_with_all_its_fields(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    shown = json.loads(printed(capsys, "jobs", job_id, "--json"))
    assert shown["timetable"]["created_at"] == world.job(job_id).timetable.created_at


def test_a_reset_says_which_worlds_are_empty(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    started(world)
    assert printed(capsys, "reset") == "empty: driven\n"
    assert world.jobs() == []


def test_a_reset_of_all_empties_other_worlds_too(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.within("other")
    started(other)
    assert "other" in printed(capsys, "reset", "--all")
    assert other.jobs() == []


def test_options_say_what_variables_do_not(
    world: ControlClient, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.within("chosen-by-option")
    before = other.clock.now()
    printed(capsys, "clock", "--url", url, "advance", "5", "--namespace", "chosen-by-option")
    assert (other.clock.now() - before).total_seconds() == 5


def test_options_of_a_group_hold_for_its_commands(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.within("chosen-by-group")
    before = other.clock.now()
    shown = printed(capsys, "clock", "--json", "--namespace", "chosen-by-group", "advance", "5")
    assert json.loads(shown)["mode"] == "frozen"
    assert (other.clock.now() - before).total_seconds() == 5


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("jobs", "nobody"), 2, "no generation with this id"),
        (("jobs", "--status", "asleep"), 2, "status: "),
        (("clock", "speed", "0"), 2, "speed 0.0"),
        (("clock", "set", "yesterday"), 2, "now: "),
        (("clock", "--namespace", "a b"), 2, "is no namespace"),
        (("clock", "--url", "localhost:4747"), 2, "--url: 'localhost:4747' is no address"),
        (("clock", "--url", "http://127.0.0.1:1"), 4, "http://127.0.0.1:1: Connection refused"),
        (("jobs", "--url", "http://127.0.0.1:1"), 4, "http://127.0.0.1:1: Connection refused"),
        (("ledger", "--url", "http://127.0.0.1:1", "--json"), 4, "Connection refused"),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *arguments, status=status)


def test_a_status_that_never_comes_is_status_1(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world, prompt="[sim:stuck]")
    assert "never" in refused(capsys, "clock", "until", job_id, status=1)


def test_the_admin_token_comes_from_its_variable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulator_at(admin_token="open-sesame") as address:
        said = refused(capsys, "clock", "--url", address, status=2)
        assert "admin token" in said
        monkeypatch.setenv("MEDIASIM_ADMIN_TOKEN", "open-sesame")
        assert "frozen" in printed(capsys, "clock", "--url", address)


def test_a_process_finds_the_simulator_by_its_variable(world: ControlClient, url: str) -> None:
    started(world)
    ended = mediasim("jobs", variables={"MEDIASIM_URL": url, "MEDIASIM_NAMESPACE": "driven"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "nano-banana" in ended.stdout


def test_a_terminal_gets_the_same_table(world: ControlClient, url: str) -> None:
    job_id = started(world)
    here, there = pty.openpty()
    variables = {"MEDIASIM_URL": url, "MEDIASIM_NAMESPACE": "driven", "COLUMNS": "160"}
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "jobs"], env=environment(**variables), stdout=there
    )
    os.close(there)
    with os.fdopen(here, "rb") as terminal:
        shown = terminal.readline() + terminal.readline()
        assert process.wait() == 0
    assert job_id.encode() in shown


@pytest.mark.parametrize(
    "command", ["clock", "faults", "jobs", "ledger", "requests", "reset", "scenarios", "snapshot"]
)
def test_help_of_a_driving_command_loads_nothing_heavy(command: str) -> None:
    code = f"from simulator.cli import run; run([{command!r}, '--help']); import sys"
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules, file=sys.stderr)"],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert "--namespace" in shown.stdout
    assert {"msgspec", "rich", "http.client"} & set(shown.stderr.split()) == set()
