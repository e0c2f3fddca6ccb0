"""Lengths of WAV and MP3 files from their headers."""

import struct
from dataclasses import dataclass
from types import MappingProxyType

from simulator.media.measures import Measures
from simulator.media.scanner import Scanner, UnreadableMedia

_RATES_HZ = MappingProxyType(
    {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
)
_KBITS_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SEARCH = 64 * 1024
_ID3V1 = 128


def measure_wav(scanner: Scanner) -> Measures:
    """``fmt`` and ``data`` chunks; both must lie within the file."""
    place, byte_rate = 12, 0
    while place + 8 <= scanner.size:
        name, length = struct.unpack("<4sI", scanner.read(place, 8))
        if place + 8 + length > scanner.size:
            raise UnreadableMedia("The WAV claims to be longer than the file.")
        if name == b"fmt ":
            _, channels, rate, _, align, _ = struct.unpack("<HHIIHH", scanner.read(place + 8, 16))
            byte_rate = rate * align
            if not channels or not byte_rate or align < channels:
                raise UnreadableMedia("The WAV header is broken.")
        if name == b"data":
            if not byte_rate:
                raise UnreadableMedia("The WAV header is broken.")
            return Measures("audio", "wav", duration_ms=length * 1000 // byte_rate)
        place += 8 + length + length % 2
    raise UnreadableMedia("The WAV has no sound.")


@dataclass(frozen=True, slots=True)
class _Frame:
    rate_hz: int
    bits_per_second: int
    samples: int
    length: int
    smallest: int
    side_bytes: int


def _frame(head: bytes) -> _Frame | None:
    """A layer III frame header (ISO/IEC 11172-3, 2.4.2.3)."""
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate_index, bits_index, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
    if version == 1 or layer != 1 or rate_index == 3 or not 1 <= bits_index <= 14:
        return None
    first = version == 3
    kbits = _KBITS_1 if first else _KBITS_2
    rate = _RATES_HZ[version][rate_index]
    bits = kbits[bits_index - 1] * 1000
    samples = 1152 if first else 576
    mono = head[3] >> 6 == 3
    side = (17 if mono else 32) if first else (9 if mono else 17)
    slots = samples // 8
    return _Frame(
        rate, bits, samples, slots * bits // rate + padding, slots * kbits[0] * 1000 // rate, side
    )


def measure_mp3(scanner: Scanner) -> Measures:
    """The number of frames that a Xing or VBRI header states, else the size at a constant rate."""
    start = 0
    head = scanner.read(0, min(10, scanner.size)).ljust(10, b"\x00")
    if head.startswith(b"ID3"):
        if any(byte & 0x80 for byte in head[6:10]):
            raise UnreadableMedia("The ID3 tag is broken.")
        length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start = 10 + length + (10 if head[5] & 0x10 else 0)
        if start >= scanner.size:
            raise UnreadableMedia("The ID3 tag claims to be longer than the file.")
    place, frame = _first_frame(scanner, start)
    sound = scanner.size - place
    counted = _stated_frames(scanner, place, frame)
    if counted is None:
        ms = sound * 8 * 1000 // frame.bits_per_second
        return Measures("audio", "mp3", duration_ms=ms)
    frames, trimmed = counted
    if frames * frame.smallest > sound:
        raise UnreadableMedia("The MP3 claims more sound than the file holds.")
    samples = max(0, frames * frame.samples - trimmed)
    return Measures("audio", "mp3", duration_ms=samples * 1000 // frame.rate_hz)


def _first_frame(scanner: Scanner, start: int) -> tuple[int, _Frame]:
    """The first header that another follows where it says, or that ends the file."""
    window = scanner.read(start, min(_SEARCH, scanner.size - start))
    for offset in range(max(0, len(window) - 3)):
        if window[offset] != 0xFF:
            continue
        frame = _frame(window[offset : offset + 4])
        if frame is None:
            continue
        after = start + offset + frame.length
        if after == scanner.size or after == scanner.size - _ID3V1:
            return start + offset, frame
        if after + 4 <= scanner.size and _frame(scanner.read(after, 4)) is not None:
            return start + offset, frame
    raise UnreadableMedia("The MP3 has no sound.")


def _stated_frames(scanner: Scanner, place: int, frame: _Frame) -> tuple[int, int] | None:
    """Frames, and samples that an encoder added to them, from the header in the first frame."""
    body = scanner.read(place, min(frame.length, scanner.size - place))
    tag = body[4 + frame.side_bytes :]
    if tag[:4] in (b"Xing", b"Info") and len(tag) >= 12 and tag[7] & 1:
        (frames,) = struct.unpack(">I", tag[8:12])
        flags = tag[7]
        lame = 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1)
        lame += 4 * (flags >> 3 & 1)
        delays = int.from_bytes(tag[lame + 21 : lame + 24], "big")
        known = tag[lame : lame + 4] in (b"LAME", b"Lavc", b"Lavf")
        return frames, (delays >> 12) + (delays & 0xFFF) if known else 0
    vbri = body[36:]
    if vbri[:4] == b"VBRI" and len(vbri) >= 18:
        return int.from_bytes(vbri[14:18], "big"), 0
    return None
