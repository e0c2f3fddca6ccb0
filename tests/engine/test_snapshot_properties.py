"""Any history: saved, put back and saved again it is the same bytes, and it goes on the same."""

from collections.abc import Iterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.domain.ledger import verify
from tests.engine.driving import caller, done
from tests.engine.script import Step, play, script
from tests.engine.snapshotting import Scene, make_scene

CREDITS = 2_000_000


def answers(scene: Scene, steps: Iterator[Step]) -> list[bytes]:
    return [msgspec.json.encode(answer) for answer in play(scene.provider, steps)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 40), after=st.integers(1, 25))
def test_a_history_survives_a_snapshot(seed: int, before: int, after: int) -> None:
    original, elsewhere = make_scene(credits=CREDITS), make_scene(credits=CREDITS)
    answers(original, script(seed, before))
    saved = original.text()

    world = caller(elsewhere.provider).world
    done(elsewhere.snapshots.load(world, "it", saved))
    done(elsewhere.snapshots.restore(world, "it"))
    assert elsewhere.text() == saved

    now_ms = done(elsewhere.provider.worlds.now(world))
    history = done(elsewhere.provider.store.history(world.id, now_ms))
    assert verify(history.entries, history.jobs, history.balances, now_ms) == []

    goes_on = answers(original, script(seed + 1, after))
    assert answers(elsewhere, script(seed + 1, after)) == goes_on
    assert elsewhere.text() == original.text()
