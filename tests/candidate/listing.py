"""The list of models, as callers see it."""

import math

from tests.candidate.catalogue import Media, Model
from tests.candidate.ledger import plain
from tests.candidate.rules import MODELS

VIDEO_AUDIO = (
    ("included", "included"),
    ("toggle", "toggle_via_sound_param"),
    ("always", "toggle_via_sound_param"),
    ("generate_audio", "included"),
    ("silent", "silent"),
)


def most(model: Model, kind: str) -> int:
    """The most files of a kind that any mode takes."""
    picks = {"image": 0, "video": 1, "audio": 2}
    return max(limits(each)[picks[kind]][1] for each in model.modes.values())


def limits(takes: Media) -> tuple[tuple[int, int], ...]:
    """Least and most of images, videos, audios."""
    return takes.images, takes.videos, takes.audios


def row(model: Model, job_s: float) -> dict[str, object]:
    """One model with its capabilities."""
    kinds = [kind for kind in ("image", "video", "audio") if most(model, kind)]
    needs = all(any(least for least, _ in limits(each)) for each in model.modes.values())
    per_second = model.billing == "per_second" and bool(model.durations)
    plainest = model.price(model.defaults())
    shown = plainest / model.durations[0] if per_second else plainest
    return {
        "model_id": model.model_id,
        "display_name": model.model_id.replace("-", " ").title(),
        "model_type": model.kind,
        "provider": "candidate",
        "cost_per_generation": plain(shown),
        "cost_note": "credits per second" if per_second else "credits, the cheapest choice",
        "estimated_time_seconds": max(1, math.ceil(job_s)),
        "generation_types": list(model.modes),
        "requires_input_media": needs,
        "input_media_types": kinds,
        "usage_notes": "",
        "capabilities": capabilities(model, kinds),
    }


def capabilities(model: Model, kinds: list[str]) -> dict[str, object]:
    """The limits of one model."""
    found: dict[str, object] = {
        "prompt_max_chars": model.prompt_max,
        "supports_aspect_ratio": True,
        "aspect_ratio_options": list(model.ratios),
        "duration_options": [f"{each}s" for each in model.durations],
        "supports_sound": model.sound in {"toggle", "always"},
        "max_input_images": most(model, "image"),
        "max_input_videos": most(model, "video"),
        "max_input_audios": most(model, "audio"),
        "input_media_types": kinds,
        "quality_options": list(model.qualities),
        "resolution_options": list(model.resolutions),
    }
    if model.kind == "video":
        found["video_audio"] = dict(VIDEO_AUDIO)[model.sound]
    return found


def list_models(kind: str | None, job_s: float) -> dict[str, object]:
    """All models, or those of one kind."""
    rows = [row(each, job_s) for each in MODELS.values() if kind in {None, each.kind}]
    return {"models": rows, "total_count": len(rows)}
