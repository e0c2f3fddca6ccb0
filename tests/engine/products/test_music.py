"""Music: two songs, which can be heard before they are finished."""

from typing import Any

import pytest

from simulator.domain.errors import Denial, Rejection
from simulator.engine.bodies import GenerationId
from simulator.engine.products.music import (
    MusicBody,
    MusicStatusAnswer,
    generate_music,
    get_music_status,
)
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from tests.engine.driving import caller, done, leap, ledger, poll
from tests.engine.world import make_provider

ADVANCED: dict[str, Any] = {
    "title": "Tide",
    "style": "folk",
    "vocal_gender": "f",
    "song_description": "boats [sim:slow=2]",
}


def begin(provider: Provider, who: Caller, **fields: Any) -> Any:
    return done(generate_music(provider, who, MusicBody(**fields)))


def look(provider: Provider, who: Caller, generation_id: str) -> MusicStatusAnswer:
    return done(get_music_status(provider, who, GenerationId(generation_id)))


@pytest.mark.ruling("music.songs")
@pytest.mark.ruling("music.streaming")
def test_songs_stream_before_they_are_whole() -> None:
    provider = make_provider()
    who = caller(provider)
    started = begin(provider, who, prompt="a song about rain")
    assert (started.estimated_cost_credits, started.generation_type) == (19, "text-to-music")
    seen: list[tuple[str, int, bool]] = []
    for _ in range(100):
        shown = look(provider, who, started.id)
        whole = all(song.audio_url for song in shown.songs) and bool(shown.songs)
        state = (shown.status, len(shown.songs), whole)
        if state not in seen:
            seen.append(state)
        leap(provider, who.world, 1_000)
    assert seen == [
        ("pending", 0, False),
        ("queued", 0, False),
        ("processing", 0, False),
        ("streaming", 2, False),
        ("completed", 2, True),
    ]
    last = look(provider, who, started.id)
    assert (last.progress, last.credits_deducted, last.error_message) == (100, 19, None)
    assert last.completed_at is not None
    first, second = last.songs
    base = f"http://127.0.0.1:4747/media/w/{started.id}/"
    assert first.audio_url == f"{base}{first.id}.mp3"
    assert first.stream_url == f"{base}{first.id}.stream.mp3"
    assert first.cover_image_url.startswith(base)
    assert first.cover_image_url.endswith(".png")
    assert len({first.id, second.id, first.cover_image_url, second.cover_image_url}) == 4
    assert all(60 <= song.duration <= 120 for song in last.songs)
    assert first.title == "a song about rain"


@pytest.mark.ruling("music.model")
@pytest.mark.parametrize(
    ("sent", "used"), [(None, "V5_5"), ("V4", "V4"), ("V9", "V5_5"), ("nano-banana", "V5_5")]
)
def test_an_unknown_music_model_is_the_newest(sent: str | None, used: str) -> None:
    provider = make_provider()
    assert begin(provider, caller(provider), prompt="x", model=sent).model == used


def test_a_failed_song_is_refunded_and_delivers_nothing() -> None:
    provider = make_provider()
    who = caller(provider)
    started = begin(provider, who, prompt="[sim:fail=content_policy]")
    leap(provider, who.world, 10**6)
    shown = look(provider, who, started.id)
    assert (shown.status, shown.songs, shown.credits_deducted) == ("failed", [], 0)
    assert shown.error_message == "The content policy does not allow this request."
    assert ledger(provider, who)[1:] == [("hold", 19_000), ("release", 19_000)]


def test_advanced_music_keeps_what_it_was_asked_for() -> None:
    provider = make_provider()
    who = caller(provider)
    started = begin(provider, who, **ADVANCED, instrumental=True, style_weight=0.5)
    job = done(provider.store.job(who.world.id, started.id))
    assert job is not None
    assert job.prompt == "boats [sim:slow=2]"
    assert job.parameters == {
        "mode": "advanced",
        "title": "Tide",
        "style": "folk",
        "instrumental": True,
        "vocal_gender": "f",
        "song_description": "boats [sim:slow=2]",
        "style_weight": 0.5,
    }


def test_spaces_alone_are_no_prompt() -> None:
    provider = make_provider()
    with pytest.raises(Rejection) as rejection:
        begin(provider, caller(provider), prompt=" \n", title=" ")
    assert rejection.value.code == "invalid_music_mode"


@pytest.mark.ruling("limits.concurrency")
def test_five_songs_are_made_at_once() -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    for _ in range(5):
        begin(provider, who, prompt="x")
    with pytest.raises(Rejection) as rejection:
        begin(provider, who, prompt="x")
    assert rejection.value.fields == {"bucket": "music", "limit": 5}


def test_music_and_media_do_not_find_each_others_generations() -> None:
    provider = make_provider()
    who = caller(provider)
    started = begin(provider, who, prompt="x")
    with pytest.raises(Denial):
        poll(provider, who, started.id)
    with pytest.raises(Denial):
        look(provider, caller(provider, account="alice"), started.id)
