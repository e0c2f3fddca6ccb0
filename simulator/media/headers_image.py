"""Sizes of PNG, JPEG and WebP images from their headers."""

import struct
import zlib

from simulator.media.measures import Measures
from simulator.media.scanner import Scanner, UnreadableMedia

_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset(range(0xD0, 0xD8)) | {0x01}
_SCAN, _END = 0xDA, 0xD9


def measure_png(scanner: Scanner) -> Measures:
    """``IHDR``, its checksum verified (W3C PNG, 11.2.1)."""
    length, name, width, height = struct.unpack(">I4sII", scanner.read(8, 16))
    body = scanner.read(12, 17)
    if name != b"IHDR" or length != 13 or zlib.crc32(body) != scanner.number(29, 4):
        raise UnreadableMedia("The PNG header is broken.")
    scanner.read(33, 12)  # at least one chunk more
    return Measures("image", "png", width, height)


def measure_jpeg(scanner: Scanner) -> Measures:
    """The first frame header (T.81, B.2.2), found by stepping over segments."""
    place = 2
    while True:
        mark, code = scanner.read(place, 2)
        if mark != 0xFF:
            raise UnreadableMedia("The JPEG segments are broken.")
        if code == 0xFF:
            place += 1
            continue
        if code in _ALONE:
            place += 2
            continue
        if code in (_SCAN, _END):
            raise UnreadableMedia("The JPEG has no frame header.")
        length = scanner.number(place + 2, 2)
        if length < 2:
            raise UnreadableMedia("The JPEG segments are broken.")
        if code in _FRAME_MARKERS:
            height, width = struct.unpack(">HH", scanner.read(place + 5, 4))
            return Measures("image", "jpeg", width, height)
        place += 2 + length


def measure_webp(scanner: Scanner) -> Measures:
    """The first chunk: ``VP8X`` canvas, ``VP8L`` or ``VP8`` frame header."""
    (riff,) = struct.unpack("<I", scanner.read(4, 4))
    if riff + 8 > scanner.size:
        raise UnreadableMedia("The WebP claims to be longer than the file.")
    name, length = struct.unpack("<4sI", scanner.read(12, 8))
    if length + 20 > scanner.size:
        raise UnreadableMedia("The WebP claims to be longer than the file.")
    head = scanner.read(20, 10)
    if name == b"VP8X":
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
    elif name == b"VP8L" and head[0] == 0x2F:
        packed = int.from_bytes(head[1:5], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif name == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width = int.from_bytes(head[6:8], "little") & 0x3FFF
        height = int.from_bytes(head[8:10], "little") & 0x3FFF
    else:
        raise UnreadableMedia("The WebP header is broken.")
    return Measures("image", "webp", width, height)
