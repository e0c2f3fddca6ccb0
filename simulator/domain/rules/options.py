"""Refusals about the options of a model: duration, aspect ratio, quality and resolution."""

from simulator.domain.catalog import Model
from simulator.domain.errors import Rejection
from simulator.domain.requests import Asked, MediaAsk, duration_seconds

PAGE_ASPECT_RATIOS = (
    "1:1",
    "16:9",
    "9:16",
    "4:5",
    "21:9",
    "4:3",
    "3:4",
    "3:2",
    "2:3",
    "auto",
    "adaptive",
)
"""Every aspect ratio that the page names: accepted where no source lists a model's own."""

ALWAYS_ACCEPTED = "standard"
"""The default of ``quality``, accepted everywhere as "the model's default"; clients
send it as ``resolution`` too (observed)."""


def invalid_duration(asked: Asked) -> Rejection | None:
    options = asked.model.durations
    if not options or asked.ask.duration is None:
        return None
    if duration_seconds(asked.ask.duration) in options:
        return None
    allowed = [f"{seconds}s" for seconds in options]
    return Rejection(
        "invalid_duration",
        f"{asked.model.id} makes videos of {_listed(allowed)}; {_shown(asked.ask.duration)} was"
        " asked for.",
        allowed=allowed,
    )


def invalid_aspect_ratio(asked: Asked) -> Rejection | None:
    given = asked.ask.aspect_ratio
    allowed = asked.model.aspect_ratios or PAGE_ASPECT_RATIOS
    if given is None or given in allowed:
        return None
    return Rejection(
        "invalid_aspect_ratio",
        f"{asked.model.id} takes {_listed(allowed)}; {_shown(given)} was asked for.",
        allowed=list(allowed),
    )


def aspect_ratio_incompatible_with_high_res(asked: Asked) -> Rejection | None:
    directional = asked.model.high_resolution_aspects
    if not directional or resolution(asked.model, asked.ask) in (None, asked.model.resolutions[0]):
        return None
    if aspect_ratio(asked.model, asked.ask) in directional:
        return None
    return Rejection(
        "aspect_ratio_incompatible_with_high_res",
        f"{asked.model.id} above {asked.model.resolutions[0]} needs an explicit aspect_ratio,"
        f" one of {_listed(directional)}.",
        allowed=list(directional),
    )


def invalid_quality(asked: Asked) -> Rejection | None:
    given = asked.ask.quality
    if not asked.model.qualities or given is None or asked.policies.unknown_quality == "ignore":
        return None
    if given == ALWAYS_ACCEPTED or given in asked.model.qualities:
        return None
    return Rejection(
        "invalid_quality",
        f"{asked.model.id} takes {_listed(asked.model.qualities)}; {_shown(given)} was asked for.",
        allowed=list(asked.model.qualities),
    )


def invalid_resolution(asked: Asked) -> Rejection | None:
    if not asked.model.resolutions or resolution(asked.model, asked.ask) is not None:
        return None
    return Rejection(
        "invalid_resolution",
        f"{asked.model.id} takes {_listed(asked.model.resolutions)};"
        f" {_shown(asked.ask.resolution)} was asked for.",
        allowed=list(asked.model.resolutions),
    )


def aspect_ratio(model: Model, ask: MediaAsk) -> str:
    """What was asked for, else 1:1 where the model makes it, else the model's first."""
    if ask.aspect_ratio is not None:
        return ask.aspect_ratio
    if not model.aspect_ratios or "1:1" in model.aspect_ratios:
        return "1:1"
    return model.aspect_ratios[0]


def resolution(model: Model, ask: MediaAsk) -> str | None:
    """The tier asked for or the model's first; None when it is none of the model's tiers."""
    if not model.resolutions:
        return ""
    if ask.resolution is None or ask.resolution.lower() == ALWAYS_ACCEPTED:
        return model.resolutions[0]
    tier = ask.resolution.upper()
    return tier if tier in model.resolutions else None


def _listed(values: tuple[str, ...] | list[str]) -> str:
    return ", ".join(values)


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple, dict)):
        return "a list or an object"  # its text could be of any length and depth
    return repr(value if not isinstance(value, str) else value[:100])[:120]
