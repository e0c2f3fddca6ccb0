"""What a key that comes twice does, under each policy."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.policies import Policies
from simulator.engine.bodies import MediaBody
from simulator.engine.worlds import Caller
from tests.engine.driving import caller, done, leap, ledger, poll, refused, start
from tests.engine.world import make_provider


def keyed(who: Caller, key: str | None) -> Caller:
    return replace(who, idempotency_key=key)


def test_an_idempotency_key_is_ignored_unless_a_policy_reads_it() -> None:
    provider = make_provider()
    who = keyed(caller(provider), "k")
    assert start(provider, who) != start(provider, who)


def test_the_policy_replays_the_same_request_under_the_same_key() -> None:
    provider = make_provider(Policies(idempotency="replay"))
    who = keyed(caller(provider), "k")
    body = MediaBody(prompt="x", model="nano-banana", source_media_urls=None)
    first = done(provider.generate_media(who, body))
    leap(provider, who.world, 10**6)
    assert done(provider.generate_media(who, body)) == first
    assert ledger(provider, who) == [("grant", 10_000_000), ("hold", 7_000), ("capture", 7_000)]
    for other in (keyed(who, "l"), keyed(who, None), keyed(caller(provider, account="b"), "k")):
        assert start(provider, other) != first.id


CHANGES: list[dict[str, Any]] = [
    {"prompt": "y"},
    {"model": "imagen-4"},
    {"aspect_ratio": "16:9"},
    {"seed": 7},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_key_that_comes_with_another_request_is_refused(change: dict[str, Any]) -> None:
    provider = make_provider(Policies(idempotency="replay"))
    who = keyed(caller(provider), "k")
    generation = start(provider, who)
    rejection = refused(provider, who, **change)
    assert (rejection.code, rejection.status) == ("idempotency_key_reused", 400)
    assert rejection.fields == {"generation_id": generation}


def test_the_policy_refuses_any_second_use_of_a_key() -> None:
    provider = make_provider(Policies(idempotency="reject"))
    who = keyed(caller(provider), "k")
    start(provider, who)
    assert refused(provider, who).code == "idempotency_key_reused"
    start(provider, keyed(who, "other"))


def test_a_replay_survives_that_the_job_is_no_longer_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.engine.store.sqlite.RECENT_JOBS_MOST", 1)
    provider = make_provider(Policies(idempotency="replay"))
    who = keyed(caller(provider), "k")
    element = {
        "name": "cat",
        "description": "d",
        "element_input_video_urls": ["https://e.com/a.mp4"],
    }
    fields: dict[str, Any] = {
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "kling_elements": [element],
    }
    first = start(provider, who, **fields)
    start(provider, keyed(who, "l"))
    assert poll(provider, who, first).status == "pending"
    assert start(provider, who, **fields) == first
