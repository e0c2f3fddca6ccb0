"""The store's operations as functions of one sqlite connection; the caller holds the transaction.

Amounts are whole milli-credits. Nothing here commits, and a Rejection is raised before anything
but settlement has been written.
"""

from collections.abc import Iterable
from dataclasses import replace
from sqlite3 import Connection

from simulator.domain.errors import Denial, Rejection
from simulator.domain.inputs import Upload
from simulator.domain.jobs import Job
from simulator.domain.ledger import ISSUED_MOST, Balance, Entry
from simulator.domain.limits import concurrency_limit_exceeded
from simulator.domain.pricing import credits as shown
from simulator.engine.store.base import Account, Draft, Query, WorldRow
from simulator.engine.store.job_rows import NEVER_MS, add_job
from simulator.engine.store.jobtext import job_of

DROPPED_KEPT = 10_000


def open_world(db: Connection, row: WorldRow, grant: int | None, scopes: Iterable[str]) -> WorldRow:
    found = find_world(db, row.name)
    if found is not None:
        return found
    cursor = db.execute(
        "INSERT INTO worlds (name, seed, mode, speed, at_ms) VALUES (?, ?, ?, ?, ?)",
        (row.name, row.seed, row.mode, row.speed, row.at_ms),
    )
    made = replace(row, id=cursor.lastrowid or 0, origin="")
    if grant is not None:
        open_account(db, made.id, "main", grant, scopes, row.at_ms)
    return made


def world_names(db: Connection) -> list[str]:
    found = db.execute("SELECT name FROM worlds WHERE name NOT GLOB '#*' ORDER BY name")
    return [row[0] for row in found]


def find_world(db: Connection, name: str) -> WorldRow | None:
    found = db.execute(
        "SELECT id, name, seed, mode, speed, at_ms, origin FROM worlds WHERE name = ?", (name,)
    ).fetchone()
    return None if found is None else WorldRow(*found)


def save_clock(db: Connection, world: int, mode: str, speed: float, at_ms: int) -> None:
    db.execute(
        "UPDATE worlds SET mode = ?, speed = ?, at_ms = ? WHERE id = ?", (mode, speed, at_ms, world)
    )


def empty_world(db: Connection, world: int) -> None:
    for table in ("accounts", "jobs", "open_jobs", "entries", "uploads", "upload_sessions"):
        db.execute(f"DELETE FROM {table} WHERE world = ?", (world,))  # noqa: S608 - our own names


def reset_world(db: Connection, row: WorldRow, grant: int | None, scopes: Iterable[str]) -> None:
    empty_world(db, row.id)
    db.execute(
        "UPDATE worlds SET seed = ?, mode = ?, speed = ?, at_ms = ?, origin = '', jobs = 0,"
        " entries = 0, uploads = 0 WHERE id = ?",
        (row.seed, row.mode, row.speed, row.at_ms, row.id),
    )
    if grant is not None:
        open_account(db, row.id, "main", grant, scopes, row.at_ms)


def drop_world(db: Connection, world: int) -> None:
    empty_world(db, world)
    # No namespace can be called so. The row keeps the id from being given again while calls that
    # began before are still under way; of those long ago there are none.
    db.execute("UPDATE worlds SET name = '#' || id WHERE id = ?", (world,))
    db.execute("DELETE FROM worlds WHERE name GLOB '#*' AND id < ?", (world - DROPPED_KEPT,))


def account(db: Connection, world: int, name: str) -> Account | None:
    found = db.execute(
        "SELECT name, scopes FROM accounts WHERE world = ? AND name = ?", (world, name)
    ).fetchone()
    return None if found is None else Account(found[0], frozenset(found[1].split()))


