"""Ad copy: ``create_ad_copy``. Its status is read as a media generation's."""

from typing import Annotated

from msgspec import Meta, Struct

from simulator.domain.outputs import Output
from simulator.domain.rules import enforce
from simulator.domain.rules.ads import AD_RULES, DEFAULT_ASPECT_RATIO, AdAsk
from simulator.domain.sizes import dimensions, ratio_of
from simulator.engine.answers import StartAnswer, start_answer
from simulator.engine.plan import Ids, Plan
from simulator.engine.products.costs import AD_COPY, product_quote
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller

MODEL = "ad-copy"


class AdCopyBody(Struct, frozen=True):
    reference_ad_url: Annotated[
        str, Meta(min_length=1, description="An image of the advertisement to follow.")
    ]
    product_image_url: Annotated[str, Meta(description="An image of the product.")] | None = None
    product_text: Annotated[str, Meta(description="What to say of it.")] | None = None
    language: Annotated[str, Meta(description="For example en, the default.")] | None = None
    variant_count: Annotated[int, Meta(description="1 to 4; 1 by default.")] | None = None
    aspect_ratio: Annotated[str, Meta(description="9:16 by default.")] | None = None

    def ask(self) -> AdAsk:
        return AdAsk(
            reference_ad_url=self.reference_ad_url,
            product_image_url=self.product_image_url,
            variant_count=1 if self.variant_count is None else self.variant_count,
            aspect_ratio=self.aspect_ratio or DEFAULT_ASPECT_RATIO,
        )


async def create_ad_copy(provider: Provider, caller: Caller, body: AdCopyBody) -> StartAnswer:
    """One image a variant, each with the reference and the product in it."""
    ask = body.ask()
    enforce(AD_RULES, ask)
    urls = [ask.reference_ad_url, *([ask.product_image_url] if ask.product_image_url else [])]
    sources = [await provider.source(caller, url) for url in urls]
    uploads = tuple(source.upload.id for source in sources if source.upload is not None)
    width, height = dimensions(ratio_of(ask.aspect_ratio, "image", sources), "1K")
    text = body.product_text or "Ad copy"

    def outputs(ids: Ids, seed: int) -> tuple[Output, ...]:
        return tuple(
            Output(
                id=ids.output(),
                kind="image",
                format="png",
                seed=(seed + number) % 2**32,
                model=MODEL,
                caption=f"{text[:200]} (variant {number + 1})",
                job_id=ids.job,
                width=width,
                height=height,
                sources=uploads,
            )
            for number in range(ask.variant_count)
        )

    plan = Plan(
        kind="ad-copy",
        bucket="ads",
        model=MODEL,
        generation_type=AD_COPY.generation_type,
        prompt=text,
        price=product_quote(provider.catalog.row(MODEL), variants=ask.variant_count),
        estimated_time_s=AD_COPY.estimate_s,
        outputs=outputs,
        parameters={
            "reference_ad_url": ask.reference_ad_url,
            "product_image_url": ask.product_image_url,
            "language": body.language or "en",
            "variant_count": ask.variant_count,
            "aspect_ratio": ask.aspect_ratio,
        },
    )
    job = await provider.start(caller, plan)
    return start_answer(job, f"Started: {job.formula}; poll the media status until it is over.")
