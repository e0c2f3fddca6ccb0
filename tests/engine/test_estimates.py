"""Times and prices that are asked for before anything is started."""

from dataclasses import replace
from typing import Any

import pytest

from simulator.domain.errors import Rejection
from simulator.engine.bodies import CostBody, EstimateBody, MediaBody
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller
from tests.domain.judging import upload
from tests.engine.driving import caller, done, leap, ledger, refused, start
from tests.engine.world import CATALOG, make_provider

T2V = "text-to-video"


def estimate(provider: Provider, who: Caller, model: str, **fields: Any) -> Any:
    return done(provider.get_generation_estimate(who, EstimateBody(model=model, **fields)))


@pytest.mark.ruling("jobs.estimates")
def test_an_estimate_is_what_a_start_says() -> None:
    provider = make_provider()
    who = caller(provider)
    parameters = {"duration": "7s", "sound": True, "resolution": 7, "quality": None}
    answer = estimate(provider, who, "kling-3-0-std", generation_type=T2V, parameters=parameters)
    body = MediaBody(prompt="x", model="kling-3-0-std", generation_type=T2V, duration=7, sound=True)
    started = done(provider.generate_media(who, body))
    assert answer.estimated_time_seconds == started.estimated_time_seconds
    assert (answer.model, answer.generation_type) == ("kling-3-0-std", T2V)


def test_an_estimate_is_sure_where_the_value_is_known() -> None:
    provider = make_provider()
    known = {
        each.id: each.estimated_time_s is not None for each in CATALOG.listed("image") if each.price
    }
    shown = {
        model: estimate(
            provider, caller(provider), model, generation_type=next(iter(CATALOG.row(model).modes))
        ).confidence
        for model in known
        if CATALOG.row(model).modes
    }
    assert set(shown.values()) == {"high", "low"}
    assert all((known[model] and "high") or word == "low" for model, word in shown.items())


def test_an_estimate_counts_the_finished_generations_of_its_model() -> None:
    provider = make_provider()
    who = caller(provider)
    for prompt in ("x", "[sim:fail]", "[sim:stuck]", "x"):
        start(provider, who, prompt)
    start(provider, caller(provider, account="alice"))
    assert estimate(provider, who, "nano-banana").sample_size == 0
    leap(provider, who.world, 10**6)
    assert estimate(provider, who, "nano-banana").sample_size == 2


def test_an_estimate_refuses_what_a_start_would_refuse_of_what_it_knows() -> None:
    provider = make_provider()
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("nope", {}, "model_not_found"),
        ("kling-3-0-std", {}, "unsupported_generation_type"),
        ("nano-banana", {"prompt": "x" * 5_001}, "prompt_too_long"),
        ("gpt-image-2", {"parameters": {"resolution": "8K"}}, "invalid_resolution"),
    ]
    for model, fields, code in cases:
        with pytest.raises(Rejection) as rejection:
            estimate(provider, caller(provider), model, **fields)
        assert rejection.value.code == code


def test_a_price_is_asked_for_without_a_prompt_and_holds_nothing() -> None:
    provider = make_provider()
    who = caller(provider)
    answer = done(provider.estimate_generation_cost(who, CostBody(model="nano-banana")))
    assert (answer.credits, answer.price_row, answer.measured) == (7, "nano-banana", None)
    assert ledger(provider, who) == [("grant", 10_000_000)]


def with_upload(provider: Provider, who: Caller, kind: str, extension: str, **facts: int) -> str:
    file = replace(upload(kind, extension, **facts), id="00000000-0000-4000-a000-000000000001")
    done(provider.store.add_upload(who.world.id, who.account, file))
    return provider.urls.upload(who.world.name, file.id, extension)


@pytest.mark.ruling("pricing.measured-uploads")
def test_a_price_with_measured_uploads_shows_both_figures() -> None:
    provider = make_provider()
    who = caller(provider)
    url = with_upload(provider, who, "video", "mp4", duration_ms=4_000)
    body = CostBody(model="seedance-2-480p", generation_type=T2V, source_media_urls=[url])
    answer = done(provider.estimate_generation_cost(who, body))
    assert answer.credits == 19 * 18
    assert answer.measured is not None
    assert (answer.measured.credits, answer.measured.formula) == (
        144,
        "(4 s reference video + 4 s output) x 18 credits/s",
    )


def test_an_upload_is_measured_in_its_own_world_only() -> None:
    provider = make_provider()
    who, other = caller(provider), caller(provider, "other")
    url = with_upload(provider, who, "video", "mp4", duration_ms=16_000)
    fields = {"model": "seedance-2-480p", "generation_type": T2V, "source_media_urls": url}
    assert refused(provider, who, **fields).code == "reference_video_too_long"
    start(provider, other, **fields)
    start(provider, who, **{**fields, "source_media_urls": url.replace("001.mp4", "002.mp4")})
