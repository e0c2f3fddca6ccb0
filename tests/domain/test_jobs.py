"""A job's timetable, and what it shows at every instant of it."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.faults import JobFault
from simulator.domain.jobs import (
    FACTOR_LEAST,
    FACTOR_MOST,
    FAILURE_TEXTS,
    STATUSES,
    Job,
    Timetable,
    deducted_millicredits,
    failure_text,
    finished,
    moments,
    progress,
    reaches,
    status,
    timetable,
)
from simulator.domain.times import LAST_INSTANT_MS
from tests.domain.jobsmith import a_job

FAULTS = st.builds(
    JobFault,
    fail=st.none() | st.just("content_policy"),
    at=st.fractions(0, 1),
    slow=st.fractions(Fraction(1, 1000), 10_000),
    stuck=st.booleans(),
)
JOBS = st.builds(
    lambda fault, estimate_s, factor, created_at_ms: a_job(
        fault=fault, estimate_s=estimate_s, factor=factor, created_at_ms=created_at_ms
    ),
    FAULTS,
    st.integers(1, 900),
    st.integers(FACTOR_LEAST, FACTOR_MOST),
    st.integers(0, LAST_INSTANT_MS),
)


def instants(job: Job) -> list[int]:
    """The job's beginning, each of its moments with both neighbours, and much later."""
    begins = job.times.created_at_ms
    near = {moment + step for moment in moments(job) for step in (-1, 0, 1)}
    return sorted({begins, *(instant for instant in near if instant >= begins), begins + 10**14})


@pytest.mark.ruling("jobs.timetable")
def test_a_job_is_pending_a_second_and_queued_a_tenth_of_its_estimate() -> None:
    times = timetable(10_000, 30, 1_000, JobFault())
    assert times == Timetable(10_000, 11_000, 14_000, 40_000, 40_000)


@pytest.mark.ruling("jobs.timetable")
@pytest.mark.parametrize(("factor", "whole_ms"), [(FACTOR_LEAST, 24_000), (FACTOR_MOST, 37_500)])
def test_the_whole_takes_the_estimate_times_the_factor(factor: int, whole_ms: int) -> None:
    assert timetable(0, 30, factor, JobFault()).done_at_ms == whole_ms


def test_a_slow_job_stretches_its_whole_timetable() -> None:
    assert timetable(0, 30, 1_000, JobFault(slow=Fraction(3))) == Timetable(
        0, 3_000, 12_000, 90_000, 90_000
    )


def test_a_failing_job_ends_on_its_way_through_processing() -> None:
    times = timetable(0, 30, 1_000, JobFault(fail="x", at=Fraction(1, 4)))
    assert (times.done_at_ms, times.completes_at_ms) == (4_000 + 26_000 // 4, 30_000)


def test_a_stuck_job_never_ends_even_if_it_was_to_fail() -> None:
    assert timetable(0, 30, 1_000, JobFault(fail="x", stuck=True)).done_at_ms is None


@given(JOBS)
def test_a_timetable_is_in_order(job: Job) -> None:
    times = job.times
    assert times.created_at_ms <= times.queued_at_ms <= times.processing_at_ms
    assert times.processing_at_ms < times.completes_at_ms
    assert times.done_at_ms is None or times.processing_at_ms <= times.done_at_ms
    assert times.done_at_ms is None or times.done_at_ms <= times.completes_at_ms


@pytest.mark.ruling("jobs.statuses")
@given(JOBS)
def test_a_status_only_moves_forward(job: Job) -> None:
    seen = [STATUSES.index(status(job, instant)) for instant in instants(job)]
    assert seen == sorted(seen)


@given(JOBS)
def test_the_moments_are_exactly_where_the_status_changes(job: Job) -> None:
    for moment in moments(job):
        if moment > job.times.created_at_ms:
            assert status(job, moment - 1) != status(job, moment)
    stops = (job.times.created_at_ms, *moments(job), LAST_INSTANT_MS * 2)
    for begins, ends in pairwise(stops):
        assert ends <= begins or status(job, begins) == status(job, ends - 1)


@given(JOBS, st.sampled_from(STATUSES))
def test_a_job_reaches_a_status_at_the_first_instant_that_shows_it(job: Job, wanted: str) -> None:
    instant = reaches(job, wanted)
    if instant is None:
        assert wanted not in {status(job, each) for each in instants(job)}
    else:
        assert status(job, instant) == wanted
        assert instant == job.times.created_at_ms or status(job, instant - 1) != wanted


def test_a_job_never_reaches_a_word_that_is_no_status() -> None:
    assert reaches(a_job(), "exploded") is None


@pytest.mark.ruling("jobs.progress")
@given(JOBS)
def test_progress_never_falls_and_is_100_exactly_when_completed(job: Job) -> None:
    shown = [progress(job, instant) for instant in instants(job)]
    assert shown == sorted(shown)
    for instant in instants(job):
        assert 0 <= progress(job, instant) <= 100
        assert (progress(job, instant) == 100) == (status(job, instant) == "completed")
        if status(job, instant) in ("pending", "queued"):
            assert progress(job, instant) == 0


@pytest.mark.ruling("jobs.progress")
@pytest.mark.parametrize(
    ("after_ms", "shown"), [(4_000, 0), (17_000, 50), (29_999, 99), (30_000, 100)]
)
def test_progress_is_linear_in_processing(after_ms: int, shown: int) -> None:
    assert progress(a_job(created_at_ms=0), after_ms) == shown


def test_a_failed_job_keeps_the_progress_that_it_had() -> None:
    job = a_job(fault=JobFault(fail="x"), created_at_ms=0)
    assert [progress(job, after_ms) for after_ms in (17_000, 10**9)] == [50, 50]


def test_a_stuck_job_stays_at_99() -> None:
    job = a_job(fault=JobFault(stuck=True), created_at_ms=0)
    assert (status(job, 10**12), progress(job, 10**12)) == ("processing", 99)


@pytest.mark.ruling("jobs.credits-deducted")
@pytest.mark.parametrize(("fail", "at_the_end"), [(None, 9_000), ("x", 0)])
def test_deducted_is_the_hold_until_a_failure_gives_it_back(
    fail: str | None, at_the_end: int
) -> None:
    job = a_job(fault=JobFault(fail=fail), created_at_ms=0)
    assert job.times.done_at_ms is not None
    assert deducted_millicredits(job, job.times.done_at_ms - 1) == 9_000
    assert deducted_millicredits(job, job.times.done_at_ms) == at_the_end


def test_a_stuck_job_is_never_finished() -> None:
    assert not finished(a_job(fault=JobFault(stuck=True)), LAST_INSTANT_MS)


@pytest.mark.ruling("jobs.error-message")
def test_a_failure_says_why() -> None:
    assert failure_text("content_policy") == FAILURE_TEXTS["content_policy"]
    assert failure_text("nobody_knows") == "The generation failed: nobody_knows."
