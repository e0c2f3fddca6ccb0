"""What a store does: one method per domain operation, each of them one transaction.

Before anything else, an operation that reads or moves credits settles what is due: a job that has
ended by ``now_ms`` captures or releases its hold, dated with the job's own end. So settlement is
the same whoever looks first, and nobody has to look.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simulator.domain.inputs import Upload
from simulator.domain.jobs import Job
from simulator.domain.ledger import Balance, Entry
from simulator.domain.sessions import UploadSession
from simulator.engine.store.tallies import Moved, News, Place, Slice

if TYPE_CHECKING:
    from simulator.engine.store.whole import WholeWorld


@dataclass(frozen=True, slots=True)
class WorldRow:
    """A world as stored; its clock resumes from ``at_ms``. ``origin``: the world whose name its ids
    are drawn from, ``""`` for its own: a fork goes on drawing as the world that it came from."""

    id: int
    name: str
    seed: int
    mode: str
    speed: float
    at_ms: int
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as stored: what its key may do."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A start that passed every rule: what to hold, the limit to keep, and how to make the job.

    ``build`` is called inside the transaction with the job's number, and must be pure.
    ``at_once`` None: no limit on running jobs. ``idempotency_key`` None: none was sent.
    ``behind``: instead of ``build``, when the model has a queue: given the model's jobs that have
    not ended, in the order of their acceptance.
    """

    account: str
    bucket: str
    millicredits: int
    at_once: int | None
    build: Callable[[int], Job]
    idempotency_key: str | None = None
    behind: "Behind | None" = None


@dataclass(frozen=True, slots=True)
class Behind:
    """A start that queues behind other jobs of its model."""

    model: str
    build: Callable[[int, Sequence[Job]], Job]


@dataclass(frozen=True, slots=True)
class Query:
    """Filters of a listing, newest first; None: any."""

    account: str | None = None
    status: str | None = None
    model: str | None = None
    generation_type: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Everything that the ledger's laws speak of, as it stood at one instant."""

    entries: list[Entry]
    jobs: list[Job]
    balances: dict[str, Balance]


class StateError(Exception):
    """The state can't be used: one line with the file and what to do."""


class StorageFull(Exception):
    """There is no room to write; nothing of the operation was kept."""


class Store(Protocol):
    """Ids of worlds are the store's own; every other argument is a domain value."""

    durable: bool
    """Whether state outlives the process, so that clocks must never resume in the past."""

    def describe(self) -> str: ...

    async def close(self) -> None: ...

    async def open_world(
        self, row: WorldRow, credits: int | None, scopes: Iterable[str]
    ) -> WorldRow:
        """The world of ``row.name``, made when new with its account ``main`` (None: without);
        ``row.id`` is not read."""

    async def find_world(self, name: str) -> WorldRow | None:
        """The world of that name, if it was ever opened; nothing is made."""

    async def save_clock(self, world: int, mode: str, speed: float, at_ms: int) -> None: ...

    async def reset_world(self, row: WorldRow, credits: int | None, scopes: Iterable[str]) -> None:
        """Empties the world of ``row.id`` and leaves it as ``open_world`` makes a new one."""

    async def drop_world(self, world: int) -> None:
        """Empties a world and frees its name. Its id is not given again, so that a call which is
        still under way touches no other world."""

    async def account(self, world: int, name: str) -> Account | None: ...

    async def open_account(
        self, world: int, name: str, credits: int, scopes: Iterable[str], now_ms: int
    ) -> Account:
        """Makes the account with a grant, if it is new."""

    async def change_account(
        self, world: int, name: str, scopes: Iterable[str] | None, credits: int | None, now_ms: int
    ) -> Account:
        """Sets scopes, and available credits by an ``adjust`` of the difference."""

    async def adjust(
        self, world: int, account: str, millicredits: int, reason: str, now_ms: int
    ) -> Balance:
        """Raises ``insufficient_credits`` rather than leave less than nothing available."""

    async def count_call(self, world: int, account: str, bucket: str, window: int) -> int:
        """Counts one call in its rate window and says how many it has seen."""

    async def accept(self, world: int, draft: Draft, now_ms: int) -> tuple[Job, bool]:
        """Holds and adds the job, or raises the Rejection. False: the same idempotency key had
        made this job before, and nothing was done."""

    async def job(self, world: int, job_id: str) -> Job | None: ...

    async def jobs(self, world: int, query: Query, now_ms: int) -> list[Job]: ...

    async def due(self, world: int, now_ms: int) -> bool:
        """Whether a job has ended whose hold is not settled yet."""

    async def next_event(self, world: int, now_ms: int) -> int | None:
        """The first instant after ``now_ms`` at which some job changes its status."""

    async def balance(self, world: int, account: str, now_ms: int) -> Balance: ...

    async def balances(self, world: int, now_ms: int) -> dict[str, Balance]: ...

    async def accounts(self, world: int) -> list[Account]: ...

    async def entries(
        self, world: int, now_ms: int, account: str | None = None, job_number: int | None = None
    ) -> list[Entry]: ...

    async def history(self, world: int, now_ms: int) -> History: ...

    async def world_names(self) -> list[str]: ...

    async def next_upload(self, world: int) -> int:
        """A number for one more upload."""

    async def add_upload(self, world: int, account: str, upload: Upload) -> None: ...

    async def add_session(self, world: int, session: UploadSession) -> None: ...

    async def session(self, world: int, token: str) -> UploadSession | None: ...

    async def collect(self, world: int, token: str, upload_ids: Iterable[str]) -> bool:
        """Adds uploads to a session, in their order; False, and none of them, when it is gone or
        has no room for all."""

    async def uploads(self, world: int, ids: Iterable[str]) -> dict[str, Upload]: ...

    async def export_world(self, row: WorldRow) -> "WholeWorld":
        """Everything that is kept of the world of ``row.id``, as of ``row.at_ms``."""

    async def import_world(self, whole: "WholeWorld") -> list[Upload]:
        """Puts ``whole``, which must be sound, in the place of all that the world of
        ``whole.row.id`` had, all or nothing; the uploads that it had."""

    async def entry_sums(self, after: Place) -> Slice:
        """Sums of a part of all worlds' entries, so that nobody waits for the whole."""

    async def open_sums(self, now_ms: Mapping[int, int]) -> Mapping[str, Moved]:
        """The jobs of all worlds that are not settled, by status; ``now_ms`` by world."""

    async def last_entry(self, world: int, now_ms: int) -> int:
        """The number of the world's last entry; 0 when it has none."""

    async def news(self, world: int, after: tuple[int, int], now_ms: int, most: int) -> News:
        """What is new since an entry's number and an instant: at most ``most`` of each sort."""
