"""Each refusal of a media request; the golden cases show many more of them."""

import itertools
from typing import Any

import pytest

from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.inputs import Upload
from simulator.domain.policies import Policies
from simulator.domain.rules.media import MEDIA_RULES
from tests.domain.judging import AUDIO, IMAGE, VIDEO, accepted, judged, refusal, upload
from tests.engine.world import CATALOG

T2V, I2V, T2I, I2I = "text-to-video", "image-to-video", "text-to-image", "image-to-image"
SEEDANCE = "seedance-2-480p"
REQUIRE = Policies(seedance_video_row="require")


def test_the_rules_stand_in_the_order_of_the_refusals() -> None:
    codes = [rule.check.__name__ for rule in MEDIA_RULES]
    assert codes == [code for code in REFUSAL_STATUS if code in codes]
    assert len(codes) == len(set(codes)) == 18


@pytest.mark.ruling("media.generation-type")
def test_a_mode_that_the_model_lacks_is_refused_also_by_default() -> None:
    for generation_type in (None, T2I, "text-to-song"):
        rejection = refusal("kling-3-0-std", generation_type)
        assert rejection.code == "unsupported_generation_type"
        assert rejection.fields["allowed"] == [T2V, I2V]


def test_a_generation_type_is_not_shown_at_any_length() -> None:
    assert refusal("kling-3-0-std", "x" * 10_000).fields["generation_type"] == "x" * 100


@pytest.mark.ruling("media.prompt-length")
@pytest.mark.parametrize("letter", ["x", "\N{CLAPPER BOARD}"])
def test_a_prompt_may_have_the_limit_in_code_points_and_no_more(letter: str) -> None:
    assert accepted("wan-2-5", T2V, prompt=letter * 800)
    rejection = refusal("wan-2-5", T2V, prompt=letter * 801)
    assert (rejection.code, rejection.fields) == (
        "prompt_too_long",
        {"max_characters": 800, "characters": 801},
    )


@pytest.mark.ruling("media.prompt-length")
def test_the_policy_cuts_a_prompt_that_is_too_long() -> None:
    policies = Policies(long_prompt="truncate")
    assert judged("wan-2-5", T2V, policies=policies, prompt="ab" * 801).prompt == "ab" * 400


@pytest.mark.ruling("media.source-missing")
@pytest.mark.parametrize(
    ("model", "mode", "urls", "kind"),
    [
        ("grok-image-to-video", I2V, (), "image"),
        ("kling-2-6-motion-control-720p", I2V, (IMAGE,), "video"),
        ("kling-2-6-motion-control-720p", I2V, (VIDEO,), "image"),
        ("p-image-edit", I2I, (), "image"),
    ],
)
def test_a_mode_that_needs_sources_names_the_missing_kind(
    model: str, mode: str, urls: tuple[str, ...], kind: str
) -> None:
    rejection = refusal(model, mode, urls)
    assert (rejection.code, rejection.fields["kind"]) == ("missing_source_media", kind)


@pytest.mark.ruling("media.source-missing")
def test_the_policy_makes_a_reference_row_require_its_video() -> None:
    row = f"{SEEDANCE}-video-ref"
    assert refusal(row, T2V, policies=REQUIRE).code == "missing_source_media"
    assert accepted(row, T2V, (VIDEO,), REQUIRE)
    assert accepted(row, T2V)


@pytest.mark.ruling("media.source-unexpected")
@pytest.mark.parametrize(
    ("model", "mode", "urls"),
    [
        ("nano-banana", T2I, (IMAGE,)),
        ("kling-3-0-std", T2V, (IMAGE,)),
        ("grok-text-to-video-6s", T2V, ("no address at all",)),
    ],
)
def test_sources_that_a_mode_does_not_take_are_refused(
    model: str, mode: str, urls: tuple[str, ...]
) -> None:
    assert refusal(model, mode, urls).code == "unexpected_source_media"


@pytest.mark.ruling("media.source-unexpected")
def test_the_policy_keeps_videos_from_rows_without_a_reference() -> None:
    assert refusal(SEEDANCE, T2V, (VIDEO,), REQUIRE).code == "unexpected_source_media"
    assert accepted(SEEDANCE, T2V, (IMAGE,), REQUIRE)
    assert accepted(SEEDANCE, T2V, (VIDEO,))


def test_a_kind_that_only_another_mode_takes_is_unexpected_here() -> None:
    rejection = refusal("p-video-720p", T2V, (IMAGE,))
    assert (rejection.code, rejection.fields) == ("unexpected_source_media", {"kind": "image"})


