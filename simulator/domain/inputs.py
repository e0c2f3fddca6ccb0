"""Source URLs sorted into images, videos and audio clips by their extension; nothing is fetched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.domain.evidence import ASSUMED, DOCUMENTED, Ruling

KIND_BY_EXTENSION: Mapping[str, str] = {
    "jpg": "image",
    "png": "image",
    "webp": "image",
    "mp4": "video",
    "mov": "video",
    "webm": "video",
    "mp3": "audio",
    "wav": "audio",
    "m4a": "audio",
}

CONTENT_TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
}
"""The media types under which files are served: by extension, never by what a caller claims."""

RULINGS = (
    Ruling(
        "inputs.classes",
        DOCUMENTED,
        "page: Seedance 2, mixed references",
        "A source URL is an image, a video or an audio clip by its path's extension: jpg, png,"
        " webp; mp4, mov, webm; mp3, wav, m4a.",
    ),
    Ruling(
        "inputs.extension",
        ASSUMED,
        "ruling",
        "The extension's case does not matter, .jpeg counts as .jpg, and query and fragment do not"
        " count.",
    ),
    Ruling(
        "inputs.never-fetched",
        DOCUMENTED,
        "page: Seedance 2, billing note",
        "Source URLs are never fetched: a remote file's length and size are not known.",
    ),
)


@dataclass(frozen=True, slots=True)
class Upload:
    """What was measured when a file was uploaded. Lengths in milliseconds, sizes in bytes."""

    id: str
    kind: str
    extension: str
    size_bytes: int
    width: int = 0
    height: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """One source URL. ``kind`` is None when its extension is none that the provider knows."""

    url: str
    extension: str
    kind: str | None
    upload: Upload | None = None


def extension_of(url: str) -> str:
    """The path's extension in lower case without its dot, ``jpeg`` as ``jpg``; or ``""``."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    name = path.rsplit("/", 1)[-1]
    extension = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return "jpg" if extension == "jpeg" else extension


def is_web(url: str) -> bool:
    """Whether a provider could fetch it at all."""
    return url[:8].lower().startswith(("https://", "http://"))


def classify(urls: Iterable[str], uploads: Mapping[str, Upload]) -> tuple[Source, ...]:
    """Sources in the request's order; ``uploads`` holds the URLs that this world has measured."""
    sources = []
    for url in urls:
        extension = extension_of(url)
        kind = KIND_BY_EXTENSION.get(extension) if is_web(url) else None
        sources.append(Source(url, extension, kind, uploads.get(url)))
    return tuple(sources)
