"""Dialogue, ad copy, captions and separation."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.errors import Denial, Rejection
from simulator.engine.products.ads import AdCopyBody, create_ad_copy
from simulator.engine.products.captions import CaptionsBody, caption_words, generate_captions
from simulator.engine.products.dialogue import DialogueBody, LineBody, generate_dialogue
from simulator.engine.products.separation import (
    SeparationBody,
    SeparationId,
    generate_separation,
    get_separation_status,
)
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from tests.domain.judging import IMAGE, upload
from tests.engine.driving import available, caller, done, leap, ledger, poll
from tests.engine.world import make_provider

REMOTE = "https://example.com/talk.mp3"


def uploaded(provider: Provider, who: Caller, kind: str, extension: str, **facts: int) -> str:
    file = replace(upload(kind, extension, **facts), id="00000000-0000-4000-a000-000000000001")
    done(provider.store.add_upload(who.world.id, who.account, file))
    return provider.urls.upload(who.world.name, file.id, extension)


@pytest.mark.ruling("dialogue.polled-as-media")
@pytest.mark.ruling("dialogue.voice-default")
def test_a_dialogue_becomes_one_sound_file() -> None:
    provider = make_provider()
    who = caller(provider)
    lines = [LineBody("Good morning to you."), LineBody("And to you.", "Aria")]
    started = done(generate_dialogue(provider, who, DialogueBody(lines)))
    assert (started.estimated_cost_credits, started.generation_type) == (21, "text-to-dialogue")
    leap(provider, who.world, 10**6)
    shown = poll(provider, who, started.id)
    assert shown.status == "completed"
    output = shown.outputs[0]
    assert (output.media_type, output.format, output.width) == ("audio", "mp3", None)
    assert (output.thumbnail_url, output.optimized_url) == (None, None)
    assert output.duration == 2.066
    job = done(provider.store.job(who.world.id, started.id))
    assert job is not None
    assert job.parameters["voices"] == ["Rachel", "Aria"]


def test_a_refused_dialogue_costs_nothing() -> None:
    provider = make_provider()
    who = caller(provider)
    with pytest.raises(Rejection):
        done(generate_dialogue(provider, who, DialogueBody([LineBody("Hello", "Nobody")])))
    assert ledger(provider, who) == [("grant", 10_000_000)]


@pytest.mark.ruling("ads.price")
@pytest.mark.ruling("ads.outputs")
@pytest.mark.ruling("ads.defaults")
@pytest.mark.parametrize(("sent", "variants"), [(None, 1), (3, 3)])
def test_an_advertisement_is_one_image_a_variant(sent: int | None, variants: int) -> None:
    provider = make_provider()
    who = caller(provider)
    body = AdCopyBody(IMAGE, variant_count=sent, product_text="Soap")
    started = done(create_ad_copy(provider, who, body))
    assert started.estimated_cost_credits == 50 * variants
    leap(provider, who.world, 10**6)
    outputs = poll(provider, who, started.id).outputs
    assert [(each.media_type, each.width, each.height) for each in outputs] == [
        ("image", 576, 1024)
    ] * variants
    assert len({each.id for each in outputs}) == variants
    job = done(provider.store.job(who.world.id, started.id))
    assert job is not None
    assert job.parameters["language"] == "en"
    assert len({each.seed for each in job.outputs}) == variants


def test_an_advertisement_shows_the_uploads_it_was_made_from() -> None:
    provider = make_provider()
    who = caller(provider)
    url = uploaded(provider, who, "image", "png", width=300, height=200)
    body = AdCopyBody(url, product_image_url=IMAGE, aspect_ratio="auto", language="de")
    started = done(create_ad_copy(provider, who, body))
    job = done(provider.store.job(who.world.id, started.id))
    assert job is not None
    assert (job.outputs[0].width, job.outputs[0].height) == (1024, 682)
    assert job.outputs[0].sources == ("00000000-0000-4000-a000-000000000001",)
    assert (job.prompt, job.parameters["language"]) == ("Ad copy", "de")


@pytest.mark.ruling("captions.synchronous")
@pytest.mark.ruling("sound.prices")
@pytest.mark.parametrize(("duration_ms", "credits"), [(1, 0.5), (10_000, 5), (10_001, 5.5)])
def test_captions_are_answered_and_charged_at_once(duration_ms: int, credits: float) -> None:
    provider = make_provider()
    who = caller(provider)
    url = uploaded(provider, who, "audio", "mp3", duration_ms=duration_ms)
    answer = done(generate_captions(provider, who, CaptionsBody(url)))
    assert (answer.status, answer.credits_deducted, answer.measured) == ("completed", credits, True)
    assert answer.duration_seconds == duration_ms / 1000
    assert [kind for kind, _ in ledger(provider, who)] == ["grant", "hold", "capture"]
    assert available(provider, who) == 10_000 - credits


@pytest.mark.ruling("sound.unmeasured")
def test_captions_of_a_file_that_nobody_measured_cost_the_most() -> None:
    provider = make_provider()
    answer = done(generate_captions(provider, caller(provider), CaptionsBody(REMOTE)))
    assert (answer.credits_deducted, answer.measured) == (900, False)


@pytest.mark.ruling("captions.words")
def test_caption_words_are_two_a_second_and_the_same_for_a_file() -> None:
    words = caption_words("file", 1_200)
    assert [(word.start, word.end) for word in words] == [(0, 0.45), (0.5, 0.95), (1, 1.2)]
    assert caption_words("file", 60_000)[:2] == words[:2]
    assert caption_words("other", 60_000) != caption_words("file", 60_000)
    assert caption_words("file", 0) == []


@pytest.mark.ruling("separation.outputs")
@pytest.mark.ruling("sound.prices")
@pytest.mark.parametrize(
    ("duration_ms", "credits"), [(1_000, 6), (60_000, 6), (60_001, 12), (None, 180)]
)
def test_a_separation_delivers_both_parts(duration_ms: int | None, credits: int) -> None:
    provider = make_provider()
    who = caller(provider)
    url = REMOTE
    if duration_ms is not None:
        url = uploaded(provider, who, "video", "mp4", duration_ms=duration_ms)
    started = done(generate_separation(provider, who, SeparationBody(url)))
    assert (started.estimated_cost_credits, started.task_id) == (credits, started.separation_id)
    assert look(provider, who, started.separation_id).vocals_url is None
    leap(provider, who.world, 10**6)
    shown = look(provider, who, started.separation_id)
    assert (shown.status, shown.progress, shown.credits_deducted) == ("completed", 100, credits)
    assert shown.vocals_url != shown.instrumental_url
    assert str(shown.vocals_url).endswith(".mp3")
    job = done(provider.store.job(who.world.id, started.separation_id))
    assert job is not None
    assert {output.duration_ms for output in job.outputs} == {duration_ms or 30_000}


def look(provider: Provider, who: Caller, separation_id: str) -> Any:
    return done(get_separation_status(provider, who, SeparationId(separation_id)))


def test_a_separation_that_fails_says_why_and_gives_the_credits_back() -> None:
    provider = make_provider()
    who = caller(provider)
    body = SeparationBody("https://example.com/[sim:fail=timeout].mp3")
    started = done(generate_separation(provider, who, body))
    leap(provider, who.world, 10**6)
    shown = look(provider, who, started.separation_id)
    assert (shown.status, shown.vocals_url, shown.credits_deducted) == ("failed", None, 0)
    assert shown.error_message == "The model's provider did not answer in time."
    assert available(provider, who) == 10_000


def test_a_separation_is_found_by_its_owner_only() -> None:
    provider = make_provider()
    started = done(generate_separation(provider, caller(provider), SeparationBody(REMOTE)))
    with pytest.raises(Denial):
        look(provider, caller(provider, account="alice"), started.separation_id)
    with pytest.raises(Denial):
        poll(provider, caller(provider), started.separation_id)
