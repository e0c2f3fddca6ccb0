"""What a product would cost: the same figure as its start holds, asked for beforehand."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.catalog import Catalog
from simulator.domain.errors import Rejection
from simulator.engine.answers import CostAnswer
from simulator.engine.bodies import CostBody
from simulator.engine.products.costs import is_product, product_row
from simulator.engine.shelf import model_row
from tests.engine.driving import caller, done, ledger
from tests.engine.world import CATALOG, make_provider

T2V = "text-to-video"


def cost(model: str, **fields: Any) -> CostAnswer:
    provider = make_provider()
    who = caller(provider)
    answer = done(provider.estimate_generation_cost(who, CostBody(model=model, **fields)))
    assert ledger(provider, who) == [("grant", 10_000_000)]
    return answer


def refused(model: str, **fields: Any) -> tuple[str, dict[str, object]]:
    with pytest.raises(Rejection) as rejection:
        cost(model, **fields)
    return rejection.value.code, rejection.value.fields


@pytest.mark.ruling("pricing.products")
@pytest.mark.parametrize("model", ["V4", "V4_5", "V4_5PLUS", "V5", "V5_5"])
def test_music_costs_19_a_generation_whatever_else_is_said(model: str) -> None:
    answer = cost(model, reference_audio_seconds=500, variant_count=3, duration="9s")
    assert (answer.credits, answer.price_row, answer.billing_mode) == (19, model, "flat")
    assert (answer.generation_type, answer.formula) == ("text-to-music", "19 credits a generation")


def test_lyrics_have_a_price_of_their_own() -> None:
    assert cost("suno-lyrics-generation").credits == 2


def test_a_dialogue_costs_21() -> None:
    answer = cost("text-to-dialogue-v3")
    assert (answer.credits, answer.generation_type) == (21, "text-to-dialogue")


@pytest.mark.ruling("ads.price")
@pytest.mark.parametrize(("variants", "credits"), [(None, 50), (1, 50), (3, 150), (4, 200)])
def test_ad_copy_costs_50_a_variant(variants: int | None, credits: int) -> None:
    answer = cost("ad-copy", variant_count=variants)
    assert (answer.credits, answer.generation_type) == (credits, "image-to-image")


@pytest.mark.parametrize("variants", [0, 5])
def test_ad_copy_is_not_priced_for_variants_that_a_start_refuses(variants: int) -> None:
    code, fields = refused("ad-copy", variant_count=variants)
    assert (code, fields) == ("invalid_variant_count", {"min": 1, "max": 4})


@pytest.mark.ruling("sound.prices")
@pytest.mark.parametrize(
    ("seconds", "captions", "separation"),
    [
        (0.001, 0.5, 6),
        (1, 0.5, 6),
        (1.001, 1, 6),
        (59.9, 30, 6),
        (60, 30, 6),
        (60.001, 30.5, 12),
        (1_800, 900, 180),
    ],
)
@pytest.mark.parametrize("field", ["reference_video_seconds", "reference_audio_seconds"])
def test_files_cost_their_seconds_or_minutes_begun(
    field: str, seconds: float, captions: float, separation: int
) -> None:
    assert cost("auto-caption", **{field: seconds}).credits == captions
    assert cost("mvsep-40", **{field: seconds}).credits == separation


def test_a_video_and_a_sound_cost_what_they_last_together() -> None:
    both = {"reference_video_seconds": 10.5, "reference_audio_seconds": 0.6}
    assert cost("auto-caption", **both).credits == 6


@pytest.mark.ruling("sound.unmeasured")
@pytest.mark.parametrize("seconds", [None, 0])
def test_a_file_of_unknown_length_costs_30_minutes(seconds: float | None) -> None:
    assert cost("auto-caption", reference_video_seconds=seconds).credits == 900
    assert cost("mvsep-40", reference_audio_seconds=seconds).credits == 180


@pytest.mark.parametrize("model", ["auto-caption", "mvsep-40"])
def test_a_file_of_more_than_30_minutes_has_no_price(model: str) -> None:
    code, fields = refused(model, reference_video_seconds=1_800.001)
    assert (code, fields) == ("media_too_long", {"max_seconds": 1_800, "seconds": 1_800.001})


def test_captions_are_billed_by_the_second_and_separation_is_not() -> None:
    assert cost("auto-caption").billing_mode == "per_second"
    assert cost("mvsep-40").billing_mode == "flat"
    assert (cost("auto-caption").generation_type, cost("mvsep-40").generation_type) == (
        "captions",
        "separation",
    )


@pytest.mark.parametrize("model", ["V9", "music", "", "suno", "v5_5"])
def test_a_model_that_nobody_knows_is_not_found(model: str) -> None:
    assert refused(model)[0] == "model_not_found"


@pytest.mark.ruling("pricing.promised-video")
def test_a_reference_video_yet_to_come_is_billed_for_15_seconds() -> None:
    fields = {"generation_type": T2V, "duration": "5s", "reference_video_seconds": 4.5}
    answer = cost("seedance-2-480p-video-ref", **fields)
    assert answer.credits == 260
    assert answer.measured is not None
    assert answer.measured.credits == 123.5
    image = ["https://example.com/a.png"]
    assert cost("seedance-2-480p-video-ref", **fields, source_media_urls=image).credits == 260


@pytest.mark.ruling("pricing.promised-video")
def test_a_reference_video_that_is_sent_is_not_promised_as_well() -> None:
    fields = {"generation_type": T2V, "duration": "5s", "reference_video_seconds": 4.5}
    url = "https://example.com/a.MOV?x=1"
    answer = cost("seedance-2-480p", **fields, source_media_urls=url)
    assert (answer.credits, answer.measured) == (20 * 18, None)
    most = [f"https://example.com/{name}.MOV?x=1" for name in "abc"]
    assert cost("seedance-2-480p", **fields, source_media_urls=most).credits == 20 * 18


def test_a_promised_video_is_refused_where_a_sent_one_is() -> None:
    fields = {"generation_type": T2V, "reference_video_seconds": 15.001}
    assert refused("seedance-2-480p", **fields)[0] == "reference_video_too_long"
    fields = {"generation_type": "image-to-video", "reference_video_seconds": 5}
    image = "https://example.com/a.png"
    code, _ = refused("seedance-2-480p", **fields, source_media_urls=image)
    assert code == "reference_video_not_allowed"


@pytest.mark.parametrize("fields", [{}, {"reference_video_seconds": 0}])
def test_without_a_reference_video_only_the_output_is_billed(fields: dict[str, Any]) -> None:
    answer = cost("seedance-2-480p", generation_type=T2V, duration="5s", **fields)
    assert (answer.credits, answer.measured) == (90, None)


@pytest.mark.parametrize(
    ("model", "generation_type", "credits"),
    [
        ("nano-banana", "text-to-image", 7),
        ("gpt-image-2", "text-to-image", 11),
        ("kling-3-0-std", T2V, 51),
    ],
)
def test_a_model_that_takes_no_reference_video_overlooks_its_length(
    model: str, generation_type: str, credits: int
) -> None:
    answer = cost(model, generation_type=generation_type, reference_video_seconds=9)
    assert answer.credits == credits


def test_a_product_that_is_disabled_has_no_price() -> None:
    row = CATALOG.row("mvsep-40")
    assert product_row(Catalog([row]), "mvsep-40") is row
    assert product_row(Catalog([replace(row, enabled=False)]), "mvsep-40") is None


@pytest.mark.ruling("pricing.products")
@pytest.mark.parametrize(
    ("model", "credits", "note"),
    [
        ("V5_5", 19, "19 a generation"),
        ("text-to-dialogue-v3", 21, "21 a generation"),
        ("ad-copy", 50, "50 per variant"),
        ("auto-caption", 0.5, "0.5 per second begun"),
        ("mvsep-40", 6, "6 per minute begun"),
    ],
)
def test_the_list_of_models_says_what_a_price_is_for(model: str, credits: float, note: str) -> None:
    row = model_row(CATALOG, CATALOG.row(model))
    assert (row.cost_per_generation, row.cost_note) == (credits, note)


def test_every_product_on_the_list_has_a_price_and_a_unit() -> None:
    products = [model for model in CATALOG.listed() if is_product(model)]
    assert {model.family for model in products} == {
        "suno-music",
        "suno-add-instrumental",
        "suno-add-vocals",
        "suno-lyrics-generation",
        "text-to-dialogue",
        "ad-copy",
        "auto-caption",
        "mvsep-40",
    }
    for model in products:
        assert cost(model.id).credits > 0
        assert " " in model_row(CATALOG, model).cost_note
