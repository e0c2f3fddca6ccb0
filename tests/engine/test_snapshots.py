"""Snapshots: a world that is saved, put back, and put elsewhere."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from simulator.domain.errors import Denial
from simulator.domain.inputs import Upload
from simulator.domain.ledger import verify
from simulator.domain.policies import Policies
from simulator.engine.bodies import MediaBody
from simulator.engine.snapshots import keeper
from simulator.engine.snapshots.text import SnapshotError
from simulator.engine.store.base import StorageFull
from simulator.engine.store.whole import WholeWorld
from tests.engine.driving import caller, done, leap, ledger, poll, start
from tests.engine.snapshotting import DATA, UPLOAD_ID, full_store, lived, make_scene
from tests.engine.world import RealTime


def test_a_world_that_was_put_back_is_saved_as_the_same_bytes() -> None:
    scene = lived(make_scene())
    saved = done(scene.snapshots.save(scene.world, "before")).text
    start(scene.provider, scene.caller)
    leap(scene.provider, scene.world, 3_600_000)
    assert scene.text() != saved
    done(scene.snapshots.restore(scene.world, "before"))
    assert scene.text() == saved


def test_a_world_that_was_put_back_goes_on_as_it_did() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    ends = []
    for _ in range(2):
        done(scene.snapshots.restore(scene.world, "before"))
        job_id = start(scene.provider, scene.caller, "after")
        leap(scene.provider, scene.world, 3_600_000)
        ends.append((poll(scene.provider, scene.caller, job_id), scene.text()))
    assert ends[0] == ends[1]
    assert ends[0][0].status == "completed"


def test_the_ledgers_laws_hold_after_it() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    done(scene.snapshots.restore(scene.world, "before"))
    now_ms = leap(scene.provider, scene.world, 3_600_000)
    history = done(scene.provider.store.history(scene.world.id, now_ms))
    assert verify(history.entries, history.jobs, history.balances, now_ms) == []
    assert [kind for kind, _ in ledger(scene.provider, scene.caller)].count("capture") == 2


def test_a_fork_differs_in_its_name_only() -> None:
    scene = lived(make_scene())
    saved = done(scene.snapshots.save(scene.world, "before")).text
    fork, _ = done(scene.snapshots.fork(scene.world, "before", "elsewhere"))
    assert scene.text(fork) == saved.replace(b'"name":"w"', b'"name":"elsewhere"', 1)


def test_forks_of_one_snapshot_draw_the_ids_that_the_original_draws() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    ids = [start(scene.provider, scene.caller, "next")]
    for name in ("one", "two", "one"):
        done(scene.snapshots.fork(scene.world, "before", name))
        ids.append(start(scene.provider, caller(scene.provider, name), "next"))
    assert len(set(ids)) == 1


def test_a_fork_answers_with_its_own_urls() -> None:
    scene = lived(make_scene())
    job_id = start(scene.provider, scene.caller, "next")
    leap(scene.provider, scene.world, 3_600_000)
    done(scene.snapshots.save(scene.world, "before"))
    done(scene.snapshots.fork(scene.world, "before", "one"))
    shown = poll(scene.provider, caller(scene.provider, "one"), job_id).outputs[0].url
    original = poll(scene.provider, scene.caller, job_id).outputs[0].url
    assert shown == original.replace("/media/w/", "/media/one/")
    assert shown != original


def test_what_happens_in_a_fork_does_not_show_in_the_original() -> None:
    scene = lived(make_scene())
    saved = done(scene.snapshots.save(scene.world, "before")).text
    done(scene.snapshots.fork(scene.world, "before", "one"))
    start(scene.provider, caller(scene.provider, "one"))
    assert scene.text() == saved


def test_a_fork_that_is_reset_is_a_new_world_of_its_own_name() -> None:
    scene = lived(make_scene())
    fresh = caller(scene.provider, "one").world
    before = scene.text(fresh)
    done(scene.snapshots.save(scene.world, "before"))
    fork, _ = done(scene.snapshots.fork(scene.world, "before", "one"))
    done(scene.provider.worlds.reset(fork))
    caller(scene.provider, "one")
    assert scene.text(fork) == before


def test_uploads_come_with_their_bytes() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    done(scene.snapshots.fork(scene.world, "before", "one"))
    done(scene.provider.worlds.reset(scene.world))
    scene.drawer.files.pop(("w", UPLOAD_ID))
    done(scene.snapshots.restore(scene.world, "before"))
    assert scene.drawer.files == {("w", UPLOAD_ID): DATA, ("one", UPLOAD_ID): DATA}


def test_a_frozen_clock_goes_back_to_its_instant() -> None:
    scene = make_scene()
    now_ms = leap(scene.provider, scene.world, 1_234)
    done(scene.snapshots.save(scene.world, "before"))
    leap(scene.provider, scene.world, 99_000)
    done(scene.snapshots.restore(scene.world, "before"))
    assert done(scene.provider.worlds.now(scene.world)) == now_ms


def test_a_running_clock_goes_on_from_the_instant_of_saving() -> None:
    real = RealTime(5_000)
    scene = make_scene(real, frozen=False, speed=3.0)
    began = done(scene.provider.worlds.now(scene.world))
    real.ms += 1_000
    saved = done(scene.snapshots.save(scene.world, "before"))
    assert saved.saved_at_ms == began + 3_000
    real.ms += 60_000
    done(scene.provider.worlds.set_clock(scene.world, scene.world.clock.at_speed(9.0, real.ms)))
    done(scene.snapshots.restore(scene.world, "before"))
    assert scene.text() == saved.text
    real.ms += 2_000
    assert done(scene.provider.worlds.now(scene.world)) == began + 9_000


def test_scopes_and_balances_of_accounts_come_back() -> None:
    scene = lived(make_scene())
    done(scene.provider.worlds.put_account(scene.world, "bob", ("read:balance",), 5_000))
    done(scene.snapshots.save(scene.world, "before"))
    done(scene.provider.worlds.put_account(scene.world, "bob", (), 1))
    assert caller(scene.provider, account="bob").scopes == frozenset()
    done(scene.snapshots.restore(scene.world, "before"))
    bob = caller(scene.provider, account="bob")
    assert bob.scopes == {"read:balance"}
    assert done(scene.provider.store.balance(scene.world.id, "bob", 0)).available == 5_000


def test_whoever_waits_for_the_world_to_move_is_woken() -> None:
    scene = make_scene()
    done(scene.snapshots.save(scene.world, "before"))
    moved = scene.world.moved
    done(scene.snapshots.restore(scene.world, "before"))
    assert moved.is_set()


def test_the_journal_is_no_part_of_a_snapshot() -> None:
    scene = lived(make_scene())
    journal = scene.world.lab.journal
    saved = scene.text()
    done(scene.snapshots.restore(scene.world, "now"))
    assert scene.world.lab.journal is journal
    assert b"journal" not in saved


def test_a_restart_of_the_numbering_of_requests_is_undone() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    scene.world.requests = 99
    done(scene.snapshots.restore(scene.world, "before"))
    assert scene.world.requests == 7


def test_where_there_is_no_room_the_world_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    leap(scene.provider, scene.world, 60_000)
    now = scene.text()
    monkeypatch.setattr(scene.provider.store, "import_world", full_store)
    with pytest.raises(StorageFull):
        done(scene.snapshots.restore(scene.world, "before"))
    monkeypatch.undo()
    assert scene.text() == now
    assert scene.drawer.staged == 0


def test_where_there_is_no_room_for_files_the_world_stays_as_it_was() -> None:
    scene = lived(make_scene())
    done(scene.snapshots.save(scene.world, "before"))
    leap(scene.provider, scene.world, 60_000)
    now = scene.text()
    scene.drawer.full = True
    with pytest.raises(StorageFull):
        done(scene.snapshots.restore(scene.world, "before"))
    assert scene.text() == now


def test_files_that_are_not_what_they_should_be_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(world: str, uploads: object) -> Any:
        raise SnapshotError("uploads[0]: its measures are not those of its bytes")

    scene = lived(make_scene())
    now = scene.text()
    monkeypatch.setattr(scene.drawer, "stage", refuse)
    for refused in (
        scene.snapshots.load(scene.world, "a", now),
        scene.snapshots.restore(scene.world, "now"),
    ):
        with pytest.raises(Denial, match="measures"):
            done(refused)
    assert scene.text() == now


def test_who_leaves_in_the_middle_leaves_no_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = lived(make_scene())
    saved = done(scene.snapshots.save(scene.world, "before")).text
    leap(scene.provider, scene.world, 60_000)
    world, store = scene.world, scene.provider.store
    import_world, moved = store.import_world, world.moved
    reached, going = asyncio.Event(), asyncio.Event()

    async def held_up(whole: WholeWorld) -> list[Upload]:
        reached.set()
        await going.wait()
        return await import_world(whole)

    async def leave() -> None:
        restoring = asyncio.ensure_future(scene.snapshots.restore(world, "before"))
        await reached.wait()
        restoring.cancel()
        going.set()
        async with asyncio.timeout(5):
            await moved.wait()

    monkeypatch.setattr(store, "import_world", held_up)
    done(leave())
    assert scene.text() == saved


def test_snapshots_are_listed_by_name_and_only_in_their_world() -> None:
    scene = make_scene()
    other = caller(scene.provider, "other").world
    for name in ("b", "a"):
        done(scene.snapshots.save(scene.world, name))
    assert [kept.name for kept in scene.snapshots.all(scene.world)] == ["a", "b"]
    assert scene.snapshots.all(other) == []
    with pytest.raises(Denial, match="no snapshot of this name"):
        done(scene.snapshots.restore(other, "a"))


def test_a_snapshot_that_was_deleted_is_gone() -> None:
    scene = make_scene()
    done(scene.snapshots.save(scene.world, "a"))
    scene.snapshots.delete(scene.world, "a")
    with pytest.raises(Denial, match="no snapshot of this name"):
        scene.snapshots.delete(scene.world, "a")


def test_a_name_that_is_taken_is_refused_unless_it_may_be_replaced() -> None:
    scene = make_scene()
    first = done(scene.snapshots.save(scene.world, "a"))
    leap(scene.provider, scene.world, 1)
    with pytest.raises(Denial, match="delete it"):
        done(scene.snapshots.save(scene.world, "a"))
    assert scene.snapshots.get(scene.world, "a") == first
    assert done(scene.snapshots.save(scene.world, "a", replace=True)) != first


@pytest.mark.parametrize("name", ["", "a/b", "..", "a.b", "sk_test_w", "-a", "a" * 65, "ä", "a\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    scene = make_scene()
    with pytest.raises(Denial, match="no name of a snapshot"):
        done(scene.snapshots.save(scene.world, name))


def test_too_many_are_refused_and_none_is_dropped() -> None:
    scene = make_scene()
    for number in range(keeper.KEPT_MOST):
        done(scene.snapshots.save(scene.world, f"s{number}"))
    with pytest.raises(Denial, match="delete some"):
        done(scene.snapshots.save(scene.world, "one-more"))
    assert len(scene.snapshots.all(scene.world)) == keeper.KEPT_MOST
    done(scene.snapshots.save(scene.world, "s0", replace=True))


@pytest.mark.parametrize("limit", ["KEPT_BYTES_MOST", "ALL_BYTES_MOST", "FILE_BYTES_MOST"])
def test_too_many_bytes_are_refused(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make_scene()
    size = len(done(scene.snapshots.save(scene.world, "a")).text)
    monkeypatch.setattr(keeper, limit, size - 1 if limit == "FILE_BYTES_MOST" else 2 * size - 1)
    with pytest.raises(Denial, match="bytes"):
        done(scene.snapshots.save(scene.world, "b"))
    assert [kept.name for kept in scene.snapshots.all(scene.world)] == ["a"]


def test_one_worlds_snapshots_leave_room_for_anothers(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make_scene()
    size = len(done(scene.snapshots.save(scene.world, "a")).text)
    monkeypatch.setattr(keeper, "KEPT_BYTES_MOST", 2 * size - 1)
    other = caller(scene.provider, "v").world
    done(scene.snapshots.save(other, "a"))
    assert len(scene.snapshots.all(other)) == 1


def test_uploads_beyond_the_cap_are_not_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = lived(make_scene())
    monkeypatch.setattr(keeper, "UPLOAD_BYTES_MOST", len(DATA) - 1)
    with pytest.raises(Denial, match="bytes of uploads"):
        scene.text()


def test_a_world_whose_upload_lost_its_file_is_not_saved() -> None:
    scene = lived(make_scene())
    scene.drawer.files.clear()
    with pytest.raises(Denial, match="lost its file"):
        scene.text()


def test_a_world_that_is_reset_keeps_no_snapshots() -> None:
    scene = make_scene()
    done(scene.snapshots.save(scene.world, "a"))
    scene.snapshots.forget("w")
    scene.snapshots.forget("never-had-any")
    assert scene.snapshots.all(scene.world) == []


def test_a_file_that_was_loaded_is_kept_as_the_same_bytes() -> None:
    scene = lived(make_scene())
    text = scene.text()
    other = caller(scene.provider, "other").world
    loaded = done(scene.snapshots.load(other, "from-w", text))
    assert (loaded.text, loaded.jobs) == (text, 4)
    done(scene.snapshots.restore(other, "from-w"))
    assert scene.text(other) == text.replace(b'"name":"w"', b'"name":"other"', 1)


def test_a_file_that_another_program_laid_out_is_kept_in_our_order() -> None:
    scene = lived(make_scene())
    text = scene.text()
    sorted_anew = msgspec.json.encode(msgspec.json.decode(text), order="sorted")
    loaded = done(scene.snapshots.load(scene.world, "b", msgspec.json.format(sorted_anew)))
    assert msgspec.json.decode(loaded.text) == msgspec.json.decode(text)
    assert loaded.text.count(b"\n") == text.count(b"\n")


def test_a_snapshot_of_a_world_without_uploads_stages_none() -> None:
    scene = make_scene()
    text = scene.text()
    scene.drawer.full = True
    done(scene.snapshots.load(scene.world, "b", text))


def test_an_idempotency_key_is_known_after_it() -> None:
    scene = make_scene(policies=Policies(idempotency="replay"))
    body = MediaBody(prompt="x", model="nano-banana")
    who = replace(scene.caller, idempotency_key="again")
    first = done(scene.provider.generate_media(who, body))
    done(scene.snapshots.save(scene.world, "before"))
    done(scene.provider.worlds.reset(scene.world))
    done(scene.snapshots.restore(scene.world, "before"))
    assert done(scene.provider.generate_media(who, body)).id == first.id
