"""Billing: prices that are off, holds that leak, and refusals that cost something."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from simulator.domain.catalog import Model
from simulator.mutants.bench import Bench, Mutant

PROVIDER = "simulator.engine.provider"
PRICING = "simulator.domain.pricing"
STORE = "simulator.engine.store.operations"
SURCHARGE = 1_000
VIDEO_S = 15


def _dearer(tier: str = "") -> Callable[[Model], Model]:
    """A row that costs one credit more, or one of its tiers."""

    def change(row: Model) -> Model:
        assert row.price is not None
        price = row.price
        if tier:
            tiers = {**price.tiers, tier: price.tiers[tier] + SURCHARGE}
            return replace(row, price=replace(price, tiers=tiers))
        return replace(row, price=replace(price, millicredits=price.millicredits + SURCHARGE))

    return change


def _row(name: str, tier: str = "") -> Callable[[Bench], None]:
    return lambda bench: bench.rows({name: _dearer(tier)})


def _priced(bench: Bench, change: Callable[[Any, Any], int]) -> None:
    """Prices of media in milli-credits, given the quote and the request."""

    def outer(quote: Callable[..., Any]) -> Callable[..., Any]:
        def quotes(catalog: Any, request: Any, policies: Any) -> Any:
            told = quote(catalog, request, policies)
            return bench.counted(
                lambda found: replace(found, millicredits=change(found, request)), told
            )

        return quotes

    bench.wrap(outer, f"{PROVIDER}.quote")


def sound_for_nothing(bench: Bench) -> None:
    names = ("kling-3-0-std", "kling-3-0-pro")
    bench.rows({name: lambda row: replace(row, sound_row=None) for name in names})


def a_second_less_of_video(bench: Bench) -> None:
    def change(price: Callable[..., Any]) -> Callable[..., Any]:
        def prices(row: Any, request: Any) -> Any:
            if request.count("video"):
                bench.hit()
            return price(row, request)

        return prices

    bench.put(f"{PRICING}.REFERENCE_VIDEO_WORST_CASE_S", VIDEO_S - 1)
    bench.wrap(
        lambda pricers: {shape: change(pricer) for shape, pricer in pricers.items()},
        f"{PRICING}.PRICERS",
    )


def _rate(told: Any, request: Any) -> int:
    seconds = VIDEO_S + (request.duration_s or 0)
    return int(told.millicredits) // seconds


def measured_length_billed(bench: Bench) -> None:
    def change(told: Any, request: Any) -> int:
        known = [source.upload for source in request.sources if source.kind == "video"]
        if not known or None in known or request.model.takes_reference is False:
            return int(told.millicredits)
        measured_s = -(-sum(upload.duration_ms for upload in known) // 1_000)
        return int(_rate(told, request) * (measured_s + (request.duration_s or 0)))

    _priced(bench, change)


def every_video_billed(bench: Bench) -> None:
    def change(told: Any, request: Any) -> int:
        more = max(int(request.count("video")) - 1, 0)
        return int(told.millicredits) + more * VIDEO_S * _rate(told, request)

    _priced(bench, change)


def _if(condition: Callable[[Any], object]) -> Callable[[Bench], None]:
    """What fits costs a credit more."""

    def change(told: Any, request: Any) -> int:
        return int(told.millicredits) + (SURCHARGE if condition(request) else 0)

    return lambda bench: _priced(bench, change)


def a_second_more(bench: Bench) -> None:
    def change(told: Any, request: Any) -> int:
        if request.model.family != "seedance-2-fast" or request.count("video"):
            return int(told.millicredits)
        seconds = int(request.duration_s)
        return int(told.millicredits) * (seconds + 1) // seconds

    _priced(bench, change)


def tiers_at_one_price(bench: Bench) -> None:
    def change(row: Model) -> Model:
        assert row.price is not None
        lowest = min(row.price.tiers.values())
        return replace(row, price=replace(row.price, tiers=dict.fromkeys(row.price.tiers, lowest)))

    bench.rows({"gpt-image-2": change})


def less_told_than_held(bench: Bench) -> None:
    def change(told: Any) -> Any:
        if not told.model.startswith("kling-3-0-pro"):
            return told
        return structs.replace(told, estimated_cost_credits=told.estimated_cost_credits - 1)

    bench.answer(change, f"{PROVIDER}.start_answer")


def minutes_for_seconds(bench: Bench) -> None:
    def change(quote: Callable[..., Any]) -> Callable[..., Any]:
        def quotes(row: Any, **units: Any) -> Any:
            whole_ms = units.get("length_ms", 0) // 60_000 * 60_000
            return bench.counted(
                lambda _: quote(row, **{**units, "length_ms": whole_ms}), quote(row, **units)
            )

        return quotes

    bench.wrap(change, "simulator.engine.products.costs.product_quote")


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "billing", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "tier-a-credit-dearer",
        "GPT Image 2 at 1K costs a credit more.",
        "prices:gpt-image-2:1K",
        _row("gpt-image-2", "1K"),
    ),
    _mutant(
        "second-a-credit-dearer",
        "A second of Kling 3.0 Std costs a credit more.",
        "prices:kling-3-0-std",
        _row("kling-3-0-std"),
    ),
    _mutant(
        "sound-a-credit-dearer",
        "A second of Kling 3.0 Pro with sound costs a credit more.",
        "prices:kling-3-0-pro-audio",
        _row("kling-3-0-pro-audio"),
    ),
    _mutant(
        "dialogue-a-credit-dearer",
        "A dialogue costs a credit more.",
        "prices:dialogue",
        _row("text-to-dialogue-v3"),
    ),
    _mutant(
        "sound-for-nothing",
        "Kling 3.0 with sound costs what it does without.",
        "billing:kling-3-0:audio-row",
        sound_for_nothing,
    ),
    _mutant(
        "a-second-less-of-video",
        "A reference video is billed as 14 s.",
        "billing:seedance-2:video-ref-pessimistic-15s",
        a_second_less_of_video,
    ),
    _mutant(
        "measured-length-billed",
        "A reference that was uploaded is billed by its own length.",
        "billing:seedance-2:measured-upload",
        measured_length_billed,
    ),
    _mutant(
        "every-video-billed",
        "Each reference video is billed as 15 s.",
        "billing:seedance-2:reference-capped-15s",
        every_video_billed,
    ),
    _mutant(
        "images-cost",
        "Reference images cost a credit.",
        "billing:seedance-2:references-free",
        _if(lambda request: request.model.family.startswith("seedance-2") and request.sources),
    ),
    _mutant(
        "free-sound-costs",
        "Seedance 2 without its sound is a credit cheaper.",
        "billing:seedance-2:audio-free",
        _if(lambda request: request.model.family == "seedance-2" and request.generate_audio),
    ),
    _mutant(
        "elements-cost",
        "Elements cost a credit.",
        "billing:kling-3-0:elements-free",
        _if(lambda request: request.elements),
    ),
    _mutant(
        "a-second-more",
        "Seedance 2 Fast bills a second that it does not make.",
        "billing:seedance-2:output-seconds",
        a_second_more,
    ),
    _mutant(
        "tiers-at-one-price",
        "GPT Image 2 costs the same at all tiers.",
        "billing:tiers-are-rows",
        tiers_at_one_price,
    ),
    _mutant(
        "less-told-than-held",
        "Kling 3.0 Pro holds a credit more than it tells.",
        "prices:kling-3-0-pro",
        less_told_than_held,
    ),
    _mutant(
        "minutes-cut-off",
        "A minute of separation that has only begun is not billed.",
        "products:cost:separation",
        minutes_for_seconds,
    ),
)
