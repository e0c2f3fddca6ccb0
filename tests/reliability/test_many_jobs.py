"""Ten thousand jobs, three in ten of them failing, cost nothing while they wait and all end."""

from tests.reliability.inproc import LONG_S, Caller, made

JOBS = 10_000
PRICE = 4


async def test_ten_thousand_jobs_all_end_and_every_failed_one_is_refunded_once() -> None:
    simulator = made(credits=JOBS * PRICE * 1000)
    caller = Caller(simulator.app, "sk_test_w")
    for number in range(JOBS):
        fate = "[sim:fail=provider_error]" if number % 10 < 3 else ""
        assert (await caller.start(prompt=f"Lighthouse {number} {fate}")).status == 200
    assert (await caller.start()).status == 402
    assert (await caller.read("/_sim/ledger/verify"))["ok"]
    assert (await caller.read("/v1/balance"))["credits"] == 0

    await caller.advance(LONG_S)

    ledger = await caller.read("/_sim/ledger")
    kinds = [entry["kind"] for entry in ledger["entries"]]
    assert (await caller.read("/_sim/ledger/verify"))["ok"]
    assert kinds.count("hold") == JOBS
    assert kinds.count("release") == JOBS * 3 // 10
    assert kinds.count("capture") == JOBS * 7 // 10
    refunded, spent = JOBS * 3 // 10 * PRICE, JOBS * 7 // 10 * PRICE
    assert ledger["balance"] == {"available": refunded, "held": 0, "spent": spent}
    statuses = [job["status"] for job in (await caller.read("/_sim/jobs"))["jobs"]]
    assert (statuses.count("failed"), statuses.count("completed")) == (3_000, 7_000)
