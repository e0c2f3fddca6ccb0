"""The control plane's use cases, without any surface."""

from typing import Any

import pytest

from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.domain.times import LAST_INSTANT_MS, WORLD_BEGINS_MS, rfc3339
from simulator.engine import control_shapes as shapes
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.provider import Provider
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.worlds import SCOPES, Defaults, World
from tests.engine.driving import available, caller, done, leap, start
from tests.engine.snapshotting import Drawer
from tests.engine.world import RealTime, make_provider

BEGIN = "2026-01-01T00:00:00.000Z"


class Desk:
    """A control plane with what it was told to forget."""

    def __init__(self, provider: Provider | None = None) -> None:
        self.provider = provider or make_provider()
        self.forgotten: list[str] = []
        self.snapshots = Snapshots(self.provider.worlds, Drawer(), lab_extras())
        self.control = Control(self.provider, "1.2.3", _owner, self.forget, self.snapshots)
        self.world: World = caller(self.provider).world

    async def forget(self, world_name: str) -> None:
        self.forgotten.append(world_name)

    def job(self, **fields: Any) -> shapes.JobView:
        generation = start(self.provider, caller(self.provider), **fields)
        return done(self.control.job(self.world, shapes.JobId(generation)))

    def now(self) -> str:
        return done(self.control.clock(self.world, Nothing())).now


def _owner(key: str) -> tuple[str, str]:
    world, _, account = key.removeprefix("sk_test_").partition(".")
    return world, account or "main"


def denied(coroutine: Any) -> tuple[int, str]:
    with pytest.raises(Denial) as denial:
        done(coroutine)
    return denial.value.status, denial.value.detail


def test_the_simulator_says_what_it_is() -> None:
    desk = Desk()
    info = done(desk.control.info(desk.world, Nothing()))
    assert (info.name, info.version, info.namespace, info.seed) == ("mediasim", "1.2.3", "w", 0)
    assert (info.limits, info.magic, info.policies["idempotency"]) == (False, True, "off")
    assert info.clock == shapes.ClockAnswer(BEGIN, "frozen", 10.0)


def test_a_reset_empties_this_world_and_forgets_its_files() -> None:
    desk = Desk()
    desk.job()
    other = caller(desk.provider, "other")
    start(desk.provider, other)
    leap(desk.provider, desk.world, 5_000)
    answer = done(desk.control.reset(desk.world, shapes.ResetBody()))
    assert (answer.reset, answer.clock.now, desk.forgotten) == (["w"], BEGIN, ["w"])
    assert done(desk.control.jobs(desk.world, shapes.JobsQuery())).jobs == []
    assert len(done(desk.control.jobs(other.world, shapes.JobsQuery())).jobs) == 1


def test_a_dropped_world_is_gone_with_its_files_and_may_be_dropped_twice() -> None:
    desk = Desk()
    desk.job()
    for _ in range(2):
        answer = done(desk.control.reset(desk.world, shapes.ResetBody(drop=True)))
        assert (answer.reset, answer.clock.now) == (["w"], BEGIN)
    assert done(desk.provider.store.world_names()) == []
    assert desk.forgotten == ["w", "w"]


def test_a_reset_of_all_empties_every_world() -> None:
    desk = Desk()
    other = caller(desk.provider, "other")
    start(desk.provider, other)
    answer = done(desk.control.reset(desk.world, shapes.ResetBody(all=True)))
    assert sorted(answer.reset) == sorted(desk.forgotten) == ["other", "w"]
    assert done(desk.control.jobs(other.world, shapes.JobsQuery())).jobs == []


def test_a_clock_is_frozen_resumed_and_sped_up() -> None:
    real = RealTime()
    desk = Desk(make_provider(defaults=Defaults(speed=10), real=real))
    real.ms += 100
    assert done(desk.control.freeze(desk.world, Nothing())).now == rfc3339(WORLD_BEGINS_MS + 1_000)
    real.ms += 100
    assert desk.now() == rfc3339(WORLD_BEGINS_MS + 1_000)
    assert done(desk.control.speed(desk.world, shapes.SpeedBody(1_000))).speed == 1_000
    assert done(desk.control.resume(desk.world, Nothing())).mode == "running"
    real.ms += 1
    assert desk.now() == rfc3339(WORLD_BEGINS_MS + 2_000)


