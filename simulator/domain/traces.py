"""Where the faults of a job show: in its status, in a listing, in its files."""

from simulator.domain.effects import Effect
from simulator.domain.faults import Fired
from simulator.domain.jobs import Job, files_are_there, finished, status, visible

_ALWAYS = frozenset({"slow", "price"})
_AT_THE_END = frozenset({"fail", "moderation"})


def shown_in_status(job: Job, now_ms: int) -> tuple[Fired, ...]:
    """The faults that make the job's status another at this instant than it would have been: a
    late one only while it is late, an early end from then on, a missing end from when it is missed,
    and another pace or price all the time."""
    showing = _showing(job, now_ms)
    return tuple(fired for fired in asked_of(job) if fired.effect.kind in showing)


def shown_in_stream(job: Job) -> tuple[Fired, ...]:
    """The faults that whoever follows the job to its end will have seen."""
    seen = _ALWAYS | _AT_THE_END | {"stuck", "optimization_failed", "late_cdn"}
    return tuple(fired for fired in asked_of(job) if fired.effect.kind in seen)


def shown_in_absence(job: Job, name: str, now_ms: int) -> tuple[Fired, ...]:
    """The faults for which a completed job's file of that name is not there."""
    missing = set()
    if job.quirks is not None and status(job, now_ms) == "completed":
        if not files_are_there(job, now_ms):
            missing.add("late_cdn")
        if job.quirks.optimization_failed and name.startswith("optimized."):
            missing.add("optimization_failed")
    return tuple(fired for fired in asked_of(job) if fired.effect.kind in missing)


def asked_of(job: Job) -> tuple[Fired, ...]:
    """Every fault of the job, each with the id of who asked for it."""
    faults = () if job.quirks is None else job.quirks.faults
    return tuple(Fired(str(one["from"]), Effect(str(one["kind"]))) for one in faults)


def _showing(job: Job, now_ms: int) -> frozenset[str]:
    if not visible(job, now_ms):
        return frozenset({"late_visibility"})
    showing = _ALWAYS
    if job.times.done_at_ms is None and now_ms >= job.times.completes_at_ms:
        showing |= {"stuck"}
    if finished(job, now_ms):
        showing |= _AT_THE_END
    if status(job, now_ms) == "completed":
        showing |= {"optimization_failed"}
        if not files_are_there(job, now_ms):
            showing |= {"late_cdn"}
    return showing
