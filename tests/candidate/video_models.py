"""Every video model that we could find a price for, and the labels that are no models."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product
from types import MappingProxyType

from tests.candidate.catalogue import (
    ANY_RATIO,
    Choice,
    Media,
    Model,
    by_seconds,
    flat,
    images,
    modes,
    rate,
)

WORDS = modes(t2v=images(0, 0))
PICTURE = modes(i2v=images(1, 1))
EITHER = modes(t2v=images(0, 0), i2v=images(1, 1))
WIDE = ("16:9", "9:16")
THREE = ("16:9", "9:16", "1:1")
FIVE = ("1:1", "16:9", "9:16", "4:3", "3:4")
SIX = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")
GROK = ("2:3", "3:2", "1:1", "9:16", "16:9")
SEEDANCE_2 = ("1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive")
SORA_SIZES = ("standard", "pro", "high", "hd")


def video(
    model_id: str, takes: Mapping[str, Media], credits: int, ratios: tuple[str, ...], seconds: int
) -> Model:
    """A model of one price and one length, with sound; 5,000 characters."""
    base = Model(model_id, "video", takes, flat(credits), "flat", 5_000, ratios)
    return replace(base, fixed_s=seconds, sound="included", size="720p")


def kling_2_5() -> Iterator[Model]:
    """Kling 2.5 wants a first and a last frame."""
    takes = modes(i2v=images(2, 2))
    for suffix, seconds, credits in (("", 5, 65), ("-10s", 10, 125)):
        name = f"kling-2-5-image-to-video-pro{suffix}"
        yield replace(video(name, takes, credits, ANY_RATIO, seconds), prompt_max=2_500)


def toggled(
    base: Model, silent: Mapping[int, int], loud: Mapping[int, int], size: str, stem: str
) -> Iterator[Model]:
    """Rows of one length each: with the sound switch, and with sound for good."""
    for seconds, credits in loud.items():
        name = f"{stem}-{seconds}s"
        row = replace(base, model_id=name, durations=(), fixed_s=seconds, size=size)
        yield replace(row, price=by_seconds(silent, loud))
        yield replace(row, model_id=f"{name}-audio", price=flat(credits), sound="always")


def kling_2_6() -> Iterator[Model]:
    """Flat rows by length and sound, and the ids that choose among them."""
    silent, loud = {5: 90, 10: 175}, {5: 175, 10: 310}
    for name, takes in (("text", WORDS), ("image", PICTURE)):
        stem = f"kling-2-6-{name}-to-video"
        price = by_seconds(silent, loud)
        base = Model(stem, "video", takes, price, "flat", 2_500, THREE, durations=(5, 10))
        base = replace(base, sound="toggle", audio_row=True, size="720p")
        yield base
        yield from toggled(base, silent, loud, "720p", stem)


def seedance_1_5() -> Iterator[Model]:
    """Flat rows by size, length and sound; the bare id means 720p."""
    takes = modes(t2v=images(0, 1), i2v=images(2, 2))
    table = (
        ("720p", {4: 19, 8: 38, 12: 76}, {4: 38, 8: 76, 12: 152}),
        ("480p", {4: 12, 8: 24, 12: 48}, {4: 24, 8: 48, 12: 58}),
        ("1080p", {4: 39, 8: 78, 12: 156}, {4: 78, 8: 156, 12: 312}),
    )
    price = by_seconds(*table[0][1:])
    base = Model("seedance-1-5-pro", "video", takes, price, "flat", 2_500, SIX)
    base = replace(base, durations=(4, 8, 12), sound="toggle", audio_row=True, size="720p")
    yield base
    for size, silent, loud in table:
        yield from toggled(base, silent, loud, size, f"seedance-1-5-pro-{size}")


def kling_3() -> Iterator[Model]:
    """Kling 3.0, by its seconds."""
    takes = modes(t2v=images(0, 0), i2v=images(1, 2))
    for name, silent, loud in (("std", 17, 23), ("pro", 21, 30)):
        price = rate(silent, loud)
        base = Model(f"kling-3-0-{name}", "video", takes, price, "per_second", 2_500, THREE)
        base = replace(base, durations=tuple(range(3, 16)), size="720p")
        base = replace(base, image_files=(".png", ".jpg", ".jpeg"))
        yield replace(base, sound="toggle", audio_row=True, elements=True)


def motion_control() -> Iterator[Model]:
    """Motion Control costs what the longest reference video would: 30 s."""
    takes = modes(i2v=Media((1, 1), (1, 1)))
    rates = (("2-6", 9, 12, THREE), ("3-0", 24, 32, ANY_RATIO))
    for version, low, high, ratios in rates:
        for size, credits in (("720p", low), ("1080p", high)):
            name = f"kling-{version}-motion-control-{size}"
            row = video(name, takes, credits * 30, ratios, 5)
            row = replace(row, video_files=(".mp4", ".webm"), reference_limit_s=30)
            yield replace(row, billing="per_second", prompt_max=2_500, size=size)


def seedance_2() -> Iterator[Model]:
    """Rates for each second; rows with ``-video-ref`` are the cheaper ones."""
    takes = modes(t2v=Media((0, 9), (0, 3), (0, 3)), i2v=Media((1, 2), (0, 0), (0, 3)))
    rates = (
        ("seedance-2-fast-480p", 16, 12),
        ("seedance-2-fast-720p", 34, 24),
        ("seedance-2-480p", 18, 13),
        ("seedance-2-720p", 40, 29),
        ("seedance-2-1080p", 93, 65),
    )
    for name, plain, reference in rates:
        base = Model(name, "video", takes, rate(plain), "per_second", 2_500, SEEDANCE_2)
        size = name.rpartition("-")[2]
        base = replace(base, durations=tuple(range(4, 16)), sound="generate_audio", size=size)
        base = replace(base, reference_limit_s=15)
        yield base
        yield replace(base, model_id=f"{name}-video-ref", price=rate(reference))


def sora_pro(choice: Choice) -> Fraction:
    """Sora 2 Pro has a standard and an HD price for each length."""
    standard, hd = {10: (225, 475), 15: (390, 790)}[choice.seconds]
    return Fraction(standard if choice.quality == "standard" else hd)


def sora() -> Iterator[Model]:
    """Sora 2, Pro and Storyboard, with their rows."""
    plain, story = {10: 75, 15: 85}, {10: 245, 15: 390, 25: 445}
    boards = modes(t2v=images(0, 1), i2v=images(1, 1))
    base = replace(video("sora-2", EITHER, 0, WIDE, 0), durations=(10, 15))
    yield replace(base, price=by_seconds(plain))
    yield replace(base, model_id="sora-2-pro", price=sora_pro, qualities=SORA_SIZES)
    tiers = (("standard", {10: 225, 15: 390}), ("hd", {10: 475, 15: 790}))
    for (name, takes), seconds in product((("text", WORDS), ("image", PICTURE)), plain):
        yield video(f"sora-2-{name}-to-video-{seconds}s", takes, plain[seconds], WIDE, seconds)
        for tier, prices in tiers:
            row = f"sora-2-pro-{name}-to-video-{seconds}s-{tier}"
            priced = video(row, takes, prices[seconds], WIDE, seconds)
            yield replace(priced, qualities=SORA_SIZES)
    board = replace(base, model_id="sora-2-pro-storyboard", modes=boards, price=by_seconds(story))
    yield replace(board, durations=(10, 15, 25))
    for seconds, credits in story.items():
        yield video(f"sora-2-pro-storyboard-{seconds}s", boards, credits, WIDE, seconds)


def wan() -> Iterator[Model]:
    """Wan 2.5: the bare id means 1080p."""
    prices = ((5, "720p", 93), (5, "1080p", 155), (10, "720p", 186), (10, "1080p", 310))
    base = replace(video("wan-2-5", EITHER, 0, THREE, 0), prompt_max=800, size="1080p")
    yield replace(base, durations=(5, 10), price=by_seconds({5: 155, 10: 310}))
    for (name, takes), (seconds, size, credits) in product(
        (("text", WORDS), ("image", PICTURE)), prices
    ):
        row = f"wan-2-5-{name}-to-video-{seconds}s-{size}"
        yield replace(video(row, takes, credits, THREE, seconds), prompt_max=800, size=size)


def v1_pro() -> Iterator[Model]:
    """Seedance 1.0, the silent one."""
    rows = ((5, "720p", 40), (10, "720p", 80), (5, "1080p", 80), (10, "1080p", 130))
    base = replace(video("v1-pro-fast-i2v", PICTURE, 0, WIDE, 0), sound="silent")
    yield replace(base, durations=(5, 10), price=by_seconds({5: 40, 10: 80}))
    for seconds, size, credits in rows:
        row = video(f"v1-pro-fast-i2v-{size}-{seconds}s", PICTURE, credits, WIDE, seconds)
        yield replace(row, size=size, sound="silent")


def veo() -> Iterator[Model]:
    """Veo 3.1: the number of images is the mode."""
    ratios = ("16:9", "9:16", "auto")
    first_and_last = modes(i2v=images(2, 2))
    words = modes(t2v=images(0, 1))
    for family, credits in (("veo3-1", 390), ("veo3-1-fast", 99)):
        every = modes(t2v=images(0, 1), i2v=images(2, 3))
        yield video(family, every, credits, ratios, 8)
        yield video(f"{family}-text-to-video", words, credits, ratios, 8)
        yield video(f"{family}-first-and-last-frames", first_and_last, credits, ratios, 8)
    yield video("veo3-1-fast-reference-to-video", modes(i2v=images(1, 3)), 99, ("16:9",), 8)


def p_video() -> Iterator[Model]:
    """P-Video: sizes and drafts; the prices are our guess."""
    takes = modes(t2v=Media(audios=(0, 1)), i2v=Media((1, 1), (0, 0), (0, 1)))
    rates = (("720p", 5), ("1080p", 10), ("720p-draft", 2), ("1080p-draft", 4))
    for name, credits in rates:
        base = Model(f"p-video-{name}", "video", takes, rate(credits), "per_second", 2_000, FIVE)
        size = name.removesuffix("-draft")
        yield replace(base, durations=tuple(range(1, 21)), sound="included", size=size)


VIDEO_MODELS: tuple[Model, ...] = (
    video("grok-image-to-video", PICTURE, 65, GROK, 6),
    video("grok-text-to-video-6s", WORDS, 65, GROK, 6),
    *kling_2_5(),
    *kling_2_6(),
    *kling_3(),
    *motion_control(),
    *p_video(),
    *seedance_1_5(),
    *seedance_2(),
    *sora(),
    *v1_pro(),
    *veo(),
    *wan(),
)


def variants(name: str, sizes: tuple[str, ...], *suffixes: str) -> tuple[str, ...]:
    """All sizes of the first suffix before those of the next."""
    return tuple(f"{name}-{size}{suffix}" for suffix in suffixes for size in sizes)


FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "seedance-2": variants("seedance-2", ("480p", "720p", "1080p"), "", "-video-ref"),
        "seedance-2-fast": variants("seedance-2-fast", ("480p", "720p"), "", "-video-ref"),
        "p-video": variants("p-video", ("720p", "1080p"), "", "-draft"),
        "kling-3-0-motion-control": variants("kling-3-0-motion-control", ("720p", "1080p"), ""),
        "kling-2-6-motion-control": variants("kling-2-6-motion-control", ("720p", "1080p"), ""),
    }
)
