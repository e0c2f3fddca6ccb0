"""The golden cases of products again, through the whole of the HTTP stack and of MCP."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from tests.mcp.wire import KEY, Wire, wired
from tests.products.cases import ProductCase, holds, product_cases

HELD = {"generate_captions": ["hold", "capture"]}


@pytest.mark.parametrize("case", product_cases(), ids=lambda case: case.id)
async def test_the_wire_answers_as_the_documents_say(case: ProductCase) -> None:
    async with wired(limits=True) as wire:
        await prepare(wire, case)
        urls = wire.simulator.provider.urls
        for _ in range(case.before):
            await sent(wire, case, case.before_request)
        before, _, _ = await wire.state()

        body = case.golden.body(lambda up: urls.upload("w", up.id, up.extension))
        status, answer = await sent(wire, case, body)

        after, _, _ = await wire.state()
        if case.golden.accepted is None:
            assert after == before
            check_refused(case.golden.refused or {}, status, answer)
            return
        assert status == 200, answer
        holds(answer, case.golden.accepted.get("answer", {}))
        if case.starts:
            credits = case.golden.accepted["credits"]
            cost = answer.get("estimated_cost_credits", answer.get("credits_deducted"))
            kinds = HELD.get(case.operation.name, ["hold"])
            entries = (await wire.rest("GET", "/_sim/ledger")).json()["entries"]
            assert cost == credits
            assert [(e["kind"], e["credits"]) for e in entries[-len(kinds) :]] == [
                (kind, credits) for kind in kinds
            ]
        verified = (await wire.rest("GET", "/_sim/ledger/verify")).json()
        assert (verified["ok"], verified["violations"]) == (True, [])


async def prepare(wire: Wire, case: ProductCase) -> None:
    credits = case.golden.account_credits
    account = {
        "key": KEY,
        "credits": 10_000 if credits is None else credits,
        "scopes": list(case.scopes),
    }
    assert (await wire.rest("POST", "/_sim/accounts", account)).status_code == 200
    provider = wire.simulator.provider
    world = await provider.worlds.world("w")
    for upload in case.golden.uploads.values():
        await provider.store.add_upload(world.id, "main", upload)


async def sent(wire: Wire, case: ProductCase, body: Any) -> tuple[int, dict[str, Any]]:
    """Status and object of the route's answer; of the tool's, where there is no route."""
    if case.operation.path:
        answer: httpx2.Response = await wire.rest(case.operation.method, case.operation.path, body)
        return answer.status_code, answer.json()
    called = await wire.tool(case.operation.name, body)
    return 0 if called.is_error else 200, called.content


def check_refused(refused: Mapping[str, Any], status: int, answer: dict[str, Any]) -> None:
    assert status in (0, refused["status"]), answer
    if "error" in refused:
        assert answer["message"]
        holds(answer, {"error": refused["error"], **refused.get("fields", {})})
    if "detail_has" in refused:
        assert refused["detail_has"] in answer["detail"]
    if "loc" in refused:
        places = [problem["loc"][: len(refused["loc"])] for problem in answer["detail"]]
        assert refused["loc"] in places
