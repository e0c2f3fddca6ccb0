"""What music, dialogue, ad copy and files to be heard are refused for."""

from dataclasses import replace
from typing import Any, TypeVar

import pytest

from simulator.domain.errors import REFUSAL_STATUS, Rejection
from simulator.domain.inputs import KIND_BY_EXTENSION, classify
from simulator.domain.rules import Rule, enforce
from simulator.domain.rules.ads import AD_RULES, AdAsk
from simulator.domain.rules.music import MUSIC_RULES, MusicAsk
from simulator.domain.rules.options import PAGE_ASPECT_RATIOS
from simulator.domain.rules.sound import SOUND_RULES, SoundAsk
from simulator.domain.rules.speech import DIALOGUE_RULES, VOICES, Line, characters, speech_ms
from tests.domain.judging import IMAGE, VIDEO, upload

T = TypeVar("T")
ADVANCED = MusicAsk(title="t", style="s", vocal_gender="m", song_description="d")


def refused(rules: tuple[Rule[T], ...], ask: T) -> tuple[str, dict[str, object]]:
    """Code and fields of the refusal; an empty code when there is none."""
    try:
        enforce(rules, ask)
    except Rejection as rejection:
        return rejection.code, rejection.fields
    return "", {}


@pytest.mark.parametrize("rules", [MUSIC_RULES, DIALOGUE_RULES, AD_RULES, SOUND_RULES])
def test_each_refusal_of_a_product_is_a_code_with_a_status(rules: tuple[Rule[Any], ...]) -> None:
    assert [
        rule.check.__name__ for rule in rules if rule.check.__name__ not in REFUSAL_STATUS
    ] == []


@pytest.mark.ruling("music.mode")
@pytest.mark.parametrize(
    ("ask", "missing"),
    [
        (MusicAsk(), "prompt"),
        (MusicAsk(vocal_gender="m", lyrics="l"), "prompt"),
        (replace(ADVANCED, style=""), "style"),
        (replace(ADVANCED, title=""), "title"),
        (MusicAsk(prompt="x", title="t"), "style"),
    ],
)
def test_music_needs_a_prompt_or_title_and_style(ask: MusicAsk, missing: str) -> None:
    assert refused(MUSIC_RULES, ask) == ("invalid_music_mode", {"missing": missing})


@pytest.mark.ruling("music.prompt-length")
def test_a_simple_music_prompt_has_400_characters_at_most() -> None:
    assert refused(MUSIC_RULES, MusicAsk(prompt="x" * 400)) == ("", {})
    assert refused(MUSIC_RULES, MusicAsk(prompt="x" * 401)) == (
        "prompt_too_long",
        {"max_characters": 400, "characters": 401},
    )
    assert refused(MUSIC_RULES, replace(ADVANCED, prompt="x" * 401)) == ("", {})


@pytest.mark.ruling("music.vocal-gender")
@pytest.mark.parametrize("gender", ["", "x", "M", "female"])
def test_advanced_music_needs_a_vocal_gender(gender: str) -> None:
    code, fields = refused(MUSIC_RULES, replace(ADVANCED, vocal_gender=gender))
    assert (code, fields) == ("invalid_vocal_gender", {"allowed": ["m", "f", "random"]})
    assert refused(MUSIC_RULES, MusicAsk(prompt="x", vocal_gender=gender)) == ("", {})


@pytest.mark.ruling("music.text")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ""),
        ({"song_description": "", "lyrics": "la"}, ""),
        ({"instrumental": True}, ""),
        ({"song_description": ""}, "invalid_music_text"),
        ({"lyrics": "la"}, "invalid_music_text"),
        ({"song_description": "", "lyrics": "la", "instrumental": True}, "invalid_music_text"),
    ],
)
def test_advanced_music_takes_a_description_or_lyrics(changes: dict[str, str], code: str) -> None:
    ask = MusicAsk(**{**_fields(ADVANCED), **changes})  # type: ignore[arg-type]  # a row of fields
    assert refused(MUSIC_RULES, ask)[0] == code


def _fields(ask: MusicAsk) -> dict[str, str]:
    return {
        name: getattr(ask, name) for name in ("title", "style", "vocal_gender", "song_description")
    }


@pytest.mark.parametrize("changes", [{"lyrics": "la"}, {"lyrics": "la", "instrumental": True}, {}])
def test_simple_music_does_not_look_at_the_advanced_texts(changes: dict[str, object]) -> None:
    assert refused(MUSIC_RULES, MusicAsk(prompt="x", **changes)) == ("", {})  # type: ignore[arg-type]  # a row of fields


