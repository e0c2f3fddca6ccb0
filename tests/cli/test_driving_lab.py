"""``mediasim faults`` and ``mediasim snapshot``."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from simulator.client import ControlClient
from simulator.domain.effects import KINDS
from tests.cli.driving import printed, refused
from tests.cli.process import mediasim
from tests.client.simulator import started


def test_a_fault_is_armed_with_its_kind_and_its_calls(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = printed(
        capsys,
        *("faults", "arm", "fail=content_policy;at=0.25", "--times", "3", "--skip", "1"),
        *("--model", "nano-banana", "--field", "sound=true", "--field", "quality=fast"),
        *("--for", "2m", "--after", "30s", "--probability", "0.5"),
    )
    (fault,) = world.faults.all()
    assert fault.do == {"kind": "fail", "reason": "content_policy", "at": 0.25}
    assert (fault.match.model, fault.match.fields) == (
        "nano-banana",
        {"sound": True, "quality": "fast"},
    )
    assert (fault.times, fault.skip, fault.probability) == (3, 1, 0.5)
    assert fault.id in shown


def test_the_length_of_a_fault_is_by_the_worlds_clock(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    now = world.clock.now()
    lengths = ("--after", "30s", "--for", "2m")
    shown = json.loads(printed(capsys, "faults", "arm", "stuck", *lengths, "--json"))
    begins, ends = (datetime.fromisoformat(shown[name]) for name in ("begins_at", "ends_at"))
    assert ((begins - now).total_seconds(), (ends - begins).total_seconds()) == (30, 120)


def test_faults_are_listed_with_what_is_left(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    world.faults.arm("slow", factor=2, times=2, match={"account": "main"})
    started(world)
    head, line = printed(capsys, "faults").splitlines()
    assert head.split() == ["id", "does", "to", "fired", "left", "until"]
    assert line.split()[1:] == ["slow", "(factor", "2)", "account", "main", "1", "1"]


def test_faults_are_removed_one_by_one_and_all_at_once(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_ = [world.faults.arm("stuck") for _ in range(3)]
    assert printed(capsys, "faults", "remove", first.id) == f"removed: {first.id}\n"
    assert printed(capsys, "faults", "clear") == "removed: 2\n"
    assert printed(capsys, "faults") == "no faults\n"


def test_every_kind_of_fault_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "faults", "kinds").splitlines()
    assert [line.split()[0] for line in lines[1:]] == [kind.name for kind in KINDS]
    listed = json.loads(printed(capsys, "faults", "kinds", "--json"))
    assert [one["kind"] for one in listed] == [kind.name for kind in KINDS]


def test_a_snapshot_is_saved_listed_and_put_back(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    assert printed(capsys, "snapshot", "save", "one").startswith("one: 1 jobs, ")
    started(world)
    assert printed(capsys, "snapshot").splitlines()[1].split()[:2] == ["one", "1"]
    assert printed(capsys, "snapshot", "restore", "one").startswith("driven is as one was: ")
    assert [job.id for job in world.jobs()] == [job_id]


def test_a_snapshot_is_forked_into_another_world(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = started(world)
    world.snapshots.save("one")
    assert printed(capsys, "snapshot", "fork", "one", "copy").startswith("copy is as one was: ")
    assert [job.id for job in world.within("copy").jobs()] == [job_id]


def test_a_snapshot_goes_to_a_file_and_comes_back(
    world: ControlClient, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    started(world)
    world.snapshots.save("one")
    file = str(tmp_path / "one.json")
    printed(capsys, "snapshot", "download", "one", "--out", file)
    assert Path(file).read_bytes() == world.snapshots.download("one")
    assert printed(capsys, "snapshot", "load", "two", file).startswith("two: 1 jobs, ")
    assert printed(capsys, "snapshot", "delete", "one") == "deleted: one\n"
    assert [one.name for one in world.snapshots.all()] == ["two"]


def test_a_snapshot_is_written_to_standard_output_byte_for_byte(
    world: ControlClient, url: str
) -> None:
    started(world, prompt="dämmerung")
    world.snapshots.save("one")
    variables = {"MEDIASIM_URL": url, "MEDIASIM_NAMESPACE": "driven", "LC_ALL": "C"}
    ended = mediasim("snapshot", "download", "one", variables=variables)
    assert ended.stdout.encode() == world.snapshots.download("one")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("faults", "arm", "sulk"), 2, "sulk: unknown kind of fault"),
        (("faults", "arm", "slow"), 2, "slow: "),
        (("faults", "arm", "stuck", "--field", "sound"), 2, "--field sound: expected NAME=VALUE"),
        (("faults", "arm", "stuck", "--for", "long"), 2, "'long' is no length of time"),
        (("faults", "arm", "stuck", "--times", "0"), 2, "times: "),
        (("faults", "remove", "fault-9"), 2, "no fault with this id"),
        (("snapshot", "restore", "none"), 2, "no snapshot of this name"),
        (("snapshot", "save", "a b"), 2, "a b"),
        (("snapshot", "load", "one", "no/such/file"), 2, "no/such/file: No such file"),
    ],
)
@pytest.mark.usefixtures("world")
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(capsys, *arguments, status=status)


def test_a_file_that_cannot_be_written_is_wrong_use(
    world: ControlClient, capsys: pytest.CaptureFixture[str]
) -> None:
    world.snapshots.save("one")
    said = refused(capsys, "snapshot", "download", "one", "--out", "no/such/file", status=2)
    assert said == "no/such/file: No such file or directory"
