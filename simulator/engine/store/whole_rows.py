"""Whole worlds as rows: functions of one sqlite connection, like those of ``operations``."""

from sqlite3 import Connection

from simulator.domain.inputs import Upload
from simulator.domain.sessions import UploadSession
from simulator.engine.store import operations as ops
from simulator.engine.store.base import WorldRow
from simulator.engine.store.job_rows import add_jobs
from simulator.engine.store.jobtext import job_of
from simulator.engine.store.whole import (
    OpenHold,
    OwnedBalance,
    OwnedUpload,
    UsedKey,
    WholeWorld,
)


def export_world(db: Connection, row: WorldRow) -> WholeWorld:
    """The world of ``row.id`` with everything due by ``row.at_ms`` settled."""
    world = row.id
    ops.settle(db, world, row.at_ms)
    balances = ops.balances(db, world)
    jobs = db.execute("SELECT data FROM jobs WHERE world = ? ORDER BY number", (world,))
    return WholeWorld(
        row=row,
        uploads_drawn=_uploads_drawn(db, world),
        accounts=tuple(
            OwnedBalance(account.name, tuple(sorted(account.scopes)), balances[account.name])
            for account in ops.accounts(db, world)
        ),
        entries=tuple(ops.entries(db, world, None, None)),
        jobs=tuple(job_of(data) for (data,) in jobs),
        holds=_holds(db, world),
        keys=_keys(db, world),
        sessions=_sessions(db, world),
        uploads=_uploads(db, world),
    )


def import_world(db: Connection, whole: WholeWorld) -> list[Upload]:
    """Puts ``whole`` in the place of all that the world of ``whole.row.id`` had, and gives back
    the uploads that it had. What ``whole`` says is believed: it has to be checked before."""
    world = whole.row.id
    before = [owned.upload for owned in _uploads(db, world)]
    ops.empty_world(db, world)
    _open_accounts(db, whole)
    keys = {used.job_number: used.key for used in whole.keys}
    held = {hold.job_number: hold.bucket for hold in whole.holds}
    add_jobs(db, world, whole.jobs, keys, held)
    # To open a job writes its hold; the ledger comes whole, in its own order.
    db.execute("DELETE FROM entries WHERE world = ?", (world,))
    _add_entries(db, whole)
    _add_sessions(db, whole)
    for owned in whole.uploads:
        ops.add_upload(db, world, owned.account, owned.upload)
    _set_world(db, whole)
    return before


def _set_world(db: Connection, whole: WholeWorld) -> None:
    row = whole.row
    db.execute(
        "UPDATE worlds SET seed = ?, mode = ?, speed = ?, at_ms = ?, origin = ?, jobs = ?,"
        " entries = ?, uploads = ? WHERE id = ?",
        (
            row.seed,
            row.mode,
            row.speed,
            row.at_ms,
            row.origin,
            len(whole.jobs),
            len(whole.entries),
            whole.uploads_drawn,
            row.id,
        ),
    )


def _open_accounts(db: Connection, whole: WholeWorld) -> None:
    """What is held stands as available until its jobs are opened: the trigger moves it."""
    db.executemany(
        "INSERT INTO accounts (world, name, scopes, available, spent, issued)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                whole.row.id,
                owned.name,
                " ".join(owned.scopes),
                owned.balance.available + owned.balance.held,
                owned.balance.spent,
                owned.balance.issued,
            )
            for owned in whole.accounts
        ),
    )


def _add_entries(db: Connection, whole: WholeWorld) -> None:
    db.executemany(
        "INSERT INTO entries (world, seq, kind, millicredits, account, at_ms, job_number, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                whole.row.id,
                entry.seq,
                entry.kind,
                entry.millicredits,
                entry.account,
                entry.at_ms,
                entry.job_number,
                entry.reason,
            )
            for entry in whole.entries
        ),
    )


def _add_sessions(db: Connection, whole: WholeWorld) -> None:
    db.executemany(
        "INSERT INTO upload_sessions (world, token, account, model, created_at_ms, uploads)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                whole.row.id,
                session.token,
                session.account,
                session.model,
                session.created_at_ms,
                " ".join(session.uploads),
            )
            for session in whole.sessions
        ),
    )


def _uploads_drawn(db: Connection, world: int) -> int:
    drawn: int = db.execute("SELECT uploads FROM worlds WHERE id = ?", (world,)).fetchone()[0]
    return drawn


def _holds(db: Connection, world: int) -> tuple[OpenHold, ...]:
    found = db.execute(
        "SELECT number, bucket FROM open_jobs WHERE world = ? ORDER BY number", (world,)
    )
    return tuple(OpenHold(*row) for row in found)


def _keys(db: Connection, world: int) -> tuple[UsedKey, ...]:
    found = db.execute(
        "SELECT number, idempotency_key FROM jobs WHERE world = ? AND idempotency_key IS NOT NULL"
        " ORDER BY number",
        (world,),
    )
    return tuple(UsedKey(*row) for row in found)


def _sessions(db: Connection, world: int) -> tuple[UploadSession, ...]:
    found = db.execute(
        "SELECT token, account, model, created_at_ms, uploads FROM upload_sessions"
        " WHERE world = ? ORDER BY created_at_ms, token",
        (world,),
    )
    return tuple(
        UploadSession(token, account, model, created_at_ms, tuple(uploads.split()))
        for token, account, model, created_at_ms, uploads in found
    )


def _uploads(db: Connection, world: int) -> tuple[OwnedUpload, ...]:
    found = db.execute(
        "SELECT account, id, kind, extension, size_bytes, width, height, duration_ms FROM uploads"
        " WHERE world = ? ORDER BY id",
        (world,),
    )
    return tuple(OwnedUpload(row[0], Upload(*row[1:])) for row in found)
