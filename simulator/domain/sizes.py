"""Pixels of an output from its aspect ratio and size tier."""

from collections.abc import Mapping, Sequence

from simulator.domain.evidence import ASSUMED, Ruling
from simulator.domain.inputs import Source

LONGER_SIDE_PX: Mapping[str, int] = {"1K": 1024, "2K": 2048, "3K": 3072, "4K": 4096}
SHORTER_SIDE_PX: Mapping[str, int] = {"480p": 480, "720p": 720, "1080p": 1080}

RULINGS = (
    Ruling(
        "sizes.tiers",
        ASSUMED,
        "ruling",
        "1K, 2K and 4K name an output's longer side (1024, 2048, 4096 pixels), 480p, 720p and 1080p"
        " the shorter; sides are even.",
    ),
    Ruling(
        "sizes.auto",
        ASSUMED,
        "ruling; page: p-image-edit (auto matches the first input)",
        "auto and adaptive take the first uploaded image's ratio, else 1:1 for images and 16:9 for"
        " videos; ratios beyond 4:1 are held at 4:1.",
    ),
)


def dimensions(ratio: tuple[int, int], tier: str) -> tuple[int, int]:
    """Width and height in whole even pixels."""
    wide, high = ratio
    if tier in LONGER_SIDE_PX:
        longer = LONGER_SIDE_PX[tier]
        shorter = _even(longer * min(wide, high), max(wide, high))
    else:
        shorter = SHORTER_SIDE_PX[tier]
        longer = _even(shorter * max(wide, high), min(wide, high))
    return (longer, shorter) if wide >= high else (shorter, longer)


def ratio_of(aspect_ratio: str, media_type: str, sources: Sequence[Source]) -> tuple[int, int]:
    """``"16:9"`` as (16, 9); ``auto`` and ``adaptive`` from the first uploaded image."""
    wide, _, high = aspect_ratio.partition(":")
    if wide.isdecimal() and high.isdecimal():
        return int(wide), int(high)
    for source in sources:
        upload = source.upload
        if upload is not None and upload.kind == "image" and upload.width and upload.height:
            return _held(upload.width, upload.height)
    return (1, 1) if media_type == "image" else (16, 9)


def _held(width: int, height: int) -> tuple[int, int]:
    if width > 4 * height:
        return 4, 1
    if height > 4 * width:
        return 1, 4
    return width, height


def _even(numerator: int, denominator: int) -> int:
    """The even number nearest to the fraction; halves round up."""
    return 2 * ((numerator + denominator) // (2 * denominator))
