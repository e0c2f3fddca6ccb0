"""What happens in a world, as one row of events that can be read on from any of them.

Nothing is kept for a reader: ledger and journal are numbered, and a job's changes follow from its
timetable. One who is slow finds the same events later; one who is too slow is told how many it
missed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import Struct

from simulator.domain.jobs import Job, moments, progress, status
from simulator.domain.ledger import Entry
from simulator.domain.pricing import credits as shown
from simulator.domain.redaction import redacted
from simulator.domain.times import LAST_INSTANT_MS, rfc3339
from simulator.engine.answers import Credits
from simulator.engine.bodies import GenerationStatus
from simulator.engine.clock import Clock
from simulator.engine.journal import Entry as Call
from simulator.engine.store.base import Store
from simulator.engine.worlds import World, Worlds

BATCH_MOST = 1_000
"""Of ledger entries, of calls, and of jobs: what is told at once, and kept for nobody beyond."""

_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """What has been told: ledger entries and calls up to their numbers, and jobs up to an instant.
    ``at_ms`` steps on with the last event of its millisecond, so that none of them is missed."""

    entry: int
    at_ms: int
    call: int

    def text(self) -> str:
        """The event's id, which ``cursor_of`` reads."""
        return f"{self.entry}.{self.at_ms}.{self.call}"


class JobEvent(Struct, frozen=True):
    """A job's status has changed."""

    at: str
    generation_id: str
    status: GenerationStatus
    progress: int
    model: str
    account: str


class EntryEvent(Struct, frozen=True):
    """Credits have moved."""

    at: str
    id: int
    kind: str
    credits: Credits
    account: str
    generation_id: str | None


class RequestEvent(Struct, frozen=True):
    """A call is over. ``status`` 0: its connection broke."""

    at: str
    id: int
    surface: str
    operation: str
    method: str
    path: str
    account: str
    status: int


class FaultEvent(Struct, frozen=True):
    """A fault has changed the answer to a call."""

    at: str
    fault: str
    request: int
    operation: str


class ClockEvent(Struct, frozen=True):
    """The clock was moved, stopped, or set going; the first event tells how it stands."""

    now: str
    mode: str
    speed: float


class LostEvent(Struct, frozen=True):
    """The reader was too slow: ``count`` ledger entries, calls and jobs were passed over."""

    count: int


class ResetEvent(Struct, frozen=True):
    """The world was emptied or put back, or the simulator began anew: all is told once more."""

    now: str


Told = JobEvent | EntryEvent | RequestEvent | FaultEvent | ClockEvent | LostEvent | ResetEvent


@dataclass(frozen=True, slots=True)
class Event:
    """``name`` is that of its stream; ``cursor`` is where a reader goes on after it."""

    name: str
    data: Told
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class _Dated:
    """An event before it has its place among the others. ``entry``, ``call``: the number up to
    which all is told with it, 0 where it doesn't say."""

    at_ms: int
    name: str
    data: Told
    entry: int = 0
    call: int = 0


def cursor_of(text: str) -> Cursor:
    """ValueError for what was no event's id."""
    found = _CURSOR.fullmatch(text)
    if found is None or int(found[2]) > LAST_INSTANT_MS:
        raise ValueError("expected the id of an event of this stream")
    return Cursor(int(found[1]), int(found[2]), int(found[3]))


