"""The ledger: credits move by entries between four buckets, and each entry's moves sum to zero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Ruling
from simulator.domain.jobs import Job, finished

EntryKind = Literal["grant", "hold", "capture", "release", "adjust"]

EFFECTS: Mapping[str, Mapping[str, int]] = {
    "grant": {"issued": -1, "available": +1},
    "adjust": {"issued": -1, "available": +1},
    "hold": {"available": -1, "held": +1},
    "capture": {"held": -1, "spent": +1},
    "release": {"held": -1, "available": +1},
}
"""What one milli-credit of an entry does to each bucket."""

ISSUED_MOST = 9_000_000_000_000_000
"""Milli-credits that one account is ever issued: up to here a double shows each exactly."""

RULINGS = (
    Ruling(
        "ledger.hold",
        ASSUMED,
        "ruling; clients of the API",
        "Credits are held when a job is accepted and captured when it completes; the balance shows"
        " what is available.",
    ),
    Ruling(
        "ledger.refund",
        OBSERVED,
        "ruling; clients of the API",
        "A job that fails, by moderation too, releases its hold in full; a completed one never"
        " refunds.",
    ),
    Ruling(
        "ledger.refused-is-free",
        DOCUMENTED,
        "page: Family-name disambiguation; Resolution tiers",
        "A refused request holds and costs nothing and makes no job.",
    ),
    Ruling(
        "ledger.insufficient",
        OBSERVED,
        "clients of the API",
        "Too few credits answer 402 insufficient_credits with required_credits and"
        " available_credits.",
    ),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a world's ledger. ``seq`` counts from 1 without gaps; ``millicredits`` is
    positive, except that an ``adjust`` may be negative."""

    seq: int
    kind: EntryKind
    millicredits: int
    account: str
    at_ms: int
    job_number: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """Milli-credits of one account."""

    available: int = 0
    held: int = 0
    spent: int = 0
    issued: int = 0


def balances(entries: Iterable[Entry]) -> dict[str, Balance]:
    """Each account's balance as the sum of its entries."""
    sums: dict[str, dict[str, int]] = {}
    for entry in entries:
        buckets = sums.setdefault(
            entry.account, {"available": 0, "held": 0, "spent": 0, "issued": 0}
        )
        for bucket, sign in EFFECTS[entry.kind].items():
            buckets[bucket] += sign * entry.millicredits
    return {account: Balance(**buckets) for account, buckets in sums.items()}


def verify(
    entries: Iterable[Entry],
    jobs: Iterable[Job],
    shown: Mapping[str, Balance],
    now_ms: int,
) -> list[str]:
    """Every law of the ledger that this history breaks, in words; empty when it is sound.

    ``shown`` are the balances that callers see; ``now_ms`` the time up to which jobs are settled.
    """
    history = tuple(entries)
    by_job = {job.number: job for job in jobs}
    return [
        *_order(history),
        *_running(history),
        *_against_shown(history, shown),
        *_settlement(history, by_job, now_ms),
    ]


def _order(history: tuple[Entry, ...]) -> list[str]:
    return [
        f"entry {entry.seq} stands where entry {expected} was expected"
        for expected, entry in enumerate(history, 1)
        if entry.seq != expected
    ]


def _running(history: tuple[Entry, ...]) -> list[str]:
    """No account's available or held credits may ever have been below zero."""
    violations = []
    available: dict[str, int] = {}
    held: dict[str, int] = {}
    for entry in history:
        effects = EFFECTS[entry.kind]
        for bucket, sums in (("available", available), ("held", held)):
            change = effects.get(bucket, 0) * entry.millicredits
            sums[entry.account] = sums.get(entry.account, 0) + change
            if sums[entry.account] < 0:
                violations.append(
                    f"entry {entry.seq} ({entry.kind}) leaves account {entry.account} with"
                    f" {sums[entry.account]} milli-credits {bucket}"
                )
    return violations


def _against_shown(history: tuple[Entry, ...], shown: Mapping[str, Balance]) -> list[str]:
    summed = balances(history)
    return [
        f"account {account} shows {shown.get(account, Balance())}, its entries sum to"
        f" {summed.get(account, Balance())}"
        for account in sorted({*summed, *shown})
        if summed.get(account, Balance()) != shown.get(account, Balance())
    ]


def _settlement(history: tuple[Entry, ...], jobs: Mapping[int, Job], now_ms: int) -> list[str]:
    """Each job has one hold of its price; it is settled once when it ends, and not before."""
    holds: dict[int, list[Entry]] = {}
    settled: dict[int, list[Entry]] = {}
    violations = []
    for entry in history:
        if entry.kind not in ("hold", "capture", "release"):
            continue
        if entry.job_number is None or entry.job_number not in jobs:
            violations.append(f"entry {entry.seq} ({entry.kind}) belongs to no job")
            continue
        (holds if entry.kind == "hold" else settled).setdefault(entry.job_number, []).append(entry)
    for number, job in jobs.items():
        violations += _job_settlement(job, holds.get(number, []), settled.get(number, []), now_ms)
    return violations


def _job_settlement(job: Job, holds: list[Entry], ends: list[Entry], now_ms: int) -> list[str]:
    if [entry.millicredits for entry in holds] != [job.hold_millicredits]:
        return [f"job {job.id} has {len(holds)} holds, expected one of {job.hold_millicredits}"]
    expected: list[EntryKind] = []
    if finished(job, now_ms):
        expected = ["capture" if job.failure is None else "release"]
    if [entry.kind for entry in ends] != expected:
        return [f"job {job.id} has ends {[entry.kind for entry in ends]}, expected {expected}"]
    if any(entry.millicredits != job.hold_millicredits for entry in ends):
        return [f"job {job.id} settles another amount than it held"]
    if any(entry.account != job.account for entry in (*holds, *ends)):
        return [f"job {job.id} moved another account's credits"]
    return []
