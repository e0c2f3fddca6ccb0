"""What tests have put into a world goes with its snapshot: faults with what is left, and queues."""

from fractions import Fraction
from typing import Any

import pytest

from simulator.domain.effects import KINDS, Kind, Layer, effect_of
from simulator.domain.errors import Denial
from simulator.domain.faults import Call, Fault, Match
from simulator.engine.lab import Queue
from simulator.engine.worlds import World
from tests.engine.driving import caller, done
from tests.engine.snapshotting import Scene, altered, make_scene

CALL = Call("generate_media", "rest", "/v1/generate/media", "main", "nano-banana", {"prompt": "x"})
FAULT: dict[str, Any] = {
    "number": 1,
    "match": {},
    "effect": {"kind": "stuck"},
    "times": 3,
    "skip": 0,
    "probability": "1",
    "from_ms": None,
    "until_ms": None,
    "fitted": 0,
    "fired": 0,
}
QUEUE = {"model": "m", "workers": 1, "burst": 0, "job_ms": 5, "set_at_ms": 0}


def arm(world: World, **fields: Any) -> None:
    effect = effect_of({"kind": "fail", "reason": "timeout", "at": 0.125})
    match = Match(operation="generate_media", fields={"prompt": "x"})
    world.lab.faults.add(Fault("", 0, match, effect, **fields))


def fired(world: World, calls: int) -> list[int]:
    layers: tuple[Layer, ...] = ("job",)
    return [len(world.lab.faults.take(CALL, 0, layers)) for _ in range(calls)]


def armed_scene() -> Scene:
    scene = make_scene(seed=7)
    arm(scene.world, times=3)
    arm(scene.world, probability=Fraction(1, 3))
    arm(scene.world, skip=2, until_ms=99)
    scene.world.lab.faults.remove("fault-2")
    arm(scene.world, probability=Fraction(2, 7))
    scene.world.lab.queues["m"] = Queue("m", 2, 3, 4_000, 5)
    fired(scene.world, 2)
    scene.world.lab.drawn()
    return scene


def test_a_world_with_faults_and_queues_comes_back_as_the_same_bytes() -> None:
    scene = armed_scene()
    saved = scene.text()
    scene.world.lab.faults.clear()
    scene.world.lab.queues.clear()
    done(scene.snapshots.restore(scene.world, "now"))
    assert scene.text() == saved
    assert saved.count(b'{"number":') == 3


def test_faults_go_on_in_a_fork_as_in_the_original() -> None:
    scene = armed_scene()
    done(scene.snapshots.save(scene.world, "before"))
    fork, _ = done(scene.snapshots.fork(scene.world, "before", "fork"))
    assert fired(fork, 40) == fired(scene.world, 40)
    arm(fork)
    arm(scene.world)
    assert fork.lab.faults.all()[-1] == scene.world.lab.faults.all()[-1]
    assert fork.lab.drawn() == scene.world.lab.drawn() == 2


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_fault_of_each_kind_is_put_back_as_it_was(kind: Kind) -> None:
    needed: dict[str, Any] = {param.name: param.most for param in kind.params if param.needed}
    given = needed or ({"factor": 0.333333} if kind.name == "price" else {})
    scene = make_scene()
    fault = Fault("", 0, Match(account="main"), effect_of({"kind": kind.name, **given}), times=1)
    armed = scene.world.lab.faults.add(fault)
    saved = scene.text()
    done(scene.snapshots.restore(scene.world, "now"))
    assert scene.world.lab.faults.all() == [armed]
    assert scene.world.lab.faults.all()[0] is not armed
    assert scene.text() == saved


def test_faults_set_after_the_saving_are_gone_after_it() -> None:
    scene = make_scene()
    done(scene.snapshots.save(scene.world, "before"))
    arm(scene.world)
    done(scene.snapshots.restore(scene.world, "before"))
    assert scene.world.lab.faults.all() == []


def test_a_world_that_nothing_was_put_into_has_no_extras() -> None:
    assert b'"extras": {}' in make_scene().text()


@pytest.mark.parametrize(
    ("extras", "what"),
    [
        ({"spells": []}, "unknown field `spells`"),
        ({"faults": [FAULT]}, "faults"),
        ({"faults": [FAULT, FAULT], "faults_given": 1}, "faults"),
        ({"faults": [{**FAULT, "effect": {"kind": "x"}}], "faults_given": 1}, "faults[0].effect"),
        ({"faults": [{**FAULT, "probability": "2"}], "faults_given": 1}, "faults[0].probability"),
        ({"faults": [{**FAULT, "probability": "1/0"}], "faults_given": 1}, "faults[0].probability"),
        ({"faults": [{**FAULT, "fired": 1}], "faults_given": 1}, "faults[0].fired"),
        ({"faults": [{**FAULT, "fitted": 9, "fired": 4}], "faults_given": 1}, "faults[0].fired"),
        ({"faults": [{**FAULT, "times": -1}], "faults_given": 1}, "faults[0].times"),
        ({"queues": [{**QUEUE, "workers": 0}]}, "queues[0]"),
        ({"queues": [{**QUEUE, "burst": 10**9}]}, "queues[0]"),
        ({"queues": [QUEUE, QUEUE]}, "queues"),
    ],
)
def test_extras_that_can_not_be_read_are_refused(extras: dict[str, Any], what: str) -> None:
    scene = make_scene()
    text = altered(scene.text(), extras=extras)
    with pytest.raises(Denial) as refusal:
        done(scene.snapshots.load(scene.world, "bad", text))
    assert "extras: " in refusal.value.detail
    assert what in refusal.value.detail


def test_extras_of_the_smallest_form_are_read() -> None:
    scene = make_scene()
    text = altered(scene.text(), extras={"faults": [FAULT], "faults_given": 1, "queues": [QUEUE]})
    done(scene.snapshots.load(scene.world, "good", text))
    other = caller(scene.provider, "other").world
    done(scene.snapshots.load(other, "good", text))
    done(scene.snapshots.restore(other, "good"))
    assert other.lab.queues["m"] == Queue("m", 1, 0, 5, 0)
    assert fired(other, 5) == [1, 1, 1, 0, 0]
