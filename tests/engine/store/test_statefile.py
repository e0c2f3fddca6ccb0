"""State files: who may have one, what is refused, and that what is refused stays as it was."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from simulator.engine.store.base import StateError, Store
from simulator.engine.store.statefile import APPLICATION_ID, SCHEMA_VERSION, StateFile
from tests.engine.store.drafts import BEGIN, HOUR_MS, a_draft, a_world, violations
from tests.engine.store.files import abandoned, digests, use_state

ROOT = Path(__file__).resolve().parents[3]
JOBS = 300
MORE = 100

HOLDER = """
import sys
from pathlib import Path
from simulator.engine.store.statefile import StateFile
StateFile(Path(sys.argv[1])).open()
print("held", flush=True)
sys.stdin.read()
"""


async def fill(store: Store) -> None:
    """JOBS jobs in a few commits."""
    world = await a_world(store)
    await asyncio.gather(*(store.accept(world, a_draft(1), BEGIN) for _ in range(JOBS)))


async def trickle(store: Store) -> None:
    """MORE jobs, each committed before the next."""
    world = await a_world(store)
    for _ in range(MORE):
        await store.accept(world, a_draft(1), BEGIN)


def jobs_of(path: Path) -> int:
    """How many jobs a state file holds; whatever it holds must be sound."""
    counts = []

    async def count(store: Store) -> None:
        world = await a_world(store)
        counts.append(len((await store.history(world, BEGIN)).jobs))
        assert await violations(store, world, BEGIN + HOUR_MS) == []

    use_state(path, count)
    return counts[0]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state file of some size, closed."""
    use_state(tmp_path / "state", fill)
    return tmp_path / "state"


@pytest.fixture
def killed(state: Path) -> Path:
    """A state file as a kill leaves it: its log holds what the file does not."""
    into = state.with_name("killed")
    into.mkdir()
    return abandoned(state, trickle, into)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other_header(path: Path) -> None:
    overwrite(path, 0, b"SQLite format 2\x00")


