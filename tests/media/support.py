"""Descriptions to render, and readers of files that share no code with the media room."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image

from simulator.domain.outputs import Output, Variant
from simulator.media import render

IMAGE = Output(
    id="out_1",
    kind="image",
    format="png",
    seed=7,
    model="nano-banana-2",
    caption="A lighthouse on a cliff at dusk",
    job_id="3f9c2a71-0000-4000-8000-000000000000",
    width=320,
    height=192,
)
VIDEO = Output(
    id="out_2",
    kind="video",
    format="mp4",
    seed=7,
    model="kling-3-0-std",
    caption="Waves roll in",
    job_id="b10c2a71-0000-4000-8000-000000000000",
    width=320,
    height=192,
    duration_ms=3_000,
    sound=True,
)
SOUND = Output(
    id="out_3",
    kind="audio",
    format="mp3",
    seed=7,
    model="V5_5",
    caption="A slow song",
    job_id="c20c2a71-0000-4000-8000-000000000000",
    duration_ms=5_000,
)


def original(output: Output, *sources: Path) -> bytes:
    return render(output, Variant.ORIGINAL, sources).data


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@dataclass(frozen=True)
class Film:
    """A decoded video: RGB frames, their times in seconds, and samples of sound."""

    frames: list[Image.Image]
    times: list[float]
    samples: int
    loudest: int
    streams: list[str]
    duration_s: float


def decoded(data: bytes) -> Film:
    with av.open(io.BytesIO(data), mode="r") as container:
        streams: list[str] = [stream.type for stream in container.streams]
        duration_s = (container.duration or 0) / 1_000_000
        frames, times = [], []
        for frame in container.decode(video=0) if "video" in streams else ():
            frames.append(rgb(frame))
            times.append(float(frame.time or 0))
    samples, loudest = 0, 0
    with av.open(io.BytesIO(data), mode="r") as container:
        for sound in container.decode(audio=0) if "audio" in streams else ():
            samples += sound.samples
            loudest = max(loudest, _peak(sound))
    return Film(frames, times, samples, loudest, streams, duration_s)


def rgb(frame: av.VideoFrame) -> Image.Image:
    image: Any = frame.to_image()  # type: ignore[no-untyped-call]  # so in PyAV
    assert isinstance(image, Image.Image)
    return image


def _peak(frame: av.AudioFrame) -> int:
    content = bytes(frame.planes[0])
    if frame.format.name.startswith("flt"):
        floats: tuple[float, ...] = struct.unpack(f"{len(content) // 4}f", content)
        return round(32_768 * max(map(abs, floats[: frame.samples])))
    whole: tuple[int, ...] = struct.unpack(f"{len(content) // 2}h", content)
    return max(map(abs, whole[: frame.samples]))


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of the content of each box of an MP4 file."""
    place, stop = start, len(data) if end is None else end
    while place < stop:
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        assert size >= 8
        yield kind.decode("ascii"), place + 8, place + size
        place += size
    assert place == stop


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two pictures' channels, 0 to 255."""
    assert one.size == other.size
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)


def near(pixel: object, color: tuple[int, int, int], tolerance: int = 24) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(int(a) - b) <= tolerance for a, b in zip(pixel, color, strict=True))
