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


_MP3_FRAME_BYTES, _MP3_FRAME_MS = 384, 24  # 128 kbit/s at 48 kHz


def declared_size(output: Output) -> int:
    """Bytes of the original file, promised before it is made; the renderer pads up to it.

    A status answer states ``file_size`` without rendering anything, so the size has to follow from
    the description alone. Allowances per pixel are wide enough for nearly every picture, and what
    is busier is stored more coarsely. A picture that shows a source is stored in full colour.
    """
    pixels = output.width * output.height
    seconds = -(-output.duration_ms // 1000)
    if output.kind == "video":
        return 32_768 + seconds * (pixels // 8 + 16_384)
    if output.format == "wav":
        return 44 + output.duration_ms * AUDIO_RATE_HZ // 1000 * 2
    if output.format == "mp3":
        return 2_048 + (output.duration_ms // _MP3_FRAME_MS + 4) * _MP3_FRAME_BYTES
    if output.kind == "audio":
        return 16_384 + seconds * 12_288
    if output.format == "png":
        return 32_768 + (pixels * 3 // 2 if output.sources else pixels // 3)
    return 32_768 + pixels // 4 * 2
