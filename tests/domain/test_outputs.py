"""How large a file is said to be before a byte of it exists."""

from dataclasses import replace

import pytest

from simulator.domain.outputs import Output, declared_size

IMAGE = Output("o", "image", "png", 0, "m", "c", "j", width=1_024, height=512)
SOUND = Output("o", "audio", "mp3", 0, "m", "c", "j", duration_ms=2_400, sound=True)
PIXELS = 1_024 * 512


@pytest.mark.parametrize(
    ("output", "size"),
    [
        (IMAGE, 32_768 + PIXELS // 3),
        (replace(IMAGE, sources=("u",)), 32_768 + PIXELS * 3 // 2),
        (replace(IMAGE, format="webp"), 32_768 + PIXELS // 2),
        (SOUND, 2_048 + 104 * 384),
        (replace(SOUND, format="wav"), 44 + 2_400 * 96),
        (replace(SOUND, format="m4a"), 16_384 + 3 * 12_288),
        (
            replace(IMAGE, kind="video", format="mp4", duration_ms=2_400),
            32_768 + 3 * (PIXELS // 8 + 16_384),
        ),
    ],
)
def test_a_size_follows_from_the_description_alone(output: Output, size: int) -> None:
    assert declared_size(output) == size


def test_a_longer_or_larger_file_is_never_said_to_be_smaller() -> None:
    sizes = [declared_size(replace(SOUND, duration_ms=each)) for each in range(0, 100_000, 77)]
    assert sizes == sorted(sizes)
    sides = [declared_size(replace(IMAGE, width=each)) for each in range(2, 4_096, 2)]
    assert sides == sorted(sides)
