"""What products and videos that are yet to be sent would cost."""

from typing import Any

import pytest

from simulator.domain.errors import Rejection
from simulator.engine.bodies import CostBody, EstimateBody
from tests.engine.driving import caller, done, ledger
from tests.engine.world import make_provider

VIDEO = "https://example.com/a.mp4"


def cost(model: str, **fields: Any) -> Any:
    provider = make_provider()
    answer = done(
        provider.estimate_generation_cost(caller(provider), CostBody(model=model, **fields))
    )
    assert ledger(provider, caller(provider)) == [("grant", 10_000_000)]
    return answer


def refused(model: str, **fields: Any) -> str:
    with pytest.raises(Rejection) as rejection:
        cost(model, **fields)
    return rejection.value.code


@pytest.mark.ruling("sound.prices")
@pytest.mark.parametrize(
    ("model", "fields", "credits"),
    [
        ("V5_5", {}, 19),
        ("text-to-dialogue-v3", {}, 21),
        ("ad-copy", {}, 50),
        ("ad-copy", {"variant_count": 4}, 200),
        ("auto-caption", {"reference_audio_seconds": 9.5}, 5),
        ("auto-caption", {"reference_video_seconds": 4, "reference_audio_seconds": 0.001}, 2.5),
        ("auto-caption", {}, 900),
        ("mvsep-40", {"reference_audio_seconds": 61}, 12),
        ("mvsep-40", {}, 180),
    ],
)
def test_a_product_is_priced_as_a_start_would_be(
    model: str, fields: dict[str, Any], credits: float
) -> None:
    assert cost(model, **fields).credits == credits


@pytest.mark.parametrize("seconds", [1_800.001, 1e12, 1e300, 1.7e308])
def test_a_file_of_any_length_can_be_asked_about(seconds: float) -> None:
    assert refused("mvsep-40", reference_audio_seconds=seconds) == "media_too_long"
    assert refused("auto-caption", reference_video_seconds=seconds) == "media_too_long"


@pytest.mark.parametrize("count", [0, 5, -(2**63)])
def test_no_more_variants_are_priced_than_are_made(count: int) -> None:
    assert refused("ad-copy", variant_count=count) == "invalid_variant_count"


@pytest.mark.ruling("pricing.measured-uploads")
def test_a_video_that_is_yet_to_be_sent_is_priced_by_its_length_too() -> None:
    promised = cost("seedance-2-480p", generation_type="text-to-video", reference_video_seconds=4.5)
    assert (promised.credits, promised.measured.credits) == (19 * 18, 8.5 * 18)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("seedance-2-480p", {"generation_type": "text-to-video", "source_media_urls": VIDEO}),
        ("kling-3-0-std", {"generation_type": "text-to-video"}),
        ("nano-banana", {}),
    ],
)
def test_a_promised_length_counts_for_nothing_where_it_prices_nothing(
    model: str, fields: dict[str, Any]
) -> None:
    assert cost(model, reference_video_seconds=9, **fields) == cost(model, **fields)


@pytest.mark.parametrize("seconds", [15.001, 1e300, 1.7e308])
def test_a_promised_video_may_not_be_too_long(seconds: float) -> None:
    fields = {"generation_type": "text-to-video", "reference_video_seconds": seconds}
    assert refused("seedance-2-480p", **fields) == "reference_video_too_long"


def test_an_unknown_model_stays_unknown_whatever_is_promised() -> None:
    assert refused("nope", reference_video_seconds=5) == "model_not_found"


@pytest.mark.parametrize(
    ("model", "seconds"), [("V5_5", 60), ("ad-copy", 30), ("mvsep-40", 40), ("auto-caption", 0)]
)
def test_a_product_says_how_long_it_takes(model: str, seconds: int) -> None:
    provider = make_provider()
    asked = provider.get_generation_estimate(caller(provider), EstimateBody(model=model))
    assert done(asked).estimated_time_seconds == seconds
