"""Write MP4 files whose index comes first (ISO/IEC 14496-12, 14496-14, 14496-15).

Our own writer, because libavformat cannot put the index first in memory, names its version in the
file, and takes most of the time of a short clip.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDEFINED_LANGUAGE = 0x55C4


@dataclass(frozen=True, slots=True)
class Track:
    """Samples of ``sample_ticks`` each; the last is cut so that they sum to ``total_ticks``.

    Ticks are of ``timescale`` to the second. Play begins at ``edit_start``. ``sync`` lists the
    samples, from 1, that can be decoded by themselves; empty means all of them.
    """

    kind: Literal["vide", "soun"]
    timescale: int
    entry: bytes
    samples: Sequence[bytes]
    sample_ticks: int
    total_ticks: int
    edit_start: int = 0
    sync: Sequence[int] = ()
    width: int = 0
    height: int = 0


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of a four-letter kind."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind: bytes, flags: int, *parts: bytes) -> bytes:
    """A box of version 0 with flags."""
    return box(kind, struct.pack(">I", flags), *parts)


def video_entry(width: int, height: int, sps: bytes, pps: bytes) -> bytes:
    """The sample description of H.264 with one sequence and one picture parameter set."""
    avcc = b"".join(
        [
            bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1]),
            struct.pack(">H", len(sps)) + sps,
            b"\x01" + struct.pack(">H", len(pps)) + pps,
        ]
    )
    head = bytes(6) + struct.pack(">H", 1) + bytes(16)
    size = struct.pack(">HHIIIH", width, height, 0x480000, 0x480000, 0, 1)
    color = box(b"colr", b"nclx", struct.pack(">HHHB", 1, 1, 1, 0))
    tail = bytes(32) + struct.pack(">Hh", 24, -1)
    return box(b"avc1", head, size, tail, box(b"avcC", avcc), color)


def audio_entry(config: bytes, rate_hz: int, bit_rate: int) -> bytes:
    """The sample description of mono AAC."""
    specific = bytes([5, len(config)]) + config
    rates = struct.pack(">II", bit_rate, bit_rate)
    decoder = bytes([0x40, 0x15, 0, 0, 0]) + rates + specific
    body = struct.pack(">HB", 1, 0) + bytes([4, len(decoder)]) + decoder + bytes([6, 1, 2])
    descriptor = bytes([3, len(body)]) + body
    head = bytes(6) + struct.pack(">H", 1) + bytes(8)
    sound = struct.pack(">HHHHI", 1, 16, 0, 0, rate_hz << 16)
    return box(b"mp4a", head, sound, full_box(b"esds", 0, descriptor))


def _sample_times(track: Track) -> bytes:
    count = len(track.samples)
    last = track.total_ticks - (count - 1) * track.sample_ticks
    runs = [(count, last)]
    if last != track.sample_ticks:
        runs = [(count - 1, track.sample_ticks), (1, last)] if count > 1 else [(1, last)]
    entries = b"".join(struct.pack(">II", *run) for run in runs)
    return full_box(b"stts", 0, struct.pack(">I", len(runs)), entries)


def _chunks(track: Track, seconds: int) -> list[list[bytes]]:
    """The samples of each second."""
    chunks: list[list[bytes]] = [[] for _ in range(seconds)]
    for index, sample in enumerate(track.samples):
        second = index * track.sample_ticks // track.timescale
        chunks[min(second, seconds - 1)].append(sample)
    return chunks


def _sample_table(track: Track, chunks: list[list[bytes]], offsets: list[int]) -> bytes:
    groups: list[tuple[int, int]] = []
    for number, chunk in enumerate((chunk for chunk in chunks if chunk), start=1):
        if not groups or groups[-1][1] != len(chunk):
            groups.append((number, len(chunk)))
    to_chunk = b"".join(struct.pack(">III", first, length, 1) for first, length in groups)
    sizes = struct.pack(f">{len(track.samples)}I", *(len(sample) for sample in track.samples))
    sync = b""
    if track.sync:
        numbers = struct.pack(f">{len(track.sync)}I", *track.sync)
        sync = full_box(b"stss", 0, struct.pack(">I", len(track.sync)), numbers)
    places = struct.pack(f">{len(offsets)}I", *offsets)
    return box(
        b"stbl",
        full_box(b"stsd", 0, struct.pack(">I", 1), track.entry),
        _sample_times(track),
        sync,
        full_box(b"stsc", 0, struct.pack(">I", len(groups)), to_chunk),
        full_box(b"stsz", 0, struct.pack(">II", 0, len(track.samples)), sizes),
        full_box(b"stco", 0, struct.pack(">I", len(offsets)), places),
    )


def _track_box(
    track: Track, number: int, duration_ms: int, chunks: list[list[bytes]], offsets: list[int]
) -> bytes:
    video = track.kind == "vide"
    header = full_box(
        b"tkhd",
        3,
        struct.pack(">IIIII", 0, 0, number, 0, duration_ms) + bytes(8),
        struct.pack(">hhHH", 0, 0, 0 if video else 0x0100, 0) + _MATRIX,
        struct.pack(">II", track.width << 16, track.height << 16),
    )
    edit = struct.pack(">IIiHH", 1, duration_ms, track.edit_start, 1, 0)
    media = struct.pack(">IIIIHH", 0, 0, track.timescale, track.total_ticks, _UNDEFINED_LANGUAGE, 0)
    name = b"VideoHandler\x00" if video else b"SoundHandler\x00"
    handler = bytes(4) + track.kind.encode("ascii") + bytes(12) + name
    kind = full_box(b"vmhd", 1, bytes(8)) if video else full_box(b"smhd", 0, bytes(4))
    data = box(b"dinf", full_box(b"dref", 0, struct.pack(">I", 1), full_box(b"url ", 1)))
    return box(
        b"trak",
        header,
        box(b"edts", full_box(b"elst", 0, edit)),
        box(
            b"mdia",
            full_box(b"mdhd", 0, media),
            full_box(b"hdlr", 0, handler),
            box(b"minf", kind, data, _sample_table(track, chunks, offsets)),
        ),
    )


def movie(tracks: Sequence[Track], duration_ms: int, brand: bytes = b"isom") -> bytes:
    """A file of tracks, index first, interleaved by the second, lasting ``duration_ms``."""
    seconds = max(1, -(-duration_ms // 1000))
    chunks = [_chunks(track, seconds) for track in tracks]
    kinds = box(b"ftyp", brand, struct.pack(">I", 512), b"isomiso2avc1mp41")

    def index(start: int) -> bytes:
        offsets: list[list[int]] = [[] for _ in tracks]
        place = start
        for second in range(seconds):
            for number, parts in enumerate(chunks):
                if parts[second]:
                    offsets[number].append(place)
                    place += sum(map(len, parts[second]))
        header = struct.pack(">IIIIIH", 0, 0, 1000, duration_ms, 0x10000, 0x0100) + bytes(10)
        tail = _MATRIX + bytes(24) + struct.pack(">I", len(tracks) + 1)
        boxes = [
            _track_box(track, number + 1, duration_ms, chunks[number], offsets[number])
            for number, track in enumerate(tracks)
        ]
        return box(b"moov", full_box(b"mvhd", 0, header, tail), *boxes)

    # The index holds places that depend on its own length, which does not depend on the places.
    start = len(kinds) + len(index(0)) + 8
    body = [sample for second in range(seconds) for parts in chunks for sample in parts[second]]
    data = struct.pack(">I4s", sum(map(len, body)) + 8, b"mdat")
    return b"".join([kinds, index(start), data, *body])
