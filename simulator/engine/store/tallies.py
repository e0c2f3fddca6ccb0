"""What happens in worlds, for those who watch: sums over all of them, and what is new in one.

Functions of one sqlite connection, like ``operations``; nothing is written here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sqlite3 import Connection

from simulator.domain.jobs import Job
from simulator.domain.ledger import Entry
from simulator.engine.store.jobtext import job_of

Place = tuple[int, int]
"""A world's id and the number of one of its entries."""

BEFORE_ALL: Place = (0, 0)
SLICE = 10_000
"""Entries that are summed in one go: some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many entries of a kind there are, and their milli-credits."""

    entries: int
    millicredits: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Sums by kind of entry; ``rest`` is where the next slice begins, None after the last."""

    moved: Mapping[str, Moved]
    rest: Place | None


@dataclass(frozen=True, slots=True)
class News:
    """What is new in a world. ``jobs``: those of the entries, and the open ones that were queued or
    begun meanwhile, each once, by number. ``passed``: older news for which there was no room."""

    entries: list[Entry]
    jobs: list[Job]
    passed: int = 0


def entry_sums(db: Connection, after: Place) -> Slice:
    """The next ``SLICE`` entries of all worlds, in the order of worlds and entries."""
    last = db.execute(
        "SELECT world, seq FROM entries WHERE (world, seq) > (?, ?)"
        " ORDER BY world, seq LIMIT 1 OFFSET ?",
        (*after, SLICE - 1),
    ).fetchone()
    until = "" if last is None else " AND (world, seq) <= (?, ?)"
    rows = db.execute(
        "SELECT kind, count(*), sum(millicredits) FROM entries WHERE (world, seq) > (?, ?)"  # noqa: S608 - our own words
        f"{until} GROUP BY kind",
        (*after, *(last or ())),
    )
    return Slice({kind: Moved(count, amount) for kind, count, amount in rows}, last)


def open_sums(db: Connection, now_ms: Mapping[int, int]) -> dict[str, Moved]:
    """Jobs by status and their holds, of those that are not settled; ``completed`` and ``failed``
    are due. ``now_ms``: the time of each world that is open; of others it is their last."""
    pairs = json.dumps([list(pair) for pair in now_ms.items()])
    rows = db.execute(
        "SELECT CASE"
        "  WHEN o.done_at <= w.now THEN CASE o.failed WHEN 0 THEN 'completed' ELSE 'failed' END"
        "  WHEN o.processing_at <= w.now THEN 'processing'"
        "  WHEN o.queued_at <= w.now THEN 'queued'"
        "  ELSE 'pending' END AS status, count(*), sum(o.hold)"
        " FROM open_jobs AS o JOIN ("
        "  SELECT worlds.id, coalesce(n.value ->> 1, worlds.at_ms) AS now"
        "  FROM worlds LEFT JOIN json_each(?) AS n ON n.value ->> 0 = worlds.id"
        " ) AS w ON w.id = o.world GROUP BY status",
        (pairs,),
    )
    return {status: Moved(count, amount) for status, count, amount in rows}


def news(db: Connection, world: int, after: tuple[int, int], now_ms: int, most: int) -> News:
    """``after``: the last entry's number and the instant up to which all is known. At most ``most``
    entries, the newest, and as many of the open jobs."""
    seq, since_ms = after
    last = last_entry(db, world)
    first = max(seq, last - most)
    rows = db.execute(
        "SELECT seq, kind, millicredits, account, at_ms, job_number, reason FROM entries"
        " WHERE world = ? AND seq > ? ORDER BY seq",
        (world, first),
    )
    entries = [Entry(*row) for row in rows]
    jobs = {job.number: job for job in _settled(db, world, first)}
    begun = list(_begun(db, world, since_ms, now_ms, most + 1))
    jobs.update((job.number, job) for job in begun[:most])
    passed = first - seq + max(0, len(begun) - most)
    return News(entries, [jobs[number] for number in sorted(jobs)], passed)


def last_entry(db: Connection, world: int) -> int:
    """The number of a world's last entry; 0 when it has none."""
    found = db.execute("SELECT entries FROM worlds WHERE id = ?", (world,)).fetchone()
    return 0 if found is None else int(found[0])


def _settled(db: Connection, world: int, after: int) -> Iterable[Job]:
    """The jobs that entries after this one belong to."""
    rows = db.execute(
        "SELECT DISTINCT j.number, j.data FROM entries AS e JOIN jobs AS j"
        " ON j.world = e.world AND j.account = e.account AND j.number = e.job_number"
        " WHERE e.world = ? AND e.seq > ?",
        (world, after),
    )
    return (job_of(row[1]) for row in rows)


def _begun(db: Connection, world: int, since_ms: int, now_ms: int, most: int) -> Iterable[Job]:
    """Open jobs that were queued or begun after ``since_ms``."""
    rows = db.execute(
        "SELECT j.data FROM open_jobs AS o JOIN jobs AS j"
        " ON j.world = o.world AND j.account = o.account AND j.number = o.number"
        " WHERE o.world = :world AND (o.queued_at > :since AND o.queued_at <= :now"
        "  OR o.processing_at > :since AND o.processing_at <= :now) LIMIT :most",
        {"world": world, "since": since_ms, "now": now_ms, "most": most},
    )
    return (job_of(row[0]) for row in rows)
