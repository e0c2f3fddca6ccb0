"""Prices: which row a request is charged by, and the formula that makes credits of it.

Whole milli-credits throughout; nothing here is a float.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.domain.catalog import Catalog, Model, Price
from simulator.domain.evidence import ASSUMED, DOCUMENTED, Ruling
from simulator.domain.policies import Policies
from simulator.domain.requests import MediaRequest

REFERENCE_VIDEO_WORST_CASE_S = 15
MOTION_CONTROL_WORST_CASE_S = 30

RULINGS = (
    Ruling(
        "pricing.per-second",
        DOCUMENTED,
        "page: Seedance 2, billing; Video audio",
        "Kling 3.0 and Seedance 2 cost their row's rate for each second of output.",
    ),
    Ruling(
        "pricing.sound-row",
        DOCUMENTED,
        "page: Video audio",
        "sound: true moves Kling 3.0 to its -audio row; the caller keeps the model's id.",
    ),
    Ruling(
        "pricing.sound-sibling",
        ASSUMED,
        "page: Video audio; our reading of the live rows",
        "sound: true on a silent row of Kling 2.6 or Seedance 1.5 Pro is charged by its -audio"
        " sibling.",
    ),
    Ruling(
        "pricing.reference-video-worst-case",
        DOCUMENTED,
        "page: Seedance 2, MCP / REST API note",
        "With a reference video, 15 s are billed beside the output over REST and MCP, whatever the"
        " video's real length.",
    ),
    Ruling(
        "pricing.reference-video-row",
        ASSUMED,
        "ruling",
        "A reference video on a plain Seedance 2 row is billed at that row's rate; a -video-ref row"
        " without one costs its output seconds.",
        policy="seedance_video_row",
    ),
    Ruling(
        "pricing.measured-uploads",
        ASSUMED,
        "ruling",
        "Measured uploads do not lower the bill; the cost endpoint shows both figures.",
    ),
    Ruling(
        "pricing.products",
        ASSUMED,
        "docs: how it works (the tool takes reference lengths); what they price: ruling",
        "The cost of a product's model is what its start holds: music and dialogue a generation, ad"
        " copy by variant_count, captions and separation by the reference lengths together; an"
        " unknown music model is model_not_found here.",
    ),
    Ruling(
        "pricing.promised-video",
        ASSUMED,
        "ruling",
        "For a Seedance 2 model reference_video_seconds stands for a reference video that is yet to"
        " be sent: it is judged like one that was measured, and billed for 15 s.",
    ),
    Ruling(
        "pricing.motion-control",
        ASSUMED,
        "ruling",
        "Motion Control is billed for 30 s of reference video, its documented maximum.",
    ),
    Ruling(
        "pricing.p-video",
        ASSUMED,
        "ruling",
        "p-video rows cost 5, 10, 2 and 4 credits a second (720p, 1080p, and their drafts).",
    ),
    Ruling(
        "pricing.resolution-tiers",
        DOCUMENTED,
        "page: Resolution tiers; amounts other than gpt-image-2's: observed",
        "Each resolution tier is a price of its own.",
    ),
    Ruling(
        "pricing.quality-rows",
        ASSUMED,
        "ruling",
        "imagen-4's quality picks the priced row; imagen-4-fast and -ultra keep their own.",
    ),
    Ruling(
        "pricing.free-audio",
        DOCUMENTED,
        "page: Seedance 2",
        "generate_audio costs nothing.",
    ),
    Ruling(
        "pricing.rows",
        ASSUMED,
        "live list 2026-03-28",
        "Prices that the page does not state are those of the dated live list.",
    ),
)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a request will cost, by which row, and why: ``formula`` reads as a calculation."""

    millicredits: int
    row: str
    formula: str
    billing_mode: str


def credits(millicredits: int) -> int | float:
    """Milli-credits as the number that a caller sees: whole ones carry no point."""
    whole, rest = divmod(millicredits, 1000)
    return millicredits / 1000 if rest else whole


def quote(catalog: Catalog, request: MediaRequest, policies: Policies) -> Quote:
    """The one price of a request; ``estimate``, ``cost`` and the hold all come from here."""
    row = priced_row(catalog, request, policies)
    price = row.price
    if price is None:
        raise LookupError(f"row {row.id} has no price")
    millicredits, formula = PRICERS[price.shape](price, request)
    return Quote(millicredits, row.id, formula, request.model.billing_mode)


