"""A job with its whole timetable, made at acceptance; what it shows is a function of (job, now)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Ruling
from simulator.domain.faults import JobFault
from simulator.domain.outputs import Output

Status = Literal["pending", "queued", "processing", "completed", "failed"]
STATUSES: tuple[Status, ...] = ("pending", "queued", "processing", "completed", "failed")

PENDING_MS = 1_000
FACTOR_LEAST, FACTOR_MOST = 800, 1_250  # thousandths of the estimate

RULINGS = (
    Ruling(
        "jobs.statuses",
        DOCUMENTED,
        "page: get_generation_status",
        "A job is pending, queued, processing, then completed or failed.",
    ),
    Ruling(
        "jobs.timetable",
        ASSUMED,
        "ruling",
        "Pending for 1 s, queued for a tenth of the estimate, processing for the rest; the whole is"
        " the estimate times 0.8 to 1.25, drawn from the world's seed and the job's number.",
    ),
    Ruling(
        "jobs.progress",
        ASSUMED,
        "ruling; page: get_generation_status",
        "progress is a whole number from 0 to 100: linear in processing, 100 exactly when"
        " completed.",
    ),
    Ruling(
        "jobs.estimates",
        ASSUMED,
        "ruling; known values: facts 6 (observed)",
        "An estimate that no source states is 30 s for an image and 20 s + 10 s per output second"
        " for a video.",
    ),
    Ruling(
        "jobs.outputs",
        DOCUMENTED,
        "page: get_generation_status; one file a job: ruling (assumed)",
        "outputs is empty until the job is completed.",
    ),
    Ruling(
        "jobs.visible-at-once",
        ASSUMED,
        "ruling",
        "A job can be polled at once, and its files are there when it is completed.",
    ),
    Ruling(
        "jobs.credits-deducted",
        ASSUMED,
        "ruling",
        "credits_deducted is the held amount while the job runs, the captured one at the end, 0"
        " after a release.",
    ),
    Ruling(
        "jobs.foreign-id",
        ASSUMED,
        "ruling",
        "An unknown id and another account's id get the same 404.",
    ),
    Ruling(
        "jobs.error-message",
        OBSERVED,
        "clients of the API",
        "A failed job says why in error_message.",
    ),
)

FAILURE_TEXTS: Mapping[str, str] = {
    "moderation": "Moderation stopped this generation.",
    "content_policy": "The content policy does not allow this request.",
    "provider_error": "The model's provider reported an error.",
    "timeout": "The model's provider did not answer in time.",
    "unspecified": "The generation failed.",
}


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a job moves, in milliseconds of the world's clock; ``done_at_ms`` None: never."""

    created_at_ms: int
    queued_at_ms: int
    processing_at_ms: int
    done_at_ms: int | None
    completes_at_ms: int
    """When processing would have reached 100: later than ``done_at_ms`` for a job that fails."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What is unusual about a job. ``visible_at_ms``: from when its id is known; ``files_at_ms``:
    from when its files are there; ``ahead_ms``: when each job before it in its queue begins;
    ``faults``: what was asked for, each with the id of who asked."""

    visible_at_ms: int | None = None
    files_at_ms: int | None = None
    optimization_failed: bool = False
    broken_file: str | None = None
    ahead_ms: tuple[int, ...] = ()
    faults: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted request. ``number`` counts from 1 in its world; ``account`` is the account's
    name; ``parameters`` is the rest of the normal form, for the control plane."""

    id: str
    number: int
    account: str
    kind: str
    model: str
    generation_type: str
    prompt: str
    row: str
    formula: str
    billing_mode: str
    hold_millicredits: int
    estimated_time_s: int
    seed: int
    times: Timetable
    failure: str | None = None
    outputs: tuple[Output, ...] = ()
    parameters: dict[str, object] = field(default_factory=dict)
    quirks: Quirks | None = None


def timetable(
    created_at_ms: int, estimate_s: int, factor: int, fault: JobFault, free_at_ms: int = 0
) -> Timetable:
    """``factor`` is in thousandths, from FACTOR_LEAST to FACTOR_MOST. Processing begins at
    ``free_at_ms`` at the earliest, and takes as long as it would have."""
    whole_ms = _scaled(estimate_s * factor, fault.slow)
    pending_ms = _scaled(PENDING_MS, fault.slow)
    queued_ms = _scaled(estimate_s * 100, fault.slow)
    queued_at_ms = created_at_ms + pending_ms
    begins_at_ms = queued_at_ms + queued_ms
    processing_at_ms = max(begins_at_ms, free_at_ms)
    works_ms = max(created_at_ms + whole_ms - begins_at_ms, 1)
    completes_at_ms = processing_at_ms + works_ms
    done_at_ms: int | None = completes_at_ms
    if fault.stuck:
        done_at_ms = None
    elif fault.fail is not None:
        done_at_ms = processing_at_ms + _scaled(completes_at_ms - processing_at_ms, fault.at)
    return Timetable(created_at_ms, queued_at_ms, processing_at_ms, done_at_ms, completes_at_ms)


def free_at(workers: int, busy: Iterable[tuple[int, int]]) -> int:
    """When the first of ``workers`` is free, after jobs given as (begins, ends) in the order of
    their acceptance, each of which took the worker that was free first."""
    free = [0] * workers
    for _, ends_at_ms in busy:
        free[free.index(min(free))] = ends_at_ms
    return min(free)


def position(job: Job, now_ms: int) -> int:
    """The job's place in its model's queue: 1 is next, 0 has begun or waits for nobody."""
    if job.quirks is None or now_ms >= job.times.processing_at_ms or not job.quirks.ahead_ms:
        return 0
    return 1 + sum(begins_at_ms > now_ms for begins_at_ms in job.quirks.ahead_ms)


def visible(job: Job, now_ms: int) -> bool:
    """Whether the job's id is known to its owner yet."""
    at_ms = None if job.quirks is None else job.quirks.visible_at_ms
    return at_ms is None or now_ms >= at_ms


