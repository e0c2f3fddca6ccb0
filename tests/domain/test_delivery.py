"""What a finished job delivers, and how long it is said to take."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.delivery import CAPTION_MOST, UNKNOWN_VIDEO_MS, estimate_s, media_output
from simulator.domain.outputs import Output
from simulator.domain.requests import MediaRequest
from tests.domain.judging import IMAGE, VIDEO, judged, priced, upload
from tests.engine.world import CATALOG

T2V, I2V = "text-to-video", "image-to-video"


def delivered(request: MediaRequest, row: str | None = None) -> Output:
    return media_output(request, CATALOG.row(row or request.model.id), "job", "out", 7)


@pytest.mark.ruling("jobs.estimates")
def test_an_estimate_that_nobody_knows_follows_from_the_kind_and_the_length() -> None:
    image, video = judged("nano-banana"), judged("kling-3-0-std", T2V, duration=7)
    guess = {
        request.model.id: replace(request.model, estimated_time_s=None)
        for request in (image, video)
    }
    assert estimate_s(image, guess["nano-banana"]) == 30
    assert estimate_s(video, guess["kling-3-0-std"]) == 20 + 10 * 7


@pytest.mark.ruling("jobs.estimates")
def test_a_known_estimate_is_used() -> None:
    request = judged("nano-banana")
    assert estimate_s(request, replace(request.model, estimated_time_s=12)) == 12


def test_a_part_of_a_second_counts_as_one_in_an_estimate() -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=4_001)}
    request = judged("kling-2-6-motion-control-720p", I2V, (IMAGE, VIDEO), uploads=uploads)
    assert estimate_s(request, replace(request.model, estimated_time_s=None)) == 20 + 50


def test_an_image_is_a_png_of_its_tier() -> None:
    request = judged("gpt-image-2", aspect_ratio="16:9", resolution="2k", prompt="p" * 1_000)
    assert delivered(request) == Output(
        *("out", "image", "png", 7, "gpt-image-2", "p" * CAPTION_MOST, "job", 2048, 1152)
    )


def test_a_video_is_an_mp4_of_its_length() -> None:
    output = delivered(judged("kling-3-0-std", T2V, duration="7s", aspect_ratio="9:16"))
    assert (output.kind, output.format, output.duration_ms) == ("video", "mp4", 7_000)
    assert (output.width, output.height) == (720, 1280)


@pytest.mark.parametrize(("duration_ms", "expected_ms"), [(9_400, 9_400), (0, UNKNOWN_VIDEO_MS)])
def test_motion_control_is_as_long_as_its_reference(duration_ms: int, expected_ms: int) -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=duration_ms)}
    request = judged("kling-2-6-motion-control-720p", I2V, (IMAGE, VIDEO), uploads=uploads)
    assert delivered(request).duration_ms == expected_ms


def test_motion_control_with_a_remote_reference_has_the_usual_length() -> None:
    request = judged("kling-2-6-motion-control-720p", I2V, (IMAGE, VIDEO))
    assert delivered(request).duration_ms == UNKNOWN_VIDEO_MS


@pytest.mark.parametrize(
    ("model", "fields", "sounds"),
    [
        ("kling-3-0-std", {"sound": True}, True),
        ("kling-3-0-std", {"sound": False}, False),
        ("seedance-2-480p", {}, True),
        ("seedance-2-480p", {"generate_audio": False}, False),
        ("seedance-2-480p", {"generate_audio": False, "sound": True}, False),
        ("wan-2-5-text-to-video-5s-720p", {}, True),
        ("kling-2-6-text-to-video-5s-audio", {"sound": False}, True),
    ],
)
def test_a_video_sounds_as_its_row_says(model: str, fields: dict[str, Any], sounds: bool) -> None:
    assert delivered(judged(model, T2V, **fields)).sound is sounds


def test_a_video_of_v1_pro_fast_is_silent() -> None:
    request = judged("v1-pro-fast-i2v", I2V, (IMAGE,), sound=True)
    row = priced("v1-pro-fast-i2v", I2V, (IMAGE,)).row
    assert delivered(request, row).sound is False


def test_an_image_never_sounds() -> None:
    assert delivered(judged("nano-banana", sound=True)).sound is False


def test_only_uploads_appear_in_the_output() -> None:
    uploads = {IMAGE: upload("image", "png")}
    request = judged(
        "nano-banana", "image-to-image", (IMAGE, "https://e.com/b.png"), uploads=uploads
    )
    assert delivered(request).sources == ("u",)


@pytest.mark.ruling("normal.quality-mapped")
@pytest.mark.parametrize(
    ("quality", "side"), [(None, 1024), ("standard", 1024), ("2K", 2048), ("4K", 4096)]
)
def test_the_quality_of_seedream_is_its_size(quality: str | None, side: int) -> None:
    assert delivered(judged("seedream-v4", quality=quality)).width == side
