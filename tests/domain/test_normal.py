"""The normal form: defaults filled in, what is ignored left out."""

import pytest

from simulator.domain.requests import MediaRequest
from tests.domain.judging import IMAGE, judged

T2V, I2V, I2I = "text-to-video", "image-to-video", "image-to-image"


@pytest.mark.ruling("normal.negative-prompt")
@pytest.mark.parametrize(
    ("model", "mode", "urls", "kept"),
    [
        ("imagen-4", None, 0, "blur"),
        ("imagen-4-fast", None, 0, "blur"),
        ("imagen-4-ultra", None, 0, "blur"),
        ("wan-2-5", T2V, 0, "blur"),
        ("kling-2-5-image-to-video-pro", I2V, 2, "blur"),
        ("nano-banana", None, 0, None),
        ("kling-3-0-std", T2V, 0, None),
    ],
)
def test_a_negative_prompt_counts_for_the_documented_models(
    model: str, mode: str | None, urls: int, kept: str | None
) -> None:
    request = judged(model, mode, (IMAGE,) * urls, negative_prompt="blur")
    assert request.negative_prompt == kept


@pytest.mark.ruling("normal.duration-ignored")
@pytest.mark.parametrize("duration", ["99s", -1, [], {"a": 1}, "never"])
def test_models_without_options_ignore_any_duration(duration: object) -> None:
    assert judged("nano-banana", duration=duration).duration_s is None
    assert judged("grok-text-to-video-6s", T2V, duration=duration).duration_s == 6


@pytest.mark.ruling("normal.duration-default")
def test_a_duration_left_out_is_the_first_option() -> None:
    assert judged("kling-3-0-std", T2V).duration_s == 3
    assert judged("seedance-2-480p", T2V).duration_s == 4
    assert [judged("wan-2-5", T2V, duration=d).duration_s for d in ("10s", "10", 10)] == [10] * 3


@pytest.mark.ruling("normal.duration-fixed-rows")
def test_a_row_with_its_length_in_its_id_ignores_duration() -> None:
    assert judged("sora-2-text-to-video-10s", T2V, duration="15s").duration_s == 10


@pytest.mark.ruling("normal.aspect-default")
def test_an_aspect_ratio_left_out_is_square_or_the_models_first() -> None:
    assert judged("nano-banana").aspect_ratio == "1:1"
    assert judged("sora-2", T2V).aspect_ratio == "16:9"
    assert judged("sora-2", T2V, aspect_ratio="9:16").aspect_ratio == "9:16"


@pytest.mark.ruling("normal.quality-ignored")
def test_models_without_qualities_ignore_quality() -> None:
    assert judged("nano-banana", quality="pro").quality == ""


@pytest.mark.ruling("normal.quality-mapped")
@pytest.mark.parametrize(
    ("given", "meant"),
    [(None, "standard"), ("standard", "standard"), ("pro", "hd"), ("high", "hd"), ("hd", "hd")],
)
def test_sora_2_pro_takes_three_words_for_hd(given: str | None, meant: str) -> None:
    assert judged("sora-2-pro", T2V, quality=given).quality == meant


@pytest.mark.ruling("normal.resolution-ignored")
@pytest.mark.parametrize("model", ["nano-banana", "flux-2-1K", "imagen-4"])
def test_models_without_tiers_ignore_resolution(model: str) -> None:
    assert judged(model, resolution="16K").resolution == ""


@pytest.mark.ruling("normal.resolution-default")
@pytest.mark.parametrize("model", ["gpt-image-2", "nano-banana-2", "nano-banana-pro", "flux-2"])
def test_a_resolution_left_out_is_1k(model: str) -> None:
    assert judged(model).resolution == "1K"


@pytest.mark.ruling("normal.sound-ignored")
@pytest.mark.parametrize(
    ("model", "counts"),
    [
        ("kling-2-6-text-to-video", True),
        ("kling-3-0-pro", True),
        ("seedance-1-5-pro", True),
        ("seedance-2-480p", False),
        ("wan-2-5", False),
    ],
)
def test_sound_counts_where_it_is_documented(model: str, counts: bool) -> None:
    assert judged(model, T2V, sound=True).sound is counts
    assert judged(model, T2V).sound is False


@pytest.mark.ruling("normal.generate-audio")
def test_generated_audio_is_on_unless_it_is_switched_off() -> None:
    assert judged("seedance-2-480p", T2V).generate_audio is True
    assert judged("seedance-2-480p", T2V, generate_audio=False).generate_audio is False


ELEMENT = {"name": "cat", "description": "a cat", "element_input_urls": [IMAGE, IMAGE]}


@pytest.mark.ruling("normal.elements-ignored")
def test_elements_count_for_kling_3_only() -> None:
    assert judged("kling-3-0-std", T2V, kling_elements=[ELEMENT]).elements == (ELEMENT,)
    assert judged("wan-2-5", T2V, kling_elements=[ELEMENT]).elements == ()
    assert judged("wan-2-5", T2V, kling_elements="anything").elements == ()


@pytest.mark.ruling("normal.unknown-fields")
def test_unknown_fields_of_an_element_are_left_out() -> None:
    odd = {**ELEMENT, "weight": 2**70, "element_input_video_urls": None}
    assert judged("kling-3-0-std", T2V, kling_elements=[odd]).elements == (ELEMENT,)


@pytest.mark.ruling("normal.seed")
def test_a_seed_is_kept_as_it_was_sent() -> None:
    assert judged("nano-banana", seed=4_294_967_295).seed == 4_294_967_295
    assert judged("nano-banana").seed is None


def test_only_p_image_edit_reads_its_two_switches() -> None:
    request: MediaRequest = judged("p-image-edit", I2I, (IMAGE,), turbo=False)
    assert request.options == {"turbo": False, "disable_safety_checker": True}
    assert judged("nano-banana", turbo=False).options == {}
