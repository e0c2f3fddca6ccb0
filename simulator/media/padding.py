"""Fill a finished file up to a promised size, in the way each format sets aside for it.

Every function takes the file and the exact size wanted, and raises ``ValueError`` when the format
has no filling of that length. Players and decoders step over what is added.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

_PNG_CHUNK = 1 << 20  # libpng refuses ancillary chunks of more than 8 MB
_JPEG_SEGMENT = 65_000


def _require(data: bytes, size: int, smallest: int) -> int:
    room = size - len(data)
    if room and room < smallest:
        raise ValueError(f"no filling of {room} bytes")
    return room


def pad_png(data: bytes, size: int) -> bytes:
    """Private ancillary chunks (W3C PNG, 5.4: case of the name) before ``IEND``."""
    room = _require(data, size, 12)
    body, end = data[:-12], data[-12:]
    parts = [body]
    while room:
        length = room if room <= _PNG_CHUNK + 12 else _PNG_CHUNK
        content = b"paDd" + bytes(length - 12)
        parts.append(struct.pack(">I", length - 12) + content)
        parts.append(struct.pack(">I", zlib.crc32(content)))
        room -= length
    return b"".join([*parts, end])


def pad_jpeg(data: bytes, size: int) -> bytes:
    """Comment segments after the start of image (T.81, B.2.4.5)."""
    room = _require(data, size, 4)
    parts = [data[:2]]
    while room:
        length = room if room <= _JPEG_SEGMENT + 4 else _JPEG_SEGMENT
        parts.append(b"\xff\xfe" + struct.pack(">H", length - 2) + bytes(length - 4))
        room -= length
    return b"".join([*parts, data[2:]])


def pad_webp(data: bytes, size: int) -> bytes:
    """An unknown RIFF chunk at the end, which readers ignore. Both sizes are even."""
    room = _require(data, size, 8)
    if room == 0:
        return data
    chunk = b"PADD" + struct.pack("<I", room - 8) + bytes(room - 8)
    if data[12:16] != b"VP8X":
        # The simple layout holds one chunk only; others are allowed in the extended one.
        raise ValueError("not an extended WebP file")
    return data[:4] + struct.pack("<I", size - 8) + data[8:] + chunk


def pad_mp4(data: bytes, size: int) -> bytes:
    """A ``free`` box at the end (ISO/IEC 14496-12, 8.1.2)."""
    room = _require(data, size, 8)
    return data + struct.pack(">I4s", room, b"free") + bytes(room - 8) if room else data


PADDERS: Mapping[str, Callable[[bytes, int], bytes]] = MappingProxyType(
    {
        "png": pad_png,
        "jpeg": pad_jpeg,
        "webp": pad_webp,
        "mp4": pad_mp4,
        "m4a": pad_mp4,
    }
)


def padded(data: bytes, format_name: str, size: int) -> bytes | None:
    """The file at exactly ``size`` bytes, or None when it does not fit."""
    try:
        return PADDERS[format_name](data, size) if len(data) <= size else None
    except ValueError:
        return None