def priced_row(catalog: Catalog, request: MediaRequest, policies: Policies) -> Model:
    """The row that the request is charged by: a bare id's route, then sound, then reference."""
    model = request.model
    for route in model.routes:
        if all(_facet(request, name) == value for name, value in route.when.items()):
            return catalog.row(route.row)
    if request.sound and model.sound_row is not None:
        return catalog.row(model.sound_row)
    if (
        policies.seedance_video_row == "reroute"
        and model.reference_row is not None
        and request.count("video")
    ):
        return catalog.row(model.reference_row)
    return model


def measured_price(
    catalog: Catalog, request: MediaRequest, policies: Policies
) -> tuple[int, str] | None:
    """What the provider's web page, which measures each file, would bill: milli-credits and
    formula; None unless the request has reference videos and every one was uploaded here."""
    row = priced_row(catalog, request, policies)
    videos = [source.upload for source in request.sources if source.kind == "video"]
    if row.price is None or not videos:
        return None
    measured_ms = 0
    for upload in videos:
        if upload is None:
            return None
        measured_ms += upload.duration_ms
    rate = row.price.millicredits
    measured_ms = min(measured_ms, (request.model.reference_seconds_max or 0) * 1000)
    if row.price.shape == "per_reference_second":
        return _for_ms(rate, measured_ms), (
            f"{credits(rate)} credits/s x {measured_ms / 1000:g} s reference video"
        )
    output_s = request.duration_s or 0
    return _for_ms(rate, measured_ms + output_s * 1000), (
        f"({measured_ms / 1000:g} s reference video + {output_s} s output)"
        f" x {credits(rate)} credits/s"
    )


def _for_ms(rate_millicredits: int, duration_ms: int) -> int:
    return -(-rate_millicredits * duration_ms // 1000)


def unit_quote(row: Model, units: int, unit: str) -> Quote:
    """The price of ``units`` whole units (``seconds``, ``minutes``, ``variants``) of a row."""
    if row.price is None:
        raise LookupError(f"row {row.id} has no price")
    rate = row.price.millicredits
    total = rate * units
    counted = unit.removesuffix("s") if units == 1 else unit
    formula = f"{credits(rate)} credits x {units} {counted} = {credits(total)}"
    return Quote(total, row.id, formula, "per_second" if unit == "seconds" else "flat")


def flat_quote(row: Model) -> Quote:
    """The price of one generation of a row."""
    if row.price is None:
        raise LookupError(f"row {row.id} has no price")
    rate = row.price.millicredits
    return Quote(rate, row.id, f"{credits(rate)} credits a generation", "flat")


def _facet(request: MediaRequest, name: str) -> object:
    facets: Mapping[str, object] = {
        "generation_type": request.generation_type,
        "duration_s": request.duration_s,
        "sound": request.sound,
        "quality": request.quality,
        "resolution": request.resolution,
        "images": request.count("image"),
    }
    return facets[name]


def _flat(price: Price, request: MediaRequest) -> tuple[int, str]:
    return price.millicredits, f"{credits(price.millicredits)} credits a generation"


def _per_tier(price: Price, request: MediaRequest) -> tuple[int, str]:
    tier = price.tiers[request.resolution]
    return tier, f"{credits(tier)} credits at {request.resolution}"


def _per_second(price: Price, request: MediaRequest) -> tuple[int, str]:
    return _seconds(price, request.duration_s or 0)


def _per_second_and_reference(price: Price, request: MediaRequest) -> tuple[int, str]:
    output_s = request.duration_s or 0
    if not request.count("video"):
        return _seconds(price, output_s)
    total = price.millicredits * (REFERENCE_VIDEO_WORST_CASE_S + output_s)
    return total, (
        f"({REFERENCE_VIDEO_WORST_CASE_S} s reference video, worst case + {output_s} s output)"
        f" x {credits(price.millicredits)} credits/s = {credits(total)}"
    )


def _per_reference_second(price: Price, request: MediaRequest) -> tuple[int, str]:
    total = price.millicredits * MOTION_CONTROL_WORST_CASE_S
    return total, (
        f"{credits(price.millicredits)} credits/s x {MOTION_CONTROL_WORST_CASE_S} s reference"
        f" video, worst case = {credits(total)}"
    )


def _seconds(price: Price, seconds: int) -> tuple[int, str]:
    total = price.millicredits * seconds
    return total, f"{credits(price.millicredits)} credits/s x {seconds} s = {credits(total)}"


PRICERS: Mapping[str, Callable[[Price, MediaRequest], tuple[int, str]]] = {
    "flat": _flat,
    "per_tier": _per_tier,
    "per_second": _per_second,
    "per_second_and_reference": _per_second_and_reference,
    "per_reference_second": _per_reference_second,
}
