"""Uploads as people send them, made by other encoders than ours."""

import io
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from simulator.media import Probe, UnreadableMedia, probe


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def picture(format_name: str, size: tuple[int, int] = (61, 37), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, format_name, **options)
    return buffer.getvalue()


def film(
    container: str, codec: str, seconds: int = 2, options: dict[str, str] | None = None
) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format=container, options=options or {}) as output:
        stream = output.add_stream(codec, rate=Fraction(10))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10 * seconds):
            frame = av.VideoFrame(64, 48, "yuv420p")
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def sound(container: str, codec: str, layout: str, frames: int, bit_rate: int = 128_000) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format=container) as output:
        stream = output.add_stream(codec, rate=44_100)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        stream.bit_rate = bit_rate
        size = stream.codec_context.frame_size or 1024
        for _ in range(frames):
            frame = av.AudioFrame(stream.format.name, layout, size)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate = 44_100
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("extension", "format_name", "options", "found"),
    [
        ("png", "PNG", {}, "png"),
        ("PNG", "PNG", {}, "png"),
        (".jpg", "JPEG", {}, "jpeg"),
        ("jpeg", "JPEG", {"progressive": True}, "jpeg"),
        ("jpg", "JPEG", {"comment": b"x" * 60_000, "icc_profile": bytes(200_000)}, "jpeg"),
        ("webp", "WEBP", {}, "webp"),
        ("webp", "WEBP", {"lossless": True}, "webp"),
        ("webp", "WEBP", {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}, "webp"),
        ("png", "JPEG", {}, "jpeg"),
    ],
)
def test_an_image_is_measured(
    tmp_path: Path, extension: str, format_name: str, options: dict[str, Any], found: str
) -> None:
    data = picture(format_name, **options)
    path = written(tmp_path / "file", data)
    assert probe(path, extension) == Probe("image", found, 61, 37, None, len(data))


@pytest.mark.parametrize(
    ("extension", "container", "codec", "found"),
    [
        ("mp4", "mp4", "libx264", "mp4"),
        ("mov", "mov", "libx264", "mov"),
        ("webm", "webm", "libvpx", "webm"),
    ],
)
def test_a_video_is_measured(
    tmp_path: Path, extension: str, container: str, codec: str, found: str
) -> None:
    path = written(tmp_path / "file", film(container, codec))
    measured = probe(path, extension)
    assert (measured.kind, measured.format) == ("video", found)
    assert (measured.width, measured.height, measured.duration_ms) == (64, 48, 2_000)


@pytest.mark.parametrize(
    ("extension", "data"),
    [
        ("mp4", film("mp4", "libx264", options={"movflags": "empty_moov+frag_keyframe"})),
        ("webm", film("webm", "libvpx", options={"live": "1"})),
    ],
)
def test_a_recording_that_states_no_length_has_none(
    tmp_path: Path, extension: str, data: bytes
) -> None:
    measured = probe(written(tmp_path / "file", data), extension)
    assert (measured.width, measured.height, measured.duration_ms) == (64, 48, None)


@pytest.mark.parametrize(
    ("container", "codec", "layout"),
    [("mp3", "libmp3lame", "stereo"), ("mp3", "libmp3lame", "mono"), ("ipod", "aac", "stereo")],
)
def test_a_sound_is_measured(tmp_path: Path, container: str, codec: str, layout: str) -> None:
    data = sound(container, codec, layout, 200)
    with av.open(io.BytesIO(data), mode="r") as opened:
        expected_ms = (opened.duration or 0) / 1000
    extension = "mp3" if container == "mp3" else "m4a"
    measured = probe(written(tmp_path / "file", data), extension)
    assert (measured.kind, measured.format) == ("audio", extension)
    assert measured.duration_ms == pytest.approx(expected_ms, abs=60)


def test_an_mp3_without_a_header_is_measured_by_its_rate(tmp_path: Path) -> None:
    data = sound("mp3", "libmp3lame", "mono", 200)
    start = data.index(b"Xing") if b"Xing" in data else data.index(b"Info")
    bare = data[data.index(b"\xff\xfb", start) :]
    measured = probe(written(tmp_path / "file", bare), "mp3")
    assert measured.duration_ms == pytest.approx(200 * 1024 / 44.1, abs=60)


def test_a_wav_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "file.wav"
    with wave.open(str(path), "wb") as output:
        output.setnchannels(2)
        output.setsampwidth(2)
        output.setframerate(22_050)
        output.writeframes(bytes(4 * 22_050 * 3))
    assert probe(path, "wav") == Probe("audio", "wav", 0, 0, 3_000, 264_644)


@pytest.mark.parametrize(
    ("extension", "data"),
    [
        ("mp4", picture("PNG")),
        ("png", film("mp4", "libx264")),
        ("m4a", film("mp4", "libx264")),
        ("mp4", sound("ipod", "aac", "mono", 20)),
        ("webp", sound("mp3", "libmp3lame", "mono", 20)),
    ],
)
def test_content_of_another_kind_than_the_extension_is_refused(
    tmp_path: Path, extension: str, data: bytes
) -> None:
    with pytest.raises(UnreadableMedia, match=r"but its content is an? "):
        probe(written(tmp_path / "file", data), extension)


def test_an_unknown_extension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match=r"named \.gif"):
        probe(written(tmp_path / "file", b"GIF89a"), "gif")
