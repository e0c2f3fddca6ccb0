"""What holds of every product, whatever the numbers."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.errors import Rejection
from simulator.domain.inputs import Upload
from simulator.domain.rules import enforce
from simulator.domain.rules.music import MUSIC_RULES, MusicAsk
from simulator.domain.rules.speech import DIALOGUE_RULES, Line
from simulator.domain.sessions import totals
from simulator.engine.bodies import CostBody
from simulator.engine.products.ads import AdCopyBody, create_ad_copy
from simulator.engine.products.captions import CaptionsBody, caption_words, generate_captions
from simulator.engine.products.dialogue import DialogueBody, LineBody, generate_dialogue
from simulator.engine.products.music import MusicBody, generate_music
from simulator.engine.products.separation import SeparationBody, generate_separation
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from tests.engine.driving import caller, done, ledger
from tests.engine.world import make_provider

LENGTHS_MS = st.integers(1, 1_800_000) | st.sampled_from([999, 1_000, 1_001, 59_999, 60_001])
IMAGE_URL = "https://example.com/ad.png"


def code_of(rules: Any, ask: Any) -> str:
    try:
        enforce(rules, ask)
    except Rejection as rejection:
        return rejection.code
    return ""


def music_by_the_book(ask: MusicAsk) -> str:
    """The refusal by the documents' words, in the order of the rulings."""
    if not ask.title and not ask.style:
        if not ask.prompt:
            return "invalid_music_mode"
        return "prompt_too_long" if len(ask.prompt) > 400 else ""
    if not ask.title or not ask.style:
        return "invalid_music_mode"
    if ask.vocal_gender not in {"m", "f", "random"}:
        return "invalid_vocal_gender"
    texts = [text for text in (ask.song_description, ask.lyrics) if text]
    wrong = len(texts) != 1 or (ask.instrumental and ask.lyrics != "")
    return "invalid_music_text" if wrong else ""


@pytest.mark.ruling("music.mode")
@pytest.mark.ruling("music.text")
def test_every_combination_of_music_fields_is_judged_by_the_book() -> None:
    wrong = []
    for prompt, title, style, instrumental, gender, description, lyrics in product(
        *(("", "p", "p" * 401), ("", "t"), ("", "s"), (False, True)),
        *(("", "m", "f", "random", "x"), ("", "d"), ("", "l")),
    ):
        ask = MusicAsk(prompt, title, style, instrumental, gender, description, lyrics)
        if code_of(MUSIC_RULES, ask) != music_by_the_book(ask):
            wrong.append(ask)
    assert wrong == []


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=5))
def test_a_dialogue_is_judged_by_its_whole_length_however_it_is_parted(parts: list[int]) -> None:
    parted = code_of(DIALOGUE_RULES, [Line("x" * part) for part in parts])
    assert parted == code_of(DIALOGUE_RULES, [Line("x" * sum(parts))])
    assert (parted == "") == (5 <= sum(parts) <= 5_000)


@pytest.mark.ruling("captions.words")
@given(st.integers(0, 1_800_000), st.text(max_size=8))
def test_caption_words_follow_one_another_within_the_length(length_ms: int, name: str) -> None:
    words = caption_words(name, length_ms % 20_000)
    limit = (length_ms % 20_000) / 1_000
    ends = [0.0, *(float(word.end) for word in words)]
    assert all(end <= word.start < word.end for end, word in zip(ends, words, strict=False))
    assert ends[-1] <= limit
    assert len(words) == -(-(length_ms % 20_000) // 500)


def held(provider: Provider, who: Caller) -> int:
    """Milli-credits of the last hold."""
    return [amount for kind, amount in ledger(provider, who) if kind == "hold"][-1]


def price(provider: Provider, who: Caller, model: str, **fields: Any) -> float:
    body = CostBody(model=model, **fields)
    return done(provider.estimate_generation_cost(who, body)).credits * 1_000


def sound_of(provider: Provider, who: Caller, length_ms: int) -> str:
    upload = Upload("00000000-0000-4000-a000-000000000001", "audio", "mp3", 1, 0, 0, length_ms)
    done(provider.store.add_upload(who.world.id, "main", upload))
    return provider.urls.upload("w", upload.id, "mp3")


@pytest.mark.ruling("pricing.products")
@given(LENGTHS_MS)
def test_captions_and_separation_hold_what_they_were_said_to_cost(length_ms: int) -> None:
    provider = make_provider()
    who = caller(provider)
    url = sound_of(provider, who, length_ms)
    seconds = {"reference_audio_seconds": length_ms / 1_000}
    done(generate_captions(provider, who, CaptionsBody(url)))
    assert held(provider, who) == price(provider, who, "auto-caption", **seconds)
    done(generate_separation(provider, who, SeparationBody(url)))
    assert held(provider, who) == price(provider, who, "mvsep-40", **seconds)


@pytest.mark.ruling("pricing.products")
@pytest.mark.parametrize("variants", [None, 1, 2, 3, 4])
def test_ad_copy_holds_what_it_was_said_to_cost(variants: int | None) -> None:
    provider = make_provider()
    who = caller(provider)
    done(create_ad_copy(provider, who, AdCopyBody(IMAGE_URL, variant_count=variants)))
    assert held(provider, who) == price(provider, who, "ad-copy", variant_count=variants)


@pytest.mark.ruling("pricing.products")
@pytest.mark.parametrize("model", ["V4", "V4_5", "V4_5PLUS", "V5", "V5_5"])
def test_music_and_dialogue_hold_what_they_were_said_to_cost(model: str) -> None:
    provider = make_provider()
    who = caller(provider)
    done(generate_music(provider, who, MusicBody(prompt="A waltz", model=model)))
    assert held(provider, who) == price(provider, who, model)
    done(generate_dialogue(provider, who, DialogueBody([LineBody("Hello")])))
    assert held(provider, who) == price(provider, who, "text-to-dialogue-v3")


@pytest.mark.ruling("sessions.billing-readiness")
@given(st.lists(st.tuples(st.sampled_from(["image", "video", "audio"]), st.integers(0, 3))))
def test_what_a_session_amounts_to_does_not_hang_on_its_order(files: list[tuple[str, int]]) -> None:
    uploads = [Upload("u", kind, "x", 1, duration_ms=length) for kind, length in files]
    assert totals(uploads) == totals(uploads[::-1])
    timed = [length for kind, length in files if kind != "image"]
    assert totals(uploads).video_ms + totals(uploads).audio_ms == sum(timed)
    assert totals(uploads).unknown == timed.count(0)
