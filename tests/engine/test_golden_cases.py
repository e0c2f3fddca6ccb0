"""Every golden case, against the engine without any surface."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from simulator.domain.errors import Malformed, Rejection
from simulator.domain.policies import choose
from simulator.engine.bodies import MediaBody
from simulator.engine.provider import Provider
from simulator.engine.shapes import from_json
from simulator.engine.store.base import Query
from simulator.engine.worlds import Caller
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

    outcome = await _outcome(provider, caller, msgspec.json.encode(body))

    if isinstance(outcome, str):
        assert case.accepted is not None, "accepted"
        await _check_accepted(case, provider, world.id, outcome)
        return
    assert case.refused is not None, str(outcome)
    _check_refused(case.refused, outcome)
    assert await provider.store.entries(world.id, 0) == rows_before
    assert await provider.store.jobs(world.id, Query(), 0) == []


async def _outcome(provider: Provider, caller: Caller, body: bytes) -> str | Malformed | Rejection:
    """The id of the accepted generation, or the refusal."""
    try:
        answer = await provider.generate_media(caller, from_json(DECODER, body))
    except (Malformed, Rejection) as refusal:
        return refusal
    return answer.generation_id


def _check_refused(expected: Mapping[str, Any], refusal: Malformed | Rejection) -> None:
    if isinstance(refusal, Malformed):
        assert expected["status"] == 422, refusal.problems
        assert any(_begins(problem["loc"], expected["loc"]) for problem in refusal.problems)
        return
    body = refusal.body()
    assert (refusal.status, body["error"]) == (expected["status"], expected.get("error")), body
    fields = expected.get("fields", {})
    assert {name: body.get(name) for name in fields} == fields


async def _check_accepted(case: Case, provider: Provider, world_id: int, job_id: str) -> None:
    job = await provider.store.job(world_id, job_id)
    assert job is not None
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
