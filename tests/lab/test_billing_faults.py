"""Faults of billing: prices that change, quotes that are stale, credits that do not count."""

import pytest

from tests.lab.ways import IMAGE, PRICE, Lab

COST = "estimate_generation_cost"


async def quote(lab: Lab, **fields: object) -> float:
    reply = await lab.call(COST, {**IMAGE, **fields})
    return float(reply.content["credits"])


@pytest.mark.fault("price")
async def test_a_price_changes_between_the_quote_and_the_start(lab: Lab) -> None:
    fault = await lab.arm({"kind": "price", "factor": 2}, after_seconds=10)
    quoted = await lab.call(COST, IMAGE)
    await lab.advance(10)
    started = await lab.start()
    assert (quoted.content["credits"], quoted.told) == (PRICE, "")
    assert (started.content["estimated_cost_credits"], started.told) == (2 * PRICE, fault)
    assert "changed by x 2 = 14" in started.content["message"]
    look = await lab.ended(started.content["generation_id"])
    assert (look.content["credits_deducted"], look.told) == (2 * PRICE, fault)
    assert await lab.credits() == 10_000 - 2 * PRICE


@pytest.mark.fault("price")
async def test_quotes_and_starts_tell_the_same_changed_price(lab: Lab) -> None:
    await lab.arm({"kind": "price", "credits": 0.5})
    quoted, started = await lab.call(COST, IMAGE), await lab.start()
    assert quoted.content["credits"] == started.content["estimated_cost_credits"] == 0.5
    assert (quoted.told, started.told) == ("fault-1", "fault-1")
    assert quoted.content["formula"].endswith("changed to 0.5 credits")


@pytest.mark.fault("price")
async def test_a_price_changes_for_other_products_too(rest: Lab) -> None:
    await rest.arm({"kind": "price", "credits": 3})
    song = await rest.call("generate_music", {"prompt": "a song"})
    assert (await quote(rest, model=song.content["model"]), song.told) == (3, "fault-1")
    assert await rest.credits() == 9_997


@pytest.mark.fault("price")
async def test_a_price_that_is_too_high_is_told_in_the_refusal(lab: Lab) -> None:
    fault = await lab.arm({"kind": "price", "credits": 20_000}, times=1)
    reply = await lab.start()
    assert (reply.code, reply.content["required_credits"]) == ("insufficient_credits", 20_000)
    assert (reply.told, (await lab.fault(fault))["left"]) == (fault, 0)


@pytest.mark.fault("stale_estimate")
async def test_a_quote_is_stale_and_the_start_holds_the_true_price(lab: Lab) -> None:
    fault = await lab.arm({"kind": "stale_estimate", "factor": 0.5}, times=1)
    started = await lab.start()
    stale, fresh = await lab.call(COST, IMAGE), await lab.call(COST, IMAGE)
    assert (started.content["estimated_cost_credits"], started.told) == (PRICE, "")
    assert (stale.content["credits"], stale.told) == (PRICE / 2, fault)
    assert (fresh.content["credits"], fresh.told) == (PRICE, "")


@pytest.mark.fault("stale_estimate")
async def test_a_prompt_can_ask_for_a_stale_quote(lab: Lab) -> None:
    assert await quote(lab, prompt="x [sim:stale_estimate=3]") == 3 * PRICE


@pytest.mark.fault("insufficient")
async def test_credits_are_there_and_do_not_count(lab: Lab) -> None:
    fault = await lab.arm("insufficient", times=1)
    quoted, reply = await lab.call(COST, IMAGE), await lab.start()
    assert (quoted.failed, quoted.told) == (False, "")
    assert (reply.code, reply.told) == ("insufficient_credits", fault)
    assert reply.content["available_credits"] == 10_000
    assert reply.content["required_credits"] == PRICE
    assert (await lab.kinds(), (await lab.start()).failed) == ([], False)
