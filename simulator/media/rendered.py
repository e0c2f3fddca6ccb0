"""The result of a rendering."""

from dataclasses import dataclass
from types import MappingProxyType

CONTENT_TYPES = MappingProxyType(
    {
        "png": "image/png",
        "jpeg": "image/jpeg",
        "webp": "image/webp",
        "mp4": "video/mp4",
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "m4a": "audio/mp4",
    }
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file's bytes and the media type under which they are served."""

    data: bytes
    content_type: str


def canonical_format(extension: str) -> str:
    """``.JPG`` and ``jpeg`` are one format; any other extension is its own lower-case name."""
    name = extension.lower().lstrip(".")
    return "jpeg" if name == "jpg" else name