@pytest.mark.ruling("media.source-type")
@pytest.mark.parametrize(
    "url", ["https://e.com/a.gif", "https://e.com/a", "ftp://e.com/a.png", "", VIDEO]
)
def test_a_source_of_another_type_is_refused_with_its_place(url: str) -> None:
    rejection = refusal("p-image-edit", I2I, (IMAGE, url))
    assert (rejection.code, rejection.fields["index"]) == ("unsupported_media_type", 1)
    assert rejection.fields["allowed"] == ["jpg", "png", "webp"]


@pytest.mark.ruling("media.source-type")
@pytest.mark.parametrize(
    ("url", "kind", "most"), [(IMAGE, "image", 10 * 2**20), (VIDEO, "video", 100 * 2**20)]
)
def test_an_upload_over_the_size_of_its_kind_is_refused(url: str, kind: str, most: int) -> None:
    model = "kling-2-6-motion-control-720p"
    for size_bytes in (most, most + 1):
        uploads = {url: upload(kind, url[-3:], duration_ms=1, size_bytes=size_bytes)}
        if size_bytes == most:
            assert accepted(model, I2V, (IMAGE, VIDEO), uploads=uploads)
        else:
            rejection = refusal(model, I2V, (IMAGE, VIDEO), uploads=uploads)
            assert rejection.code == "unsupported_media_type"
            assert rejection.fields["max_bytes"] == most


def test_an_uploaded_audio_clip_has_no_limit_in_bytes() -> None:
    uploads = {AUDIO: upload("audio", "mp3", size_bytes=10**9)}
    assert accepted(SEEDANCE, T2V, (AUDIO,), uploads=uploads)


@pytest.mark.ruling("media.images-max")
@pytest.mark.ruling("media.videos-max")
@pytest.mark.ruling("media.audios-max")
@pytest.mark.parametrize(
    ("kind", "url", "most"), [("image", IMAGE, 9), ("video", VIDEO, 3), ("audio", AUDIO, 3)]
)
def test_more_references_than_seedance_takes_are_refused(kind: str, url: str, most: int) -> None:
    assert accepted(SEEDANCE, T2V, (url,) * most)
    rejection = refusal(SEEDANCE, T2V, (url,) * (most + 1))
    assert rejection.code == f"too_many_{kind}s"
    assert rejection.fields == {"max": most, "count": most + 1}


@pytest.mark.ruling("media.images-min")
def test_a_mode_for_two_frames_needs_both() -> None:
    rejection = refusal("seedance-1-5-pro", I2V, (IMAGE,))
    assert (rejection.code, rejection.fields) == ("too_few_images", {"min": 2, "count": 1})


@pytest.mark.ruling("media.reference-video-not-allowed")
def test_seedance_2_takes_no_reference_video_in_image_to_video() -> None:
    for policies in (Policies(), Policies(seedance_video_row="reroute")):
        rejection = refusal(SEEDANCE, I2V, (IMAGE, VIDEO), policies)
        assert rejection.code == "reference_video_not_allowed"


@pytest.mark.ruling("media.reference-video-length")
@pytest.mark.ruling("media.reference-audio-length")
@pytest.mark.parametrize(("kind", "extension"), [("video", "mp4"), ("audio", "mp3")])
@pytest.mark.parametrize(
    ("lengths_ms", "told_s"),
    [
        ((15_000,), None),
        ((15_001,), 15.001),
        ((7_500, 7_500), None),
        ((7_500, 7_501), 15.001),
        ((16_000, 17_000), 17.0),
        ((0,), None),
    ],
)
def test_references_over_15_seconds_are_refused_alone_and_together(
    kind: str, extension: str, lengths_ms: tuple[int, ...], told_s: float | None
) -> None:
    uploads = {
        f"https://e.com/{number}.{extension}": upload(kind, extension, duration_ms=length_ms)
        for number, length_ms in enumerate(lengths_ms)
    }
    urls = (*uploads, f"https://e.com/remote.{extension}")
    if told_s is None:
        assert accepted(SEEDANCE, T2V, urls, uploads=uploads)
        return
    rejection = refusal(SEEDANCE, T2V, urls, uploads=uploads)
    assert rejection.code == f"reference_{kind}_too_long"
    assert rejection.fields == {"max_seconds": 15, "seconds": told_s}
    assert accepted(SEEDANCE, T2V, urls, Policies(probe_uploads="no"), uploads)


@pytest.mark.ruling("media.reference-video-length")
@pytest.mark.parametrize(("length_ms", "fine"), [(30_000, True), (30_001, False)])
def test_motion_control_takes_30_seconds_of_video(length_ms: int, fine: bool) -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=length_ms)}
    model = "kling-2-6-motion-control-720p"
    if fine:
        assert accepted(model, I2V, (IMAGE, VIDEO), uploads=uploads)
    else:
        rejection = refusal(model, I2V, (IMAGE, VIDEO), uploads=uploads)
        assert rejection.code == "reference_video_too_long"


