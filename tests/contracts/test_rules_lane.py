"""The rules lane passes what is right, and says of what is wrong where it stands."""

from typing import Any

import pytest

from contracts.check import Broken, CannotTell, DoesNotApply
from tests.contracts.tampering import Body, bench

START = "/v1/generate/media"
OF_EACH_KIND = (
    "prices:kling-3-0-std-audio",
    "prices:captions",
    "billing:seedance-2:video-ref-pessimistic-15s",
    "billing:insufficient",
    "billing:mode",
    "limits:prompt:wan-2-5",
    "limits:inputs:sora-2",
    "limits:seedance-2:video-seconds",
    "limits:elements:image-pixels",
    "limits:quality:sizes",
    "routing:family:body",
    "routing:default:auto",
    "ignored:sound:sora-2",
    "refusals:too_many_images",
    "refusals:shape:prompt",
    "products:ads:defaults",
    "products:at-once:generate-music",
    "products:rate:create-ad-copy",
    "catalogue:video-audio:kling-3-0",
)


@pytest.mark.parametrize("requirement", OF_EACH_KIND)
@pytest.mark.parametrize("surface", ["rest", "mcp"])
async def test_the_simulator_does_it(requirement: str, surface: str) -> None:
    async with bench() as clean:
        found = await clean.judged(requirement, surface)
    assert found.broken is None


