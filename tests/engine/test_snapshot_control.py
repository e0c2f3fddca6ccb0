"""The control plane's calls on snapshots, without a wire."""

import pytest

from simulator.domain.errors import Denial
from simulator.domain.times import rfc3339
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.control_shapes import ResetBody
from simulator.engine.controls import snapshots as calls
from simulator.engine.operations import FileBody
from tests.engine.driving import caller, done, leap, start
from tests.engine.snapshotting import Scene, lived, make_scene


async def forget(name: str) -> None:
    return None


def control_of(scene: Scene) -> Control:
    return Control(scene.provider, "0", lambda key: ("w", "main"), forget, scene.snapshots)


def test_what_is_saved_is_listed_and_can_be_deleted() -> None:
    scene = lived(make_scene())
    control, world = control_of(scene), scene.world
    view = done(calls.save(control, world, calls.SaveBody("a")))
    text = done(calls.download(control, world, calls.SnapshotName("a")))
    now_ms = done(scene.provider.worlds.now(world))
    assert view == calls.SnapshotView("a", len(bytes(text)), 4, rfc3339(now_ms))
    assert done(calls.snapshots(control, world, Nothing())).snapshots == [view]
    assert done(calls.delete(control, world, calls.SnapshotName("a"))) == view
    assert done(calls.snapshots(control, world, Nothing())).snapshots == []


def test_a_file_goes_to_another_namespace_and_is_restored_there() -> None:
    scene = lived(make_scene())
    control, other = control_of(scene), caller(scene.provider, "other").world
    done(calls.save(control, scene.world, calls.SaveBody("a")))
    text = bytes(done(calls.download(control, scene.world, calls.SnapshotName("a"))))
    view = done(calls.load(control, other, FileBody({"name": "b"}, text)))
    answer = done(calls.restore(control, other, calls.SnapshotName("b")))
    assert (answer.namespace, answer.snapshot) == ("other", view)
    assert answer.clock == done(control.clock(scene.world, Nothing()))


def test_a_fork_tells_the_namespace_that_it_made() -> None:
    scene = lived(make_scene())
    control = control_of(scene)
    done(calls.save(control, scene.world, calls.SaveBody("a")))
    leap(scene.provider, scene.world, 60_000)
    answer = done(calls.fork(control, scene.world, calls.ForkBody("a", "fork")))
    assert answer.namespace == "fork"
    assert answer.clock.now == answer.snapshot.saved_at
    assert start(scene.provider, caller(scene.provider, "fork"))


def test_a_reset_drops_what_its_namespace_keeps() -> None:
    scene = make_scene()
    control, world = control_of(scene), scene.world
    done(calls.save(control, world, calls.SaveBody("a")))
    done(control.reset(world, ResetBody()))
    with pytest.raises(Denial, match="no snapshot of this name"):
        done(calls.restore(control, world, calls.SnapshotName("a")))
