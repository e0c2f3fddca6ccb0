"""Measure an uploaded file from its headers, without decoding it.

A file is taken for what its content says, and its extension must be of the same kind: an extension
decides how the provider classes a URL, so a text named ``.png`` would be classed as an image.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from simulator.domain.outputs import MediaKind
from simulator.media.headers_audio import measure_mp3, measure_wav
from simulator.media.headers_image import measure_jpeg, measure_png, measure_webp
from simulator.media.headers_iso import measure_iso
from simulator.media.headers_webm import measure_webm
from simulator.media.measures import DAY_MS, Measures
from simulator.media.scanner import Scanner, UnreadableMedia

__all__ = ["Probe", "UnreadableMedia", "probe"]

EXTENSION_KINDS: Mapping[str, MediaKind] = MappingProxyType(
    {
        "png": "image",
        "jpg": "image",
        "jpeg": "image",
        "webp": "image",
        "mp4": "video",
        "mov": "video",
        "webm": "video",
        "mp3": "audio",
        "wav": "audio",
        "m4a": "audio",
    }
)
_LONGEST_SIDE = 16_384
_MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Probe:
    """What an upload is.

    ``format`` is the content's own: ``png jpeg webp mp4 mov webm mp3 wav m4a``. ``width`` and
    ``height`` are pixels, 0 for sound. ``duration_ms`` is None for images, and for videos that do
    not state their length (recordings of some browsers).
    """

    kind: MediaKind
    format: str
    width: int
    height: int
    duration_ms: int | None
    size_bytes: int


def probe(path: Path, extension: str) -> Probe:
    """Measure a file by its headers; ``extension`` is with or without its dot, in any case.

    Raises ``UnreadableMedia`` for an unknown extension, for content of another kind, for broken
    headers, for absurd sizes and lengths. Reads at most 1 MiB. Raises ``OSError`` as ``open`` does.
    """
    name = extension.lower().lstrip(".")
    kind = EXTENSION_KINDS.get(name)
    if kind is None:
        raise UnreadableMedia(f"Files named .{name} are not accepted.")
    size = path.stat().st_size
    with path.open("rb") as file:
        scanner = Scanner(file, size)
        measure = _recognised(scanner)
        if measure is None:
            raise UnreadableMedia(f"The content is not that of a .{name} file.")
        found = measure(scanner)
    if found.kind != kind:
        article = "an" if found.kind != "video" else "a"
        raise UnreadableMedia(
            f"The file is named .{name}, but its content is {article} {found.kind} file."
        )
    _refuse_absurd(found)
    return Probe(kind, found.format, found.width, found.height, found.duration_ms, size)


def _recognised(scanner: Scanner) -> Callable[[Scanner], Measures] | None:
    """The reader for a content, by its first bytes."""
    head = scanner.read(0, min(16, scanner.size)).ljust(16, b"\x00")
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return measure_png
    if head.startswith(b"\xff\xd8\xff"):
        return measure_jpeg
    if head[:4] == b"RIFF":
        return {b"WEBP": measure_webp, b"WAVE": measure_wav}.get(head[8:12])
    if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip"):
        return measure_iso
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return measure_webm
    if head.startswith(b"ID3") or (head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return measure_mp3
    return None


def _refuse_absurd(found: Measures) -> None:
    if found.kind != "audio":
        if min(found.width, found.height) < 1:
            raise UnreadableMedia("The picture has no size.")
        too_many = found.width * found.height > _MOST_PIXELS
        if too_many or max(found.width, found.height) > _LONGEST_SIDE:
            raise UnreadableMedia(f"A picture of {found.width} x {found.height} is too large.")
    if found.kind != "image" and found.duration_ms is not None:
        if found.duration_ms > DAY_MS:
            raise UnreadableMedia("The file claims to last longer than a day.")
        if found.duration_ms < 1:
            raise UnreadableMedia("The file lasts no time at all.")
