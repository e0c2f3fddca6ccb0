"""Lengths and sizes of MP4, MOV and M4A files from their boxes (ISO/IEC 14496-12).

Boxes are stepped over by seeking; the sound and picture data are never read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.domain.outputs import MediaKind
from simulator.media.measures import DAY_MS, Measures
from simulator.media.scanner import Scanner, UnreadableMedia

_LARGE, _TO_THE_END = 1, 0
_UNKNOWN_LENGTHS = frozenset({0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF})


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Track:
    handler: bytes
    duration_ms: int | None
    width: int
    height: int


def measure_iso(scanner: Scanner) -> Measures:
    """The first picture track, or the first sound track where there is no picture."""
    brand, index = b"", None
    for found in _boxes(scanner, 0, scanner.size):
        if found.kind == b"ftyp":
            brand = scanner.read(found.start, 4)
        if found.kind == b"moov":
            index = found
    if index is None:
        raise UnreadableMedia("The file has no index of its content.")
    whole_ms, tracks = _index(scanner, index)
    pictures = [track for track in tracks if track.handler == b"vide"]
    sounds = [track for track in tracks if track.handler == b"soun"]
    # A cover in a sound file is a picture track, too: such files say by their brand what they are.
    is_sound = bool(sounds) and (not pictures or brand in (b"M4A ", b"M4B "))
    if not pictures and not sounds:
        raise UnreadableMedia("The file has neither pictures nor sound.")
    chosen = sounds[0] if is_sound else pictures[0]
    if (chosen.duration_ms or 0) > DAY_MS:
        raise UnreadableMedia("A track claims to last longer than a day.")
    # The whole is what is played: tracks may hold more, and an edit list cuts them.
    duration_ms = whole_ms if whole_ms is not None else chosen.duration_ms
    kind: MediaKind = "audio" if is_sound else "video"
    if is_sound:
        return Measures(kind, "m4a", duration_ms=duration_ms)
    name = "mov" if brand in (b"qt  ", b"") else "mp4"
    return Measures(kind, name, chosen.width, chosen.height, duration_ms)


def _boxes(scanner: Scanner, start: int, end: int) -> Iterator[_Box]:
    place = start
    while place + 8 <= end:
        head = scanner.read(place, 8)
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:], 8
        if size == _LARGE:
            size, header = scanner.number(place + 8, 8), 16
        elif size == _TO_THE_END:
            size = end - place
        if size < header or place + size > end:
            raise UnreadableMedia("A box claims to be longer than what holds it.")
        yield _Box(kind, place + header, place + size)
        place += size


def _index(scanner: Scanner, index: _Box) -> tuple[int | None, list[_Track]]:
    whole_ms: int | None = None
    timescale = 0
    tracks = []
    for part in _boxes(scanner, index.start, index.end):
        if part.kind == b"mvhd":
            timescale, whole_ms = _length(scanner, part)
        elif part.kind == b"trak":
            tracks.append(_track(scanner, part))
        elif part.kind == b"mvex" and timescale:
            for inner in _boxes(scanner, part.start, part.end):
                if inner.kind == b"mehd" and whole_ms is None:
                    wide = scanner.number(inner.start, 1) == 1
                    ticks = scanner.number(inner.start + 4, 8 if wide else 4)
                    whole_ms = None if ticks in _UNKNOWN_LENGTHS else ticks * 1000 // timescale
    return whole_ms, tracks


def _length(scanner: Scanner, header: _Box) -> tuple[int, int | None]:
    """Timescale and milliseconds of an ``mvhd`` or ``mdhd`` box."""
    if scanner.number(header.start, 1) == 1:
        timescale = scanner.number(header.start + 20, 4)
        ticks = scanner.number(header.start + 24, 8)
    else:
        timescale = scanner.number(header.start + 12, 4)
        ticks = scanner.number(header.start + 16, 4)
    if not timescale:
        raise UnreadableMedia("The file's clock stands still.")
    return timescale, None if ticks in _UNKNOWN_LENGTHS else ticks * 1000 // timescale


def _track(scanner: Scanner, track: _Box) -> _Track:
    handler, duration_ms, width, height = b"", None, 0, 0
    for part in _boxes(scanner, track.start, track.end):
        if part.kind == b"tkhd":
            matrix = scanner.read(part.end - 44, 44)
            width, height = (int.from_bytes(matrix[at : at + 4], "big") >> 16 for at in (36, 40))
            if not any(matrix[0:4]) and any(matrix[4:8]):  # turned by a quarter
                width, height = height, width
        elif part.kind == b"mdia":
            for inner in _boxes(scanner, part.start, part.end):
                if inner.kind == b"mdhd":
                    _, duration_ms = _length(scanner, inner)
                elif inner.kind == b"hdlr":
                    handler = scanner.read(inner.start + 8, 4)
    return _Track(handler, duration_ms, width, height)
