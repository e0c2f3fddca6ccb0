"""Which file of an output is made by what."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulator.domain.outputs import Output, Variant, declared_size
from simulator.media.audio import audio_file
from simulator.media.images import optimized_image, original_image, thumbnail
from simulator.media.rendered import CONTENT_TYPES, Rendered, canonical_format
from simulator.media.sources import read_pictures
from simulator.media.video import optimized_video, original_video


def make_file(output: Output, variant: Variant, sources: Sequence[Path]) -> Rendered:
    """See ``simulator.media.render``."""
    size_bytes = declared_size(output)
    output = replace(output, format=canonical_format(output.format))
    if output.kind == "audio":
        if variant is not Variant.ORIGINAL:
            raise ValueError(f"an audio file has no {variant.value}")
        return Rendered(audio_file(output, size_bytes), CONTENT_TYPES[output.format])

    pictures = read_pictures(sources)
    if variant is Variant.THUMBNAIL:
        return Rendered(thumbnail(output, pictures), CONTENT_TYPES["webp"])
    if output.kind == "video":
        if output.format != "mp4":
            raise ValueError(f"no video is made as {output.format!r}")
        make_original, make_optimized, light = original_video, optimized_video, "mp4"
    else:
        make_original, make_optimized, light = original_image, optimized_image, "webp"
    if variant is Variant.OPTIMIZED:
        return Rendered(make_optimized(output, pictures), CONTENT_TYPES[light])
    data = make_original(output, pictures, size_bytes)
    return Rendered(data, CONTENT_TYPES[output.format])
