"""The ledger's laws, and that each of them is reported when it is broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.faults import JobFault
from simulator.domain.jobs import Job
from simulator.domain.ledger import EFFECTS, Balance, Entry, EntryKind, balances, verify
from tests.domain.jobsmith import a_job

PRICE = 9_000
DONE = a_job(1, created_at_ms=0)
FAILED = a_job(2, created_at_ms=0, fault=JobFault(fail="x"))
OPEN = a_job(3, created_at_ms=0, fault=JobFault(stuck=True))
JOBS = (DONE, FAILED, OPEN)
NOW_MS = 1_000_000


def entry(seq: int, kind: EntryKind, job: int | None = None, **changes: object) -> Entry:
    amount = 100_000 if kind == "grant" else PRICE
    fields = {"millicredits": amount, "account": "main", "at_ms": 0, "job_number": job, **changes}
    return Entry(seq, kind, **fields)  # type: ignore[arg-type]  # the fields of an entry


SOUND = (
    entry(1, "grant"),
    entry(2, "hold", 1),
    entry(3, "hold", 2),
    entry(4, "hold", 3),
    entry(5, "release", 2),
    entry(6, "capture", 1),
)


def violations(history: tuple[Entry, ...], jobs: tuple[Job, ...] = JOBS) -> list[str]:
    return verify(history, jobs, balances(history), NOW_MS)


def test_every_entry_moves_credits_between_buckets_that_sum_to_zero() -> None:
    assert {sum(effects.values()) for effects in EFFECTS.values()} == {0}


@pytest.mark.ruling("ledger.hold")
def test_a_balance_is_the_sum_of_its_entries() -> None:
    history = (*SOUND, entry(7, "adjust", millicredits=-1_000), entry(8, "grant", account="b"))
    assert balances(history) == {
        "main": Balance(available=81_000, held=9_000, spent=9_000, issued=-99_000),
        "b": Balance(available=100_000, issued=-100_000),
    }


def test_a_sound_history_breaks_no_law() -> None:
    assert violations(SOUND) == []


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ((SOUND[0], *(entry(3, "grant"),)), "entry 3 stands where entry 2 was expected"),
        (SOUND[1:2], "leaves account main with -9000 milli-credits available"),
        ((SOUND[0], entry(2, "adjust", millicredits=-100_001)), "-1 milli-credits available"),
        ((SOUND[0], entry(2, "capture", 1)), "-9000 milli-credits held"),
        ((SOUND[0], entry(2, "hold")), "entry 2 (hold) belongs to no job"),
        ((SOUND[0], entry(2, "hold", 99)), "entry 2 (hold) belongs to no job"),
        ((*SOUND, entry(7, "hold", 1)), "job job-1 has 2 holds, expected one of 9000"),
        ((SOUND[0], entry(2, "hold", 1, millicredits=1)), "job job-1 has 1 holds"),
        (SOUND[:1], "job job-1 has 0 holds, expected one of 9000"),
        (SOUND[:5], "job job-1 has ends [], expected ['capture']"),
        ((*SOUND[:5], entry(6, "release", 1)), "has ends ['release'], expected ['capture']"),
        ((*SOUND[:4], entry(5, "capture", 2)), "has ends ['capture'], expected ['release']"),
        ((*SOUND, entry(7, "release", 3)), "job job-3 has ends ['release'], expected []"),
        ((*SOUND, entry(7, "capture", 1)), "has ends ['capture', 'capture'], expected ['capture']"),
        ((*SOUND[:5], entry(6, "capture", 1, millicredits=1)), "settles another amount"),
        (
            (*SOUND[:5], entry(6, "grant", account="b"), entry(7, "capture", 1, account="b")),
            "job job-1 moved another account's credits",
        ),
    ],
)
def test_a_broken_law_is_reported(history: tuple[Entry, ...], says: str) -> None:
    assert [each for each in violations(history) if says in each]


def test_a_balance_that_is_shown_wrong_is_reported() -> None:
    shown = {**balances(SOUND), "main": Balance(), "ghost": Balance(available=1)}
    reported = verify(SOUND, JOBS, shown, NOW_MS)
    assert [each.split(" shows ")[0] for each in reported] == ["account ghost", "account main"]


def test_an_empty_world_needs_no_balances() -> None:
    assert verify((), (), {}, 0) == []


@pytest.mark.parametrize("dropped", range(1, len(SOUND)))
def test_no_entry_of_a_sound_history_can_be_left_out(dropped: int) -> None:
    kept = SOUND[:dropped] + SOUND[dropped + 1 :]
    renumbered = tuple(
        Entry(seq, each.kind, each.millicredits, each.account, each.at_ms, each.job_number)
        for seq, each in enumerate(kept, 1)
    )
    assert violations(renumbered)


@given(st.lists(st.sampled_from(SOUND)))
def test_the_sum_of_all_buckets_is_always_zero(history: list[Entry]) -> None:
    for balance in balances(history).values():
        assert balance.available + balance.held + balance.spent + balance.issued == 0
