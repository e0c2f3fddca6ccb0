"""Ad copy: variants of an advertisement, made from a reference."""

from dataclasses import dataclass

from simulator.domain.errors import Rejection
from simulator.domain.evidence import ASSUMED, OBSERVED, Ruling
from simulator.domain.inputs import KIND_BY_EXTENSION, Source, classify
from simulator.domain.rules import Rule
from simulator.domain.rules.options import PAGE_ASPECT_RATIOS

VARIANTS_MOST = 4
DEFAULT_ASPECT_RATIO = "9:16"

RULINGS = (
    Ruling(
        "ads.price",
        ASSUMED,
        "live list 2026-04-17 (50 credits); per variant: ruling",
        "Ad copy costs 50 credits for each variant.",
    ),
    Ruling(
        "ads.defaults",
        OBSERVED,
        "clients of the API",
        "Left out, language is en, variant_count 1 and aspect_ratio 9:16.",
    ),
    Ruling(
        "ads.outputs",
        ASSUMED,
        "ruling",
        "Ad copy delivers one image a variant; its status is read at the media route.",
    ),
)


@dataclass(frozen=True, slots=True)
class AdAsk:
    """The fields of ``create_ad_copy`` that a rule looks at."""

    reference_ad_url: str
    product_image_url: str | None = None
    variant_count: int = 1
    aspect_ratio: str = DEFAULT_ASPECT_RATIO


def unsupported_media_type(ask: AdAsk) -> Rejection | None:
    for field, url in (
        ("reference_ad_url", ask.reference_ad_url),
        ("product_image_url", ask.product_image_url),
    ):
        for source in classify(() if url is None else (url,), {}):
            if source.kind != "image":
                return _no_image(field, source)
    return None


def _no_image(field: str, source: Source) -> Rejection:
    allowed = [name for name, kind in KIND_BY_EXTENSION.items() if kind == "image"]
    return Rejection(
        "unsupported_media_type",
        f"{field} must be the URL of an image: {', '.join(allowed)}.",
        field=field,
        extension=source.extension,
        allowed=allowed,
    )


def invalid_variant_count(ask: AdAsk) -> Rejection | None:
    if 1 <= ask.variant_count <= VARIANTS_MOST:
        return None
    return Rejection(
        "invalid_variant_count",
        f"variant_count is 1 to {VARIANTS_MOST}; {ask.variant_count} was asked for.",
        min=1,
        max=VARIANTS_MOST,
    )


def invalid_aspect_ratio(ask: AdAsk) -> Rejection | None:
    if ask.aspect_ratio in PAGE_ASPECT_RATIOS:
        return None
    return Rejection(
        "invalid_aspect_ratio",
        f"aspect_ratio is one of {', '.join(PAGE_ASPECT_RATIOS)}.",
        allowed=list(PAGE_ASPECT_RATIOS),
    )


AD_RULES: tuple[Rule[AdAsk], ...] = (
    Rule(
        "ads.source-type",
        ASSUMED,
        "ruling",
        "The reference and the product picture are web addresses of images, by their extension.",
        unsupported_media_type,
    ),
    Rule(
        "ads.variant-count",
        ASSUMED,
        "ruling",
        "An advertisement has 1 to 4 variants.",
        invalid_variant_count,
    ),
    Rule(
        "ads.aspect-ratio",
        ASSUMED,
        "ruling",
        "The aspect ratio is any that the page names.",
        invalid_aspect_ratio,
    ),
)
