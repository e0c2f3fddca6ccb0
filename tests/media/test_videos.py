from dataclasses import replace

import pytest
from PIL import Image

from simulator.domain.outputs import Variant, declared_size
from simulator.media import render
from tests.media.support import (
    VIDEO,
    Film,
    boxes,
    decoded,
    difference,
    near,
    opened,
    original,
)

TURNS = replace(VIDEO, duration_ms=6_000)  # a view of this width turns back after 2 and 4 s


@pytest.fixture(scope="module")
def film() -> Film:
    return decoded(original(TURNS))


@pytest.mark.parametrize(
    ("duration_ms", "frames"), [(1_000, 24), (3_000, 72), (1_042, 26), (2_517, 61), (30, 1)]
)
def test_a_video_has_24_frames_in_each_second(duration_ms: int, frames: int) -> None:
    assert len(decoded(original(replace(VIDEO, duration_ms=duration_ms))).frames) == frames


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("duration_ms", [1_000, 3_000, 7_133])
def test_a_video_lasts_as_long_as_asked(duration_ms: int, sound: bool) -> None:
    found = decoded(original(replace(VIDEO, duration_ms=duration_ms, sound=sound)))
    assert found.duration_s == pytest.approx(duration_ms / 1000, abs=0.001)


def test_frames_are_evenly_spaced(film: Film) -> None:
    assert film.times == pytest.approx([number / 24 for number in range(144)], abs=1e-4)


@pytest.mark.parametrize("size", [(320, 192), (480, 854), (854, 480), (1280, 720), (130, 98)])
def test_a_video_has_its_size_and_its_declared_length(size: tuple[int, int]) -> None:
    output = replace(VIDEO, width=size[0], height=size[1], duration_ms=1_000)
    data = original(output)
    assert decoded(data).frames[-1].size == size
    assert len(data) == declared_size(output)


def test_a_video_with_sound_can_be_heard(film: Film) -> None:
    assert film.streams == ["video", "audio"]
    assert film.samples == pytest.approx(6 * 48_000, abs=1024)
    assert 1_000 < film.loudest < 16_000


def test_a_silent_video_has_no_sound_track() -> None:
    assert decoded(original(replace(VIDEO, sound=False))).streams == ["video"]


def test_the_index_comes_before_the_pictures() -> None:
    kinds = [kind for kind, _, _ in boxes(original(VIDEO))]
    assert kinds == ["ftyp", "moov", "mdat", "free"]


def test_every_offset_points_at_a_sample() -> None:
    data = original(VIDEO)
    whole = {kind: (start, end) for kind, start, end in boxes(data)}
    starts = list(_chunk_offsets(data, *whole["moov"]))
    assert min(starts) == whole["mdat"][0]
    assert max(starts) < whole["mdat"][1]
    assert len(starts) == len(set(starts)) == 6


def _chunk_offsets(data: bytes, start: int, end: int) -> list[int]:
    found: list[int] = []
    for kind, inner, stop in boxes(data, start, end):
        if kind in ("trak", "mdia", "minf", "stbl"):
            found += _chunk_offsets(data, inner, stop)
        if kind == "stco":
            count = int.from_bytes(data[inner + 4 : inner + 8], "big")
            places = range(inner + 8, inner + 8 + 4 * count, 4)
            found += [int.from_bytes(data[at : at + 4], "big") for at in places]
    return found


def test_each_second_shows_another_position(film: Film) -> None:
    panels = [film.frames[24 * second].crop((0, 144, 320, 192)) for second in range(6)]
    for second in range(5):
        assert difference(panels[second], panels[second + 1]) > 0.5


@pytest.mark.parametrize("second", range(6))
def test_the_view_wanders_between_encoded_pictures_without_a_leap(film: Film, second: int) -> None:
    step = 22 if second in (0, 1, 4, 5) else -22
    first, last = film.frames[24 * second], film.frames[24 * second + 23]
    top = 112
    moved = first.crop((40 + step, 0, 280 + step, top))
    assert difference(last.crop((40, 0, 280, top)), moved) < 0.2


@pytest.mark.parametrize("second", range(5))
def test_an_encoded_picture_continues_where_the_one_before_stood(film: Film, second: int) -> None:
    step = 2 if second in (0, 1, 4) else -2
    before, after = film.frames[24 * second + 23], film.frames[24 * second + 24]
    assert (
        difference(after.crop((40, 0, 280, 112)), before.crop((40 + step, 0, 280 + step, 112))) < 2
    )


def test_the_panel_stands_still_within_a_second(film: Film) -> None:
    panel = (0, 144, 320, 192)
    assert difference(film.frames[0].crop(panel), film.frames[23].crop(panel)) == 0


def test_colors_survive_the_encoding() -> None:
    whole = replace(VIDEO, sound=False, duration_ms=1_000, width=64, height=64)
    painted = decoded(original(whole)).frames[0].resize((1, 1))
    drawn = opened(render(whole, Variant.THUMBNAIL, []).data).resize((1, 1))
    pixel = drawn.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    assert near(painted.getpixel((0, 0)), (int(pixel[0]), int(pixel[1]), int(pixel[2])), 30)


def test_an_optimized_video_is_half_as_large() -> None:
    found = decoded(render(VIDEO, Variant.OPTIMIZED, []).data)
    assert found.frames[0].size == (160, 96)
    assert (len(found.frames), found.duration_s) == (72, 3.0)


def test_a_videos_thumbnail_is_a_webp_320_pixels_long() -> None:
    made = render(replace(VIDEO, width=180, height=320), Variant.THUMBNAIL, [])
    picture = opened(made.data)
    assert (made.content_type, picture.format, picture.size) == ("image/webp", "WEBP", (180, 320))


@pytest.mark.parametrize("seed", range(4))
def test_every_seed_keeps_a_videos_declared_size(seed: int) -> None:
    output = replace(VIDEO, seed=seed, duration_ms=1_000)
    assert len(original(output)) == declared_size(output)


def test_thirty_seconds_decode_to_the_end() -> None:
    found = decoded(original(replace(VIDEO, width=128, height=128, duration_ms=30_000)))
    assert (len(found.frames), found.duration_s) == (720, 30.0)


@pytest.mark.parametrize("change", [{"width": 321}, {"height": 191}, {"duration_ms": 0}])
def test_a_video_that_cannot_be_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no video of"):
        original(replace(VIDEO, **change))  # type: ignore[arg-type]  # rows of one column each


def test_a_video_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no video is made as 'webm'"):
        original(replace(VIDEO, format="webm"))


def test_the_first_frame_is_a_picture_and_not_one_color(film: Film) -> None:
    colors = film.frames[0].convert("RGB").resize((32, 20), Image.Resampling.BOX).getcolors(1024)
    assert colors is not None
    assert len(colors) > 30