def open_account(
    db: Connection, world: int, name: str, grant: int, scopes: Iterable[str], now_ms: int
) -> Account:
    found = account(db, world, name)
    if found is not None:
        return found
    settle(db, world, now_ms)
    db.execute(
        "INSERT INTO accounts (world, name, scopes, available, issued) VALUES (?, ?, ?, ?, ?)",
        (world, name, " ".join(sorted(scopes)), grant, -grant),
    )
    _add_entry(db, world, "grant", grant, name, now_ms, reason="new account")
    return Account(name, frozenset(scopes))


def change_account(
    db: Connection,
    world: int,
    name: str,
    scopes: Iterable[str] | None,
    credits: int | None,
    now_ms: int,
) -> Account:
    found = account(db, world, name)
    if found is None:
        raise LookupError(f"no account {name!r}")
    settle(db, world, now_ms)
    if credits is not None:
        difference = credits - balance(db, world, name).available
        if difference:
            adjust(db, world, name, difference, "set by the control plane", now_ms)
    if scopes is None:
        return found
    changed = Account(name, frozenset(scopes))
    db.execute(
        "UPDATE accounts SET scopes = ? WHERE world = ? AND name = ?",
        (" ".join(sorted(changed.scopes)), world, name),
    )
    return changed


def adjust(
    db: Connection, world: int, name: str, millicredits: int, reason: str, now_ms: int
) -> Balance:
    settle(db, world, now_ms)
    moved = db.execute(
        "UPDATE accounts SET available = available + :amount, issued = issued - :amount"
        " WHERE world = :world AND name = :name"
        " AND available + :amount >= 0 AND :amount - issued <= :most",
        {"amount": millicredits, "world": world, "name": name, "most": ISSUED_MOST},
    )
    if not moved.rowcount and millicredits > 0:
        raise Denial(400, f"An account is issued at most {shown(ISSUED_MOST)} credits in all.")
    if not moved.rowcount:
        raise _insufficient(balance(db, world, name).available, -millicredits)
    _add_entry(db, world, "adjust", millicredits, name, now_ms, reason=reason)
    return balance(db, world, name)


def accept(db: Connection, world: int, draft: Draft, now_ms: int) -> tuple[Job, bool]:
    jobs, available, running, due = _standing(db, world, draft, now_ms)
    if due:
        settle(db, world, now_ms)
        jobs, available, running, due = _standing(db, world, draft, now_ms)
    if draft.idempotency_key is not None:
        earlier = db.execute(
            "SELECT data FROM jobs WHERE world = ? AND account = ? AND idempotency_key = ?",
            (world, draft.account, draft.idempotency_key),
        ).fetchone()
        if earlier is not None:
            return job_of(earlier[0]), False
    if draft.at_once is not None and running >= draft.at_once:
        raise concurrency_limit_exceeded(draft.bucket)
    if available is None or available < draft.millicredits:
        raise _insufficient(available or 0, draft.millicredits)
    if draft.behind is None:
        job = draft.build(jobs + 1)
    else:
        job = draft.behind.build(jobs + 1, unfinished(db, world, draft.behind.model, now_ms))
    add_job(db, world, job, draft, now_ms)
    return job, True


def settle(db: Connection, world: int, now_ms: int) -> None:
    """Captures or releases the hold of every job that has ended, in the order of their ends."""
    due = db.execute(
        "SELECT count(*) FROM open_jobs WHERE world = ? AND done_at <= ?", (world, now_ms)
    ).fetchone()[0]
    if not due:
        return
    db.execute(
        "INSERT INTO entries (world, seq, kind, millicredits, account, at_ms, job_number)"
        " SELECT o.world, w.entries + row_number() OVER (ORDER BY o.done_at, o.number),"
        " CASE o.failed WHEN 0 THEN 'capture' ELSE 'release' END, o.hold, o.account, o.done_at,"
        " o.number FROM open_jobs AS o JOIN worlds AS w ON w.id = o.world"
        " WHERE o.world = ? AND o.done_at <= ?",
        (world, now_ms),
    )
    db.execute(
        "UPDATE accounts SET held = held - due.captured - due.released,"
        " spent = spent + due.captured, available = available + due.released"
        " FROM (SELECT account, sum(hold * (1 - failed)) AS captured,"
        "  sum(hold * failed) AS released FROM open_jobs WHERE world = :world AND done_at <= :now"
        "  GROUP BY account) AS due"
        " WHERE accounts.world = :world AND accounts.name = due.account",
        {"world": world, "now": now_ms},
    )
    db.execute("UPDATE worlds SET entries = entries + ? WHERE id = ?", (due, world))
    db.execute("DELETE FROM open_jobs WHERE world = ? AND done_at <= ?", (world, now_ms))


