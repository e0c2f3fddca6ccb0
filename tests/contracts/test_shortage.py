"""An account that ran dry shows nothing of the backend; one that is only said to be does."""

from typing import Any

import httpx2
import pytest

from contracts.check import Broken, CannotTell
from contracts.lanes.looking import IMAGE
from contracts.talk.backend import Backend
from contracts.talk.keys import Keys, scrubber
from contracts.talk.wire import Wire
from contracts.target import Target
from tests.contracts.tampering import Answered, Body, bench

STRANGER = frozenset({"cost-estimate", "uploads"})


def poor(held: float, **refusal: Any) -> Backend:
    """A backend that refuses every start for want of credits."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/balance":
            return httpx2.Response(200, json={"credits": held})
        return httpx2.Response(402, json={"error": "insufficient_credits", **refusal})

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    wire = Wire(http, {"rest": "https://api.example"}, scrubber(()))
    return Backend(Target("https://api.example"), wire, Keys("key-of-nobody"))


@pytest.mark.parametrize("refusal", [{}, {"required_credits": 7}, {"required_credits": 9}])
async def test_a_start_on_a_dry_account_can_not_be_told(refusal: dict[str, Any]) -> None:
    with pytest.raises(CannotTell, match=r"ran dry: it has 5 credits and needs 7, 2 are missing"):
        await poor(5, **refusal).start(IMAGE)


@pytest.mark.parametrize("refusal", [{}, {"required_credits": 9}])
async def test_a_start_that_the_balance_pays_for_is_broken(refusal: dict[str, Any]) -> None:
    with pytest.raises(Broken, match="an accepted start"):
        await poor(7, **refusal).start(IMAGE)


async def test_less_is_needed_where_the_backend_asks_for_less() -> None:
    with pytest.raises(Broken):
        await poor(6, required_credits=6).start(IMAGE)


def dry(held: float) -> Answered:
    """Every start is refused for want of 7 credits, on an account that holds so many."""

    def answered(path: str, body: Body, status: int, answer: Body) -> tuple[int, Body]:
        if path == "/v1/balance":
            return 200, {"credits": held}
        if path == "/v1/generate/media":
            return 402, {"error": "insufficient_credits", "required_credits": 7}
        return status, answer

    return answered


@pytest.mark.parametrize("requirement", ["prices:gpt-image-2:1K", "refusals:too_few_images"])
async def test_a_case_on_a_dry_account_can_not_be_told(requirement: str) -> None:
    found = await judged(requirement, 3)
    assert isinstance(found, CannotTell)
    assert "4 are missing" in str(found)


async def test_a_case_that_the_balance_pays_for_is_broken() -> None:
    assert isinstance(await judged("prices:gpt-image-2:1K", 3_000), Broken)


async def judged(requirement: str, held: float) -> Exception | None:
    async with bench(answered=dry(held)) as crooked:
        found = await crooked.judged(requirement, features=STRANGER, max_credits=1_000)
    return found.broken