@pytest.mark.ruling("dialogue.characters-min")
@pytest.mark.ruling("dialogue.characters-max")
@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["1234"], "dialogue_too_short"),
        (["12345"], ""),
        (["12", "345"], ""),
        (["", ""], "dialogue_too_short"),
        (["x" * 5_000], ""),
        (["\N{CLAPPER BOARD}" * 5_000], ""),
        (["x" * 5_000, "x"], "dialogue_too_long"),
    ],
)
def test_a_dialogue_has_5_to_5000_characters_in_all(texts: list[str], code: str) -> None:
    lines = tuple(Line(text) for text in texts)
    found, fields = refused(DIALOGUE_RULES, lines)
    assert found == code
    assert fields.get("characters", characters(lines)) == characters(lines)


@pytest.mark.ruling("dialogue.voice")
def test_a_voice_outside_the_list_is_refused_with_its_line() -> None:
    for voice in (*VOICES, None):
        assert refused(DIALOGUE_RULES, (Line("12345", voice),)) == ("", {})
    assert len(set(VOICES)) == 26
    for voice in ("", "rachel", "Nobody"):
        code, fields = refused(DIALOGUE_RULES, (Line("12345"), Line("x", voice)))
        assert (code, fields["index"], fields["allowed"]) == ("invalid_voice", 1, list(VOICES))


@pytest.mark.ruling("dialogue.length")
@pytest.mark.parametrize(
    ("count", "length_ms"), [(5, 1_000), (15, 1_000), (16, 1_066), (150, 10_000), (5_000, 333_333)]
)
def test_speech_lasts_a_second_for_15_characters(count: int, length_ms: int) -> None:
    assert speech_ms((Line("x" * count),)) == length_ms


@pytest.mark.ruling("ads.source-type")
@pytest.mark.parametrize(
    ("reference", "product", "field"),
    [
        (IMAGE, None, None),
        (IMAGE, "https://e.com/a.JPEG?x=1", None),
        (VIDEO, None, "reference_ad_url"),
        ("https://e.com/a", IMAGE, "reference_ad_url"),
        (IMAGE, VIDEO, "product_image_url"),
        (IMAGE, "", "product_image_url"),
    ],
)
def test_an_advertisement_is_made_from_images(
    reference: str, product: str | None, field: str | None
) -> None:
    code, fields = refused(AD_RULES, AdAsk(reference, product))
    assert code == ("unsupported_media_type" if field else "")
    assert fields.get("field") == field


@pytest.mark.ruling("ads.variant-count")
@pytest.mark.parametrize(
    ("count", "fine"), [(0, False), (1, True), (4, True), (5, False), (-1, False)]
)
def test_an_advertisement_has_one_to_four_variants(count: int, fine: bool) -> None:
    code, fields = refused(AD_RULES, AdAsk(IMAGE, variant_count=count))
    assert (code, fields) == (("", {}) if fine else ("invalid_variant_count", {"min": 1, "max": 4}))


@pytest.mark.ruling("ads.aspect-ratio")
def test_an_advertisement_has_a_ratio_that_the_page_names() -> None:
    for ratio in PAGE_ASPECT_RATIOS:
        assert refused(AD_RULES, AdAsk(IMAGE, aspect_ratio=ratio)) == ("", {})
    code, fields = refused(AD_RULES, AdAsk(IMAGE, aspect_ratio="7:3"))
    assert (code, fields["allowed"]) == ("invalid_aspect_ratio", list(PAGE_ASPECT_RATIOS))


def heard(url: str, duration_ms: int | None = None) -> SoundAsk:
    uploads = {} if duration_ms is None else {url: upload("video", "mp4", duration_ms=duration_ms)}
    return SoundAsk(classify((url,), uploads)[0])


@pytest.mark.ruling("sound.source-type")
@pytest.mark.parametrize("extension", [*KIND_BY_EXTENSION, "gif", "ogg"])
def test_only_videos_and_audio_files_can_be_heard(extension: str) -> None:
    code, fields = refused(SOUND_RULES, heard(f"https://e.com/a.{extension}"))
    if KIND_BY_EXTENSION.get(extension) in ("video", "audio"):
        assert code == ""
    else:
        assert (code, fields["extension"]) == ("unsupported_media_type", extension)


@pytest.mark.ruling("sound.length")
@pytest.mark.ruling("sound.unmeasured")
@pytest.mark.parametrize(
    ("duration_ms", "billed_ms", "code"),
    [
        (1, 1, ""),
        (1_800_000, 1_800_000, ""),
        (1_800_001, 1_800_001, "media_too_long"),
        (0, 1_800_000, ""),
        (None, 1_800_000, ""),
    ],
)
def test_a_file_lasts_30_minutes_at_most_and_is_billed_for_them_unmeasured(
    duration_ms: int | None, billed_ms: int, code: str
) -> None:
    ask = heard(VIDEO, duration_ms)
    assert ask.billed_ms == billed_ms
    assert refused(SOUND_RULES, ask)[0] == code