def job(db: Connection, world: int, job_id: str) -> Job | None:
    found = db.execute(
        "SELECT data FROM jobs WHERE id = ? AND world = ?", (job_id, world)
    ).fetchone()
    return None if found is None else job_of(found[0])


def jobs(db: Connection, world: int, query: Query, now_ms: int) -> list[Job]:
    wheres = ["world = :world"]
    values: dict[str, str | int] = {"world": world, "now": now_ms, "limit": -1}
    for column in ("account", "model", "generation_type"):
        value = {
            "account": query.account,
            "model": query.model,
            "generation_type": query.generation_type,
        }[column]
        if value is not None:
            wheres.append(f"{column} = :{column}")
            values[column] = value
    if query.status is not None:
        wheres.append(f"{_STATUS} = :status")
        values["status"] = query.status
    if query.limit is not None:
        values["limit"] = query.limit
    where = " AND ".join(wheres)
    found = db.execute(
        f"SELECT data FROM jobs WHERE {where} ORDER BY number DESC LIMIT :limit",  # noqa: S608 - our own words; what callers sent is in values
        values,
    )
    return [job_of(row[0]) for row in found]


_STATUS = """CASE
  WHEN done_at <= :now THEN CASE failed WHEN 0 THEN 'completed' ELSE 'failed' END
  WHEN processing_at <= :now THEN 'processing'
  WHEN queued_at <= :now THEN 'queued'
  ELSE 'pending' END"""


def unfinished(db: Connection, world: int, model: str, now_ms: int) -> list[Job]:
    """A model's jobs that have not ended, in the order of their acceptance."""
    found = db.execute(
        "SELECT data FROM jobs WHERE world = ? AND model = ? AND (done_at IS NULL OR done_at > ?)"
        " ORDER BY number",
        (world, model, now_ms),
    )
    return [job_of(row[0]) for row in found]


def due(db: Connection, world: int, now_ms: int) -> bool:
    found = db.execute(
        "SELECT EXISTS (SELECT 1 FROM open_jobs WHERE world = ? AND done_at <= ?)", (world, now_ms)
    ).fetchone()
    return bool(found[0])


def next_event(db: Connection, world: int, now_ms: int) -> int | None:
    found = db.execute(
        "SELECT min(CASE WHEN queued_at > :now THEN queued_at WHEN processing_at > :now"
        " THEN processing_at WHEN done_at > :now THEN done_at END)"
        " FROM open_jobs WHERE world = :world",
        {"world": world, "now": now_ms},
    ).fetchone()
    instant: int | None = found[0]
    return None if instant == NEVER_MS else instant


def balance(db: Connection, world: int, name: str) -> Balance:
    found = db.execute(
        "SELECT available, held, spent, issued FROM accounts WHERE world = ? AND name = ?",
        (world, name),
    ).fetchone()
    return Balance() if found is None else Balance(*found)


def glimpse(db: Connection, world: int, name: str) -> tuple[int, Balance] | None:
    """The account's balance as it stands, and when its world has something to settle; None: there
    is no such account."""
    found = db.execute(
        "SELECT (SELECT min(done_at) FROM open_jobs WHERE world = :world),"
        " available, held, spent, issued FROM accounts WHERE world = :world AND name = :name",
        {"world": world, "name": name},
    ).fetchone()
    if found is None:
        return None
    due_ms, *amounts = found
    return (NEVER_MS if due_ms is None else due_ms), Balance(*amounts)


