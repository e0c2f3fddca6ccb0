"""A world as a value: everything that a store keeps of it, to be put back as it was."""

from dataclasses import dataclass

from simulator.domain.inputs import Upload
from simulator.domain.jobs import Job
from simulator.domain.ledger import Balance, Entry
from simulator.domain.sessions import UploadSession
from simulator.engine.store.base import WorldRow


@dataclass(frozen=True, slots=True)
class OwnedBalance:
    """An account with its scopes, sorted, and its milli-credits."""

    name: str
    scopes: tuple[str, ...]
    balance: Balance


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A job whose hold is not settled yet, and the limit of running jobs that it counts against."""

    job_number: int
    bucket: str


@dataclass(frozen=True, slots=True)
class UsedKey:
    """The idempotency key that a job was started with."""

    job_number: int
    key: str


@dataclass(frozen=True, slots=True)
class OwnedUpload:
    """An upload and whose it is."""

    account: str
    upload: Upload


@dataclass(frozen=True, slots=True, order=True)
class CallCount:
    """The calls that an account made in one rate window."""

    account: str
    bucket: str
    window: int
    calls: int


@dataclass(frozen=True, slots=True)
class WholeWorld:
    """Each sequence in one order: accounts by name, entries and jobs as they came, the rest by
    their numbers, ids or names. ``uploads_drawn`` counts the numbers given to uploads and sessions.
    """

    row: WorldRow
    uploads_drawn: int
    accounts: tuple[OwnedBalance, ...]
    entries: tuple[Entry, ...]
    jobs: tuple[Job, ...]
    holds: tuple[OpenHold, ...]
    keys: tuple[UsedKey, ...]
    sessions: tuple[UploadSession, ...]
    uploads: tuple[OwnedUpload, ...]
    calls: tuple[CallCount, ...] = ()
