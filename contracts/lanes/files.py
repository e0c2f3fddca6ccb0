"""A delivered file, opened: its kind, size, length and sound as decoders see them."""

import io
from dataclasses import dataclass

from contracts.check import Broken
from contracts.talk.exchange import Reply


@dataclass(frozen=True, slots=True)
class Opened:
    """``kind``: image, video or audio. Sizes in pixels, 0 where there is no picture; ``seconds`` 0
    for an image."""

    kind: str
    width: int
    height: int
    seconds: float
    has_sound: bool


def opened(reply: Reply) -> Opened:
    """Decodes a file as far as its first picture or sound. Raises Broken when it can't be."""
    if reply.status != 200:
        raise Broken("a file", f"status {reply.status}")
    return _picture(reply.content) or _film(reply.content)


def _picture(content: bytes) -> Opened | None:
    from PIL import Image  # noqa: PLC0415 - only where files are looked at

    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return Opened("image", image.width, image.height, 0, has_sound=False)
    except (OSError, SyntaxError, ValueError):
        return None


def _film(content: bytes) -> Opened:
    import av  # noqa: PLC0415 - only where films are looked at

    try:
        with av.open(io.BytesIO(content), mode="r") as container:
            sound, pictures = bool(container.streams.audio), container.streams.video
            next(container.decode(video=0) if pictures else container.decode(audio=0))
            seconds = (container.duration or 0) / av.time_base
            if not pictures:
                return Opened("audio", 0, 0, seconds, has_sound=True)
            track = pictures[0]
            return Opened("video", track.width, track.height, seconds, has_sound=sound)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        shown = f"{len(content)} bytes, {type(error).__name__}"
        raise Broken("a file that decodes", shown) from error
