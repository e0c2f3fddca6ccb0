"""What a file tells of itself: its kind, its size, how long it lasts, whether there is sound in it.
Nothing but the standard library: replays carry this text."""

from __future__ import annotations

import struct
from typing import Any

BOXES_OF_BOXES = (b"moov", b"trak", b"mdia")
JPEG_SIZES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
MP3_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MP3_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
MP3_RATES = (44_100, 48_000, 32_000)


def file_facts(content: bytes) -> dict[str, Any] | None:
    """``kind`` (image, video, audio), ``format``, and as far as they are told: ``width`` and
    ``height`` in pixels, ``seconds`` to the tenth, ``sound``. None: a file of no known kind."""
    try:
        for reads in (_png, _jpeg, _webp, _mp4, _wav, _mp3, _others):
            found = reads(content)
            if found is not None:
                return found
    except (struct.error, IndexError, ZeroDivisionError):
        pass  # it ends too early for what it says it is
    return None


def _image(name: str, width: int, height: int) -> dict[str, Any]:
    return {"kind": "image", "format": name, "width": width, "height": height}


def _png(content: bytes) -> dict[str, Any] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return _image("png", *struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> dict[str, Any] | None:
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while True:
        while content[at + 1] == 0xFF:
            at += 1
        mark, (length,) = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])
        if mark in JPEG_SIZES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return _image("jpeg", width, height)
        at += 2 + length


def _webp(content: bytes) -> dict[str, Any] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    if content[12:16] == b"VP8X":
        sides = [int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27)]
    elif content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        sides = [(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1]
    else:
        sides = [side & 0x3FFF for side in struct.unpack("<HH", content[26:30])]
    return _image("webp", *sides)


def _mp4(content: bytes) -> dict[str, Any] | None:
    if content[4:8] != b"ftyp":
        return None
    found: dict[str, Any] = {"kind": "audio", "format": "mp4", "sound": False}
    for name, box in _boxes(content, 0, len(content)):
        if name == b"mvhd":
            long = box[0] == 1
            scale, lasts = struct.unpack(
                ">IQ" if long else ">II", box[20:32] if long else box[12:20]
            )
            found["seconds"] = round(lasts / scale, 1)
        elif name == b"tkhd":
            width, height = struct.unpack(">II", box[-8:])
            if width and height:
                found |= {"width": width >> 16, "height": height >> 16}
        elif name == b"hdlr" and box[8:12] == b"soun":
            found["sound"] = True
        elif name == b"hdlr" and box[8:12] == b"vide":
            found["kind"] = "video"
    return found


def _boxes(content: bytes, start: int, end: int) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    while start + 8 <= end:
        size, name = struct.unpack(">I4s", content[start : start + 8])
        head = 8
        if size == 1:
            (size,), head = struct.unpack(">Q", content[start + 8 : start + 16]), 16
        after = start + size if size >= head else end
        if name in BOXES_OF_BOXES:
            found += _boxes(content, start + head, min(after, end))
        else:
            found.append((name, content[start + head : min(after, end)][:128]))
        start = after
    return found


def _wav(content: bytes) -> dict[str, Any] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= len(content):
        name, size = struct.unpack("<4sI", content[at : at + 8])
        if name == b"fmt ":
            (rate,) = struct.unpack("<I", content[at + 16 : at + 20])
        elif name == b"data":
            return _sound("wav", min(size, len(content) - at - 8) / rate)
        at += 8 + size + size % 2
    return _sound("wav", 0)


def _mp3(content: bytes) -> dict[str, Any] | None:
    """By its first frame and its length, or by what a table of frames says."""
    at = 0
    if content[:3] == b"ID3":
        at = 10 + sum((content[6 + i] & 0x7F) << 7 * (3 - i) for i in range(4))
    word = int.from_bytes(content[at : at + 4], "big")
    first = word >> 19 & 3 == 3
    index, kind = word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or word >> 17 & 3 != 1 or kind == 3 or not 0 < index < 15:
        return None
    rate = MP3_RATES[kind] if first else MP3_RATES[kind] // (2 if word >> 19 & 3 == 2 else 4)
    samples = 1_152 if first else 576
    head = content[at : at + 200]
    table = max(head.find(b"Xing"), head.find(b"Info"))
    if table > 0 and head[table + 7] & 1:
        (frames,) = struct.unpack(">I", head[table + 8 : table + 12])
        return _sound("mp3", frames * samples / rate)
    kbits = MP3_KBITS[index] if first else MP3_KBITS_2[index]
    return _sound("mp3", (len(content) - at) / (kbits * 125))


def _sound(name: str, seconds: float) -> dict[str, Any]:
    return {"kind": "audio", "format": name, "seconds": round(seconds, 1), "sound": True}


def _others(content: bytes) -> dict[str, Any] | None:
    for start, kind, name in (
        (b"GIF8", "image", "gif"),
        (b"\x1aE\xdf\xa3", "video", "webm"),
        (b"OggS", "audio", "ogg"),
        (b"fLaC", "audio", "flac"),
    ):
        if content.startswith(start):
            return {"kind": kind, "format": name}
    return None
