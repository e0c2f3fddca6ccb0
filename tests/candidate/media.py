"""Files that open: plain pictures, clips of one colour with a tone, and their measures."""

import io
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
from av.error import FFmpegError
from PIL import Image

FRAMES_PER_SECOND = 4
SAMPLES_PER_SECOND = 24_000
Colour = tuple[int, int, int]


def sides(ratio: str, size: str) -> tuple[int, int]:
    """Width and height; ``2K`` names the longer side in 1024s, ``720p`` the shorter one."""
    across, down = (int(part) for part in ratio.split(":"))
    if size.endswith("p"):
        short = int(size[:-1])
        scale = Fraction(short, min(across, down))
    else:
        scale = Fraction(int(size[:-1]) * 1024, max(across, down))
    return 2 * round(across * scale / 2), 2 * round(down * scale / 2)


@lru_cache(maxsize=8)
def picture(width: int, height: int, colour: Colour) -> bytes:
    """A PNG of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG", compress_level=1)
    return out.getvalue()


@lru_cache(maxsize=32)
def thumbnail(width: int, height: int, colour: Colour) -> bytes:
    """A WebP of one colour, at most 256 pixels long."""
    scale = 256 / max(width, height)
    out = io.BytesIO()
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    Image.new("RGB", size, colour).save(out, "WEBP")
    return out.getvalue()


def tone(seconds: int) -> bytes:
    """A low tone, as 16-bit samples of one channel."""
    second = b"".join(
        int(6_000 * math.sin(2 * math.pi * 220 * n / SAMPLES_PER_SECOND)).to_bytes(
            2, "little", signed=True
        )
        for n in range(SAMPLES_PER_SECOND)
    )
    return second * seconds


def plain_frame(width: int, height: int, colour: Colour) -> av.VideoFrame:
    """A frame of one colour, as the encoder wants it."""
    red, green, blue = colour
    luma = (66 * red + 129 * green + 25 * blue) // 256 + 16
    bluish = (-38 * red - 74 * green + 112 * blue) // 256 + 128
    reddish = (112 * red - 94 * green - 18 * blue) // 256 + 128
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, (luma, bluish, reddish), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


@lru_cache(maxsize=16)
def clip(width: int, height: int, seconds: int, colour: Colour, *, sound: bool) -> bytes:
    """An MP4 of one colour and so many seconds, with a tone where sound is asked."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1"}
        audio = container.add_stream("aac", rate=SAMPLES_PER_SECOND) if sound else None
        frame = plain_frame(width, height, colour)
        for number in range(seconds * FRAMES_PER_SECOND):
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            samples = av.AudioFrame(format="s16", layout="mono", samples=seconds * 24_000)
            samples.planes[0].update(tone(seconds))
            samples.sample_rate, samples.pts = SAMPLES_PER_SECOND, 0
            container.mux(audio.encode(samples))
            container.mux(audio.encode())
    return out.getvalue()


@dataclass(frozen=True)
class Known:
    """What is known of an uploaded file: its bytes, and what could be read of the rest."""

    size_bytes: int
    length_s: Fraction | None = None
    sides: tuple[int, int] | None = None


def measure(path: Path, kind: str) -> Known:
    """The measures of a file of one kind: ``image``, ``video`` or ``audio``."""
    size_bytes = path.stat().st_size
    try:
        if kind == "image":
            with Image.open(path) as picture:
                return Known(size_bytes, sides=picture.size)
        with av.open(path) as container:
            length = container.duration
            known_s = None if length is None else Fraction(length, av.time_base)
            return Known(size_bytes, length_s=known_s)
    except (FFmpegError, OSError, Image.DecompressionBombError):
        return Known(size_bytes)
