"""Prices: the row, the formula, and what moves them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.catalog import Catalog
from simulator.domain.policies import Policies
from simulator.domain.pricing import (
    Quote,
    credits,
    flat_quote,
    measured_price,
    quote,
    unit_quote,
)
from tests.domain.judging import DEFAULTS, IMAGE, VIDEO, credits_of, judged, priced, upload
from tests.engine.world import CATALOG

T2V, I2V, T2I, I2I = "text-to-video", "image-to-video", "text-to-image", "image-to-image"
REROUTE = Policies(seedance_video_row="reroute")


@pytest.mark.parametrize(
    ("millicredits", "shown"),
    [(0, "0"), (9_000, "9"), (9_500, "9.5"), (1, "0.001"), (-500, "-0.5")],
)
def test_whole_credits_are_shown_without_a_point(millicredits: int, shown: str) -> None:
    assert str(credits(millicredits)) == shown


@pytest.mark.ruling("pricing.per-second")
@pytest.mark.parametrize(
    ("model", "rate"),
    [
        *(("kling-3-0-std", 17), ("kling-3-0-pro", 21), ("seedance-2-480p", 18)),
        *(("seedance-2-720p", 40), ("seedance-2-1080p", 93), ("seedance-2-fast-480p", 16)),
        ("seedance-2-fast-720p", 34),
    ],
)
def test_a_second_of_output_costs_the_rate_of_its_row(model: str, rate: int) -> None:
    costs = {s: credits_of(model, T2V, duration=s) for s in CATALOG.row(model).durations}
    assert costs == {s: s * rate for s in costs}
    assert len(costs) >= 12


@pytest.mark.ruling("pricing.sound-row")
@pytest.mark.parametrize(("model", "rate"), [("kling-3-0-std", 23), ("kling-3-0-pro", 30)])
def test_sound_moves_kling_3_to_its_audio_row(model: str, rate: int) -> None:
    price = priced(model, T2V, duration="5s", sound=True)
    assert (price.row, price.millicredits) == (f"{model}-audio", rate * 5_000)
    assert judged(model, T2V, sound=True).model.id == model


@pytest.mark.ruling("pricing.sound-sibling")
def test_sound_on_a_silent_row_is_charged_by_its_audio_sibling() -> None:
    assert priced("kling-2-6-image-to-video-5s", I2V, (IMAGE,), sound=True).row.endswith("5s-audio")
    assert (
        priced("seedance-1-5-pro-720p-4s", T2V, sound=True).row == "seedance-1-5-pro-720p-4s-audio"
    )


@pytest.mark.ruling("pricing.reference-video-worst-case")
@pytest.mark.parametrize("videos", [1, 2, 3])
def test_any_reference_video_is_billed_as_15_seconds(videos: int) -> None:
    price = priced("seedance-2-480p-video-ref", T2V, (VIDEO,) * videos, duration=4)
    assert price.millicredits == (15 + 4) * 13_000
    assert price.formula == ("(15 s reference video, worst case + 4 s output) x 13 credits/s = 247")


@pytest.mark.ruling("pricing.reference-video-row")
@pytest.mark.parametrize(
    ("model", "urls", "policies", "row", "credits"),
    [
        ("seedance-2-480p", (VIDEO,), DEFAULTS, "seedance-2-480p", 19 * 18),
        ("seedance-2-480p", (VIDEO,), REROUTE, "seedance-2-480p-video-ref", 19 * 13),
        ("seedance-2-480p", (), REROUTE, "seedance-2-480p", 4 * 18),
        ("seedance-2-480p-video-ref", (), DEFAULTS, "seedance-2-480p-video-ref", 4 * 13),
    ],
)
def test_a_reference_video_is_billed_by_the_row_that_was_asked_for(
    model: str, urls: tuple[str, ...], policies: Policies, row: str, credits: int
) -> None:
    price = priced(model, T2V, urls, policies=policies)
    assert (price.row, price.millicredits) == (row, credits * 1_000)


@pytest.mark.ruling("pricing.measured-uploads")
def test_a_measured_upload_shows_another_price_but_not_another_bill() -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=4_200)}
    request = judged("seedance-2-480p", T2V, (VIDEO,), uploads=uploads)
    assert quote(CATALOG, request, DEFAULTS).millicredits == 19 * 18_000
    assert measured_price(CATALOG, request, DEFAULTS) == (
        147_600,
        "(4.2 s reference video + 4 s output) x 18 credits/s",
    )


def test_a_measured_price_stops_at_the_longest_reference_even_where_lengths_are_not_judged() -> (
    None
):
    uploads = {VIDEO: upload("video", "mp4", duration_ms=60_000)}
    unprobed = replace(DEFAULTS, probe_uploads="no")
    request = judged("seedance-2-480p", T2V, (VIDEO,), uploads=uploads, policies=unprobed)
    assert measured_price(CATALOG, request, unprobed) == (
        19 * 18_000,
        "(15 s reference video + 4 s output) x 18 credits/s",
    )


def test_a_measured_price_never_loses_a_fraction_of_a_milli_credit() -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=1)}
    row = CATALOG.row("seedance-2-480p")
    assert row.price is not None
    cheap = replace(row, price=replace(row.price, millicredits=1))
    request = replace(judged("seedance-2-480p", T2V, (VIDEO,), uploads=uploads), model=cheap)
    assert measured_price(CATALOG, request, DEFAULTS) == (
        5,
        "(0.001 s reference video + 4 s output) x 0.001 credits/s",
    )


@pytest.mark.ruling("pricing.motion-control")
@pytest.mark.parametrize(
    ("model", "total"),
    [
        ("kling-2-6-motion-control-720p", 270),
        ("kling-2-6-motion-control-1080p", 360),
        ("kling-3-0-motion-control-720p", 720),
        ("kling-3-0-motion-control-1080p", 960),
    ],
)
def test_motion_control_is_billed_for_30_seconds(model: str, total: int) -> None:
    assert credits_of(model, I2V, (IMAGE, VIDEO)) == total


def test_motion_control_measured_is_billed_by_the_second_of_the_video() -> None:
    uploads = {VIDEO: upload("video", "mp4", duration_ms=10_500)}
    request = judged("kling-2-6-motion-control-720p", I2V, (IMAGE, VIDEO), uploads=uploads)
    assert measured_price(CATALOG, request, DEFAULTS) == (
        94_500,
        "9 credits/s x 10.5 s reference video",
    )


@pytest.mark.parametrize("urls", [(), (VIDEO,), (IMAGE,)])
def test_nothing_measured_means_no_measured_price(urls: tuple[str, ...]) -> None:
    request = judged("seedance-2-480p", T2V, urls)
    assert measured_price(CATALOG, request, DEFAULTS) is None


@pytest.mark.ruling("pricing.p-video")
@pytest.mark.parametrize(
    ("model", "rate"),
    [
        ("p-video-720p", 5),
        ("p-video-1080p", 10),
        ("p-video-720p-draft", 2),
        ("p-video-1080p-draft", 4),
    ],
)
def test_p_video_costs_its_rate_a_second(model: str, rate: int) -> None:
    assert [credits_of(model, T2V, duration=s) for s in (1, 7, 20)] == [rate, 7 * rate, 20 * rate]


@pytest.mark.ruling("pricing.resolution-tiers")
@pytest.mark.parametrize(
    ("model", "urls", "tiers"),
    [
        ("gpt-image-2", (), {"1K": 11, "2K": 15, "4K": 21}),
        ("nano-banana-2", (), {"1K": 14, "2K": 17, "4K": 25}),
        ("nano-banana-pro", (), {"1K": 31, "2K": 31, "4K": 41}),
        ("flux-2", (), {"1K": 10, "2K": 13}),
        ("flux-2-edit", (IMAGE,), {"1K": 10, "2K": 13}),
    ],
)
def test_each_resolution_tier_has_its_price(
    model: str, urls: tuple[str, ...], tiers: dict[str, int]
) -> None:
    mode = I2I if urls else T2I
    shown = {
        tier: credits_of(model, mode, urls, resolution=tier, aspect_ratio="16:9") for tier in tiers
    }
    assert shown == tiers


@pytest.mark.ruling("pricing.quality-rows")
def test_the_quality_of_imagen_4_picks_its_row() -> None:
    qualities = ("fast", "standard", "ultra")
    assert [credits_of("imagen-4", quality=each) for each in qualities] == [7, 13, 19]
    assert [credits_of("imagen-4-fast", quality=each) for each in qualities] == [7, 7, 7]
    assert [credits_of("imagen-4-ultra", quality=each) for each in qualities] == [19, 19, 19]


@pytest.mark.ruling("pricing.free-audio")
def test_generated_audio_is_free() -> None:
    loud, silent = (priced("seedance-2-720p", T2V, generate_audio=audio) for audio in (True, False))
    assert loud == silent == Quote(160_000, "seedance-2-720p", silent.formula, "per_second")


@pytest.mark.ruling("pricing.rows")
@pytest.mark.parametrize(
    ("model", "mode", "urls", "total"),
    [
        ("nano-banana", T2I, (), 7),
        ("wan-2-5", T2V, (), 155),
        ("sora-2", T2V, (), 75),
        ("veo3-1-fast", I2V, (IMAGE, IMAGE), 99),
        ("kling-2-5-image-to-video-pro", I2V, (IMAGE, IMAGE), 65),
    ],
)
def test_other_prices_are_those_of_the_live_list(
    model: str, mode: str, urls: tuple[str, ...], total: int
) -> None:
    assert credits_of(model, mode, urls) == total


def test_a_row_without_a_price_is_an_error_of_the_catalogue_not_a_free_lunch() -> None:
    row = replace(CATALOG.row("nano-banana"), price=None)
    request = replace(judged("nano-banana"), model=row)
    with pytest.raises(LookupError, match="row nano-banana has no price"):
        quote(Catalog([row]), request, DEFAULTS)


@pytest.mark.ruling("sound.prices")
def test_products_are_priced_by_whole_units_or_once() -> None:
    assert unit_quote(CATALOG.row("auto-caption"), 3, "seconds") == Quote(
        1_500, "auto-caption", "0.5 credits x 3 seconds = 1.5", "per_second"
    )
    assert unit_quote(CATALOG.row("mvsep-40"), 2, "minutes").billing_mode == "flat"
    assert flat_quote(CATALOG.row("V5_5")) == Quote(
        19_000, "V5_5", "19 credits a generation", "flat"
    )
    free = replace(CATALOG.row("V5_5"), price=None)
    with pytest.raises(LookupError, match="row V5_5 has no price"):
        flat_quote(free)
    with pytest.raises(LookupError, match="row V5_5 has no price"):
        unit_quote(free, 1, "minutes")


@given(st.sampled_from([m for m in CATALOG.listed() if m.price and m.durations]), st.data())
def test_prices_by_the_second_are_linear(model, data) -> None:  # type: ignore[no-untyped-def]  # values that Hypothesis draws
    modes = [mode for mode, inputs in model.modes.items() if not inputs.images.least]
    one, other = (data.draw(st.sampled_from(model.durations)) for _ in range(2))
    costs = [priced(model.id, modes[0], duration=s).millicredits for s in (one, other)]
    assert costs[0] * other == costs[1] * one
