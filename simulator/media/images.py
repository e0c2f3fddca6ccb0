"""Encode scenes as PNG, JPEG and WebP, at a promised size where one is promised."""

import io
from collections.abc import Callable, Iterator, Sequence

from PIL import Image

from simulator.domain.outputs import Output
from simulator.media.padding import padded
from simulator.media.scene import Scene, blank, compose, flat

_THUMBNAIL = 320
_OPTIMIZED = 2048
_DRAWN_FOR_THUMBNAIL = 1280


def encode_png(picture: Image.Image) -> bytes:
    """Fast and plain: level 1."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def encode_jpeg(picture: Image.Image, quality: int) -> bytes:
    """Baseline JPEG."""
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def encode_webp(picture: Image.Image, quality: int) -> bytes:
    """Lossy WebP in the extended layout, which alone may hold further chunks."""
    buffer = io.BytesIO()
    # An EXIF block makes libwebp write the extended layout; this one is empty.
    empty_exif = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    picture.convert("RGB").save(buffer, "WEBP", quality=quality, method=1, exif=empty_exif)
    return buffer.getvalue()


def original_image(output: Output, pictures: Sequence[Image.Image], size_bytes: int) -> bytes:
    """The image at exactly ``size_bytes``: the best of its encodings that fits.

    Raises ``ValueError`` for a format that is not an image's.
    """
    scene = compose(output, (output.width, output.height), pictures)
    for data in _attempts(output, scene):
        fitted = padded(data, output.format, size_bytes)
        if fitted is not None:
            return fitted
    raise ValueError(f"{size_bytes} bytes are too few for {output.width} x {output.height} pixels")


def _attempts(output: Output, scene: Scene) -> Iterator[bytes]:
    picture = flat(scene)
    plain = flat(blank(output, (output.width, output.height)))
    if output.format == "png":
        yield encode_png(picture)
        for colors in (64, 12):
            reduced = picture.convert("RGB").quantize(
                colors, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
            )
            yield encode_png(reduced)
        yield encode_png(plain)
        return
    encoders: dict[str, Callable[[Image.Image, int], bytes]] = {
        "jpeg": encode_jpeg,
        "webp": encode_webp,
    }
    if output.format not in encoders:
        raise ValueError(f"no image is made as {output.format!r}")
    encode = encoders[output.format]
    for quality in (90, 70, 45, 15):
        yield encode(picture, quality)
    yield encode(plain, 15)


def optimized_image(output: Output, pictures: Sequence[Image.Image]) -> bytes:
    """A lossy WebP at full size, its longer side at most 2048 pixels."""
    size = scaled(output, min(_OPTIMIZED, max(output.width, output.height)))
    return encode_webp(flat(compose(output, size, pictures)), 78)


def thumbnail(output: Output, pictures: Sequence[Image.Image]) -> bytes:
    """A WebP of the first picture, its longer side 320 pixels."""
    # Drawn larger first: its lettering is a small copy of the original's.
    drawn = scaled(output, min(_DRAWN_FOR_THUMBNAIL, max(output.width, output.height)))
    picture = flat(compose(output, drawn, pictures)).convert("RGB")
    small = picture.resize(scaled(output, _THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return encode_webp(small, 75)


def scaled(output: Output, longer: int) -> tuple[int, int]:
    """The output's shape with that longer side."""
    scale = longer / max(output.width, output.height)
    return max(1, round(output.width * scale)), max(1, round(output.height * scale))
