"""What the products of other tools cost and how long they take: for a start and when asked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulator.domain.catalog import Catalog, Model
from simulator.domain.inputs import KIND_BY_EXTENSION, Source, Upload, extension_of
from simulator.domain.pricing import Quote, flat_quote, unit_quote
from simulator.domain.requests import MediaAsk
from simulator.domain.rules import enforce
from simulator.domain.rules.ads import AD_RULES, AdAsk
from simulator.domain.rules.sound import SOUND_RULES, SoundAsk
from simulator.engine.answers import EstimateAnswer
from simulator.engine.bodies import CostBody


@dataclass(frozen=True, slots=True)
class Product:
    """``unit`` is what the row's figure is for: a generation, or one of several of ``units``."""

    generation_type: str
    estimate_s: int
    unit: str = "a generation"
    units: str = ""


SONG = Product("text-to-music", 60)
SPEECH = Product("text-to-dialogue", 15)
AD_COPY = Product("image-to-image", 30, "per variant", "variants")
CAPTIONS = Product("captions", 0, "per second begun", "seconds")
SEPARATION = Product("separation", 40, "per minute begun", "minutes")
PRODUCTS: Mapping[str, Product] = {
    "text-to-dialogue": SPEECH,
    "ad-copy": AD_COPY,
    "auto-caption": CAPTIONS,
    "mvsep-40": SEPARATION,
}
"""By the family of the row; every other product is music."""

_UNIT_MS: Mapping[str, int] = {"seconds": 1_000, "minutes": 60_000}
_NO_URL = "https://reference.invalid/"
_LONGEST_S = 1e12


def is_product(model: Model) -> bool:
    """Whether the row is sold by a tool of its own, not by ``generate_media``."""
    return model.price is not None and model.price.shape == "unit"


def product_row(catalog: Catalog, model_id: str) -> Model | None:
    """The row of a product that may be asked for by this name."""
    row = catalog.get(model_id)
    return row if row is not None and row.enabled and is_product(row) else None


def product_of(model: Model) -> Product:
    """What is known of a product's row beside its price."""
    return PRODUCTS.get(model.family, SONG)


def product_quote(row: Model, *, variants: int = 1, length_ms: int = 0) -> Quote:
    """The price of a product's row; units of time count as soon as they have begun."""
    units = product_of(row).units
    if not units:
        return flat_quote(row)
    begun = variants if units == "variants" else -(-length_ms // _UNIT_MS[units])
    return unit_quote(row, begun, units)


def product_time(row: Model, sample_size: int) -> EstimateAnswer:
    """How long a product takes; sure where the row's source states it."""
    product = product_of(row)
    return EstimateAnswer(
        model=row.id,
        generation_type=product.generation_type,
        estimated_time_seconds=product.estimate_s,
        confidence="high" if row.estimated_time_s == product.estimate_s else "low",
        sample_size=sample_size,
    )


def product_price(row: Model, body: CostBody) -> Quote:
    """What a start would hold. Raises the Rejection of a start with as many variants, or with a
    file as long."""
    product = product_of(row)
    variants, length_ms = 1, 0
    if product.units == "variants":
        variants = 1 if body.variant_count is None else body.variant_count
        enforce(AD_RULES, AdAsk(f"{_NO_URL}ad.jpg", variant_count=variants))
    elif product.units:
        seconds = (body.reference_video_seconds or 0) + (body.reference_audio_seconds or 0)
        sound = _promised("audio", "mp3", seconds)
        ask = SoundAsk(Source(f"{_NO_URL}sound.mp3", "mp3", "audio", sound))
        enforce(SOUND_RULES, ask)
        length_ms = ask.billed_ms
    return product_quote(row, variants=variants, length_ms=length_ms)


def with_promised_video(catalog: Catalog, body: CostBody) -> tuple[MediaAsk, Mapping[str, Upload]]:
    """The ask of a media model, and the measures of a reference video of which it tells the length
    and no URL. A model that is not priced by reference videos takes no notice of the length."""
    ask, seconds = body.ask(), body.reference_video_seconds or 0
    row = catalog.get(body.model)
    price = None if row is None else row.price
    if not seconds or price is None or price.shape != "per_second_and_reference":
        return ask, {}
    kinds = {KIND_BY_EXTENSION.get(extension_of(url)) for url in ask.source_media_urls}
    if "video" in kinds:
        return ask, {}
    url = f"{_NO_URL}video.mp4"
    promised = replace(ask, source_media_urls=(*ask.source_media_urls, url))
    return promised, {url: _promised("video", "mp4", seconds)}


def _promised(kind: str, extension: str, seconds: float) -> Upload:
    """A file that is not there yet; a length of 0 is not known, and one beyond every limit is cut
    before it overflows."""
    duration_ms = math.ceil(min(seconds, _LONGEST_S) * 1_000)
    return Upload("promised", kind, extension, 0, duration_ms=duration_ms)