async def test_a_price_that_is_one_too_high_is_told_with_the_words_of_its_case() -> None:
    def dearer(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if "estimated_cost_credits" in answer:
            answer["estimated_cost_credits"] += 1
        return status, answer

    async with bench(answered=dearer) as crooked:
        found = await crooked.judged("prices:kling-3-0-std-audio")
    assert (found.expected, found.got) == ("115 credits", "116 credits")
    assert "kling-3-0-std-sound-5s: Kling 3.0 std with sound: 5 s at 23 a second." in found.why
    assert "page: Video audio, live rates; documented" in found.why


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("credits", 84, "a hold with credits 85"), ("price_row", "kling-3-0-pro", "price_row")],
)
async def test_a_ledger_that_says_something_else_is_seen(
    name: str, value: object, expected: str
) -> None:
    def altered(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        for entry in answer.get("entries", []):
            if entry["kind"] == "hold" and entry["credits"] == 85:
                entry[name] = value
        return status, answer

    async with bench(answered=altered) as crooked:
        found = await crooked.judged("prices:kling-3-0-std")
    assert expected in found.expected
    assert "kling-3-0-std-silent-5s" in found.why


async def test_a_start_that_holds_twice_is_seen() -> None:
    def doubled(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if "entries" in answer:
            answer["entries"] += [each for each in answer["entries"] if each["kind"] == "hold"]
        return status, answer

    async with bench(answered=doubled) as crooked:
        found = await crooked.judged("prices:kling-3-0-std")
    assert (found.expected, found.got) == ("one hold in the ledger", "2 holds")


async def test_a_limit_that_is_not_kept_is_seen() -> None:
    def fewer(path: str, body: Body) -> Body | None:
        sources = body.get("source_media_urls")
        return {**body, "source_media_urls": sources[:1]} if sources else None

    async with bench(asked=fewer) as crooked:
        found = await crooked.judged("limits:inputs:sora-2")
    assert "it was accepted" in found.got


async def test_a_limit_that_is_one_too_low_is_seen() -> None:
    def strict(path: str, body: Body) -> Body | None:
        long = len(body.get("prompt", "")) >= 800
        return {**body, "prompt": "x" * 30_000} if path == START and long else None

    async with bench(asked=strict) as crooked:
        found = await crooked.judged("limits:prompt:wan-2-5")
    assert found.expected == "acceptance for 155 credits"


def _recoded(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
    if answer.get("error") == "too_many_images":
        answer["error"] = "image_limit"
    return status, answer


async def test_a_code_of_its_own_breaks_no_documented_limit_but_is_warned_of() -> None:
    async with bench(answered=_recoded) as crooked:
        limit = await crooked.judged("limits:inputs:sora-2")
        code = await crooked.judged("refusals:too_many_images")
    assert limit.broken is None
    assert isinstance(code.broken, Broken)


async def test_a_code_of_its_own_fails_where_the_page_gives_the_code() -> None:
    async with bench(answered=_recoded) as crooked:
        found = await crooked.judged("limits:seedance-2:images")
    assert isinstance(found.broken, Broken)


async def test_a_refusal_for_want_of_credits_is_no_refusal_of_the_request() -> None:
    def poor(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        return (402, {"error": "insufficient_credits"}) if path == START else (status, answer)

    async with bench(answered=poor) as crooked:
        found = await crooked.judged("limits:duration:p-video")
    assert "for another reason" in found.got


async def test_a_named_field_that_differs_is_seen() -> None:
    def unlisted(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        answer.pop("available_variants", None)
        return status, answer

    async with bench(answered=unlisted) as crooked:
        found = await crooked.judged("routing:family:body")
    assert found.expected.startswith("available_variants")


async def test_the_place_of_a_wrong_shape_is_judged() -> None:
    def elsewhere(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        return (422, {"detail": [{"loc": ["body"]}]}) if status == 422 else (status, answer)

    async with bench(answered=elsewhere) as crooked:
        found = await crooked.judged("refusals:shape:model")
    assert "['body', 'model']" in found.expected


async def test_a_refused_request_that_leaves_a_job_is_found_among_its_row() -> None:
    started = {"prompt": "x", "model": "nano-banana"}
    async with bench(extra=started) as crooked:
        found = await crooked.judged("refusals:too_few_images")
    assert found.expected == "no job and no hold of a refused request"
    assert "inputs-kling-2-5-image-to-video-pro-one-frame" in found.why


async def test_a_parameter_that_should_not_matter_and_costs_is_seen() -> None:
    def surcharged(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if body.get("sound") and "estimated_cost_credits" in answer:
            answer["estimated_cost_credits"] += 20
        return status, answer

    async with bench(answered=surcharged) as crooked:
        found = await crooked.judged("ignored:sound:sora-2")
    assert "without sound" in found.expected


async def test_a_parameter_that_should_not_matter_and_is_refused_is_seen() -> None:
    def refused(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        return (400, {"error": "no_sound"}) if body.get("sound") else (status, answer)

    async with bench(answered=refused) as crooked:
        found = await crooked.judged("ignored:sound:sora-2")
    assert isinstance(found.broken, Broken)


async def test_a_parameter_that_should_not_matter_and_is_needed_is_seen() -> None:
    def refused(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        needed = path == START and "sound" not in body
        return (422, {"detail": []}) if needed else (status, answer)

    async with bench(answered=refused) as crooked:
        found = await crooked.judged("ignored:sound:sora-2")
    assert found.expected == "acceptance without sound as well"


async def test_files_of_another_size_are_seen() -> None:
    def smaller(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        for output in answer.get("outputs", []):
            output["width"] = 512
        return status, answer

    async with bench(answered=smaller) as crooked:
        found = await crooked.judged("limits:quality:sizes")
    assert found.expected.startswith("an output with width")


async def test_a_job_with_other_parameters_is_seen() -> None:
    def other(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        for job in answer.get("jobs", []):
            job["parameters"]["aspect_ratio"] = "2:3"
        return status, answer

    async with bench(answered=other) as crooked:
        found = await crooked.judged("routing:default:aspect-1x1")
    assert found.expected == "a job with aspect_ratio '1:1'"


async def test_a_failure_shows_only_the_calls_of_its_case() -> None:
    async with bench(answered=_recoded) as crooked:
        found = await crooked.judged("refusals:too_many_images")
    judged = [each.call for each in found.trace if not each.setup and each.surface == "rest"]
    assert judged == ["generate_media"]


async def test_a_failure_over_mcp_shows_the_handshake_before_its_case() -> None:
    def recoded(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        content = answer.get("result", {}).get("structuredContent", {})
        if "kling-2-5" in str(body) and "error" in content:
            content["error"] = "image_limit"
        return status, answer

    async with bench(answered=recoded) as crooked:
        found = await crooked.judged("refusals:too_many_images", "mcp")
    assert "inputs-kling-2-5-image-to-video-pro-i2v-3-too-many" in found.why
    judged = [each.call for each in found.trace if each.surface == "mcp"]
    assert judged == ["initialize", "notifications/initialized", "generate_media"]


async def test_a_policy_that_the_target_does_not_declare_is_not_asked_of_it() -> None:
    async with bench() as clean:
        found = await clean.judged("policies:long_prompt:truncate")
    assert isinstance(found.broken, DoesNotApply)


async def test_a_policy_that_the_target_declares_is_asked_of_it() -> None:
    async with bench() as clean:
        policies = {**clean.target.policies, "long_prompt": "truncate"}
        found = await clean.judged("policies:long_prompt:truncate", policies=policies)
    assert isinstance(found.broken, Broken)


def _stranger(features: frozenset[str], **more: Any) -> dict[str, Any]:
    """The same simulator, said to be a backend without a control plane."""
    return {"features": features - {"control", "auto-keys"}, **more}


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("prices:kling-3-0-std-audio", type(None)),
        ("limits:inputs:sora-2", type(None)),
        ("refusals:shape:prompt", CannotTell),
        ("prices:dialogue", CannotTell),
    ],
)
async def test_without_credits_to_spend_nothing_is_started(requirement: str, said: type) -> None:
    async with bench() as clean:
        found = await clean.judged(requirement, **_stranger(clean.target.features))
        seen = clean.tampering.seen
    assert isinstance(found.broken, said)
    assert [path for path in seen if path.startswith("/v1/generate/") and "cost" not in path] == []


@pytest.mark.parametrize("requirement", ["routing:not-found", "refusals:order:shape"])
async def test_what_nothing_bounds_is_asked_by_an_estimate(requirement: str) -> None:
    async with bench() as clean:
        target = _stranger(clean.target.features, max_credits=1_000)
        found = await clean.judged(requirement, **target)
        seen = clean.tampering.seen
    assert found.broken is None
    assert "/v1/generate/cost" in seen
    if requirement == "routing:not-found":
        assert START not in seen


async def test_choices_in_another_order_are_the_same_choices() -> None:
    def turned(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if "allowed" in answer:
            answer["allowed"] = answer["allowed"][::-1]
        return status, answer

    async with bench(answered=turned) as other:
        assert (await other.judged("limits:aspect:kling-2-6")).broken is None


async def test_a_choice_that_is_missing_is_seen() -> None:
    def fewer(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if "allowed" in answer:
            answer["allowed"] = answer["allowed"][1:]
        return status, answer

    async with bench(answered=fewer) as crooked:
        assert "allowed" in (await crooked.judged("limits:aspect:kling-2-6")).expected


@pytest.mark.parametrize(("surface", "held"), [("mcp", type(None)), ("rest", Broken)])
async def test_a_place_among_a_tools_arguments_is_not_in_a_body(surface: str, held: type) -> None:
    def bare(place: list[Any]) -> list[Any]:
        return place[1:] if place[:1] == ["body"] else place

    def shortened(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        told = answer.get("result", {}).get("structuredContent", answer)
        for each in told.get("detail") or []:
            if isinstance(each, dict):
                each["loc"] = bare(each["loc"])
        if told is not answer:
            answer["result"]["content"] = []
        return status, answer

    async with bench(answered=shortened) as other:
        found = await other.judged("refusals:shape:seed", surface)
    assert isinstance(found.broken, held)


async def test_an_estimate_that_tells_another_price_is_seen() -> None:
    def dearer(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if path == "/v1/generate/cost":
            answer["credits"] += 1
        return status, answer

    async with bench(answered=dearer) as crooked:
        target = _stranger(crooked.target.features)
        found = await crooked.judged("prices:kling-3-0-std-audio", **target)
    assert isinstance(found.broken, Broken)


async def test_credits_that_refusals_take_are_missed_without_a_ledger_as_well() -> None:
    async with bench(extra={"prompt": "x", "model": "nano-banana"}) as crooked:
        target = _stranger(crooked.target.features, max_credits=1_000)
        found = await crooked.judged("refusals:too_few_images", **target)
    assert "credits after refusals" in found.expected


async def test_the_same_requests_are_sent_again_in_the_same_order() -> None:
    async with bench() as one, bench() as other:
        await one.judged("limits:elements:image-pixels")
        await other.judged("limits:elements:image-pixels")
        assert one.tampering.seen == other.tampering.seen
