"""No amount of credits is too much for the ledger: what would be is refused."""

from tests.reliability.inproc import Caller, made

MOST_AT_ONCE = 1e12


async def test_credits_beyond_what_the_ledger_counts_exactly_are_refused() -> None:
    caller = Caller(made(credits=0).app, "sk_test_w")
    path = "/_sim/accounts/main/credits"
    for _ in range(9):
        assert (await caller("POST", path, {"credits": MOST_AT_ONCE})).status == 200
    answer = await caller("POST", path, {"credits": 0.001})
    assert answer.status == 400
    assert "9000000000000" in answer.json["detail"]
    assert (await caller.read("/v1/balance"))["credits"] == 9 * MOST_AT_ONCE


async def test_an_account_is_not_set_beyond_what_was_ever_issued_to_it() -> None:
    caller = Caller(made(credits=0).app, "sk_test_w")
    for _ in range(9):
        await caller("POST", "/_sim/accounts/main/credits", {"credits": MOST_AT_ONCE})
    await caller.start()
    credits = {"key": caller.key, "credits": MOST_AT_ONCE}
    assert (await caller("POST", "/_sim/accounts", credits)).status == 200
    assert (await caller.read("/_sim/ledger/verify"))["ok"]


async def test_a_thousandth_is_still_exact_beside_the_largest_balance() -> None:
    caller = Caller(made(credits=0).app, "sk_test_w")
    path = "/_sim/accounts/main/credits"
    for _ in range(8):
        await caller("POST", path, {"credits": MOST_AT_ONCE})
    await caller("POST", path, {"credits": 0.001})
    assert b'"credits":8000000000000.001,' in (await caller("GET", "/v1/balance")).body
