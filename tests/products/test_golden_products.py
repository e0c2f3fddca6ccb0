"""Every golden case of a product, as a tool's call on the engine."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from simulator.engine.provider import Provider
from simulator.engine.store.base import Query
from simulator.engine.worlds import Caller
from simulator.surfaces.tools import call_tool
from tests.engine.world import caller_of, make_provider
from tests.products.cases import ProductCase, holds, product_cases

ENOUGH_MILLICREDITS = 10_000_000


@pytest.mark.parametrize("case", product_cases(), ids=lambda case: case.id)
async def test_the_engine_answers_as_the_documents_say(case: ProductCase) -> None:
    provider = make_provider(limits=True)
    caller = await prepared(provider, case)
    world = caller.world
    for _ in range(case.before):
        await call_tool(provider, caller, case.operation, case.before_request)
    entries = await provider.store.entries(world.id, 0)
    jobs = await provider.store.jobs(world.id, Query(), 0)

    body = case.golden.body(lambda up: provider.urls.upload(world.name, up.id, up.extension))
    outcome = await call_tool(provider, caller, case.operation, body)

    if case.golden.accepted is not None:
        assert not outcome.is_error, outcome.content
        await check_accepted(case, case.golden.accepted, provider, caller, outcome.content)
        return
    assert outcome.is_error, outcome.content
    refused = case.golden.refused or {}
    holds(outcome.content, {"error": refused["error"]} if "error" in refused else {})
    holds(outcome.content, refused.get("fields", {}))
    if "detail_has" in refused:
        assert refused["detail_has"] in outcome.content["detail"]
    if "loc" in refused:
        places = [problem["loc"][: len(refused["loc"])] for problem in outcome.content["detail"]]
        assert refused["loc"] in places
    assert await provider.store.entries(world.id, 0) == entries
    assert await provider.store.jobs(world.id, Query(), 0) == jobs


async def prepared(provider: Provider, case: ProductCase) -> Caller:
    """The case's account, with its uploads, credits and scopes."""
    caller = await caller_of(provider)
    credits = case.golden.account_credits
    amount = ENOUGH_MILLICREDITS if credits is None else round(credits * 1000)
    await provider.worlds.put_account(caller.world, "main", None, amount)
    for upload in case.golden.uploads.values():
        await provider.store.add_upload(caller.world.id, "main", upload)
    return replace(caller, scopes=frozenset(case.scopes))


async def check_accepted(
    case: ProductCase,
    expected: Mapping[str, Any],
    provider: Provider,
    caller: Caller,
    answer: dict[str, Any],
) -> None:
    holds(answer, expected.get("answer", {}))
    if not case.starts:
        told = {"credits": "credits", "row": "price_row", "billing_mode": "billing_mode"}
        holds(answer, {told[name]: expected[name] for name in told if name in expected})
        return
    newest = await provider.store.jobs(caller.world.id, Query(limit=1), 0)
    (job,) = newest
    assert job.id == (answer.get("generation_id") or answer["separation_id"])
    assert job.hold_millicredits == round(expected["credits"] * 1000)
    assert (job.row, job.billing_mode) == (expected["row"], expected["billing_mode"])
    holds(job.parameters, expected.get("normal", {}))
    if "files" in expected:
        assert [output.kind for output in job.outputs] == expected["files"]
    if "seconds" in expected:
        lengths = {output.duration_ms for output in job.outputs}
        assert lengths == {round(expected["seconds"] * 1000)}
    if "size" in expected:
        assert [[output.width, output.height] for output in job.outputs] == [expected["size"]]


def test_the_cases_are_many_and_told_apart() -> None:
    cases = product_cases()
    assert len(cases) >= 100
    assert [case for case, count in Counter(case.id for case in cases).items() if count > 1] == []
    assert all(bool(case.golden.accepted) != bool(case.golden.refused) for case in cases)
