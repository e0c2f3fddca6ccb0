from dataclasses import replace

import pytest

from simulator.domain.outputs import Variant, declared_size
from simulator.media import render
from tests.media.support import IMAGE, difference, opened, original

FORMATS = [("png", "PNG"), ("jpg", "JPEG"), ("jpeg", "JPEG"), ("webp", "WEBP")]
SIZES = [(1024, 1024), (1024, 576), (576, 1024), (1024, 439), (480, 854), (64, 64), (97, 33)]


@pytest.mark.parametrize(("extension", "name"), FORMATS)
def test_an_image_opens_as_its_format_at_its_size(extension: str, name: str) -> None:
    picture = opened(original(replace(IMAGE, format=extension)))
    assert (picture.format, picture.size) == (name, (320, 192))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("extension", ["png", "jpeg", "webp"])
def test_an_image_is_as_long_as_was_declared(extension: str, size: tuple[int, int]) -> None:
    output = replace(IMAGE, format=extension, width=size[0], height=size[1])
    assert len(original(output)) == declared_size(output)


@pytest.mark.parametrize("seed", range(12))
def test_every_seed_keeps_the_declared_size(seed: int) -> None:
    output = replace(IMAGE, seed=seed, width=512, height=512)
    assert len(original(output)) == declared_size(output)


def test_a_large_image_has_its_size() -> None:
    output = replace(IMAGE, width=4096, height=2304)
    data = original(output)
    assert opened(data).size == (4096, 2304)
    assert len(data) == declared_size(output)


def test_another_seed_is_another_picture() -> None:
    one, other = (opened(original(replace(IMAGE, seed=seed))) for seed in (1, 2))
    assert difference(one, other) > 5


def test_another_prompt_is_another_picture() -> None:
    one, other = (opened(original(replace(IMAGE, caption=text))) for text in ("a cat", "a dog"))
    assert difference(one, other) > 5


def test_the_panel_names_the_job() -> None:
    one, other = (
        opened(original(replace(IMAGE, job_id=text))) for text in ("11111111", "eeeeeeee")
    )
    scene = (0, 0, 320, 100)
    assert difference(one, other) > 0
    assert difference(one.crop(scene), other.crop(scene)) == 0


@pytest.mark.parametrize(
    "caption",
    ["一个灯塔 на скале مع 😀", "\ud800", "a\x00b\n\t\u202ec", "x" * 20_000, "", "ﷺ" * 300],
)
def test_any_text_can_be_a_caption(caption: str) -> None:
    assert opened(original(replace(IMAGE, caption=caption))).size == (320, 192)


@pytest.mark.parametrize("size", [(1024, 1024), (2048, 878), (200, 100)])
def test_a_thumbnail_is_a_webp_320_pixels_long(size: tuple[int, int]) -> None:
    made = render(replace(IMAGE, width=size[0], height=size[1]), Variant.THUMBNAIL, [])
    picture = opened(made.data)
    assert (made.content_type, picture.format) == ("image/webp", "WEBP")
    assert max(picture.size) == 320


def test_a_thumbnail_shows_its_original() -> None:
    small = opened(render(IMAGE, Variant.THUMBNAIL, []).data)
    assert difference(small, opened(original(IMAGE))) < 6


@pytest.mark.parametrize(
    ("size", "expected"), [((1024, 576), (1024, 576)), ((4096, 2304), (2048, 1152))]
)
def test_an_optimized_image_is_a_webp_at_most_2048_pixels_long(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    picture = opened(
        render(replace(IMAGE, width=size[0], height=size[1]), Variant.OPTIMIZED, []).data
    )
    assert (picture.format, picture.size) == ("WEBP", expected)


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")],
)
def test_an_image_states_its_media_type(extension: str, content_type: str) -> None:
    assert (
        render(replace(IMAGE, format=extension), Variant.ORIGINAL, []).content_type == content_type
    )


@pytest.mark.parametrize("extension", ["gif", "mp4", ""])
def test_an_image_of_another_format_is_refused(extension: str) -> None:
    with pytest.raises(ValueError, match="no image is made as"):
        original(replace(IMAGE, format=extension))
