"""The client over a real socket: each call, its answer, and what a refusal says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from simulator.client import ControlClient, ControlError
from tests.client.simulator import simulator_at, started

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_info_names_the_world_and_what_was_chosen(client: ControlClient) -> None:
    info = client.info()
    assert (info.name, info.namespace, info.limits) == ("mediasim", client.namespace, True)


def test_the_clock_is_an_instant_in_utc(client: ControlClient) -> None:
    assert client.clock.now() == START


def test_the_clock_moves_by_seconds(client: ControlClient) -> None:
    client.clock.advance(30.5)
    assert client.clock.now() == START + timedelta(seconds=30.5)


@pytest.mark.parametrize("now", ["2026-02-01T00:00:00Z", datetime(2026, 2, 1, tzinfo=UTC)])
def test_the_clock_is_set_by_a_text_or_by_an_instant(
    client: ControlClient, now: datetime | str
) -> None:
    assert client.clock.set(now).now == "2026-02-01T00:00:00.000Z"


def test_the_clock_is_frozen_resumed_and_sped_up(client: ControlClient) -> None:
    assert client.clock.speed(60).speed == 60
    assert client.clock.resume().mode == "running"
    assert client.clock.freeze().mode == "frozen"
    assert client.clock.look().mode == "frozen"


def test_the_clock_moves_to_the_next_change_of_a_job(client: ControlClient) -> None:
    job_id = started(client)
    client.clock.advance_to_next_event()
    assert client.job(job_id).status == "queued"


def test_the_clock_moves_to_the_instant_at_which_a_job_is_completed(client: ControlClient) -> None:
    job_id = started(client)
    clock = client.clock.advance_until(job_id)
    job = client.job(job_id)
    assert (job.status, job.timetable.done_at) == ("completed", clock.now)


def test_the_clock_moves_to_any_status(client: ControlClient) -> None:
    job_id = started(client)
    client.clock.advance_until(job_id, "processing")
    assert client.job(job_id).status == "processing"


def test_the_ledger_is_that_of_one_generation(client: ControlClient) -> None:
    job_id, _ = started(client), started(client)
    client.clock.advance_until(job_id)
    ledger = client.ledger(generation_id=job_id)
    assert [(entry.kind, entry.credits) for entry in ledger.entries] == [
        ("hold", 7),
        ("capture", 7),
    ]


def test_the_ledger_is_that_of_one_account(client: ControlClient) -> None:
    started(client)
    started(client, "alice")
    ledger = client.ledger(account="alice")
    assert {entry.account for entry in ledger.entries} == {"alice"}
    assert (ledger.balance.available, ledger.balance.held) == (9993, 7)


def test_a_sound_ledger_is_verified(client: ControlClient) -> None:
    started(client)
    verdict = client.verify_ledger()
    assert (verdict.ok, verdict.entries, verdict.violations) == (True, 2, [])


def test_an_account_is_made_with_credits_and_scopes(client: ControlClient) -> None:
    client.put_account(client.key("till"), credits=12.5, scopes=["read:balance"])
    (account,) = [each for each in client.accounts() if each.account == "till"]
    assert (account.balance.available, account.scopes) == (12.5, ["read:balance"])


def test_what_is_not_said_of_an_account_stays_as_it_was(client: ControlClient) -> None:
    client.put_account(client.key("till"), credits=3, scopes=["read:balance"])
    account = client.put_account(client.key("till"), credits=4)
    assert (account.balance.available, account.scopes) == (4, ["read:balance"])


def test_credits_are_given_and_taken_with_a_reason(client: ControlClient) -> None:
    client.put_account(client.key(), credits=10)
    client.give_credits("main", 5)
    account = client.give_credits("main", -2.5, "a test's wish")
    assert account.balance.available == 12.5
    assert client.ledger().entries[-1].reason == "a test's wish"


def test_jobs_are_found_by_status_account_and_model(client: ControlClient) -> None:
    mine = started(client)
    hers = started(client, "alice", model="z-image")
    client.clock.advance_until(mine)
    assert [job.id for job in client.jobs(account="alice")] == [hers]
    assert [job.id for job in client.jobs(model="nano-banana", status="completed")] == [mine]


def test_a_reset_empties_this_world_and_no_other(client: ControlClient) -> None:
    other = client.within(client.namespace + "-2")
    started(client)
    started(other)
    assert client.reset().reset == [client.namespace]
    assert (client.jobs(), len(other.jobs())) == ([], 1)


def test_a_reset_chooses_seed_credits_and_clock(client: ControlClient) -> None:
    client.reset(seed=7, credits=3.5, frozen=False, speed=2)
    clock, info = client.clock.look(), client.info()
    assert (clock.mode, clock.speed, info.seed) == ("running", 2, 7)
    assert client.ledger().balance.available == 3.5


def test_a_reset_of_all_empties_every_world() -> None:
    with simulator_at() as address, ControlClient(address, "a") as first:
        second = first.within("b")
        started(first)
        started(second)
        first.reset(all=True)
        assert (first.jobs(), second.jobs()) == ([], [])


def test_keys_name_the_world_and_the_account() -> None:
    client = ControlClient("http://127.0.0.1:1", "shop")
    assert (client.key(), client.key("till")) == ("sk_test_shop", "sk_test_shop.till")


@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        (lambda client: client.job("no/such?id"), 404, "nothing at this path"),
        (lambda client: client.job("nobody"), 404, "no generation with this id"),
        (lambda client: client.clock.advance(-1), 422, "seconds: "),
        (lambda client: client.clock.speed(0), 400, "speed 0.0"),
        (lambda client: client.clock.set("2020-01-01T00:00:00Z"), 400, "forward"),
        (lambda client: client.put_account("sk_test_w", scopes=["x"]), 422, "unknown scope 'x'"),
        (lambda client: client.give_credits("nobody", 1), 404, "no account of this name"),
        (lambda client: client.within("a b").info(), 400, "is no namespace"),
    ],
)
def test_a_refusal_is_an_error_with_its_status_and_reason(
    client: ControlClient, call: Callable[[ControlClient], object], status: int, said: str
) -> None:
    with pytest.raises(ControlError) as caught:
        call(client)
    assert caught.value.status == status
    assert said in caught.value.detail
    assert str(caught.value) == f"{status}: {caught.value.detail}"


def test_a_status_that_never_comes_is_a_conflict(client: ControlClient) -> None:
    job_id = started(client, prompt="[sim:stuck]")
    with pytest.raises(ControlError) as caught:
        client.clock.advance_until(job_id)
    assert caught.value.status == 409


def test_the_admin_token_opens_a_control_plane_that_asks_for_one() -> None:
    with simulator_at(admin_token="open-sesame") as address:
        with ControlClient(address, admin_token="open-sesame") as allowed:
            assert allowed.within("b").info().namespace == "b"
        with ControlClient(address) as client, pytest.raises(ControlError) as caught:
            client.info()
    assert caught.value.status == 401