def files_are_there(job: Job, now_ms: int) -> bool:
    """Whether a completed job's files can be fetched yet."""
    at_ms = None if job.quirks is None else job.quirks.files_at_ms
    return at_ms is None or now_ms >= at_ms


def at_once(now_ms: int) -> Timetable:
    """The timetable of a call that answers with its result: over as soon as it is accepted."""
    return Timetable(now_ms, now_ms, now_ms, now_ms, now_ms)


def _scaled(milliseconds: int, factor: Fraction) -> int:
    return milliseconds * factor.numerator // factor.denominator


def status(job: Job, now_ms: int) -> Status:
    """The job's state at an instant."""
    times = job.times
    if times.done_at_ms is not None and now_ms >= times.done_at_ms:
        return "completed" if job.failure is None else "failed"
    if now_ms >= times.processing_at_ms:
        return "processing"
    if now_ms >= times.queued_at_ms:
        return "queued"
    return "pending"


def finished(job: Job, now_ms: int) -> bool:
    """Whether the job has completed or failed by ``now_ms``."""
    return job.times.done_at_ms is not None and now_ms >= job.times.done_at_ms


def progress(job: Job, now_ms: int) -> int:
    """0 to 100; a failed job keeps what it had reached, a stuck one stays at 99."""
    times = job.times
    if finished(job, now_ms):
        if job.failure is None:
            return 100
        now_ms = times.done_at_ms or now_ms
    if now_ms <= times.processing_at_ms:
        return 0
    done, whole = now_ms - times.processing_at_ms, times.completes_at_ms - times.processing_at_ms
    return min(99, done * 100 // whole)


def streaming_from_ms(job: Job) -> int:
    """When a music generation can be heard before it is whole: a quarter before its end."""
    times = job.times
    return times.completes_at_ms - (times.completes_at_ms - times.processing_at_ms) // 4


def can_be_heard(job: Job, now_ms: int) -> bool:
    """Whether a music generation streams already, or is completed."""
    state = status(job, now_ms)
    return state == "completed" or (state == "processing" and now_ms >= streaming_from_ms(job))


def deducted_millicredits(job: Job, now_ms: int) -> int:
    """What the job has cost so far: what it holds or was captured, 0 after a release."""
    if finished(job, now_ms) and job.failure is not None:
        return 0
    return job.hold_millicredits


def moments(job: Job) -> tuple[int, ...]:
    """Every instant at which the job's status changes, in order."""
    times = job.times
    steps = {times.queued_at_ms, times.processing_at_ms}
    if times.done_at_ms is not None:
        steps = {step for step in steps if step < times.done_at_ms} | {times.done_at_ms}
    return tuple(sorted(steps))


def reaches(job: Job, wanted: str) -> int | None:
    """When the job's status becomes ``wanted``; None if it never does."""
    instants = (job.times.created_at_ms, *moments(job))
    return next((instant for instant in instants if status(job, instant) == wanted), None)


def failure_text(reason: str) -> str:
    """What a failed job says to its caller."""
    return FAILURE_TEXTS.get(reason, f"The generation failed: {reason}.")
