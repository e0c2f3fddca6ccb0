"""Lengths and sizes of WebM files from their elements (RFC 8794, RFC 9559)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.media.measures import Measures
from simulator.media.scanner import Scanner, UnreadableMedia

_EBML, _DOC_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_ENTRY, _TYPE, _VIDEO, _WIDTH, _HEIGHT = 0xAE, 0x83, 0xE0, 0xB0, 0xBA
_PICTURES = 1
_LONGEST_NAME = 32
_NANOSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Element:
    id: int
    start: int
    end: int
    open_ended: bool


def measure_webm(scanner: Scanner) -> Measures:
    """The stated length, if any, and the size of the first picture track."""
    duration_ms: int | None = None
    size: tuple[int, int] | None = None
    for element in _elements(scanner, 0, scanner.size):
        if element.id == _EBML and _doc_type(scanner, element) not in (b"webm", b"matroska"):
            raise UnreadableMedia("The content is not WebM.")
        if element.id != _SEGMENT:
            continue
        for part in _elements(scanner, element.start, element.end):
            if part.id == _INFO:
                duration_ms = _duration_ms(scanner, part)
            elif part.id == _TRACKS:
                size = _picture_size(scanner, part)
            if part.open_ended or (part.id == _CLUSTER and size is not None):
                break
        break
    if size is None:
        raise UnreadableMedia("The file has no pictures.")
    return Measures("video", "webm", *size, duration_ms)


def _elements(scanner: Scanner, start: int, end: int) -> Iterator[_Element]:
    place = start
    while place < end:
        name, place = _variable(scanner, place, keep_marker=True)
        length, body = _variable(scanner, place, keep_marker=False)
        unknown = length == (1 << 7 * (body - place)) - 1
        stop = end if unknown else body + length
        if stop > end:
            raise UnreadableMedia("An element claims to be longer than what holds it.")
        yield _Element(name, body, stop, unknown)
        place = stop


def _variable(scanner: Scanner, place: int, *, keep_marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, 4) and the place after it."""
    first = scanner.number(place, 1)
    if not first:
        raise UnreadableMedia("The file's elements are broken.")
    length = 9 - first.bit_length()
    value = scanner.number(place, length)
    if not keep_marker:
        value &= (1 << 7 * length) - 1
    return value, place + length


def _value(scanner: Scanner, element: _Element) -> bytes:
    length = element.end - element.start
    if length > _LONGEST_NAME:
        raise UnreadableMedia("The file's elements are broken.")
    return scanner.read(element.start, length)


def _doc_type(scanner: Scanner, header: _Element) -> bytes:
    for element in _elements(scanner, header.start, header.end):
        if element.id == _DOC_TYPE:
            return _value(scanner, element).rstrip(b"\x00")
    return b"matroska"


def _duration_ms(scanner: Scanner, info: _Element) -> int | None:
    scale, ticks = _NANOSECONDS, None
    for element in _elements(scanner, info.start, info.end):
        if element.id == _SCALE:
            scale = int.from_bytes(_value(scanner, element), "big")
        elif element.id == _DURATION:
            value = _value(scanner, element)
            if len(value) not in (4, 8):
                raise UnreadableMedia("The file's length is broken.")
            (ticks,) = struct.unpack(">f" if len(value) == 4 else ">d", value)
    if ticks is None:
        return None
    ms = ticks * scale / _NANOSECONDS
    if not 0 <= ms < float(1 << 62):  # refuses what is not a number, too
        raise UnreadableMedia("The file's length is absurd.")
    return int(ms)


def _picture_size(scanner: Scanner, tracks: _Element) -> tuple[int, int] | None:
    for entry in _elements(scanner, tracks.start, tracks.end):
        if entry.id != _ENTRY:
            continue
        kind, width, height = 0, 0, 0
        for element in _elements(scanner, entry.start, entry.end):
            if element.id == _TYPE:
                kind = int.from_bytes(_value(scanner, element), "big")
            elif element.id == _VIDEO:
                for part in _elements(scanner, element.start, element.end):
                    if part.id == _WIDTH:
                        width = int.from_bytes(_value(scanner, part), "big")
                    elif part.id == _HEIGHT:
                        height = int.from_bytes(_value(scanner, part), "big")
        if kind == _PICTURES:
            return width, height
    return None
