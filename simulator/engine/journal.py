"""What was called in a world: kept as it came, cut at a size, the oldest gone first."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import Struct

ENTRIES_MOST = 5_000
BYTES_MOST = 4 * 1024 * 1024
BODY_MOST = 32 * 1024
ROOM_BYTES = 256 * 1024 * 1024
SQUEEZED = 64
_ENTRY_BYTES = 600  # what an entry takes beside its bodies


class Entry(Struct, frozen=True, gc=False):
    """One call, as little of it as can be told of later: every call pays for it.

    ``surface``: rest, mcp, files or control; ``operation`` empty: none was found. Bodies are cut at
    BODY_MOST; ``request_bytes`` and ``answer_bytes`` are their whole sizes. ``rule``: the id of
    what refused, else empty; ``faults``: ids of those that touched it; ``garbled``: its answer came
    as what no client can read, and ``answer`` is what it should have been. ``at_ms`` by the world's
    clock; ``real_ms`` since the process began; ``took_us`` by real time.
    """

    seq: int
    request_id: str
    surface: str
    method: str
    path: str
    query: bytes
    operation: str
    account: str
    headers: tuple[tuple[bytes, bytes], ...]
    request: bytes
    request_bytes: int
    status: int
    answer: bytes
    answer_bytes: int
    rule: str
    faults: tuple[str, ...]
    at_ms: int
    real_ms: int
    took_us: int
    garbled: bool = False


@dataclass(slots=True)
class Room:
    """The bytes that all journals of a process take together."""

    most: int = ROOM_BYTES
    taken: int = 0


@dataclass(slots=True)
class Journal:
    """The journal of a world. ``dropped`` counts those that are gone; ``listeners`` are told of
    each new one."""

    room: Room = field(default_factory=Room)
    entries: deque[Entry] = field(default_factory=deque)
    last: int = 0
    dropped: int = 0
    taken: int = 0
    listeners: set[asyncio.Event] = field(default_factory=set)

    def next(self) -> int:
        """The number of the entry that is about to be added."""
        self.last += 1
        return self.last

    def add(self, entry: Entry) -> None:
        size = _ENTRY_BYTES + len(entry.request) + len(entry.answer)
        entries, room = self.entries, self.room
        entries.append(entry)
        self.taken += size
        room.taken += size
        while len(entries) > ENTRIES_MOST or self.taken > BYTES_MOST:
            self._drop()
        while room.taken > room.most and len(entries) > SQUEEZED:
            self._drop()
        for listener in self.listeners:
            listener.set()

    def clear(self) -> int:
        count = len(self.entries)
        self.room.taken -= self.taken
        self.entries.clear()
        self.taken = 0
        return count

    def after(self, cursor: int) -> Iterator[Entry]:
        """Those with greater numbers, the oldest first."""
        return (entry for entry in self.entries if entry.seq > cursor)

    def _drop(self) -> None:
        oldest = self.entries.popleft()
        size = _ENTRY_BYTES + len(oldest.request) + len(oldest.answer)
        self.taken -= size
        self.room.taken -= size
        self.dropped += 1
