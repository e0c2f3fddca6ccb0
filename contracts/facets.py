"""What a media request surely is, of all that can move its price: certain, or None for unsure."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

GENERATION_TYPES = ("text-to-image", "text-to-video", "image-to-video", "image-to-image")
KINDS: Mapping[str, str] = {
    "jpg": "image",
    "jpeg": "image",
    "png": "image",
    "webp": "image",
    "mp4": "video",
    "mov": "video",
    "webm": "video",
    "mp3": "audio",
    "wav": "audio",
    "m4a": "audio",
}
_SECONDS = re.compile(r"([0-9]{1,4})s?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_VIDEO = re.compile(r"mp4|mov|webm", re.IGNORECASE)
_SECONDS_MOST = 86_400


class Options(Protocol):
    """What of a catalogue row the facets are read by."""

    @property
    def durations(self) -> tuple[int, ...]: ...
    @property
    def qualities(self) -> tuple[str, ...]: ...
    @property
    def quality_default(self) -> str: ...
    @property
    def quality_aliases(self) -> Mapping[str, str]: ...
    @property
    def resolutions(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Facets:
    """``seconds`` is a bound of the output's length, None where there is none; of the others None
    means unsure. ``duration_s`` is the length where it is certain."""

    seconds: int | None = 0
    duration_s: int | None = None
    generation_type: str | None = None
    quality: str | None = None
    resolution: str | None = None
    sound: bool | None = None
    images: int | None = None
    video: bool | None = None

    def agrees(self, name: str, value: object) -> bool | None:
        """Whether a route's condition holds; None: unsure, also of a condition not known here."""
        mine = self._named().get(name)
        return None if mine is None else mine == value

    def _named(self) -> Mapping[str, object]:
        return {
            "duration_s": self.duration_s,
            "generation_type": self.generation_type,
            "quality": self.quality,
            "resolution": self.resolution,
            "sound": self.sound,
            "images": self.images,
        }


def media_facets(row: Options, body: Mapping[str, Any]) -> Facets:
    """The facets of a body that asks for this row."""
    duration_s = _plain_seconds(body.get("duration"))
    certain = duration_s if duration_s in row.durations else None
    generation_type = body.get("generation_type")
    images, video = _sources(body.get("source_media_urls"))
    return Facets(
        seconds=_seconds_most(row.durations, body.get("duration")),
        duration_s=certain,
        generation_type=generation_type if generation_type in GENERATION_TYPES else None,
        quality=_quality(row, body.get("quality")),
        resolution=_resolution(row, body.get("resolution")),
        sound=_sound(body.get("sound")),
        images=images,
        video=video,
    )


def may_count(value: object) -> bool:
    """Whether a value could multiply a price: a number, a text that holds one, several of it."""
    match value:
        case None | bool():
            return False
        case str():
            return any(sign.isnumeric() for sign in value)
        case _:
            return True


def _plain_seconds(told: object) -> int | None:
    """``"5s"``, ``"5"`` and ``5`` as 5."""
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    found = _SECONDS.fullmatch(told) if isinstance(told, str) else None
    return int(found[1]) if found else None


def _seconds_most(durations: tuple[int, ...], told: object) -> int | None:
    """The length that is asked for where it is one of the options; else the greatest of the options
    and of any number that is in it. None: longer than any day."""
    plain = _plain_seconds(told)
    if plain is not None and plain in durations:
        return plain
    if isinstance(told, float) and not math.isfinite(told):
        return None
    numbers = [float(number) for number in _NUMBER.findall(str(told))]
    most = max([0.0, *durations, *numbers])
    if most > _SECONDS_MOST:
        return None
    return math.ceil(most)


def _quality(row: Options, told: object) -> str | None:
    if told is None or told == "standard":
        return row.quality_default if row.qualities else None
    if isinstance(told, str) and told in row.qualities:
        return row.quality_aliases.get(told, told)
    return None


def _resolution(row: Options, told: object) -> str | None:
    if told is None:
        return "1K" if "1K" in row.resolutions else None
    upper = told.upper() if isinstance(told, str) else ""
    return upper if upper in row.resolutions else None


def _sound(told: object) -> bool | None:
    if told is None:
        return False
    return told if isinstance(told, bool) else None


def _sources(told: object) -> tuple[int | None, bool | None]:
    """How many images, and whether there is a video; None where a URL does not say its kind."""
    urls = [told] if isinstance(told, str) else told
    if urls is None:
        return 0, False
    if not isinstance(urls, list):
        return None, None
    kinds = [_kind(url) for url in urls]
    if "video" in kinds:
        return None, True
    return (None, None) if None in kinds else (kinds.count("image"), False)


def _kind(url: object) -> str | None:
    """The kind by the path's extension, unless the rest of the URL says something of a video."""
    if not isinstance(url, str):
        return None
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    kind = KINDS.get(path.rpartition(".")[2].lower())
    return None if kind != "video" and _VIDEO.search(url) else kind
