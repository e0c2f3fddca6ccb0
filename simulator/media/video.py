"""MP4 files of an asked length: a picture a second, moved by hand-written frames between."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from simulator.domain.outputs import FRAMES_PER_SECOND, Output
from simulator.media.aac import aac_track
from simulator.media.caption import draw_position
from simulator.media.h264 import MACROBLOCK, encode_pictures, moved_pictures
from simulator.media.mp4 import Track, movie, video_entry
from simulator.media.padding import padded
from simulator.media.scene import Scene, blank, compose, to_rgb

_QUANTIZERS = (26, 33, 40, 48)
_OPTIMIZED_QUANTIZER = 30
_TICKS_PER_FRAME = 1000
_WIDE = 1000  # pixels; narrower views wander less far
# BT.709, limited range, as rows of R, G, B and an offset.
_YUV = (
    (0.1826, 0.6142, 0.0620, 16.5),
    (-0.1006, -0.3386, 0.4392, 128.5),
    (0.4392, -0.3989, -0.0403, 128.5),
)
Planes = tuple[Image.Image, Image.Image, Image.Image]


def original_video(output: Output, pictures: Sequence[Image.Image], size_bytes: int) -> bytes:
    """The video at exactly ``size_bytes``: the finest quantisation that fits.

    Raises ``ValueError`` for odd sizes.
    """
    scene = compose(output, (output.width, output.height), pictures, _margin(output.width))
    for quantizer in _QUANTIZERS:
        fitted = padded(_encode(output, scene, quantizer), "mp4", size_bytes)
        if fitted is not None:
            return fitted
    plain = blank(output, (output.width, output.height))
    fitted = padded(_encode(output, plain, _QUANTIZERS[-1]), "mp4", size_bytes)
    if fitted is None:
        raise ValueError(f"{size_bytes} bytes are too few for {output.duration_ms} ms")
    return fitted


def optimized_video(output: Output, pictures: Sequence[Image.Image]) -> bytes:
    """The video at half its size."""
    small = replace(output, width=_half_even(output.width), height=_half_even(output.height))
    scene = compose(small, (small.width, small.height), pictures, _margin(small.width))
    return _encode(small, scene, _OPTIMIZED_QUANTIZER)


def _half_even(length: int) -> int:
    return max(2, length // 4 * 2)


def _turn_s(width: int) -> int:
    """Seconds until the view turns back."""
    return 4 if width >= _WIDE else 2


def _margin(width: int) -> int:
    return _turn_s(width) * FRAMES_PER_SECOND


def _offset(second: int, width: int) -> tuple[int, int]:
    """Where the view stands at the start of a second, in pixels, and which way it goes."""
    turn = _turn_s(width)
    phase = second % (2 * turn)
    forward = phase < turn
    steps = phase if forward else 2 * turn - phase
    return steps * FRAMES_PER_SECOND, 1 if forward else -1


def _encode(output: Output, scene: Scene, quantizer: int) -> bytes:
    width, height, duration_ms = output.width, output.height, output.duration_ms
    if width % 2 or height % 2 or duration_ms < 1:
        raise ValueError(f"no video of {width} x {height} pixels and {duration_ms} ms")
    frames = -(-duration_ms * FRAMES_PER_SECOND // 1000)
    seconds = -(-frames // FRAMES_PER_SECOND)
    encoded = encode_pictures(_pictures(output, scene, seconds), width, height, quantizer)
    moving = scene.layout.top if scene.view.width > width else 0
    samples: list[bytes] = []
    for second, picture in enumerate(encoded.pictures):
        samples.append(picture)
        direction = _offset(second, width)[1] if moving >= MACROBLOCK else 0
        samples += moved_pictures(width, height, moving, direction, encoded.sps)
    track = Track(
        kind="vide",
        timescale=FRAMES_PER_SECOND * _TICKS_PER_FRAME,
        entry=video_entry(width, height, encoded.sps, encoded.pps),
        samples=[struct.pack(">I", len(unit)) + unit for unit in samples[:frames]],
        sample_ticks=_TICKS_PER_FRAME,
        total_ticks=duration_ms * FRAMES_PER_SECOND,
        sync=range(1, frames + 1, FRAMES_PER_SECOND),
        width=width,
        height=height,
    )
    tracks = [track]
    if output.sound:
        tracks.append(aac_track(output.seed, duration_ms))
    return movie(tracks, duration_ms)


def _pictures(output: Output, scene: Scene, seconds: int) -> Iterator[list[bytes]]:
    """The planes of each second's first picture."""
    width, top = scene.layout.width, scene.layout.top
    view = _planes(scene.view, scene)
    for second in range(seconds):
        offset = _offset(second, width)[0] if scene.view.width > width else 0
        whole = [
            plane.crop((offset >> shift, 0, (offset + width) >> shift, output.height >> shift))
            for plane, shift in zip(view, (0, 1, 1), strict=True)
        ]
        if scene.panel.height:
            panel = draw_position(scene.panel, output, scene.layout, second)
            for plane, part, shift in zip(whole, _planes(panel, scene), (0, 1, 1), strict=True):
                plane.paste(part, (0, top >> shift))
        yield [plane.tobytes() for plane in whole]


def _planes(picture: Image.Image, scene: Scene) -> Planes:
    """Y at full size, U and V at half."""
    if picture.mode == "L":
        swatch = Image.new("L", (256, 1))
        swatch.putdata(range(256))
        tables = to_rgb(swatch, scene.colors).convert("RGB", _matrix()).split()
        y, u, v = (picture.point(table.tobytes()) for table in tables)
    else:
        y, u, v = picture.convert("RGB", _matrix()).split()
    return y, u.reduce(2), v.reduce(2)


def _matrix() -> tuple[float, ...]:
    return tuple(number for row in _YUV for number in row)
