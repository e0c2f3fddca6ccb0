"""Whether a snapshot can be put back: its names, its numbers, and the ledger's laws over it all.

Whoever wrote a file is not trusted: every name of it that becomes part of a path or a URL is
checked here, and so is every size that something would be made of.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from simulator.domain.inputs import KIND_BY_EXTENSION
from simulator.domain.jobs import Job, finished
from simulator.domain.ledger import ISSUED_MOST, verify
from simulator.domain.limits import CALLS_A_MINUTE, window
from simulator.domain.outputs import Output
from simulator.domain.sessions import FILES_MOST
from simulator.domain.times import LAST_INSTANT_MS
from simulator.engine.clock import SPEED_MOST
from simulator.engine.snapshots.snapshot import Snapshot
from simulator.engine.worlds import ACCOUNTS_MOST, NAME, SCOPES

UPLOAD_BYTES_MOST = 32 * 1024 * 1024
"""Of all uploads of a snapshot together."""

SIDE_PX_MOST = 4_096
DURATION_MS_MOST = 24 * 60 * 60 * 1000
DEPTH_MOST = 64
SHOWN_MOST = 3

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BUCKET = re.compile(r"[a-z][a-z_-]{0,31}")

Problem = tuple[str, str]
"""Where, as ``jobs[3].id``, and what."""


def problems(snapshot: Snapshot) -> list[Problem]:
    """What is wrong, at most SHOWN_MOST of it; empty when the snapshot can be put back."""
    for check in _CHECKS:
        found = list(islice(check(snapshot), SHOWN_MOST))
        if found:  # what comes later relies on what was checked before
            return found
    return []


def _world(snapshot: Snapshot) -> Iterator[Problem]:
    world, clock = snapshot.world, snapshot.clock
    if not NAME.fullmatch(world.name):
        yield "world.name", f"{world.name[:80]!r} is no namespace"
    if world.origin and not NAME.fullmatch(world.origin):
        yield "world.origin", f"{world.origin[:80]!r} is no namespace"
    if not 0 < clock.speed <= SPEED_MOST:
        yield "clock.speed", f"{clock.speed} is not between 0 and {SPEED_MOST:g}"
    try:
        now_ms = snapshot.now_ms
    except (ValueError, OverflowError) as error:
        yield "clock.now", str(error)
    else:
        if not 0 <= now_ms <= LAST_INSTANT_MS:
            yield "clock.now", "expected an instant from 1970 to the year 9999"


def _counters(snapshot: Snapshot) -> Iterator[Problem]:
    counters = snapshot.counters
    for name, counted, there in (
        ("jobs", counters.jobs, len(snapshot.jobs)),
        ("entries", counters.entries, len(snapshot.entries)),
    ):
        if counted != there:
            yield f"counters.{name}", f"says {counted}, and there are {there}"
    drawn = len(snapshot.uploads) + len(snapshot.upload_sessions)
    if counters.uploads < drawn:
        yield "counters.uploads", f"says {counters.uploads}, and there are {drawn} with sessions"


def _accounts(snapshot: Snapshot) -> Iterator[Problem]:
    if len(snapshot.accounts) > ACCOUNTS_MOST:
        yield "accounts", f"are {len(snapshot.accounts)}, at most {ACCOUNTS_MOST} are kept"
    seen: set[str] = set()
    for index, account in enumerate(snapshot.accounts):
        where = f"accounts[{index}]"
        if not NAME.fullmatch(account.name) or account.name in seen:
            yield f"{where}.name", f"{account.name[:80]!r} is no name of one account"
        seen.add(account.name)
        unknown = [scope for scope in account.scopes if scope not in SCOPES]
        if unknown or len(set(account.scopes)) < len(account.scopes):
            yield f"{where}.scopes", f"expected some of {', '.join(SCOPES)}, each once"
        if -account.balance.issued > ISSUED_MOST:
            yield f"{where}.balance", f"an account is issued at most {ISSUED_MOST} milli-credits"


def _jobs(snapshot: Snapshot) -> Iterator[Problem]:
    accounts = {account.name for account in snapshot.accounts}
    seen: set[str] = set()
    for index, job in enumerate(snapshot.jobs):
        where = f"jobs[{index}]"
        if job.number != index + 1:
            yield f"{where}.number", f"is {job.number}, expected {index + 1}"
        if not _ID.fullmatch(job.id) or job.id in seen:
            yield f"{where}.id", f"{job.id[:80]!r} is no id of one job"
        seen.add(job.id)
        if job.account not in accounts:
            yield f"{where}.account", f"there is no account {job.account[:80]!r}"
        if not _in_order(job):
            yield f"{where}.times", "do not follow one another"
        if _too_deep((job.parameters, None if job.quirks is None else job.quirks.faults)):
            yield f"{where}.parameters", f"is nested deeper than {DEPTH_MOST} levels"
        for place, output in enumerate(job.outputs):
            what = _output_problem(output)
            if what:
                yield f"{where}.outputs[{place}]", what


def _in_order(job: Job) -> bool:
    times = job.times
    steps = (
        times.created_at_ms,
        times.queued_at_ms,
        times.processing_at_ms,
        times.completes_at_ms,
    )
    ended_by = times.done_at_ms
    if list(steps) != sorted(steps) or (ended_by is not None and ended_by < times.created_at_ms):
        return False
    # Progress is a share of the processing time, which only a job that had none may lack.
    over = ended_by is not None and ended_by <= times.processing_at_ms
    return over or times.completes_at_ms > times.processing_at_ms


def _output_problem(output: Output) -> str | None:
    if not _ID.fullmatch(output.id) or not all(map(_ID.fullmatch, output.sources)):
        return "an id is expected to have the form of a UUID"
    if KIND_BY_EXTENSION.get(output.format) != output.kind:
        return f"no {output.kind} has the format {output.format[:20]!r}"
    if max(output.width, output.height) > SIDE_PX_MOST:
        return f"a side has at most {SIDE_PX_MOST} pixels"
    if output.duration_ms > DURATION_MS_MOST:
        return f"lasts at most {DURATION_MS_MOST} ms"
    return None


def _keys_and_holds(snapshot: Snapshot) -> Iterator[Problem]:
    jobs = {job.number: job for job in snapshot.jobs}
    used: set[tuple[str, str]] = set()
    numbers: set[int] = set()
    for index, key in enumerate(snapshot.idempotency_keys):
        job = jobs.get(key.job_number)
        if job is None or key.job_number in numbers or (job.account, key.key) in used:
            yield f"idempotency_keys[{index}]", "expected a job, and each key once an account"
            continue
        numbers.add(key.job_number)
        used.add((job.account, key.key))
    yield from _holds(snapshot, jobs)


def _holds(snapshot: Snapshot, jobs: Mapping[int, Job]) -> Iterator[Problem]:
    now_ms = snapshot.now_ms
    running = {number for number, job in jobs.items() if not finished(job, now_ms)}
    for index, hold in enumerate(snapshot.holds):
        if hold.job_number not in running:
            yield f"holds[{index}]", f"job {hold.job_number} holds nothing, or stands here twice"
        running.discard(hold.job_number)
        if not _BUCKET.fullmatch(hold.bucket):
            yield f"holds[{index}].bucket", f"{hold.bucket[:80]!r} is no limit's name"
    for number in sorted(running):
        yield "holds", f"job {number} has not ended, and its hold is missing"


def _uploads(snapshot: Snapshot) -> Iterator[Problem]:
    accounts = {account.name for account in snapshot.accounts}
    size = sum(len(saved.data) for saved in snapshot.uploads)
    if size > UPLOAD_BYTES_MOST:
        yield "uploads", f"hold {size} bytes, at most {UPLOAD_BYTES_MOST} go into a snapshot"
    seen: set[str] = set()
    for index, saved in enumerate(snapshot.uploads):
        where, upload = f"uploads[{index}]", saved.upload
        if not _ID.fullmatch(upload.id) or upload.id in seen:
            yield f"{where}.upload.id", f"{upload.id[:80]!r} is no id of one upload"
        seen.add(upload.id)
        if KIND_BY_EXTENSION.get(upload.extension) != upload.kind:
            yield f"{where}.upload.extension", f"no {upload.kind[:20]!r} is named so"
        if upload.size_bytes != len(saved.data):
            yield f"{where}.data", f"holds {len(saved.data)} bytes, not {upload.size_bytes}"
        if saved.account not in accounts:
            yield f"{where}.account", f"there is no account {saved.account[:80]!r}"


def _sessions(snapshot: Snapshot) -> Iterator[Problem]:
    accounts = {account.name for account in snapshot.accounts}
    uploads = {saved.upload.id for saved in snapshot.uploads}
    seen: set[str] = set()
    for index, session in enumerate(snapshot.upload_sessions):
        where = f"upload_sessions[{index}]"
        if not _ID.fullmatch(session.token) or session.token in seen:
            yield f"{where}.token", "is no token of one session"
        seen.add(session.token)
        if session.account not in accounts:
            yield f"{where}.account", f"there is no account {session.account[:80]!r}"
        if len(session.uploads) > FILES_MOST or not uploads.issuperset(session.uploads):
            yield f"{where}.uploads", f"expected at most {FILES_MOST} ids of uploads"


def _calls(snapshot: Snapshot) -> Iterator[Problem]:
    accounts = {account.name for account in snapshot.accounts}
    current = window(snapshot.now_ms)
    seen: set[tuple[str, str]] = set()
    for index, counted in enumerate(snapshot.calls):
        key = (counted.account, counted.bucket)
        if counted.account not in accounts or counted.bucket not in CALLS_A_MINUTE or key in seen:
            yield f"calls[{index}]", "expected an account and a rate limit's name, once"
        seen.add(key)
        if counted.window != current:
            yield f"calls[{index}].window", f"is {counted.window}, the clock is in {current}"


def _laws(snapshot: Snapshot) -> Iterator[Problem]:
    shown = {account.name: account.balance for account in snapshot.accounts}
    found = verify(snapshot.entries, snapshot.jobs, shown, snapshot.now_ms)
    yield from (("entries", violation) for violation in found)


def _too_deep(value: object) -> bool:
    """Level by level, so that no depth can exhaust it."""
    level: list[object] = [value]
    for _ in range(DEPTH_MOST):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return False
    return True


def _within(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list() | tuple():
            return value
        case _:
            return ()


_CHECKS: tuple[Callable[[Snapshot], Iterator[Problem]], ...] = (
    _world,
    _counters,
    _accounts,
    _jobs,
    _keys_and_holds,
    _uploads,
    _sessions,
    _calls,
    _laws,
)
