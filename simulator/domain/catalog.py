"""The catalogue: every id that a caller may send as ``model``, what it takes and what it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from simulator.domain.evidence import Strength

Kind = Literal["concrete", "bare", "family", "pricing_row"]
"""``concrete``: a priced row of its own. ``bare``: an id of the page that routes to priced rows.
``family``: a label that is refused with its variants. ``pricing_row``: charged through another id,
never asked for by name."""

Shape = Literal[
    "flat", "per_tier", "per_second", "per_second_and_reference", "per_reference_second", "unit"
]
"""How a row's credits become a price: see ``pricing.PRICERS``. ``unit`` rows belong to products
with a price of their own kind (a second of captions, a minute of audio, an ad variant)."""

MEDIA_TYPES = ("image", "video")
GENERATION_TYPES = ("text-to-image", "text-to-video", "image-to-video", "image-to-image")


@dataclass(frozen=True, slots=True)
class Count:
    """How many URLs of one kind a mode takes, both ends included."""

    least: int = 0
    most: int = 0


NONE = Count()


@dataclass(frozen=True, slots=True)
class Inputs:
    """The source media of one mode (a model's generation type)."""

    images: Count = NONE
    videos: Count = NONE
    audios: Count = NONE

    def of(self, kind: str) -> Count:
        return {"image": self.images, "video": self.videos, "audio": self.audios}[kind]

    @property
    def empty(self) -> bool:
        return not (self.images.most or self.videos.most or self.audios.most)


@dataclass(frozen=True, slots=True)
class Price:
    """Whole milli-credits, read by ``shape``: once, per second, or by tier in ``tiers``."""

    shape: Shape
    millicredits: int = 0
    tiers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """A bare id's way to a priced row: taken when every condition equals the request's value."""

    row: str
    when: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)  # without slots, so that what is derived is derived once
class Model:
    """One row. Lengths in characters, durations in seconds; empty tuples mean "does not take it".

    ``modes`` maps each generation type to its inputs, in the order in which they are listed;
    ``listed_modes`` are those that the list of models tells of a row of another tool.
    ``aspect_ratios`` empty: no source lists them. ``seconds`` is the length of a video whose
    duration the caller can't choose. ``size`` is the output's tier (``1K``, ``720p``).
    ``sound_row`` is the row that ``sound: true`` is charged by, ``reference_row`` the sibling for
    requests with a reference video. ``assumed`` names the fields that no source states.
    """

    id: str
    kind: Kind
    family: str
    model_type: str
    strength: Strength
    source: str
    display_name: str = ""
    provider: str = ""
    enabled: bool = True
    aliases: tuple[str, ...] = ()
    prompt_max: int | None = None
    modes: Mapping[str, Inputs] = field(default_factory=dict)
    listed_modes: tuple[str, ...] = ()
    image_extensions: tuple[str, ...] = ("jpg", "png", "webp")
    video_extensions: tuple[str, ...] = ("mp4", "mov", "webm")
    reference_seconds_max: int | None = None
    reference_video_bytes_max: int | None = None
    durations: tuple[int, ...] = ()
    seconds: int | None = None
    aspect_ratios: tuple[str, ...] = ()
    high_resolution_aspects: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    quality_default: str = "standard"
    quality_aliases: Mapping[str, str] = field(default_factory=dict)
    resolutions: tuple[str, ...] = ()
    size: str = ""
    size_by_quality: Mapping[str, str] = field(default_factory=dict)
    negative_prompt: bool = False
    sound: bool = False
    sound_row: str | None = None
    reference_row: str | None = None
    takes_reference: bool = False
    audio_track: Literal["none", "always", "sound", "generate_audio"] = "none"
    video_audio: str | None = None
    elements: bool = False
    price: Price | None = None
    billing_mode: str = "flat"
    routes: tuple[Route, ...] = ()
    variants: tuple[str, ...] = ()
    estimated_time_s: int | None = None
    notes: str = ""
    assumed: tuple[str, ...] = ()

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of source media that any mode of this model takes."""
        return tuple(kind for kind in ("image", "video", "audio") if self.most(kind))

    def most(self, kind: str) -> int:
        """The most URLs of one kind that any mode takes."""
        return max((inputs.of(kind).most for inputs in self.modes.values()), default=0)

    @property
    def requires_input(self) -> bool:
        """Whether every mode needs source media."""
        return bool(self.modes) and all(
            inputs.images.least or inputs.videos.least or inputs.audios.least
            for inputs in self.modes.values()
        )


class Catalog:
    """All rows, by id and alias, in the catalogue's order."""

    def __init__(self, models: Iterable[Model]) -> None:
        self.models = tuple(models)
        self._by_id = {model.id: model for model in self.models}
        for model in self.models:
            for alias in model.aliases:
                self._by_id.setdefault(alias, model)

    def get(self, model_id: str) -> Model | None:
        return self._by_id.get(model_id)

    def row(self, row_id: str) -> Model:
        """A row that the catalogue itself names; ``KeyError`` can't happen after loading."""
        return self._by_id[row_id]

    def listed(self, model_type: str | None = None) -> tuple[Model, ...]:
        """What ``get_models`` shows: enabled rows that may be asked for by name."""
        return tuple(
            model
            for model in self.models
            if model.enabled
            and model.kind in ("concrete", "bare")
            and model_type in (None, model.model_type)
        )

    def family(self, label: str) -> tuple[Model, ...]:
        """The listed rows of one family, or of one family prefix, in the catalogue's order."""
        listed = self.listed()
        exact = tuple(model for model in listed if model.family == label)
        return exact or tuple(model for model in listed if model.id.startswith(label + "-"))

    def priced_rows(self, model: Model) -> tuple[Model, ...]:
        """The rows that a request for ``model`` can be charged by."""
        if model.routes:
            rows = dict.fromkeys(route.row for route in model.routes)
            if model.price is not None:
                rows.setdefault(model.id)
        else:
            rows = dict.fromkeys((model.id,))
        if model.sound_row is not None:
            rows.setdefault(model.sound_row)
        return tuple(self.row(row) for row in rows)
