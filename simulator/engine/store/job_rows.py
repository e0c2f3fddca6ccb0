"""Jobs as rows: functions of one sqlite connection, like those of ``operations``."""

from collections.abc import Iterable, Mapping
from sqlite3 import Connection

from simulator.domain.jobs import Job
from simulator.engine.store.base import Draft
from simulator.engine.store.jobtext import text_of

NEVER_MS = 2**63 - 1
"""The end of an open job that never ends."""

_ADD_JOB = (
    "INSERT INTO jobs (world, number, id, account, model, generation_type, queued_at,"
    " processing_at, done_at, failed, idempotency_key, data)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_OPEN_JOB = (
    "INSERT INTO open_jobs (world, done_at, number, account, bucket, queued_at, processing_at,"
    " failed, hold, accepted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def add_job(db: Connection, world: int, job: Job, draft: Draft, now_ms: int) -> None:
    """The schema's trigger holds the credits as soon as the job is open."""
    db.execute(_ADD_JOB, _job_row(world, job, draft.idempotency_key))
    db.execute(_OPEN_JOB, _open_row(world, job, draft.bucket, now_ms))


def add_jobs(
    db: Connection,
    world: int,
    jobs: Iterable[Job],
    keys: Mapping[int, str],
    held: Mapping[int, str],
) -> None:
    """Many at once. ``keys``: their idempotency keys, ``held``: the buckets of those that hold
    credits still, both by the job's number."""
    kept = tuple(jobs)
    db.executemany(_ADD_JOB, (_job_row(world, job, keys.get(job.number)) for job in kept))
    db.executemany(
        _OPEN_JOB,
        (
            _open_row(world, job, held[job.number], job.times.created_at_ms)
            for job in kept
            if job.number in held
        ),
    )


def _job_row(world: int, job: Job, key: str | None) -> tuple[object, ...]:
    times = job.times
    return (
        world,
        job.number,
        job.id,
        job.account,
        job.model,
        job.generation_type,
        times.queued_at_ms,
        times.processing_at_ms,
        times.done_at_ms,
        int(job.failure is not None),
        key,
        text_of(job),
    )


def _open_row(world: int, job: Job, bucket: str, accepted_at_ms: int) -> tuple[object, ...]:
    times = job.times
    return (
        world,
        NEVER_MS if times.done_at_ms is None else times.done_at_ms,
        job.number,
        job.account,
        bucket,
        times.queued_at_ms,
        times.processing_at_ms,
        int(job.failure is not None),
        job.hold_millicredits,
        accepted_at_ms,
    )