@pytest.mark.parametrize("speed", [0, -1, 1e9])
def test_a_speed_out_of_bounds_is_denied(speed: float) -> None:
    desk = Desk()
    status, detail = denied(desk.control.speed(desk.world, shapes.SpeedBody(speed)))
    assert (status, detail.split(" is ")[0]) == (400, f"speed {speed}")


def test_a_clock_is_set_forward_only() -> None:
    desk = Desk()
    later = shapes.SetBody("2026-02-01T01:00:00+01:00")
    assert done(desk.control.set_now(desk.world, later)).now == "2026-02-01T00:00:00.000Z"
    assert denied(desk.control.set_now(desk.world, shapes.SetBody(BEGIN))) == (
        400,
        "the clock only moves forward",
    )


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-03-01", "10000-01-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_denied(text: str) -> None:
    desk = Desk()
    status, detail = denied(desk.control.set_now(desk.world, shapes.SetBody(text)))
    assert (status, detail[:5]) == (400, "now: ")


@pytest.mark.parametrize("body", [shapes.AdvanceBody(), shapes.AdvanceBody(1, "next_event")])
def test_an_advance_is_by_seconds_or_until_something(body: shapes.AdvanceBody) -> None:
    desk = Desk()
    with pytest.raises(Malformed):
        done(desk.control.advance(desk.world, body))


def test_an_advance_moves_by_seconds_and_parts_of_them() -> None:
    desk = Desk()
    done(desk.control.advance(desk.world, shapes.AdvanceBody(1.2345)))
    assert desk.now() == rfc3339(WORLD_BEGINS_MS + 1_234)


@pytest.mark.parametrize("seconds", [1e12, 1e300])
def test_an_advance_ends_with_the_year_9999(seconds: float) -> None:
    desk = Desk()
    status, detail = denied(desk.control.advance(desk.world, shapes.AdvanceBody(seconds)))
    assert (status, detail) == (400, "the clock ends with the year 9999")


def test_an_advance_to_the_next_event_stops_at_each_change_of_status() -> None:
    desk = Desk()
    job = desk.job()
    seen = []
    for _ in range(4):
        seen.append(done(desk.control.job(desk.world, shapes.JobId(job.id))).status)
        done(desk.control.advance(desk.world, shapes.AdvanceBody(until="next_event")))
    assert seen == ["pending", "queued", "processing", "completed"]
    assert desk.now() == job.timetable.done_at


def test_without_events_the_clock_stays() -> None:
    desk = Desk()
    done(desk.control.advance(desk.world, shapes.AdvanceBody(until="next_event")))
    assert desk.now() == BEGIN


def until(generation: str, status: Any) -> shapes.AdvanceBody:
    return shapes.AdvanceBody(until=shapes.UntilStatus(generation, status))


def test_an_advance_until_a_status_stops_where_it_begins() -> None:
    desk = Desk()
    job = desk.job(prompt="[sim:fail]")
    for status in ("queued", "processing", "failed"):
        done(desk.control.advance(desk.world, until(job.id, status)))
        assert done(desk.control.job(desk.world, shapes.JobId(job.id))).status == status
    end = desk.now()
    done(desk.control.advance(desk.world, until(job.id, "queued")))
    assert desk.now() == end


def test_an_advance_to_what_never_comes_is_denied() -> None:
    desk = Desk()
    job = desk.job(prompt="[sim:stuck]")
    assert denied(desk.control.advance(desk.world, until(job.id, "completed"))) == (
        409,
        "This generation never becomes completed.",
    )
    assert denied(desk.control.advance(desk.world, until("nobody", "completed")))[0] == 404
    assert denied(desk.control.job(desk.world, shapes.JobId("nobody")))[0] == 404


def test_the_ledger_is_shown_with_what_it_was_for() -> None:
    desk = Desk()
    good, bad = desk.job(), desk.job(prompt="[sim:fail=content_policy]")
    start(desk.provider, caller(desk.provider, account="alice"))
    leap(desk.provider, desk.world, 10**6)
    everything = done(desk.control.ledger(desk.world, shapes.LedgerQuery()))
    assert [entry.id for entry in everything.entries] == list(range(1, 9))
    of_main = done(desk.control.ledger(desk.world, shapes.LedgerQuery(account="main")))
    assert {entry.account for entry in of_main.entries} == {"main"}
    assert of_main.balance == shapes.BalanceView(9_993, 0, 7)
    for job, ends in ((good, "completed"), (bad, "failed: content_policy")):
        query = shapes.LedgerQuery(generation_id=job.id)
        entries = done(desk.control.ledger(desk.world, query)).entries
        assert [entry.reason for entry in entries] == ["accepted", ends]
        assert {entry.price_row for entry in entries} == {"nano-banana"}
    assert (everything.entries[0].reason, everything.entries[0].model) == ("new account", None)
    assert done(desk.control.verify(desk.world, Nothing())) == shapes.VerifyAnswer(True, 8, [])


