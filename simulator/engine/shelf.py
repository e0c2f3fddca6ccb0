"""The catalogue as callers see it: one row a model, as ``get_models`` lists it."""

from collections.abc import Mapping
from typing import Any

from simulator.domain.catalog import Catalog, Model, Price
from simulator.domain.policies import Policies
from simulator.domain.pricing import MOTION_CONTROL_WORST_CASE_S, REFERENCE_VIDEO_WORST_CASE_S
from simulator.domain.pricing import credits as shown
from simulator.engine.answers import Credits, ModelRow
from simulator.engine.products.costs import is_product, product_of

UNKNOWN_ESTIMATE_S: Mapping[str, int] = {
    "image": 30,
    "video": 70,
    "music": 60,
    "speech": 15,
    "separation": 40,
}


def shelf(catalog: Catalog, policies: Policies, model_type: str | None = None) -> list[ModelRow]:
    """The rows that callers may ask for by name, in the catalogue's order."""
    return [
        model_row(catalog, model)
        for model in catalog.listed(model_type)
        if not (
            policies.seedance_2_1080p == "deny"
            and model.family == "seedance-2"
            and model.size == "1080p"
        )
    ]


def model_row(catalog: Catalog, model: Model) -> ModelRow:
    """One row as callers see it."""
    price, note = _cost(catalog, model)
    return ModelRow(
        model_id=model.id,
        display_name=model.display_name,
        model_type=model.model_type,
        provider=model.provider,
        cost_per_generation=price,
        cost_note=note,
        estimated_time_seconds=_estimate_s(catalog, model),
        generation_types=list(model.modes or model.listed_modes),
        requires_input_media=model.requires_input,
        input_media_types=list(model.kinds),
        capabilities=_capabilities(model) if model.modes else {},
        usage_notes=model.notes,
        strength=model.strength.value,
        source=model.source,
    )


def _cost(catalog: Catalog, model: Model) -> tuple[Credits | None, str]:
    if model.price is not None and is_product(model):
        rate = shown(model.price.millicredits)
        return rate, f"{rate} {product_of(model).unit}"
    priced = [(row, row.price) for row in catalog.priced_rows(model) if row.price is not None]
    if not priced:
        return None, "no source states a price"
    if model.routes:
        lowest = min(_lowest(price) for _, price in priced)
        names = ", ".join(f"{row.id} {_price_text(price)}" for row, price in priced)
        return shown(lowest), f"the lowest of its rows: {names}"
    (_, own), *others = priced
    louder = (f"; with sound {_price_text(price)} ({row.id})" for row, price in others)
    return shown(_lowest(own)), _price_text(own) + "".join(louder)


def _lowest(price: Price) -> int:
    """The figure of ``cost_per_generation``: a second's rate where the length decides."""
    if price.shape == "per_tier":
        return min(price.tiers.values())
    if price.shape == "per_reference_second":
        return price.millicredits * MOTION_CONTROL_WORST_CASE_S
    return price.millicredits


def _price_text(price: Price) -> str:
    if price.shape == "per_tier":
        return ", ".join(f"{tier} {shown(value)}" for tier, value in price.tiers.items())
    rate = shown(price.millicredits)
    return {
        "flat": f"{rate}",
        "per_second": f"{rate} per second of output",
        "per_second_and_reference": f"{rate} per second of output, and of"
        f" {REFERENCE_VIDEO_WORST_CASE_S} s reference video where there is one",
        "per_reference_second": f"{rate} per second of reference video, billed for"
        f" {MOTION_CONTROL_WORST_CASE_S} s",
    }[price.shape]


def _estimate_s(catalog: Catalog, model: Model) -> int:
    known = [row.estimated_time_s for row in (model, *catalog.priced_rows(model))]
    stated = next((value for value in known if value is not None), None)
    return UNKNOWN_ESTIMATE_S.get(model.model_type, 30) if stated is None else stated


def _capabilities(model: Model) -> dict[str, Any]:
    """The keys that live lists were seen with; and the counts of each mode."""
    return {
        "prompt_max_chars": model.prompt_max,
        "supports_aspect_ratio": True,
        "aspect_ratio_options": list(model.aspect_ratios),
        "duration_options": [f"{seconds}s" for seconds in model.durations],
        "fixed_duration": None if model.seconds is None else f"{model.seconds}s",
        "quality_options": list(model.qualities),
        "resolution_options": list(model.resolutions),
        "supports_negative_prompt": model.negative_prompt,
        "supports_sound": model.sound,
        "video_audio": model.video_audio,
        "supports_elements": model.elements,
        "input_media_types": list(model.kinds),
        "max_input_images": model.most("image"),
        "max_input_videos": model.most("video"),
        "max_input_audios": model.most("audio"),
        "inputs_by_generation_type": {
            mode: {
                kind: {"min": inputs.of(kind).least, "max": inputs.of(kind).most}
                for kind in ("image", "video", "audio")
            }
            for mode, inputs in model.modes.items()
        },
    }
