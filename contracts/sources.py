"""Files to upload, of exactly the length, the pixels and the size that a golden case asks for.

They are real ones: silent or black, and small, but any player opens them.
"""

import io
import struct
import zlib
from functools import lru_cache
from typing import Any

from contracts.cases import SourceFile

MEDIA_TYPES = (
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("m4a", "audio/mp4"),
)
IMAGE_SIDE = 1024
VIDEO_SIZE = (320, 240)

_WAV_RATE_HZ = 8_000
_MP3_RATE_HZ, _MP3_SAMPLES, _MP3_BYTES = 8_000, 576, 72
_MP3_HEADER = b"\xff\xe3\x18\xc4"  # MPEG 2.5 layer III, 8 kbit/s, 8 kHz, one channel
_MP3_DELAY = 576
_SIDE_BYTES = 9
_EXACT = (("fflags", "+bitexact"),)
"""Without dates, versions and random ids: the same file from the same library."""


class NoSuchFile(Exception):
    """A case asks for a file that is not made here."""


def media_type(extension: str) -> str:
    """Raises NoSuchFile."""
    found = dict(MEDIA_TYPES).get(extension)
    if found is None:
        raise NoSuchFile(f"files named .{extension} are not made")
    return found


def make(source: SourceFile) -> bytes:
    """The bytes of a file. Raises NoSuchFile."""
    content = _content(source.extension, source.duration_ms, source.width, source.height)
    return _padded(content, source) if source.size_bytes > len(content) else content


@lru_cache(maxsize=32)
def _content(extension: str, duration_ms: int, width: int, height: int) -> bytes:
    match extension:
        case "png":
            return _png(width or IMAGE_SIDE, height or IMAGE_SIDE)
        case "jpg" | "jpeg":
            return _jpeg(width or IMAGE_SIDE, height or IMAGE_SIDE)
        case "wav":
            return _wav(duration_ms)
        case "mp3":
            return _mp3(duration_ms)
        case "mp4" | "mov" | "webm":
            return _video(extension, duration_ms)
        case "m4a":
            return _m4a(duration_ms)
        case _:
            raise NoSuchFile(f"files named .{extension} are not made")


def _padded(content: bytes, source: SourceFile) -> bytes:
    """With a part that readers skip: a private chunk of a PNG, a ``free`` box of an MP4."""
    missing = source.size_bytes - len(content)
    if source.extension == "png":
        end = len(content) - 12  # IEND comes last
        return content[:end] + _chunk(b"paDd", bytes(missing - 12)) + content[end:]
    if source.extension in ("mp4", "mov"):
        return content + struct.pack(">I4s", missing, b"free") + bytes(missing - 8)
    raise NoSuchFile(f"a .{source.extension} file of {source.size_bytes} bytes is not made")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int) -> bytes:
    """Black, one byte a pixel."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height), 1)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _jpeg(width: int, height: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - only few cases need it

    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


def _wav(duration_ms: int) -> bytes:
    """8 bits, one channel: a silent sample is 128."""
    sound = b"\x80" * (duration_ms * _WAV_RATE_HZ // 1000)
    form = struct.pack("<HHIIHH", 1, 1, _WAV_RATE_HZ, _WAV_RATE_HZ, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(sound))
    return b"RIFF" + struct.pack("<I", len(body) + len(sound)) + body + sound


def _mp3(duration_ms: int) -> bytes:
    """Silent frames behind one that tells, as LAME does, how many samples are to be played."""
    samples = duration_ms * _MP3_RATE_HZ // 1000
    frames = -(-(samples + _MP3_DELAY) // _MP3_SAMPLES)
    padding = frames * _MP3_SAMPLES - _MP3_DELAY - samples
    delays = (_MP3_DELAY << 12 | padding).to_bytes(3, "big")
    tag = struct.pack(">4sII", b"Info", 1, frames) + b"LAME".ljust(21, b"\x00") + delays
    head = _MP3_HEADER + bytes(_SIDE_BYTES) + tag
    return head.ljust(_MP3_BYTES, b"\x00") + _MP3_HEADER.ljust(_MP3_BYTES, b"\x00") * frames


def _video(extension: str, duration_ms: int) -> bytes:
    """Two dark pictures; without a length (0 ms) as a recorder writes it that is cut off."""
    import av  # noqa: PLC0415 - loading it costs a third of a second

    buffer = io.BytesIO()
    options = dict(_EXACT)
    if extension == "webm" and not duration_ms:
        options["live"] = "1"
    with av.open(buffer, "w", format=extension, container_options=options) as container:
        codec = "libvpx" if extension == "webm" else "mpeg4"
        stream = container.add_stream(codec, rate=1_000)
        if not isinstance(stream, av.VideoStream):
            raise NoSuchFile(f"{codec} makes no video")
        stream.width, stream.height = VIDEO_SIZE
        stream.pix_fmt = "yuv420p"
        shown_ms = duration_ms or 1_000
        halves = shown_ms // 2, shown_ms - shown_ms // 2
        packets: list[Any] = []
        for index in (0, 1):
            frame = av.VideoFrame(*VIDEO_SIZE, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))  # else it holds whatever was in memory
            frame.pts = index * halves[0]
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet, duration in zip(packets, halves, strict=True):
            packet.duration = duration
            container.mux(packet)
    content = buffer.getvalue()
    return content if extension == "webm" else _lasting(content, duration_ms)


def _m4a(duration_ms: int) -> bytes:
    import av  # noqa: PLC0415 - loading it costs a third of a second

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ipod", container_options=dict(_EXACT)) as container:
        stream = container.add_stream("aac", rate=_WAV_RATE_HZ, layout="mono")
        left, place = duration_ms * _WAV_RATE_HZ // 1000, 0
        while left > 0:
            frame = av.AudioFrame(format="fltp", layout="mono", samples=min(1024, left))
            frame.sample_rate, frame.pts = _WAV_RATE_HZ, place
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            container.mux(stream.encode(frame))
            place += frame.samples
            left -= frame.samples
        container.mux(stream.encode(None))
    return _lasting(buffer.getvalue(), duration_ms)


def _lasting(content: bytes, duration_ms: int) -> bytes:
    """With exactly this length in the header of the whole; a muxer rounds it to its samples."""
    place = content.index(b"mvhd") + 4
    (scale,) = struct.unpack_from(">I", content, place + 12)
    length = struct.pack(">I", duration_ms * scale // 1000)
    return content[: place + 16] + length + content[place + 20 :]
