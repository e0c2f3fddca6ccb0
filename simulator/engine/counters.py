"""What a process has done, as plain numbers: counted on every call, read when somebody looks."""

from dataclasses import dataclass, field

STALL_BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
"""Upper bounds of the classes of stalls; what is longer is in one more class."""


@dataclass(slots=True)
class Counters:
    """``calls`` by surface, operation (empty: none was found) and the status' first digit (0: the
    connection broke). ``faults``: how many changed an answer. ``stalls``: how often the event loop
    was late by at most each of ``STALL_BOUNDS_MS``, and by more; ``stalled_us`` in all."""

    calls: dict[tuple[str, str, int], int] = field(default_factory=dict)
    faults: int = 0
    stalls: list[int] = field(default_factory=lambda: [0] * (len(STALL_BOUNDS_MS) + 1))
    stalled_us: int = 0

    def call(self, surface: str, operation: str, status: int, faults: int) -> None:
        """One call that is over."""
        key = (surface, operation, status // 100)
        self.calls[key] = self.calls.get(key, 0) + 1
        self.faults += faults

    def stall(self, late_us: int) -> None:
        """One beat that was late."""
        place = 0
        while place < len(STALL_BOUNDS_MS) and late_us > STALL_BOUNDS_MS[place] * 1_000:
            place += 1
        self.stalls[place] += 1
        self.stalled_us += late_us
