"""What a finished job delivers, described before a byte of it exists.

A description fixes everything that the file shows, so the same description is the same file in any
process. The bytes are made by the media room when somebody first asks for them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

MediaKind = Literal["image", "video", "audio"]

FRAMES_PER_SECOND = 24
AUDIO_RATE_HZ = 48_000


class Variant(StrEnum):
    """The three files of one output: what the caller bought, a small preview, a lighter copy."""

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"
    OPTIMIZED = "optimized"


@dataclass(frozen=True, slots=True)
class Output:
    """One delivered file.

    ``format`` is the file's extension (``png``, ``mp4``, ``mp3``). Images and videos have ``width``
    and ``height`` in pixels; videos and audio have ``duration_ms``. ``sources`` are the ids of the
    uploads that the request named, in its order: their pictures appear in the result.
    """

    id: str
    kind: MediaKind
    format: str
    seed: int
    model: str
    caption: str
    job_id: str
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    sound: bool = False
    sources: tuple[str, ...] = ()


def declared_size(output: Output) -> int:
    """Bytes of the original file, promised before it is made; the renderer pads up to it.

    A status answer states ``file_size`` without rendering anything, so the size has to follow from
    the description alone. The allowances are wide enough for the busiest picture of that size.
    """
    pixels = output.width * output.height
    if output.kind == "image":
        return 32_768 + pixels // 3
    seconds = -(-output.duration_ms // 1000)
    if output.kind == "video":
        return 32_768 + seconds * (pixels // 8 + 8_192)
    return 8_192 + seconds * 40_000
