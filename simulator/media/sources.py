"""Read the pictures of uploaded sources: images, and the first frame of videos.

Whatever cannot be read is passed over: a rendering never fails because of what somebody uploaded.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from simulator.media.probe import UnreadableMedia, probe

_LONGEST = 2048
_PIXELS = 40_000_000
_IMAGE_BYTES = 64 << 20
_VIDEO_BYTES = 32 << 20
_PACKETS = 64


def read_pictures(sources: Sequence[Path]) -> list[Image.Image]:
    """RGB pictures of the readable images and videos, in order, their longer side at most 2048."""
    pictures = (read_picture(path) for path in sources)
    return [picture for picture in pictures if picture is not None]


def read_picture(path: Path) -> Image.Image | None:
    """One source's picture, or None for sound and for what cannot be read."""
    try:
        found = probe(path, path.suffix)
    except (UnreadableMedia, OSError):
        return None
    if found.kind == "audio" or found.width * found.height > _PIXELS:
        return None
    try:
        picture = _image(path) if found.kind == "image" else _first_frame(path)
    except Exception:  # noqa: BLE001 - decoders raise every kind of error on hostile files
        return None
    if picture is None or min(picture.size) < 1:
        return None
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return picture


def _image(path: Path) -> Image.Image | None:
    if path.stat().st_size > _IMAGE_BYTES:
        return None
    with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
        image.draft("RGB", (_LONGEST, _LONGEST))
        upright = ImageOps.exif_transpose(image)
        if "A" not in upright.getbands() and "transparency" not in upright.info:
            return upright.convert("RGB")
        clear = upright.convert("RGBA")
    paper = Image.new("RGBA", clear.size, (244, 244, 240, 255))
    return Image.alpha_composite(paper, clear).convert("RGB")


class _Bounded:
    """A reader that ends after a number of bytes read, wherever they lie."""

    def __init__(self, file: BinaryIO, allowance: int) -> None:
        self._file = file
        self._left = allowance

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        return data


def _first_frame(path: Path) -> Image.Image | None:
    import av  # noqa: PLC0415 - most renderings decode nothing

    options = {"probesize": str(1 << 20), "analyzeduration": "0"}
    with (
        path.open("rb") as file,
        av.open(_Bounded(file, _VIDEO_BYTES), mode="r", options=options) as container,
    ):
        if not container.streams.video:
            return None
        stream = container.streams.video[0]
        stream.thread_count = 1
        for count, packet in enumerate(container.demux(stream)):
            for frame in packet.decode():
                if frame.width * frame.height > _PIXELS:
                    return None
                picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # so in PyAV
                return picture
            if count >= _PACKETS:
                return None
    return None
