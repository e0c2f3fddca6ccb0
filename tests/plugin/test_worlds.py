"""The fixture ``mediasim``, used as a test of somebody's program would use it."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from simulator.client import ControlError
from simulator.testing import Mediasim, Server
from simulator.testing.beginning import fresh_world
from simulator.testing.marks import Wishes
from tests.plugin.starting import CREDITS, IMAGE, START, start, started

BEGIN = "2026-01-01T00:00:00+00:00"


def test_a_world_begins_frozen_and_new(mediasim: Mediasim) -> None:
    assert mediasim.clock.look().mode == "frozen"
    assert mediasim.clock.now().isoformat() == BEGIN
    assert (mediasim.jobs(), mediasim.ledger.kinds()) == ([], ["grant"])


@pytest.mark.parametrize("turn", ["first", "second"])
def test_nothing_is_left_of_another_test(mediasim: Mediasim, turn: str) -> None:
    assert mediasim.ledger.kinds() == ["grant"], turn
    started(mediasim)


def test_a_job_runs_to_completion_when_the_test_says_so(mediasim: Mediasim) -> None:
    generation_id = started(mediasim)
    mediasim.clock.advance_until(generation_id)
    status = mediasim.client.get(f"{START}/{generation_id}").json()["status"]
    assert (status, mediasim.job(generation_id).status) == ("completed", "completed")
    assert mediasim.ledger.kinds(generation_id) == ["hold", "capture"]


def test_a_world_is_named_after_its_test(mediasim: Mediasim) -> None:
    assert mediasim.namespace.startswith("test-a-world-is-named-after-its-test-")
    assert mediasim.key == f"sk_test_{mediasim.namespace}"
    assert mediasim.mcp_url == f"{mediasim.url}/mcp"


@pytest.mark.mediasim(credits=12.5, seed=42)
def test_marks_choose_credits_and_seed(mediasim: Mediasim) -> None:
    assert mediasim.ledger.balance().available == 12.5
    assert mediasim.control.info().seed == 42


@pytest.mark.mediasim(speed=1_000)
def test_a_speed_lets_the_clock_run(mediasim: Mediasim) -> None:
    clock = mediasim.clock.look()
    assert (clock.mode, clock.speed) == ("running", 1_000)


@pytest.mark.mediasim(credits=5)
class TestNearestMark:
    @pytest.mark.mediasim(seed=3)
    def test_marks_of_class_and_test_add_up(self, mediasim: Mediasim) -> None:
        assert (mediasim.ledger.balance().available, mediasim.control.info().seed) == (5, 3)

    @pytest.mark.mediasim(credits=6)
    def test_the_nearest_mark_overrules(self, mediasim: Mediasim) -> None:
        assert mediasim.ledger.balance().available == 6


@pytest.mark.mediasim(credits=CREDITS)
def test_the_last_credits_go_to_one_of_two(mediasim: Mediasim) -> None:
    with ThreadPoolExecutor() as pool, mediasim.park("start.before_check") as parked:
        starts = [pool.submit(start, mediasim) for _ in range(2)]
        parked.wait(2)
        parked.release()
    assert sorted(each.result().status_code for each in starts) == [200, 402]
    mediasim.ledger.verify()


def test_who_waits_for_more_than_come_is_told_how_many_came(mediasim: Mediasim) -> None:
    with ThreadPoolExecutor() as pool, mediasim.park("start.before_check") as parked:
        pool.submit(start, mediasim)
        parked.wait(1)
        with pytest.raises(
            AssertionError, match=r"1 of 2 parked in 0\.1 s: generate_media of main"
        ):
            parked.wait(2, seconds=0.1)


def test_a_parked_request_goes_on_when_the_block_ends(mediasim: Mediasim) -> None:
    with ThreadPoolExecutor() as pool, mediasim.park("start.before_check") as parked:
        waiting = pool.submit(start, mediasim)
        parked.wait()
    assert waiting.result().status_code == 200
    assert mediasim.breakpoints.all() == []


def test_other_accounts_have_keys_and_credits_of_their_own(mediasim: Mediasim) -> None:
    key = mediasim.account("alice", credits=3, scopes=["read:balance"])
    assert key == f"{mediasim.key}.alice"
    alice = mediasim.client_of("alice")
    assert alice.get("/v1/balance").json()["credits"] == 3
    assert alice.post(START, json=IMAGE).status_code == 403
    assert mediasim.ledger.balance("main").available == 10_000


def test_the_ledger_is_summed_by_kind(mediasim: Mediasim) -> None:
    mediasim.faults.fail(times=1)
    for _ in range(3):
        started(mediasim)
    mediasim.clock.advance(3_600)
    totals = [mediasim.ledger.total(kind) for kind in ("hold", "capture", "release")]
    assert totals == [3 * CREDITS, 2 * CREDITS, CREDITS]
    assert mediasim.ledger.balance().spent == 2 * CREDITS


def test_a_broken_ledger_is_told_law_by_law(
    mediasim: Mediasim, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = mediasim.control.verify_ledger()
    broken = type(verdict)(False, 1, ["the sum is off by 3"])
    monkeypatch.setattr(mediasim.control, "verify_ledger", lambda: broken)
    with pytest.raises(AssertionError, match="the sum is off by 3"):
        mediasim.ledger.verify()


def test_faults_are_armed_by_method_name_and_dict(mediasim: Mediasim) -> None:
    mediasim.faults.status(503, times=1, match={"operation": "get_balance"})
    mediasim.faults.arm("status", code=502, times=1, match={"operation": "get_models"})
    mediasim.faults.arm({"kind": "status", "code": 504}, times=1, match={"model": "nano-banana"})
    mediasim.faults.arm({"do": {"kind": "rate_limited"}, "match": {"model": "z-image"}})
    answers = [
        mediasim.client.get("/v1/balance"),
        mediasim.client.get("/v1/models"),
        start(mediasim),
        start(mediasim, model="z-image"),
    ]
    assert [answer.status_code for answer in answers] == [503, 502, 504, 429]


def test_every_shorthand_arms_its_kind(mediasim: Mediasim) -> None:
    faults = mediasim.faults
    armed = [
        faults.fail("content_policy", at=1),
        faults.stuck(),
        faults.slow(3),
        faults.status(500),
        faults.drop("before"),
        faults.delay(1),
        faults.truncate(0.25),
        faults.malformed(),
        faults.rate_limited(5),
        faults.outage(for_seconds=60),
        faults.insufficient(),
    ]
    kinds = "fail stuck slow status drop delay truncate malformed rate_limited outage insufficient"
    assert [each.do["kind"] for each in armed] == kinds.split()
    faults.remove(armed[0].id)
    assert len(faults.all()) == faults.clear() == 10


def test_a_lost_answer_leaves_the_hold(mediasim: Mediasim) -> None:
    mediasim.faults.drop("after", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        start(mediasim)
    assert mediasim.ledger.kinds() == ["grant", "hold"]


def test_calls_are_verified_by_what_they_said(mediasim: Mediasim) -> None:
    started(mediasim)
    start(mediasim, model="nope")
    mediasim.verify(operation="generate_media", exactly=2)
    mediasim.verify({"request.model": "nope", "error": "model_not_found"}, exactly=1)
    mediasim.verify(operation="get_balance", never=True)
    mediasim.verify(in_order=[{"status": 200}, {"status": 400}], within_seconds=1)


def test_a_wrong_expectation_tells_the_nearest_call_field_by_field(mediasim: Mediasim) -> None:
    start(mediasim, model="nope")
    with pytest.raises(AssertionError) as told:
        mediasim.verify(operation="generate_media", status=200, exactly=1)
    text = str(told.value)
    assert text.startswith("expected exactly 1, came 0 times")
    assert "generate_media" in text
    assert "status: expected 200, got 400" in text


def test_what_came_in_another_order_is_told(mediasim: Mediasim) -> None:
    started(mediasim)
    with pytest.raises(AssertionError, match="1 of 2 came in this order"):
        mediasim.verify(in_order=[{"status": 200}, {"status": 402}])


def test_a_snapshot_is_put_back_and_forked(mediasim: Mediasim) -> None:
    first = started(mediasim)
    mediasim.snapshot()
    started(mediasim)
    fork = mediasim.fork()
    mediasim.restore()
    assert [job.id for job in mediasim.jobs()] == [job.id for job in fork.jobs()] == [first]
    started(fork)
    another = mediasim.fork()
    assert [len(each.jobs()) for each in (mediasim, fork, another)] == [1, 2, 1]
    assert len({each.key for each in (mediasim, fork, another)}) == 3


def test_queues_and_the_journal_are_at_hand(mediasim: Mediasim) -> None:
    mediasim.queues.set("nano-banana", workers=1)
    second = [started(mediasim) for _ in range(2)][1]
    assert mediasim.job(second).position == 2
    assert len(list(mediasim.journal.all(operation="generate_media"))) == 2


def test_worlds_share_one_server(mediasim: Mediasim, mediasim_server: Server) -> None:
    assert mediasim.server is mediasim_server
    assert mediasim_server.mcp_url == mediasim.mcp_url


def test_a_test_whose_marks_are_gone_begins_as_any_other(mediasim_server: Server) -> None:
    marked = Wishes(credits=5, seed=6)
    begun = [
        fresh_world(mediasim_server, "x.py::test_x", "test_x", wishes)
        for wishes in (marked, Wishes(), marked)
    ]
    assert [world.ledger.balance().available for world in begun] == [5, 10_000, 5]
    assert [world.control.info().seed for world in begun] == [6, 0, 6]


def test_what_the_world_refuses_is_raised(mediasim: Mediasim) -> None:
    with pytest.raises(ControlError) as refused:
        mediasim.clock.advance(-1)
    assert refused.value.status == 422
