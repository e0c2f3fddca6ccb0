"""The normal form of a media request that no rule refused: defaults filled, the ignored dropped."""

from collections.abc import Mapping

from simulator.domain.catalog import Model
from simulator.domain.evidence import ASSUMED, DOCUMENTED, Ruling
from simulator.domain.requests import Asked, MediaAsk, MediaRequest, duration_seconds
from simulator.domain.rules.elements import ELEMENT_FIELDS
from simulator.domain.rules.options import ALWAYS_ACCEPTED, aspect_ratio, resolution

RULINGS = (
    Ruling(
        "normal.negative-prompt",
        DOCUMENTED,
        "page: Models that support negative_prompt",
        "imagen-4, wan-2-5 and kling-2-5-image-to-video-pro use negative_prompt; all others ignore"
        " it.",
    ),
    Ruling(
        "normal.duration-ignored",
        DOCUMENTED,
        "page: Models that support duration",
        "Image models, models with a fixed length and models without options ignore duration,"
        " whatever it holds.",
    ),
    Ruling(
        "normal.duration-default",
        ASSUMED,
        "ruling",
        'Left out, duration is the model\'s first option; "5s", "5" and 5 are the same.',
    ),
    Ruling(
        "normal.duration-fixed-rows",
        ASSUMED,
        "our reading of the live rows",
        "A row whose id fixes its length (…-5s, …-10s) ignores duration.",
    ),
    Ruling(
        "normal.aspect-default",
        ASSUMED,
        "page: generate_media (default 1:1); ruling",
        "Left out, the aspect ratio is 1:1, or the model's first where it does not make 1:1.",
    ),
    Ruling(
        "normal.quality-ignored",
        DOCUMENTED,
        "page: Models that support quality",
        "Models without quality values ignore quality.",
    ),
    Ruling(
        "normal.quality-mapped",
        DOCUMENTED,
        "page: Models that support quality",
        "sora-2-pro takes pro, high and hd as HD; imagen-4 picks the variant; seedream and 5-lite"
        " pick the output's resolution.",
    ),
    Ruling(
        "normal.resolution-ignored",
        DOCUMENTED,
        "page: Resolution tiers",
        "Models without resolution tiers ignore resolution; where it is part of the id, the id"
        " counts.",
    ),
    Ruling(
        "normal.resolution-default",
        DOCUMENTED,
        "page: Resolution tiers",
        "Left out, resolution is 1K.",
    ),
    Ruling(
        "normal.sound-ignored",
        DOCUMENTED,
        "page: Video audio",
        "sound counts only for Kling 2.6, Kling 3.0 and Seedance 1.5 Pro; its default is false.",
    ),
    Ruling(
        "normal.generate-audio",
        DOCUMENTED,
        "page: Seedance 2",
        "Seedance 2's generate_audio defaults to true and is free; other models ignore it.",
    ),
    Ruling(
        "normal.elements-ignored",
        DOCUMENTED,
        "page: Kling 3.0 elements",
        "kling_elements count for kling-3-0-std and kling-3-0-pro; other models ignore them.",
    ),
    Ruling(
        "normal.unknown-fields",
        ASSUMED,
        "ruling; docs: model requirements",
        "Unknown fields of a request are ignored.",
    ),
    Ruling(
        "normal.seed",
        ASSUMED,
        "ruling",
        "seed is a whole number from 0 to 4294967295; left out, one is drawn from the world's.",
    ),
)


def normal_form(asked: Asked) -> MediaRequest:
    """Cannot fail once every rule has passed."""
    ask, model = asked.ask, asked.model
    return MediaRequest(
        model=model,
        prompt=_prompt(model, ask),
        generation_type=asked.generation_type,
        sources=asked.sources,
        negative_prompt=ask.negative_prompt if model.negative_prompt else None,
        aspect_ratio=aspect_ratio(model, ask),
        duration_s=_duration_s(model, ask),
        quality=_quality(model, ask),
        resolution=resolution(model, ask) or "",
        sound=ask.sound and model.sound,
        generate_audio=ask.generate_audio,
        seed=ask.seed,
        elements=_elements(model, ask),
        options=_options(model, ask),
    )


def _prompt(model: Model, ask: MediaAsk) -> str:
    return ask.prompt if model.prompt_max is None else ask.prompt[: model.prompt_max]


def _duration_s(model: Model, ask: MediaAsk) -> int | None:
    if not model.durations:
        return model.seconds
    return model.durations[0] if ask.duration is None else duration_seconds(ask.duration)


def _quality(model: Model, ask: MediaAsk) -> str:
    given = ask.quality
    if not model.qualities:
        return ""
    if given is None or given == ALWAYS_ACCEPTED or given not in model.qualities:
        return model.quality_default
    return model.quality_aliases.get(given, given)


def _elements(model: Model, ask: MediaAsk) -> tuple[Mapping[str, object], ...]:
    elements = ask.kling_elements
    if not model.elements or not isinstance(elements, (list, tuple)):
        return ()
    return tuple(
        {name: element[name] for name in ELEMENT_FIELDS if element.get(name) is not None}
        for element in elements
    )


def _options(model: Model, ask: MediaAsk) -> Mapping[str, object]:
    """The switches that p-image-edit alone reads."""
    if model.id != "p-image-edit":
        return {}
    return {"turbo": ask.turbo, "disable_safety_checker": ask.disable_safety_checker}
