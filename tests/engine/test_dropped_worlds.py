"""What a dropped world leaves behind: nothing, and its place."""

import sqlite3

import pytest

from simulator.engine.store import operations as ops
from simulator.engine.store.base import WorldRow
from simulator.engine.store.sqlite import in_memory
from simulator.engine.store.statefile import schema
from simulator.engine.worlds import Beginning, Defaults, Worlds
from tests.engine.driving import done
from tests.engine.world import RealTime


def worlds() -> Worlds:
    return Worlds(in_memory(), Defaults(), RealTime().read)


def test_a_dropped_world_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.engine.worlds.WORLDS_MOST", 2)
    all_worlds = worlds()
    first, _ = (done(all_worlds.world(name)) for name in ("a", "b"))
    done(all_worlds.drop(first))
    assert [done(all_worlds.world("c")).name, *(w.name for w in all_worlds.all())] == list("cbc")


def test_a_dropped_world_keeps_nothing_of_how_it_was_to_begin() -> None:
    all_worlds = worlds()
    world = done(all_worlds.world("a"))
    done(all_worlds.reset(world, Beginning(seed=7, credits=5, frozen=True, speed=3.0)))
    done(all_worlds.drop(world))
    new = done(all_worlds.world("a"))
    like = done(all_worlds.world("b"))
    assert new is not world
    assert (new.seed, new.clock.mode, new.clock.speed, new.credits) == (
        *(like.seed, like.clock.mode, like.clock.speed),
        None,
    )


def test_rows_of_dropped_worlds_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.engine.store.operations.DROPPED_KEPT", 3)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(schema())
    for number in range(9):
        row = ops.open_world(db, WorldRow(0, f"w{number}", 0, "frozen", 1.0, 0), None, ())
        ops.drop_world(db, row.id)
    assert db.execute("SELECT count(*) FROM worlds").fetchone() == (4,)
    db.close()
