"""The exchanges that went through the guard, redacted, the newest of them."""

import threading
from collections import deque
from dataclasses import dataclass

from contracts.guard.passage import Passage
from contracts.guard.redaction import Redactor
from contracts.guard.request import Header


@dataclass(frozen=True, slots=True)
class Record:
    """One exchange. ``account``: ``main``, ``second``, ``none`` or ``other``. ``verdict``: of the
    backend ``accepted``, ``refused`` or ``unclear`` (of several calls in one the worst), ``free``
    where nothing could be charged; ``guard`` when it never left, then ``reason`` says why.
    ``worst_millicredits``: what it could cost, None when nothing bounds it. ``status`` is what the
    caller saw."""

    number: int
    surface: str
    account: str
    call: str
    method: str
    path: str
    request_headers: tuple[Header, ...]
    request_body: str
    status: int
    answer_headers: tuple[Header, ...] = ()
    answer_body: str = ""
    verdict: str = "free"
    reason: str = ""
    worst_millicredits: int | None = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """What the caller was told, keys already out of it."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    verdict: str = "free"
    reason: str = ""


def record_of(passage: Passage, answered: Answered, redactor: Redactor, most_text: int) -> Record:
    """The exchange without anything secret, its bodies cut after ``most_text`` characters."""
    request = passage.request
    target = f"{request.path}?{request.query}" if request.query else request.path
    worst = [claim.worst for claim in passage.judged.claims]
    return Record(
        number=passage.number,
        surface=passage.surface,
        account=passage.keyed.account,
        call=redactor.text(passage.judged.call),
        method=request.method,
        path=redactor.text(passage.url if passage.surface == "file" else target),
        request_headers=redactor.headers(request.headers),
        request_body=redactor.body(request.body, _kind(request.headers), most_text),
        status=answered.status,
        answer_headers=redactor.headers(answered.headers),
        answer_body=redactor.body(answered.body, _kind(answered.headers), most_text),
        verdict=answered.verdict,
        reason=redactor.text(answered.reason),
        worst_millicredits=None if None in worst else sum(filter(None, worst)),
    )


def _kind(headers: tuple[Header, ...]) -> str:
    return next((text for name, text in headers if name == "content-type"), "")


class Records:
    """At most ``most``: the oldest go first, and are counted. For any thread."""

    def __init__(self, most: int) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Record] = deque(maxlen=most)
        self._seen = 0

    def next_number(self) -> int:
        """The number of the next exchange, from 1."""
        with self._lock:
            self._seen += 1
            return self._seen

    def add(self, record: Record) -> None:
        with self._lock:
            self._kept.append(record)

    def all(self) -> tuple[Record, ...]:
        """By number."""
        with self._lock:
            return tuple(sorted(self._kept, key=lambda record: record.number))

    @property
    def dropped(self) -> int:
        """How many are no longer, or not yet, kept."""
        with self._lock:
            return self._seen - len(self._kept)
