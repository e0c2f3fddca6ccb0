from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from simulator.domain.outputs import Variant, declared_size
from simulator.media import render
from tests.media.support import IMAGE, SOUND, VIDEO, decoded, difference, near, opened, original

RED, BLUE = (210, 30, 40), (30, 60, 200)
WITH_SOURCE = replace(IMAGE, sources=("up_1",))


@pytest.fixture
def red(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (200, 120), RED).save(path)
    return path


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    path = tmp_path / "blue.jpg"
    Image.new("RGB", (90, 160), BLUE).save(path)
    return path


@pytest.mark.parametrize("extension", ["png", "jpeg", "webp"])
def test_a_source_fills_the_middle_of_an_image(red: Path, extension: str) -> None:
    picture = opened(original(replace(WITH_SOURCE, format=extension), red)).convert("RGB")
    assert near(picture.getpixel((160, 56)), RED)


def test_several_sources_stand_side_by_side_in_their_order(red: Path, blue: Path) -> None:
    output = replace(IMAGE, sources=("up_1", "up_2"))
    picture = opened(original(output, red, blue)).convert("RGB")
    assert near(picture.getpixel((80, 56)), RED)
    assert near(picture.getpixel((240, 56)), BLUE)


def test_several_sources_stand_above_each_other_in_a_tall_image(red: Path, blue: Path) -> None:
    output = replace(IMAGE, width=240, height=480, sources=("up_1", "up_2"))
    picture = opened(original(output, red, blue)).convert("RGB")
    assert near(picture.getpixel((120, 90)), RED)
    assert near(picture.getpixel((120, 300)), BLUE)


def test_a_source_is_seen_throughout_a_video(red: Path) -> None:
    found = decoded(original(replace(VIDEO, sources=("up_1",)), red))
    for number in (0, 23, 40, 71):
        assert near(found.frames[number].getpixel((160, 50)), RED, 30)


@pytest.mark.parametrize("variant", [Variant.THUMBNAIL, Variant.OPTIMIZED])
def test_a_source_is_seen_in_the_lighter_copies(red: Path, variant: Variant) -> None:
    picture = opened(render(WITH_SOURCE, variant, [red]).data).convert("RGB")
    assert near(picture.getpixel((160, 56)), RED)


def test_a_video_source_is_shown_by_its_first_frame(red: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(original(replace(VIDEO, sources=("up_1",)), red))
    picture = opened(original(WITH_SOURCE, film)).convert("RGB")
    assert near(picture.getpixel((160, 40)), RED, 30)


def test_a_clear_source_is_shown_on_paper(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(path)
    picture = opened(original(WITH_SOURCE, path)).convert("RGB")
    assert near(picture.getpixel((160, 56)), (244, 244, 240))


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.jpg"
    photograph = Image.new("RGB", (320, 320), RED)
    ImageDraw.Draw(photograph).rectangle((0, 0, 159, 319), fill=BLUE)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter to the right when shown: its left is the top
    photograph.save(path, exif=exif)
    output = replace(IMAGE, width=320, height=368, sources=("up_1",))
    picture = opened(original(output, path)).convert("RGB")
    assert near(picture.getpixel((160, 90)), BLUE)
    assert near(picture.getpixel((160, 220)), RED)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("text.jpg", b"hello"),
        ("empty.webp", b""),
        ("cut.mp4", original(VIDEO)[:3_000]),
        ("song.mp3", original(SOUND)),
        ("cut.png", original(IMAGE)[:400]),
    ],
)
def test_a_source_that_cannot_be_shown_is_passed_over(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    output = WITH_SOURCE
    shown, plain = opened(original(output, path)), opened(original(output))
    assert difference(shown, plain) == 0


def test_a_source_too_large_to_decode_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("1", (9_000, 5_000), 1).save(path)
    assert difference(opened(original(WITH_SOURCE, path)), opened(original(WITH_SOURCE))) == 0


def test_a_missing_source_is_passed_over(tmp_path: Path) -> None:
    shown, plain = original(WITH_SOURCE, tmp_path / "gone.png"), original(WITH_SOURCE)
    assert difference(opened(shown), opened(plain)) == 0


@pytest.mark.parametrize("extension", ["png", "jpeg", "webp"])
def test_noise_is_stored_more_coarsely_until_it_fits(tmp_path: Path, extension: str) -> None:
    output = replace(WITH_SOURCE, width=1024, height=640, format=extension)
    data = original(output, noise(tmp_path))
    assert len(data) == declared_size(output)
    picture = opened(data).convert("RGB")
    assert len(picture.crop((400, 200, 600, 300)).convert("L").getcolors() or []) > 3


def test_noise_in_a_video_is_stored_more_coarsely_until_it_fits(tmp_path: Path) -> None:
    output = replace(VIDEO, width=640, height=480, duration_ms=2_000, sources=("up_1",))
    data = original(output, noise(tmp_path))
    assert len(data) == declared_size(output)
    assert len(decoded(data).frames) == 48


def noise(folder: Path) -> Path:
    path = folder / "noise.png"
    state, content = 1, bytearray()
    for _ in range(1024 * 640 * 3 // 4):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        content += state.to_bytes(4, "big")
    Image.frombytes("RGB", (1024, 640), bytes(content)).save(path, compress_level=0)
    return path
