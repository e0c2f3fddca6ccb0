"""Calls a minute and jobs at once, counted by the engine."""

import pytest

from simulator.domain.errors import Rejection
from simulator.domain.limits import CALLS_A_MINUTE
from simulator.engine.worlds import Defaults
from tests.engine.driving import available, caller, done, leap, refused, start
from tests.engine.world import make_provider


@pytest.mark.ruling("limits.rates")
@pytest.mark.parametrize("bucket", CALLS_A_MINUTE)
def test_a_minute_takes_the_limit_of_its_bucket_and_no_more(bucket: str) -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    for _ in range(2):
        for _ in range(CALLS_A_MINUTE[bucket]):
            done(provider.count_call(who, bucket))
        with pytest.raises(Rejection) as rejection:
            done(provider.count_call(who, bucket))
        assert rejection.value.code == "rate_limit_exceeded"
        done(provider.count_call(caller(provider, account="alice"), bucket))
        done(provider.count_call(caller(provider, "other"), bucket))
        leap(provider, who.world, 60_000)


@pytest.mark.ruling("limits.window")
def test_a_window_ends_with_the_minute_of_the_worlds_clock() -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    leap(provider, who.world, 59_999)
    for _ in range(CALLS_A_MINUTE["ads"]):
        done(provider.count_call(who, "ads"))
    with pytest.raises(Rejection) as rejection:
        done(provider.count_call(who, "ads"))
    assert rejection.value.fields["retry_after_seconds"] == 1
    leap(provider, who.world, 1)
    done(provider.count_call(who, "ads"))


def test_buckets_are_counted_apart() -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    for _ in range(CALLS_A_MINUTE["ads"]):
        done(provider.count_call(who, "ads"))
    done(provider.count_call(who, "media"))


def test_without_limits_nothing_is_counted() -> None:
    provider = make_provider(limits=False)
    who = caller(provider)
    for _ in range(500):
        done(provider.count_call(who, "ads"))


def test_so_many_counters_that_they_start_anew_still_let_calls_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.engine.store.sqlite.COUNTERS_MOST", 3)
    provider = make_provider(limits=True)
    for number in range(10):
        done(provider.count_call(caller(provider, account=f"a{number}"), "ads"))


@pytest.mark.ruling("limits.concurrency")
def test_ten_media_jobs_run_at_once_and_an_ended_one_makes_room() -> None:
    provider = make_provider(limits=True)
    who = caller(provider)
    for _ in range(10):
        start(provider, who)
    rejection = refused(provider, who)
    assert (rejection.status, rejection.code) == (429, "concurrency_limit_exceeded")
    start(provider, caller(provider, account="alice"))
    leap(provider, who.world, 10**6)
    start(provider, who)


@pytest.mark.ruling("limits.concurrency")
def test_the_concurrency_limit_comes_after_the_rules_and_before_the_credits() -> None:
    provider = make_provider(limits=True, defaults=Defaults(frozen=True, credits=70_000))
    who = caller(provider)
    for _ in range(10):
        start(provider, who)
    assert available(provider, who) == 0
    assert refused(provider, who).code == "concurrency_limit_exceeded"
    assert refused(provider, who, model="nope").code == "model_not_found"
