"""Every golden case again, through the whole of the HTTP stack."""

import pytest

from simulator.domain.policies import choose
from tests.golden import Case, golden_cases
from tests.surfaces.inprocess import simulated


@pytest.mark.parametrize("case", golden_cases(), ids=lambda case: case.id)
async def test_the_wire_answers_as_the_documents_say(case: Case) -> None:
    async with simulated(policies=choose(case.policies), limits=False) as client:
        if case.account_credits is not None:
            account = {"key": "sk_test_w", "credits": case.account_credits}
            await client.post("/_sim/accounts", account)
        provider = client.simulator.provider
        world = await provider.worlds.world("w")
        for upload in case.uploads.values():
            await provider.store.add_upload(world.id, "main", upload)
        body = case.body(lambda up: provider.urls.upload("w", up.id, up.extension))
        before = await client.ledger()

        answer = await client.post("/v1/generate/media", body)

        held = (await client.ledger())[len(before) :]
        jobs = (await client.get("/_sim/jobs")).json()["jobs"]
    if case.accepted is not None:
        assert answer.status_code == 200, answer.text
        assert answer.json()["estimated_cost_credits"] == case.accepted["credits"]
        assert answer.json()["billing_mode"] == case.accepted["billing_mode"]
        assert [(entry["kind"], entry["credits"]) for entry in held] == [
            ("hold", case.accepted["credits"])
        ]
        assert held[0]["price_row"] == case.accepted.get("row", held[0]["price_row"])
        assert len(jobs) == 1
        return
    refused = case.refused or {}
    assert answer.status_code == refused["status"], answer.text
    if refused["status"] != 422:
        assert answer.json()["error"] == refused["error"]
        assert answer.json()["message"]
    assert (held, jobs) == ([], [])
