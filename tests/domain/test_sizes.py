"""Pixels from ratios and tiers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.inputs import Source, Upload
from simulator.domain.rules.options import PAGE_ASPECT_RATIOS
from simulator.domain.sizes import LONGER_SIDE_PX, SHORTER_SIDE_PX, dimensions, ratio_of

TIERS = (*LONGER_SIDE_PX, *SHORTER_SIDE_PX)
RATIOS = tuple(
    (int(ratio.split(":")[0]), int(ratio.split(":")[1]))
    for ratio in PAGE_ASPECT_RATIOS
    if ":" in ratio
)


def source(kind: str, width: int, height: int) -> Source:
    return Source("u", "png", kind, Upload("u", kind, "png", 1, width, height))


@pytest.mark.ruling("sizes.tiers")
@pytest.mark.parametrize(
    ("ratio", "tier", "pixels"),
    [
        ((1, 1), "1K", (1024, 1024)),
        ((16, 9), "2K", (2048, 1152)),
        ((9, 16), "4K", (2304, 4096)),
        ((3, 2), "3K", (3072, 2048)),
        ((16, 9), "480p", (854, 480)),
        ((9, 16), "720p", (720, 1280)),
        ((21, 9), "1080p", (2520, 1080)),
        ((1, 1), "720p", (720, 720)),
    ],
)
def test_a_tier_names_the_longer_or_the_shorter_side(
    ratio: tuple[int, int], tier: str, pixels: tuple[int, int]
) -> None:
    assert dimensions(ratio, tier) == pixels


@given(st.sampled_from(TIERS), st.integers(1, 10_000), st.integers(1, 10_000))
def test_sides_are_even_and_keep_the_ratio(tier: str, wide: int, high: int) -> None:
    wide, high = ratio_of("auto", "image", [source("image", wide, high)])
    width, height = dimensions((wide, high), tier)
    assert width % 2 == height % 2 == 0
    assert (width >= height) == (wide >= high) or width == height
    longer = max(width, height)
    assert abs(Fraction(width) - Fraction(height * wide, high)) <= Fraction(wide, high) + 1
    assert longer == LONGER_SIDE_PX.get(tier, longer)
    assert min(width, height) == SHORTER_SIDE_PX.get(tier, min(width, height))


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("tier", TIERS)
def test_turning_a_ratio_turns_the_picture(ratio: tuple[int, int], tier: str) -> None:
    wide, high = ratio
    assert dimensions((high, wide), tier) == dimensions(ratio, tier)[::-1]


@pytest.mark.ruling("sizes.auto")
@pytest.mark.parametrize("word", ["auto", "adaptive"])
def test_auto_takes_the_ratio_of_the_first_uploaded_image(word: str) -> None:
    sources = [
        Source("remote", "png", "image"),
        source("video", 1, 3),
        source("image", 0, 0),
        source("image", 300, 200),
        source("image", 10, 10),
    ]
    assert ratio_of(word, "image", sources) == (300, 200)


@pytest.mark.ruling("sizes.auto")
def test_auto_without_an_upload_is_square_for_images_and_wide_for_videos() -> None:
    assert ratio_of("auto", "image", []) == (1, 1)
    assert ratio_of("adaptive", "video", []) == (16, 9)


@pytest.mark.ruling("sizes.auto")
@pytest.mark.parametrize(
    ("pixels", "ratio"),
    [((4001, 1000), (4, 1)), ((4000, 1000), (4000, 1000)), ((1000, 4001), (1, 4))],
)
def test_a_ratio_beyond_four_to_one_is_held(
    pixels: tuple[int, int], ratio: tuple[int, int]
) -> None:
    assert ratio_of("auto", "image", [source("image", *pixels)]) == ratio


def test_a_ratio_that_was_asked_for_is_taken_as_it_is() -> None:
    assert ratio_of("21:9", "video", [source("image", 10, 10)]) == (21, 9)
