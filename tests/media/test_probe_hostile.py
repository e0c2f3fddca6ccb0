"""Uploads that lie: each is refused by its headers alone."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator.domain.outputs import Output
from simulator.media import UnreadableMedia, probe
from simulator.media.scanner import Scanner
from tests.media.support import IMAGE, SOUND, VIDEO, original

PNG_MARK = b"\x89PNG\r\n\x1a\n"
FTYP = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rest = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))
    return PNG_MARK + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + rest


def jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xc0" + frame + b"\xff\xd9"


def box(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I4s", len(body) + 8 if size is None else size, kind) + body


def header(kind: bytes, ticks: int, timescale: int = 1000) -> bytes:
    return box(kind, struct.pack(">IIIII", 0, 0, 0, timescale, ticks) + bytes(80))


def film(ticks: int = 5_000, timescale: int = 1000, track_ticks: int = 5_000) -> bytes:
    place = box(b"tkhd", bytes(76) + struct.pack(">II", 640 << 16, 480 << 16))
    handler = box(b"hdlr", bytes(8) + b"vide" + bytes(13))
    media = box(b"mdia", header(b"mdhd", track_ticks) + handler)
    return FTYP + box(b"moov", header(b"mvhd", ticks, timescale) + box(b"trak", place + media))


def wav(length: int, rate: int = 8_000, align: int = 2, body: bytes = b"") -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * align, align, 16)
    return b"RIFF\xff\xff\xff\x7fWAVE" + form + struct.pack("<4sI", b"data", length) + body


def mp3(frames: int) -> bytes:
    first = b"\xff\xfb\x94\xc4" + bytes(17) + struct.pack(">4sII", b"Info", 1, frames)
    return first.ljust(384, b"\0") + (b"\xff\xfb\x94\xc4" + bytes(380)) * 3


def refused(tmp_path: Path, extension: str, data: bytes) -> str:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(UnreadableMedia) as caught:
        probe(path, extension)
    return caught.value.reason


def test_the_crafted_files_are_read_when_they_tell_the_truth(tmp_path: Path) -> None:
    honest = {"png": png(9, 9), "jpg": jpeg(9, 9), "mp4": film(), "mp3": mp3(3)}
    honest["wav"] = wav(16_000, body=bytes(16_000))
    for extension, data in honest.items():
        (tmp_path / extension).write_bytes(data)
        assert probe(tmp_path / extension, extension).size_bytes == len(data)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"hello",
        b"",
        b"\x00",
        b"PK\x03\x04" + bytes(40),
        b"\x7fELF" + bytes(40),
        b"GIF89a" + bytes(40),
    ],
)
@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "mp4", "mov", "webm", "mp3", "wav"])
def test_text_and_foreign_content_is_refused(
    tmp_path: Path, extension: str, content: bytes
) -> None:
    assert "content is not that of" in refused(tmp_path, extension, content)


@pytest.mark.parametrize("size", [(50_000, 50_000), (16_385, 1), (1, 16_385), (12_000, 12_000)])
@pytest.mark.parametrize("make", [png, jpeg])
def test_an_image_of_absurd_size_is_refused(
    tmp_path: Path, make: Callable[[int, int], bytes], size: tuple[int, int]
) -> None:
    assert "too large" in refused(tmp_path, "png", make(*size))


@pytest.mark.parametrize("data", [png(0, 5), png(5, 0), jpeg(0, 5)])
def test_an_image_without_size_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "no size" in refused(tmp_path, "png", data)


def test_a_png_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(png(9, 9))
    data[20] ^= 1
    assert "header is broken" in refused(tmp_path, "png", bytes(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (film(ticks=25 * 3_600_000), "longer than a day"),
        (film(ticks=0xFFFFFFFE), "longer than a day"),
        (film(track_ticks=25 * 3_600_000), "longer than a day"),
        (film(timescale=0), "clock stands still"),
        (film(ticks=5, timescale=10_000), "no time at all"),
        (film() + box(b"mdat", bytes(10), size=1 << 30), "longer than what holds it"),
        (FTYP + struct.pack(">I4sQ", 1, b"mdat", 1 << 62), "longer than what holds it"),
        (FTYP + box(b"moov", box(b"trak", b"", size=5_000)), "longer than what holds it"),
        (FTYP + box(b"moov", b"", size=4), "longer than what holds it"),
        (FTYP + box(b"moov", header(b"mvhd", 5_000)), "neither pictures nor sound"),
        (FTYP, "no index"),
        (FTYP + box(b"free", b"") * 40_000, "too long or too many"),
    ],
)
def test_an_mp4_that_lies_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "mp4", data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (wav(0xFFFFFFFF), "longer than the file"),
        (wav(100, body=bytes(99)), "longer than the file"),
        (wav(4_000, align=0, body=bytes(4_000)), "header is broken"),
        (wav(0), "no time at all"),
        (wav(200_000, rate=1, body=bytes(200_000)), "longer than a day"),
        (b"RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00", "header is broken"),
        (b"RIFF\x00\x00\x00\x00WAVE", "no sound"),
    ],
)
def test_a_wav_that_lies_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "wav", data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (mp3(100_000), "more sound than the file holds"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + mp3(3), "longer than the file"),
        (b"ID3\x04\x00\x00\xff\x00\x00\x00" + mp3(3), "tag is broken"),
        (b"\xff\xfb\x94\xc4" + bytes(5_000), "no sound"),
        (b"\xff\xfb" * 100_000, "no sound"),
    ],
)
def test_an_mp3_that_lies_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "mp3", data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x1a\x45\xdf\xa3\x84\x42\x82\x81x", "not WebM"),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x88\x16\x54\xae\x6b\x90", "longer than what holds"),
        (b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x80", "no pictures"),
        (b"\x1a\x45\xdf\xa3\x80\x00", "elements are broken"),
        (b"\x1a\x45\xdf\xa3\x80" + b"\xec\x80" * 400_000, "too long or too many"),
    ],
)
def test_a_webm_that_lies_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    assert reason in refused(tmp_path, "webm", data)


def test_a_webm_counts_in_the_ticks_that_it_states(tmp_path: Path) -> None:
    info = b"\x15\x49\xa9\x66\x8f" + b"\x2a\xd7\xb1\x84" + struct.pack(">I", 2_000_000)
    info += b"\x44\x89\x84" + struct.pack(">f", 700.0)
    video = b"\xe0\x86\xb0\x81\x40\xba\x81\x30"
    entry = b"\xae\x8b\x83\x81\x01" + video
    tracks = b"\x16\x54\xae\x6b" + bytes([0x80 | len(entry)]) + entry
    segment = b"\x18\x53\x80\x67" + bytes([0x80 | len(info + tracks)]) + info + tracks
    path = tmp_path / "file"
    path.write_bytes(b"\x1a\x45\xdf\xa3\x80" + segment)
    measured = probe(path, "webm")
    assert (measured.width, measured.height, measured.duration_ms) == (64, 48, 1_400)


def test_a_jpeg_of_endless_segments_is_refused(tmp_path: Path) -> None:
    data = b"\xff\xd8" + b"\xff\xe0\x00\x02" * 50_000
    assert "too long or too many" in refused(tmp_path, "jpg", data)


@pytest.mark.parametrize("whole", [IMAGE, VIDEO, SOUND])
def test_a_file_cut_anywhere_in_its_headers_is_refused_or_measured(
    tmp_path: Path, whole: Output
) -> None:
    data = original(whole)
    path = tmp_path / "file"
    for length in range(0, 2_000, 13):
        path.write_bytes(data[:length])
        try:
            measured = probe(path, whole.format)
        except UnreadableMedia:
            continue
        assert measured.size_bytes == length


def test_a_scanner_reads_no_more_than_a_mebibyte() -> None:
    scanner = Scanner(io.BytesIO(bytes(3 << 20)), 3 << 20)
    scanner.read(0, 1 << 20)
    with pytest.raises(UnreadableMedia, match="too long or too many"):
        scanner.read(0, 1)


def test_a_large_video_is_measured_without_reading_its_pictures(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    whole = film()
    with path.open("wb") as file:
        file.write(FTYP + struct.pack(">I4sQ", 1, b"mdat", (1 << 32) + 16))
        file.seek(1 << 32, 1)
        file.write(whole[len(FTYP) :])
    assert probe(path, "mp4").duration_ms == 5_000