def short_header(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def other_program(path: Path) -> None:
    overwrite(path, 68, (APPLICATION_ID + 1).to_bytes(4))


def newer_schema(path: Path) -> None:
    overwrite(path, 60, (SCHEMA_VERSION + 1).to_bytes(4))


def no_page_size(path: Path) -> None:
    overwrite(path, 16, b"\x00\x00")


def cut_in_half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def random_page(path: Path) -> None:
    pages = path.stat().st_size // 4096
    overwrite(path, 4096 * (pages // 2), Random(5).randbytes(4096))


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


DAMAGES = (
    (empty, "is empty"),
    (other_header, "is not an sqlite file"),
    (short_header, "is not an sqlite file"),
    (other_program, "is an sqlite file of another program"),
    (newer_schema, "was written by a newer version"),
    (no_page_size, "is damaged"),
    (cut_in_half, "is cut short"),
    (random_page, "is damaged"),
)
DAMAGE_NAMES = [damage.__name__ for damage, _ in DAMAGES]


@pytest.mark.parametrize(("damage", "says"), DAMAGES, ids=DAMAGE_NAMES)
def test_a_damaged_file_is_refused_in_one_line_and_left_as_it_is(
    state: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(state)
    before = digests(state.parent)
    with pytest.raises(StateError) as refused:
        StateFile(state).open()
    text = str(refused.value)
    assert text.startswith(f"{state}: {says}")
    assert "restore a copy, or start afresh with --reset-state" in text
    assert "\n" not in text
    assert digests(state.parent) == before


@pytest.mark.parametrize("damage", [damage for damage, _ in DAMAGES if damage != no_page_size])
def test_a_damaged_file_with_a_log_is_refused_and_both_are_left_as_they_are(
    killed: Path, damage: Callable[[Path], None]
) -> None:
    damage(killed)
    before = digests(killed.parent)
    with pytest.raises(StateError, match=re.escape(str(killed))):
        StateFile(killed).open()
    assert digests(killed.parent) == before


def test_what_the_log_makes_whole_is_whole(killed: Path) -> None:
    """Page 1 is in the log, as after a kill while the log was being moved into the file."""
    no_page_size(killed)
    assert jobs_of(killed) == JOBS + MORE


def test_every_random_page_that_is_overwritten_is_refused(state: Path) -> None:
    whole = state.read_bytes()
    random = Random(6)
    accepted = []
    for page in range(len(whole) // 4096):
        state.write_bytes(whole)
        overwrite(state, 4096 * page, random.randbytes(4096))
        checked = StateFile(state)
        try:
            checked.open()
        except StateError:
            continue
        checked.release()
        accepted.append(page)
    assert accepted == []


def test_a_log_with_a_damaged_header_is_refused_not_forgotten(killed: Path) -> None:
    wal = killed.with_name(killed.name + "-wal")
    for at in (0, 3, 9, 20, 26):
        whole = wal.read_bytes()
        overwrite(wal, at, bytes([whole[at] ^ 0x40]))
        before = digests(killed.parent)
        with pytest.raises(StateError, match="state-wal beside it is damaged"):
            StateFile(killed).open()
        assert digests(killed.parent) == before
        wal.write_bytes(whole)
    assert jobs_of(killed) == JOBS + MORE


@pytest.mark.parametrize("share", [1.0, 0.999, 0.7, 0.31, 0.05, 0.0])
def test_a_torn_log_starts_with_what_was_committed_before_the_tear(
    killed: Path, share: float
) -> None:
    wal = killed.with_name(killed.name + "-wal")
    whole = wal.read_bytes()
    wal.write_bytes(whole[: int(len(whole) * share)])
    jobs = jobs_of(killed)
    assert JOBS <= jobs <= JOBS + MORE
    assert (jobs == JOBS + MORE) == (share == 1.0)


def test_reset_moves_everything_aside_and_starts_afresh(killed: Path) -> None:
    media = StateFile(killed).media
    media.mkdir()
    (media / "upload").write_bytes(b"u")
    random_page(killed)
    before = digests(killed.parent)
    afresh = StateFile(killed)
    afresh.open(reset=True)
    afresh.release()
    moved = {
        name.replace(".aside-1", ""): digest
        for name, digest in digests(killed.parent).items()
        if ".aside-1" in name
    }
    assert moved == before
    assert jobs_of(killed) == 0


def test_a_second_reset_leaves_what_the_first_moved_aside(state: Path) -> None:
    for number in (1, 2):
        afresh = StateFile(state)
        afresh.media.mkdir()
        (afresh.media / "upload").write_bytes(bytes([number]))
        afresh.open(reset=True)
        afresh.release()
    assert state.with_name("state.aside-1.media").joinpath("upload").read_bytes() == b"\1"
    assert state.with_name("state.aside-2.media").joinpath("upload").read_bytes() == b"\2"


def test_a_log_whose_file_was_deleted_is_not_read_into_a_new_one(killed: Path) -> None:
    log = killed.with_name("state-wal").read_bytes()
    killed.unlink()
    assert jobs_of(killed) == 0
    assert killed.with_name("state.aside-1-wal").read_bytes() == log


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="is a directory; name a file"):
        StateFile(tmp_path).open(reset=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StateError, match="is not a regular file"):
        StateFile(tmp_path / "pipe").open()


def test_a_missing_folder_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="/nowhere does not exist; make it"):
        StateFile(tmp_path / "nowhere" / "state").open()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="File name too long"):
        StateFile(tmp_path / ("n" * 254)).open()


def test_a_file_that_may_not_be_written_is_refused(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rights do not bind root, so the refusal of the system is played here."""

    def refuse(self: Path, mode: str = "r", **_: object) -> None:
        assert mode == "r+b"
        raise PermissionError(13, "Permission denied", str(self))

    before = digests(state.parent)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StateError, match="Permission denied; check its rights"):
        StateFile(state).open()
    monkeypatch.undo()
    assert digests(state.parent) == before


def test_no_room_to_look_at_a_state_is_said_and_changes_nothing(
    killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = digests(killed.parent)
    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(StateError, match="No space left on device; check"):
        StateFile(killed).open()
    assert digests(killed.parent) == before
    assert sorted(part.name for part in killed.parent.iterdir()) == [
        "state",
        "state-wal",
        "state.lock",
    ]


def test_what_a_check_left_behind_when_it_was_killed_is_cleared_away(killed: Path) -> None:
    left = killed.with_name("state.check")
    left.mkdir()
    (left / "state").write_bytes(b"half a copy")
    assert jobs_of(killed) == JOBS + MORE
    assert not left.exists()


@pytest.mark.parametrize(
    "name", ["a state", "what?", "no#1", "100%", "a'b\"c", "ü€", "-wal", "file:x"]
)
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    use_state(path, fill)
    assert jobs_of(path) == JOBS
    into = tmp_path / "killed"
    into.mkdir()
    left = abandoned(path, trickle, into)
    assert jobs_of(left) == JOBS + MORE
    assert sorted(part.name for part in tmp_path.iterdir()) == sorted(
        [name, f"{name}.lock", "killed"]
    )


def test_a_state_holds_its_format(state: Path) -> None:
    db = sqlite3.connect(state)
    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


@pytest.mark.parametrize(("durability", "level"), [("process", 1), ("full", 2)])
def test_durability_is_sqlites_level_of_synchronising(
    tmp_path: Path, durability: str, level: int
) -> None:
    state = StateFile(tmp_path / "state", "full" if durability == "full" else "process")
    state.open()
    db = state.connect()
    assert db.execute("PRAGMA synchronous").fetchone() == (level,)
    db.close()
    state.release()


def test_a_second_owner_is_refused_naming_the_first(state: Path) -> None:
    first = StateFile(state)
    first.open()
    before = digests(state.parent)
    with pytest.raises(StateError, match=f"{state}: in use by the process {os.getpid()}; stop it"):
        StateFile(state).open(reset=True)
    assert digests(state.parent) == before
    first.release()
    second = StateFile(state)
    second.open()
    second.release()


def test_a_link_leads_to_the_same_lock_and_log(state: Path) -> None:
    link = state.with_name("link")
    link.symlink_to(state)
    first = StateFile(state)
    first.open()
    with pytest.raises(StateError, match="in use"):
        StateFile(link).open()
    first.release()


def test_a_killed_state_opened_through_a_link_is_whole(killed: Path) -> None:
    link = killed.with_name("link")
    link.symlink_to(killed)
    assert jobs_of(link) == JOBS + MORE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_another_process_is_refused_and_its_lock_ends_with_it(
    state: Path, how: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateError, match=f"in use by the process {holder.pid};"):
            StateFile(state).open()
        holder.send_signal(how)
        holder.wait()
    again = StateFile(state)
    again.open()
    again.release()


def test_a_failed_make_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.engine.store.statefile.schema", lambda: "CREATE NONSENSE")
    with pytest.raises(StateError, match="can't be made"):
        StateFile(tmp_path / "state").open()
    assert [part.name for part in tmp_path.iterdir()] == ["state.lock"]
