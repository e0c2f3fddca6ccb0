"""The checks of what get_models, the estimate, a start and an upload tell."""

from collections.abc import Callable
from typing import Any

import pytest

from contracts.check import Broken, CannotTell
from contracts.requirements import load_requirements
from tests.contracts.tampering import Body, bench

OURS = [row.id for row in load_requirements() if row.id.startswith("catalogue:")]
Rows = list[dict[str, Any]]
ESTIMATE = "/v1/generate/estimate"


def without(*names: str) -> Callable[[Rows], Rows]:
    return lambda rows: [{k: v for k, v in row.items() if k not in names} for row in rows]


def capable(**values: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [{**row, "capabilities": {**row["capabilities"], **values}} for row in rows]


def told(**values: Any) -> Callable[[Rows], Rows]:
    return lambda rows: [{**row, **values} for row in rows]


WRONG_LISTS: tuple[tuple[str, Callable[[Rows], Rows]], ...] = (
    ("catalogue:models:forty", lambda rows: rows[:40]),
    ("catalogue:models:costs", without("cost_per_generation")),
    ("catalogue:models:input-image", without("requires_input_media")),
    ("catalogue:models:input-image", told(input_media_types=[])),
    ("catalogue:models:types", told(generation_types=[])),
    ("catalogue:models:aspect-ratios", capable(aspect_ratio_options=["1:1", "2:3"])),
    ("catalogue:models:durations", capable(duration_options=["5s"])),
    ("catalogue:models:prompt-max", capable(prompt_max_chars=2_500)),
    ("catalogue:models:input-counts", capable(max_input_images=1)),
    ("catalogue:models:estimated-time", told(estimated_time_seconds=0)),
    ("catalogue:models:tiers", told(cost_note="see the pricing page", cost_per_generation=11)),
    ("catalogue:models:names", told(display_name="Kling 3.0")),
    ("catalogue:supports-sound", capable(supports_sound=True)),
    ("catalogue:supports-sound", capable(supports_sound=False)),
    ("catalogue:only-silent", capable(video_audio="silent")),
    ("catalogue:video-audio:veo3-1", capable(video_audio="silent")),
    ("catalogue:video-audio:kling-2-6", capable(video_audio="included")),
    ("catalogue:video-audio:v1-pro-fast-i2v", capable(video_audio=None)),
)


@pytest.mark.parametrize("requirement", OURS)
async def test_the_simulator_tells_it(requirement: str) -> None:
    async with bench() as clean:
        found = await clean.judged(requirement)
    assert found.broken is None


@pytest.mark.parametrize(("requirement", "wrong"), WRONG_LISTS)
async def test_a_list_of_models_that_tells_something_else_is_seen(
    requirement: str, wrong: Callable[[Rows], Rows]
) -> None:
    def altered(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if "models" in answer:
            answer["models"] = wrong(answer["models"])
        return status, answer

    async with bench(answered=altered) as crooked:
        found = await crooked.judged(requirement)
    assert isinstance(found.broken, Broken)


async def test_a_list_without_the_models_of_a_check_can_not_tell() -> None:
    def altered(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        answer["models"] = [row for row in answer.get("models", []) if "veo" not in row["model_id"]]
        return status, answer

    async with bench(answered=altered) as crooked:
        found = await crooked.judged("catalogue:video-audio:veo3-1")
    assert isinstance(found.broken, CannotTell)


async def test_an_estimate_without_a_time_is_seen() -> None:
    def timeless(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        answer.pop("estimated_time_seconds", None)
        return status, answer

    async with bench(answered=timeless) as crooked:
        found = await crooked.judged("catalogue:estimate:time")
    assert isinstance(found.broken, Broken)


async def test_an_estimate_that_starts_a_job_is_seen() -> None:
    def eager(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if path == ESTIMATE:
            asked.append(path)
        if asked and "generations" in answer:
            answer["generations"].append({"id": "new"})
        return status, answer

    asked: list[str] = []
    async with bench(answered=eager) as crooked:
        found = await crooked.judged("catalogue:estimate:no-job")
    assert found.expected == "no new generation"


async def test_an_estimate_that_costs_is_seen() -> None:
    def dear(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if path == ESTIMATE:
            asked.append(path)
        if asked and path == "/v1/balance":
            answer["credits"] -= 1
        return status, answer

    asked: list[str] = []
    async with bench(answered=dear) as crooked:
        found = await crooked.judged("catalogue:estimate:no-job")
    assert "credits as before" in found.expected


@pytest.mark.parametrize(
    ("requirement", "when"),
    [
        ("catalogue:estimate:optional", lambda body: "parameters" in body),
        ("catalogue:estimate:default-type", lambda body: "generation_type" not in body),
    ],
)
async def test_an_estimate_that_refuses_what_it_should_take_is_seen(
    requirement: str, when: Callable[[Body], bool]
) -> None:
    def narrow(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        refused = path == ESTIMATE and when(body)
        return (400, {"error": "no"}) if refused else (status, answer)

    async with bench(answered=narrow) as crooked:
        found = await crooked.judged(requirement)
    assert isinstance(found.broken, Broken)


async def test_an_estimate_of_no_model_is_seen() -> None:
    def guessed(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        return (200, {"estimated_time_seconds": 30}) if path == ESTIMATE else (status, answer)

    async with bench(answered=guessed) as crooked:
        found = await crooked.judged("catalogue:estimate:model-required")
    assert isinstance(found.broken, Broken)


async def test_an_upload_without_urls_is_seen() -> None:
    def single(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        answer.pop("urls", None)
        return status, answer

    async with bench(answered=single) as crooked:
        found = await crooked.judged("catalogue:upload:urls")
    assert isinstance(found.broken, Broken)


async def test_a_start_without_its_price_is_seen() -> None:
    def priceless(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        answer.pop("estimated_cost_credits", None)
        return status, answer

    async with bench(answered=priceless) as crooked:
        found = await crooked.judged("catalogue:start:estimates")
    assert isinstance(found.broken, Broken)
