"""The cost report: that its figures are the ledger's, and what counts as wasted."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.costs import (
    DIMENSIONS,
    NO_JOB,
    NOTHING,
    Amounts,
    Row,
    Run,
    costs,
    merged,
    regroup,
)
from simulator.domain.faults import JobFault
from simulator.domain.jobs import Job, finished
from simulator.domain.ledger import Entry, balances
from simulator.domain.times import WORLD_BEGINS_MS
from tests.domain.jobsmith import a_job

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NEVER_MS = WORLD_BEGINS_MS + 1_000 * DAY_MS
PRICE = 9_000


def ledger_of(jobs: Sequence[Job], now_ms: int = NEVER_MS) -> list[Entry]:
    """A sound ledger of these jobs, holds before settlements."""
    entries = [Entry(1, "grant", 10**9, "main", WORLD_BEGINS_MS)]
    for job in jobs:
        held = (job.account, job.times.created_at_ms, job.number)
        entries.append(Entry(len(entries) + 1, "hold", job.hold_millicredits, *held))
    for job in jobs:
        if finished(job, now_ms):
            settled = (job.account, job.times.done_at_ms or 0, job.number)
            kind = "capture" if job.failure is None else "release"
            entries.append(
                Entry(len(entries) + 1, kind, job.hold_millicredits, *settled)  # type: ignore[arg-type]  # one of two kinds
            )
    return entries


def run_of(*jobs: Job, namespace: str = "w", **changes: object) -> Run:
    return Run(namespace, ledger_of(jobs), jobs, **changes)  # type: ignore[arg-type]  # fields of a run


def total_of(*jobs: Job) -> Amounts:
    return costs([run_of(*jobs)]).total


def at(number: int, minutes: float, **changes: object) -> Job:
    return a_job(number, created_at_ms=WORLD_BEGINS_MS + round(minutes * 60_000), **changes)  # type: ignore[arg-type]  # fields of a job


def test_each_job_is_held_and_then_captured_released_or_open() -> None:
    jobs = (
        at(1, 0),
        at(2, 0, fault=JobFault(fail="x")),
        at(3, 0, fault=JobFault(stuck=True), hold_millicredits=500),
    )
    total = total_of(*jobs)
    assert total == Amounts(jobs=3, held=2 * PRICE + 500, captured=PRICE, released=PRICE)
    assert (total.open, total.spent) == (500, PRICE + 500)


def test_the_finest_report_tells_every_dimension() -> None:
    jobs = (at(1, 0), at(2, 0, account="b", model="flux-2"))
    rows = costs([run_of(*jobs, label="test_one")]).rows
    assert [row.key for row in rows] == [
        ("w", "test_one", "b", "flux-2", "2026-01-01"),
        ("w", "test_one", "main", "nano-banana", "2026-01-01"),
    ]


def test_a_world_without_a_label_is_its_own_test() -> None:
    report = costs([run_of(at(1, 0), namespace="w1"), run_of(at(1, 0), namespace="w2")])
    assert [row.key for row in regroup(report, ("test",)).rows] == [("w1",), ("w2",)]


def test_a_capture_counts_on_the_day_of_its_start() -> None:
    late = at(1, 23 * 60 + 59.9, estimate_s=3_600)
    rows = regroup(costs([run_of(late)]), ("day",)).rows
    assert rows == (Row(("2026-01-01",), Amounts(jobs=1, held=PRICE, captured=PRICE)),)


def test_an_entry_without_its_job_still_counts() -> None:
    entries = [Entry(1, "hold", 700, "main", WORLD_BEGINS_MS + DAY_MS, 4)]
    (row,) = costs([Run("w", entries, ())]).rows
    assert row == Row(("w", "w", "main", NO_JOB, "2026-01-02"), Amounts(jobs=1, held=700))


def test_the_same_start_twice_wastes_the_second() -> None:
    assert total_of(at(1, 0), at(2, 59)).duplicates == PRICE


def test_an_hour_to_the_millisecond_is_still_a_duplicate() -> None:
    again = at(2, 60)
    later = a_job(2, created_at_ms=again.times.created_at_ms + 1)
    assert [total_of(at(1, 0), each).wasted for each in (again, later)] == [PRICE, 0]


def test_each_repetition_is_compared_with_the_one_before() -> None:
    assert total_of(at(1, 0), at(2, 50), at(3, 100)).duplicates == 2 * PRICE


@pytest.mark.parametrize(
    "change",
    [
        {"account": "b"},
        {"kind": "music"},
        {"model": "flux-2"},
        {"generation_type": "image-to-image"},
        {"prompt": "a lighthouse."},
        {"parameters": {"seed": 1}},
    ],
)
def test_a_start_that_differs_in_anything_is_no_duplicate(change: dict[str, object]) -> None:
    assert total_of(at(1, 0), at(2, 1, **change)).wasted == 0


def test_the_order_of_parameters_makes_no_difference() -> None:
    one, other = {"seed": 1, "quality": "x"}, {"quality": "x", "seed": 1}
    assert total_of(at(1, 0, parameters=one), at(2, 1, parameters=other)).wasted == PRICE


def test_trying_again_after_a_failure_wastes_nothing() -> None:
    assert total_of(at(1, 0, fault=JobFault(fail="x")), at(2, 1)).wasted == 0


def test_a_duplicate_that_fails_wastes_nothing() -> None:
    assert total_of(at(1, 0), at(2, 1, fault=JobFault(fail="x"))).wasted == 0


def test_what_was_captured_beyond_the_measured_price_is_wasted() -> None:
    run = run_of(at(1, 0), at(2, 0, prompt="another"), measured={1: 2_000})
    total = costs([run]).total
    assert (total.worst_case, total.wasted) == (PRICE - 2_000, PRICE - 2_000)


def test_a_measured_price_above_the_charge_wastes_nothing() -> None:
    assert costs([run_of(at(1, 0), measured={1: PRICE + 1})]).total.wasted == 0


def test_a_duplicate_is_not_counted_a_second_time_for_its_worst_case() -> None:
    total = costs([run_of(at(1, 0), at(2, 1), measured={1: PRICE, 2: 1_000})]).total
    assert (total.duplicates, total.worst_case) == (PRICE, 0)


def test_what_is_open_or_released_wastes_nothing_by_its_worst_case() -> None:
    fates = (JobFault(stuck=True), JobFault(fail="x"))
    assert [
        costs([run_of(at(1, 0, fault=fate), measured={1: 0})]).total.wasted for fate in fates
    ] == [0, 0]


def test_a_report_can_be_kept_to_one_account() -> None:
    report = costs([run_of(at(1, 0), at(2, 0, account="b", model="flux-2"))])
    kept = regroup(report, ("model",), {"account": "b"})
    assert [row.key for row in kept.rows] == [("flux-2",)]


def test_a_coarse_report_cannot_be_made_finer() -> None:
    coarse = regroup(costs([run_of(at(1, 0))]), ("model",))
    with pytest.raises(ValueError, match="grouped by model, so not by account, day"):
        regroup(coarse, ("day",), {"account": "main"})


def test_no_rows_sum_to_nothing() -> None:
    assert costs([]).total == NOTHING


JOBS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        minutes=st.integers(0, 4_000),
        hold_millicredits=st.integers(0, 5_000_000),
        account=st.sampled_from(["main", "b"]),
        model=st.sampled_from(["nano-banana", "flux-2"]),
        prompt=st.sampled_from(["x", "y"]),
        fault=st.sampled_from(
            [JobFault(), JobFault(), JobFault(fail="x"), JobFault(stuck=True)],
        ),
    ),
    max_size=12,
)


@given(
    drawn=JOBS,
    now_minutes=st.integers(0, 5_000),
    measured=st.dictionaries(st.integers(1, 12), st.integers(0, 5_000_000)),
    group=st.lists(st.sampled_from(DIMENSIONS), unique=True),
)
def test_every_report_adds_up_to_the_ledger(
    drawn: list[dict[str, Any]],
    now_minutes: int,
    measured: dict[int, int],
    group: list[str],
) -> None:
    now_ms = WORLD_BEGINS_MS + now_minutes * 60_000
    made = [at(number, **each) for number, each in enumerate(drawn, 1)]
    jobs = [job for job in made if job.times.created_at_ms <= now_ms]
    entries = ledger_of(jobs, now_ms)
    report = regroup(costs([Run("w", entries, jobs, measured=measured)]), group)
    sums = balances(entries).values()
    assert report.total.open == sum(balance.held for balance in sums)
    assert report.total.captured == sum(balance.spent for balance in sums)
    for kind, shown in (("hold", report.total.held), ("release", report.total.released)):
        assert shown == sum(each.millicredits for each in entries if each.kind == kind)
    assert report.total.jobs == len(jobs)
    assert all(0 <= row.amounts.wasted <= row.amounts.captured for row in report.rows)
    assert all(row.amounts.open >= 0 for row in report.rows)


@given(JOBS, JOBS)
def test_two_worlds_together_cost_what_they_cost_apart(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    runs = [
        run_of(*(at(number, **each) for number, each in enumerate(drawn, 1)), namespace=name)
        for name, drawn in (("w1", one), ("w2", other))
    ]
    apart = [regroup(costs([run]), ("model", "day")) for run in runs]
    assert merged(("model", "day"), apart) == regroup(costs(runs), ("model", "day"))
