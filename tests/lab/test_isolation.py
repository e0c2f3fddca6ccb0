"""Sixty-four workers on one server, faults and all: each world ends as if it had been alone."""

from simulator.app import build
from simulator.settings import Settings
from tests.reliability.inproc import Caller
from tests.soak import differing

WORKERS, STEPS, COMPARED = 64, 100, 16


async def test_every_worker_finds_its_world_as_a_run_alone_leaves_it() -> None:
    assert await differing(WORKERS, STEPS, COMPARED) == []


async def test_faults_of_one_worker_do_not_show_in_what_another_draws() -> None:
    app = build(Settings(frozen=True)).app
    mine, other = Caller(app, "sk_test_a"), Caller(app, "sk_test_b")
    rule = {"do": {"kind": "status", "code": 503}, "probability": 0.5}
    await mine("POST", "/_sim/faults", rule)
    await other("POST", "/_sim/faults", rule)
    alone = [(await mine("GET", "/v1/balance")).status for _ in range(20)]
    mixed = [(await other("GET", "/v1/balance")).status for _ in range(20)]
    assert alone == mixed
    assert set(alone) == {200, 503}