def test_credits_may_be_given_without_a_reason() -> None:
    desk = Desk()
    done(desk.control.give_credits(desk.world, shapes.CreditsBody("main", 1, "")))
    entries = done(desk.control.ledger(desk.world, shapes.LedgerQuery())).entries
    assert [entry.reason for entry in entries] == ["new account", ""]


def test_accounts_are_made_changed_and_listed() -> None:
    desk = Desk()
    made = done(
        desk.control.put_account(
            desk.world, shapes.AccountBody("sk_test_w.bob", 1.5, ["read:balance"])
        )
    )
    assert made == shapes.AccountView("bob", "w", ["read:balance"], shapes.BalanceView(1.5, 0, 0))
    changed = done(desk.control.put_account(desk.world, shapes.AccountBody("sk_test_w.bob")))
    assert changed == made
    listed = done(desk.control.accounts(desk.world, Nothing())).accounts
    assert [account.account for account in listed] == ["bob", "main"]
    assert listed[1].scopes == list(SCOPES)


def test_an_account_of_another_world_is_made_there() -> None:
    desk = Desk()
    made = done(desk.control.put_account(desk.world, shapes.AccountBody("sk_test_x")))
    assert (made.namespace, made.account) == ("x", "main")


@pytest.mark.parametrize(
    "body",
    [
        shapes.AccountBody("sk_test_w", scopes=["read:everything"]),
        shapes.AccountBody("sk_test_w", credits=0.0001),
    ],
)
def test_unknown_scopes_and_fractions_too_fine_are_malformed(body: shapes.AccountBody) -> None:
    desk = Desk()
    with pytest.raises(Malformed):
        done(desk.control.put_account(desk.world, body))


def test_credits_are_given_and_taken_as_far_as_they_go() -> None:
    desk = Desk()
    given = done(desk.control.give_credits(desk.world, shapes.CreditsBody("main", 0.5, "x" * 300)))
    assert given.balance.available == 10_000.5
    done(desk.control.give_credits(desk.world, shapes.CreditsBody("main", -10_000.5)))
    assert available(desk.provider, caller(desk.provider)) == 0
    with pytest.raises(Rejection):
        done(desk.control.give_credits(desk.world, shapes.CreditsBody("main", -0.001)))
    assert denied(desk.control.give_credits(desk.world, shapes.CreditsBody("bob", 1)))[0] == 404


def test_a_job_is_shown_with_its_timetable_and_its_faults() -> None:
    desk = Desk()
    job = desk.job(prompt="[sim:stuck] [sim:slow=2] [sim:fail=timeout]")
    assert (job.outcome, job.timetable.done_at) == ("never", None)
    assert job.faults == [
        {"from": "prompt", "kind": "stuck"},
        {"from": "prompt", "kind": "slow", "factor": 2},
    ]
    assert (job.credits, job.price_row, job.number) == (7, "nano-banana", 1)
    assert desk.job(prompt="[sim:fail=timeout]").faults == [
        {"from": "prompt", "kind": "fail", "reason": "timeout", "at": 0.5}
    ]
    healthy = desk.job()
    assert (healthy.outcome, healthy.faults) == ("completed", [])
    assert desk.job(prompt="[sim:fail]").outcome == "failed"
    query = shapes.JobsQuery(model="nano-banana", account="main")
    listed = done(desk.control.jobs(desk.world, query)).jobs
    assert [each.number for each in listed] == [4, 3, 2, 1]


def test_a_job_at_the_end_of_time_is_shown() -> None:
    desk = Desk()
    leap(desk.provider, desk.world, LAST_INSTANT_MS - WORLD_BEGINS_MS)
    assert desk.job().timetable.done_at == "9999-12-31T23:59:59.999Z"


def test_the_rulings_are_listed_with_their_strength() -> None:
    desk = Desk()
    rulings = done(desk.control.rulings(desk.world, Nothing())).rulings
    assert {ruling.strength for ruling in rulings} == {"documented", "observed", "assumed"}
