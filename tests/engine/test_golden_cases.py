"""Every golden case, against the engine without any surface."""

import msgspec
import pytest

from simulator.domain.errors import Malformed, Rejection
from simulator.domain.policies import choose
from simulator.engine.bodies import MediaBody
from simulator.engine.shapes import from_json
from simulator.engine.store.base import Query
from tests.engine.world import caller_of, make_provider
from tests.golden import Case, golden_cases

DECODER = msgspec.json.Decoder(MediaBody)


@pytest.mark.anyio
@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.id)
async def test_the_engine_answers_as_the_documents_say(case: Case) -> None:
    provider = make_provider(choose(case.policies))
    caller = await caller_of(provider)
    world = caller.world
    if case.account_credits is not None:
        await provider.worlds.put_account(world, "main", None, int(case.account_credits * 1000))
    for upload in case.uploads.values():
        await provider.store.add_upload(world.id, "main", upload)
    body = case.body(lambda up: provider.urls.upload(world.name, up.id, up.extension))
    rows_before = await provider.store.entries(world.id, 0)

    try:
        ask = from_json(DECODER, msgspec.json.encode(body))
        answer = await provider.generate_media(caller, ask)
    except Malformed as malformed:
        assert case.refused is not None, malformed.problems
        assert case.refused["status"] == 422
        expected = case.refused["loc"]
        assert any(_begins(problem["loc"], expected) for problem in malformed.problems)
    except Rejection as rejection:
        assert case.refused is not None, rejection.body()
        assert rejection.body()["error"] == case.refused["error"]
        assert rejection.status == case.refused["status"]
        fields = case.refused.get("fields", {})
        assert {name: rejection.body().get(name) for name in fields} == fields
    else:
        assert case.accepted is not None, f"accepted: {answer}"
        await _check_accepted(case, provider, world.id, answer.generation_id)
        return
    assert await provider.store.entries(world.id, 0) == rows_before
    assert await provider.store.jobs(world.id, Query(), 0) == []


async def _check_accepted(case: Case, provider, world_id: int, job_id: str) -> None:  # type: ignore[no-untyped-def]  # a provider
    job = await provider.store.job(world_id, job_id)
    expected = case.accepted or {}
    assert job.hold_millicredits == round(expected["credits"] * 1000)
    assert job.row == expected.get("row", job.row)
    assert job.billing_mode == expected["billing_mode"]
    for number in expected.get("formula_has", ()):
        assert number in job.formula
    output = job.outputs[0]
    shown = {
        "duration_s": output.duration_ms / 1000,
        "aspect_ratio": job.parameters["aspect_ratio"],
        "sound": output.sound,
        "width": output.width,
        "height": output.height,
    }
    normal = expected.get("normal", {})
    assert {name: shown[name] for name in normal} == normal


def _begins(location: object, expected: list[object]) -> bool:
    return isinstance(location, list) and location[: len(expected)] == expected
