"""Files read box by box and chunk by chunk, beyond what forgiving decoders look at."""

import io
import struct
import zlib
from dataclasses import replace

import av
import pytest

from simulator.domain.outputs import Variant
from simulator.media import render
from simulator.media.h264 import protected
from tests.media.support import IMAGE, SOUND, VIDEO, boxes, original

LENGTHS_MS = [1_000, 1_042, 2_517, 5_000]


def leaves(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[str, bytes]]:
    """Kind and content of the innermost boxes, in order."""
    found: list[tuple[str, bytes]] = []
    for kind, inner, stop in boxes(data, start, end):
        if kind in ("moov", "trak", "edts", "mdia", "minf", "stbl"):
            found += leaves(data, inner, stop)
        else:
            found.append((kind, data[inner:stop]))
    return found


def numbers(data: bytes, kind: str, place: int, count: int = 1) -> list[tuple[int, ...]]:
    """Whole numbers of four bytes from a place in each box of a kind."""
    contents = [content for name, content in leaves(data) if name == kind]
    return [struct.unpack(f">{count}I", content[place : place + 4 * count]) for content in contents]


def ticks(times: bytes) -> int:
    """What the sample times of an ``stts`` box sum to."""
    count = int.from_bytes(times[4:8], "big")
    runs = struct.unpack(f">{2 * count}I", times[8 : 8 + 8 * count])
    return sum(runs[at] * runs[at + 1] for at in range(0, 2 * count, 2))


@pytest.mark.parametrize("duration_ms", LENGTHS_MS)
def test_the_samples_of_each_track_last_as_long_as_its_header_says(duration_ms: int) -> None:
    data = original(replace(VIDEO, duration_ms=duration_ms))
    lasting = [ticks(content) for kind, content in leaves(data) if kind == "stts"]
    assert lasting == [duration_ms * 24, duration_ms * 48 + 1024]
    assert [ticks for _, ticks in numbers(data, "mdhd", 12, 2)] == lasting


@pytest.mark.parametrize("duration_ms", LENGTHS_MS)
def test_the_file_and_its_tracks_and_edits_last_as_long_as_asked(duration_ms: int) -> None:
    data = original(replace(VIDEO, duration_ms=duration_ms))
    assert numbers(data, "mvhd", 12, 2) == [(1000, duration_ms)]
    assert numbers(data, "tkhd", 20) == [(duration_ms,)] * 2
    assert numbers(data, "elst", 8, 2) == [(duration_ms, 0), (duration_ms, 1024)]


def test_sound_begins_with_the_picture() -> None:
    with av.open(io.BytesIO(original(VIDEO)), mode="r") as container:
        first = next(container.demux(audio=0))
        assert first.pts == -1024


def test_only_encoded_pictures_are_offered_for_seeking() -> None:
    data = original(replace(VIDEO, duration_ms=3_000))
    assert numbers(data, "stss", 4, 4) == [(3, 1, 25, 49)]


@pytest.mark.parametrize("size", [(320, 192), (130, 98), (854, 480), (64, 64)])
def test_a_decoder_has_nothing_to_complain_about(size: tuple[int, int]) -> None:
    assert complaints(size, av.logging.WARNING) == []


def test_a_decoder_misses_no_frame_number() -> None:
    assert not [text for text in complaints((320, 192), av.logging.DEBUG) if "gap" in text]


def complaints(size: tuple[int, int], level: int) -> list[str]:
    """What a decoder says, of that level or worse."""
    data = original(replace(VIDEO, width=size[0], height=size[1]))
    before = av.logging.get_level()
    av.logging.set_level(level)
    try:
        with av.logging.Capture() as messages, av.open(io.BytesIO(data), mode="r") as container:
            container.streams.video[0].thread_count = 1
            assert sum(1 for _ in container.decode(video=0)) == 72
    finally:
        av.logging.set_level(before)
    return [text for _, _, text in messages]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x00\x00\x01", b"\x00\x00\x03\x01"),
        (b"\x00\x00\x00\x00", b"\x00\x00\x03\x00\x00"),
        (b"\x00\x00\x04\x00\x00\x03", b"\x00\x00\x04\x00\x00\x03\x03"),
        (b"\x00\x01\x00\x01", b"\x00\x01\x00\x01"),
    ],
)
def test_no_start_code_is_left_inside_a_unit(payload: bytes, expected: bytes) -> None:
    assert protected(payload) == expected


@pytest.mark.parametrize("named", [(), ("up_1",)])
def test_every_chunk_of_a_png_is_whole(named: tuple[str, ...]) -> None:
    data = original(replace(IMAGE, width=1024, height=1024, sources=named))
    place, kinds = 8, []
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body, check = data[place + 4 : place + 8 + length], data[place + 8 + length :][:4]
        assert zlib.crc32(body) == int.from_bytes(check, "big")
        assert kind != b"paDd" or length <= 1 << 20
        kinds.append(kind)
        place += 12 + length
    assert place == len(data)
    assert (kinds[0], kinds[-1]) == (b"IHDR", b"IEND")


@pytest.mark.parametrize("variant", list(Variant))
def test_every_chunk_of_a_webp_is_whole(variant: Variant) -> None:
    data = render(replace(IMAGE, format="webp"), variant, []).data
    assert struct.unpack("<I", data[4:8]) == (len(data) - 8,)
    place = 12
    while place < len(data):
        (length,) = struct.unpack("<I", data[place + 4 : place + 8])
        place += 8 + length + length % 2
    assert place == len(data)


def test_every_segment_of_a_jpeg_is_whole() -> None:
    data = original(replace(IMAGE, format="jpeg", width=1024, height=1024))
    place, codes = 2, []
    while data[place + 1] != 0xDA:
        assert data[place] == 0xFF
        codes.append(data[place + 1])
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    assert codes.count(0xFE) > 1
    assert data.endswith(b"\xff\xd9")


def test_no_frame_of_an_mp3_needs_another() -> None:
    data = original(SOUND)
    start = data.index(b"\xff\xfb")
    assert (len(data) - start) % 384 == 0
    for place in range(start, len(data), 384):
        main_data_begin = data[place + 4] << 1 | data[place + 5] >> 7
        assert (data[place : place + 2], main_data_begin) == (b"\xff\xfb", 0)