class Feed:
    """A reader's place in a world's events. ``cursor`` None: it begins with what comes next."""

    def __init__(self, store: Store, worlds: Worlds, world: World, cursor: Cursor | None) -> None:
        self._store = store
        self._worlds = worlds
        self._world = world
        self._cursor = cursor
        self._lab = world.lab
        self._clock: Clock | None = None

    async def next(self) -> list[Event]:
        """Everything since the last time, in the order in which it happened."""
        world = self._world
        now_ms = await self._worlds.now(world)
        last_entry = await self._store.last_entry(world.id, now_ms)
        last_call = world.lab.journal.last
        events: list[Event] = []
        cursor = self._cursor or Cursor(last_entry, now_ms, last_call)
        # Numbers from a life of this world that is over lie ahead of those of the new one.
        over = cursor.entry > last_entry or cursor.at_ms > now_ms or cursor.call > last_call
        if over or world.lab is not self._lab:
            self._lab = world.lab
            cursor = Cursor(0, 0, 0)
            events.append(Event("reset", ResetEvent(rfc3339(now_ms)), cursor))
        if world.clock is not self._clock:
            self._clock = world.clock
            events.append(Event("clock", self._clock_event(now_ms), cursor))
        events += await self._since(cursor, now_ms)
        self._cursor = events[-1].cursor if events else cursor
        return events

    async def due_in_s(self) -> float | None:
        """Real seconds until the next job changes its status; None: none will, as it stands."""
        now_ms = await self._worlds.now(self._world)
        instant_ms = await self._store.next_event(self._world.id, now_ms)
        if instant_ms is None:
            return None
        return self._world.clock.real_seconds_until(instant_ms, self._worlds.real_ms())

    def _clock_event(self, now_ms: int) -> ClockEvent:
        clock = self._world.clock
        return ClockEvent(rfc3339(now_ms), clock.mode, clock.speed)

    async def _since(self, cursor: Cursor, now_ms: int) -> list[Event]:
        news = await self._store.news(
            self._world.id, (cursor.entry, cursor.at_ms), now_ms, BATCH_MOST
        )
        calls, missed = _calls(self._world, cursor.call)
        by_number = {job.number: job for job in news.jobs}
        # A job goes before its entry, so that it isn't missed by who reads on between the two.
        dated: list[_Dated] = []
        for job in news.jobs:
            dated += _job_events(job, cursor.at_ms, now_ms, news.entries)
        dated += _entry_events(news.entries, by_number)
        dated += _call_events(calls, self._worlds.secrets)
        dated.sort(key=lambda each: each.at_ms)
        lost = news.passed + missed
        events = [Event("lost", LostEvent(lost), cursor)] if lost else []
        return [*events, *_placed(dated, cursor)]


def _calls(world: World, after: int) -> tuple[list[Call], int]:
    """The newest calls, and how many others are gone or have no room."""
    journal = world.lab.journal
    calls = list(journal.after(after))
    kept = calls[-BATCH_MOST:]
    return kept, journal.last - after - len(kept)


def _entry_events(entries: list[Entry], jobs: dict[int, Job]) -> Iterator[_Dated]:
    for entry in entries:
        job = jobs.get(entry.job_number or 0)
        data = EntryEvent(
            at=rfc3339(entry.at_ms),
            id=entry.seq,
            kind=entry.kind,
            credits=shown(entry.millicredits),
            account=entry.account,
            generation_id=None if job is None else job.id,
        )
        yield _Dated(entry.at_ms, "entry", data, entry=entry.seq)


def _job_events(job: Job, since_ms: int, now_ms: int, entries: list[Entry]) -> Iterator[_Dated]:
    """Its acceptance and its end come with their entries; what lies between, with the time."""
    told = {entry.kind for entry in entries if entry.job_number == job.number}
    begin, end = job.times.created_at_ms, job.times.done_at_ms
    instants = [begin] if "hold" in told and begin != end else []
    for instant in moments(job):
        ended = bool(told & {"capture", "release"})
        if ended if instant == end else since_ms < instant <= now_ms:
            instants.append(instant)
    for instant in instants:
        data = JobEvent(
            at=rfc3339(instant),
            generation_id=job.id,
            status=status(job, instant),
            progress=progress(job, instant),
            model=job.model,
            account=job.account,
        )
        yield _Dated(instant, "job", data)


def _call_events(calls: list[Call], secrets: tuple[str, ...]) -> Iterator[_Dated]:
    for call in calls:
        at, operation = rfc3339(call.at_ms), redacted(call.operation, secrets)
        data = RequestEvent(
            at=at,
            id=call.seq,
            surface=call.surface,
            operation=operation,
            method=call.method,
            path=redacted(call.path, secrets),
            account=call.account,
            status=call.status,
        )
        for fault in call.faults:
            yield _Dated(call.at_ms, "fault", FaultEvent(at, fault, call.seq, operation))
        yield _Dated(call.at_ms, "request", data, call=call.seq)


def _placed(dated: list[_Dated], cursor: Cursor) -> Iterator[Event]:
    for place, each in enumerate(dated):
        last = place + 1 == len(dated) or dated[place + 1].at_ms > each.at_ms
        cursor = Cursor(
            max(cursor.entry, each.entry),
            max(cursor.at_ms, each.at_ms if last else each.at_ms - 1),
            max(cursor.call, each.call),
        )
        yield Event(each.name, each.data, cursor)