@pytest.mark.ruling("media.duration")
@pytest.mark.parametrize("value", [2, 16, "2s", "5.0", 5.0, True, [], {}, "x" * 10_000])
def test_a_duration_outside_the_options_is_refused(value: object) -> None:
    rejection = refusal("kling-3-0-std", T2V, duration=value)
    assert rejection.code == "invalid_duration"
    assert rejection.fields["allowed"] == [f"{second}s" for second in range(3, 16)]
    assert len(rejection.message) < 400


def test_a_duration_of_any_depth_can_be_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert refusal("kling-3-0-std", T2V, duration=deep).code == "invalid_duration"
    while deep:  # taking it apart by hand, as freeing it at once would overflow the C stack
        deep = deep.pop()  # type: ignore[assignment]  # a list in a list


@pytest.mark.ruling("media.aspect-ratio")
def test_an_aspect_ratio_outside_the_list_is_refused() -> None:
    rejection = refusal("wan-2-5", T2V, aspect_ratio="21:9")
    assert (rejection.code, rejection.fields["allowed"]) == (
        "invalid_aspect_ratio",
        list(CATALOG.row("wan-2-5").aspect_ratios),
    )


@pytest.mark.ruling("media.aspect-ratio")
def test_a_model_without_a_known_list_takes_any_ratio_of_the_page() -> None:
    model = next(m for m in CATALOG.listed("video") if not m.aspect_ratios and len(m.modes) == 1)
    mode = next(iter(model.modes))
    urls = (IMAGE,) * model.modes[mode].images.least
    assert accepted(model.id, mode, urls, aspect_ratio="4:5")
    assert refusal(model.id, mode, urls, aspect_ratio="5:4").code == "invalid_aspect_ratio"


@pytest.mark.ruling("media.high-resolution-aspect")
@pytest.mark.parametrize("resolution", ["2K", "4k"])
def test_gpt_image_2_above_1k_needs_a_directional_ratio(resolution: str) -> None:
    for ratio in ("9:16", "16:9", "4:3", "3:4"):
        assert accepted("gpt-image-2", aspect_ratio=ratio, resolution=resolution)
    for square in (None, "auto", "1:1"):
        rejection = refusal("gpt-image-2", aspect_ratio=square, resolution=resolution)
        assert rejection.code == "aspect_ratio_incompatible_with_high_res"
        assert accepted("gpt-image-2", aspect_ratio=square, resolution="1K")


@pytest.mark.ruling("media.quality")
def test_an_unknown_quality_is_refused_or_by_policy_the_default() -> None:
    rejection = refusal("imagen-4", quality="best")
    assert (rejection.code, rejection.fields["allowed"]) == (
        "invalid_quality",
        list(CATALOG.row("imagen-4").qualities),
    )
    ignoring = judged("imagen-4", policies=Policies(unknown_quality="ignore"), quality="best")
    assert ignoring.quality == judged("imagen-4", quality="standard").quality


@pytest.mark.ruling("media.resolution")
def test_a_resolution_that_is_none_of_the_tiers_is_refused() -> None:
    for value in ("4K", "", "8K", "1080p"):
        rejection = refusal("flux-2", resolution=value)
        assert (rejection.code, rejection.fields["allowed"]) == ("invalid_resolution", ["1K", "2K"])
    assert judged("flux-2", resolution="2k").resolution == "2K"
    assert judged("flux-2", resolution="Standard").resolution == "1K"


FAULTS: dict[str, dict[str, Any]] = {
    "prompt_too_long": {"prompt": "x" * 2_501},
    "unsupported_media_type": {"urls": (IMAGE, "https://e.com/a.gif")},
    "too_many_images": {"urls": (IMAGE,) * 3},
    "invalid_kling_elements": {"kling_elements": {}},
    "invalid_duration": {"duration": 99},
    "invalid_aspect_ratio": {"aspect_ratio": "9:1"},
}


@pytest.mark.parametrize("pair", list(itertools.combinations(FAULTS, 2)), ids="+".join)
def test_of_two_faults_the_one_that_is_looked_for_first_is_told(pair: tuple[str, str]) -> None:
    first, second = pair
    fields: dict[str, Any] = {"urls": (IMAGE,), **FAULTS[second], **FAULTS[first]}
    assert refusal("kling-3-0-std", I2V, **fields).code == first


def test_an_upload_knows_nothing_that_was_not_measured() -> None:
    assert Upload("u", "image", "png", 1) == Upload("u", "image", "png", 1, 0, 0, 0)
