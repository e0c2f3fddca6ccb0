"""Upload sessions as rows: functions of one sqlite connection, like those of ``operations``."""

from collections.abc import Sequence
from sqlite3 import Connection

from simulator.domain.sessions import FILES_MOST, UploadSession


def add_session(db: Connection, world: int, session: UploadSession) -> None:
    db.execute(
        "INSERT INTO upload_sessions (world, token, account, model, created_at_ms)"
        " VALUES (?, ?, ?, ?, ?)",
        (world, session.token, session.account, session.model, session.created_at_ms),
    )


def session(db: Connection, world: int, token: str) -> UploadSession | None:
    found = db.execute(
        "SELECT token, account, model, created_at_ms, uploads FROM upload_sessions"
        " WHERE world = ? AND token = ?",
        (world, token),
    ).fetchone()
    if found is None:
        return None
    token, account, model, created_at_ms, uploads = found
    return UploadSession(token, account, model, created_at_ms, tuple(uploads.split()))


def collect(db: Connection, world: int, token: str, upload_ids: Sequence[str]) -> bool:
    found = session(db, world, token)
    if found is None or len(found.uploads) + len(upload_ids) > FILES_MOST:
        return False
    db.execute(
        "UPDATE upload_sessions SET uploads = uploads || ' ' || ? WHERE world = ? AND token = ?",
        (" ".join(upload_ids), world, token),
    )
    return True
