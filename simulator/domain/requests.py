"""A media request: what was asked, and its normal form with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.domain.catalog import Inputs, Model
from simulator.domain.inputs import Source, Upload, classify
from simulator.domain.policies import Policies

DEFAULT_GENERATION_TYPE = "text-to-image"


@dataclass(frozen=True, slots=True)
class MediaAsk:
    """The fields of ``generate_media`` as sent, shape already checked; None: left out."""

    prompt: str
    model: str
    generation_type: str | None = None
    negative_prompt: str | None = None
    source_media_urls: tuple[str, ...] = ()
    aspect_ratio: str | None = None
    duration: object = None
    quality: str | None = None
    resolution: str | None = None
    sound: bool = False
    generate_audio: bool = True
    seed: int | None = None
    kling_elements: object = None
    turbo: bool = True
    disable_safety_checker: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask beside what it is judged by: the resolved model, its sources, the policies."""

    ask: MediaAsk
    model: Model
    generation_type: str
    sources: tuple[Source, ...]
    uploads: Mapping[str, Upload]
    policies: Policies

    @property
    def inputs(self) -> Inputs:
        return self.model.modes[self.generation_type]

    @property
    def has_elements(self) -> bool:
        """Elements bring reference images of their own, so frames become optional."""
        return self.model.elements and bool(self.ask.kling_elements)

    def count(self, kind: str) -> int:
        return sum(source.kind == kind for source in self.sources) if self.sources else 0

    def of_kind(self, kind: str) -> tuple[Source, ...]:
        return tuple(source for source in self.sources if source.kind == kind)


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """The normal form: what the job will do and what it is priced by."""

    model: Model
    prompt: str
    generation_type: str
    sources: tuple[Source, ...] = ()
    negative_prompt: str | None = None
    aspect_ratio: str = ""
    duration_s: int | None = None
    quality: str = ""
    resolution: str = ""
    sound: bool = False
    generate_audio: bool = True
    seed: int | None = None
    elements: tuple[Mapping[str, object], ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        return sum(source.kind == kind for source in self.sources)


def put(ask: MediaAsk, model: Model, uploads: Mapping[str, Upload], policies: Policies) -> Asked:
    """The ask ready to be judged. A generation type left out is the page's default, unless the
    policy lets a model that makes only one kind speak for itself."""
    generation_type = ask.generation_type
    if generation_type is None:
        generation_type = DEFAULT_GENERATION_TYPE
        if policies.infer_generation_type == "yes" and len(model.modes) == 1:
            generation_type = next(iter(model.modes))
    sources = classify(ask.source_media_urls, uploads)
    return Asked(ask, model, generation_type, sources, uploads, policies)


def duration_seconds(value: object) -> int | None:
    """``"5s"``, ``"5"`` and ``5`` as 5; anything else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        digits = value.removesuffix("s")
        if digits.isascii() and digits.isdecimal() and len(digits) <= 4:
            return int(digits)
    return None