def balances(db: Connection, world: int) -> dict[str, Balance]:
    found = db.execute(
        "SELECT name, available, held, spent, issued FROM accounts WHERE world = ? ORDER BY name",
        (world,),
    )
    return {row[0]: Balance(*row[1:]) for row in found}


def accounts(db: Connection, world: int) -> list[Account]:
    found = db.execute("SELECT name, scopes FROM accounts WHERE world = ? ORDER BY name", (world,))
    return [Account(name, frozenset(scopes.split())) for name, scopes in found]


def entries(db: Connection, world: int, name: str | None, job_number: int | None) -> list[Entry]:
    found = db.execute(
        "SELECT seq, kind, millicredits, account, at_ms, job_number, reason FROM entries"
        " WHERE world = :world AND (:name IS NULL OR account = :name)"
        " AND (:number IS NULL OR job_number = :number) ORDER BY seq",
        {"world": world, "name": name, "number": job_number},
    )
    return [Entry(*row) for row in found]


def next_upload(db: Connection, world: int) -> int:
    found = db.execute(
        "UPDATE worlds SET uploads = uploads + 1 WHERE id = ? RETURNING uploads", (world,)
    ).fetchone()
    number: int = found[0]
    return number


def add_upload(db: Connection, world: int, name: str, upload: Upload) -> None:
    db.execute(
        "INSERT OR REPLACE INTO uploads"
        " (world, id, account, kind, extension, size_bytes, width, height, duration_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            world,
            upload.id,
            name,
            upload.kind,
            upload.extension,
            upload.size_bytes,
            upload.width,
            upload.height,
            upload.duration_ms,
        ),
    )


def uploads(db: Connection, world: int, ids: Iterable[str]) -> dict[str, Upload]:
    found = {}
    for upload_id in ids:
        row = db.execute(
            "SELECT id, kind, extension, size_bytes, width, height, duration_ms FROM uploads"
            " WHERE world = ? AND id = ?",
            (world, upload_id),
        ).fetchone()
        if row is not None:
            found[upload_id] = Upload(*row)
    return found


def _standing(
    db: Connection, world: int, draft: Draft, now_ms: int
) -> tuple[int, int | None, int, int]:
    """What a start is judged by: the jobs so far, the account's available milli-credits (None: no
    such account), its running jobs as far as the limit needs them, and whether any job is due."""
    found: tuple[int, int | None, int, int] = db.execute(
        "SELECT jobs,"
        " (SELECT available FROM accounts WHERE world = :world AND name = :account),"
        " (SELECT count(*) FROM (SELECT 1 FROM open_jobs WHERE world = :world"
        "  AND account = :account AND bucket = :bucket LIMIT :most)),"
        " EXISTS (SELECT 1 FROM open_jobs WHERE world = :world AND done_at <= :now)"
        " FROM worlds WHERE id = :world",
        {
            "world": world,
            "account": draft.account,
            "bucket": draft.bucket,
            "most": draft.at_once or 0,
            "now": now_ms,
        },
    ).fetchone()
    return found


def _add_entry(
    db: Connection, world: int, kind: str, millicredits: int, name: str, at_ms: int, reason: str
) -> None:
    seq = db.execute(
        "UPDATE worlds SET entries = entries + 1 WHERE id = ? RETURNING entries", (world,)
    ).fetchone()[0]
    db.execute(
        "INSERT INTO entries (world, seq, kind, millicredits, account, at_ms, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (world, seq, kind, millicredits, name, at_ms, reason),
    )


def _insufficient(available: int, needed: int) -> Rejection:
    return Rejection(
        "insufficient_credits",
        f"This costs {shown(needed)} credits and {shown(available)} are available.",
        required_credits=shown(needed),
        available_credits=shown(available),
    )
