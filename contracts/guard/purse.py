"""The credits that may be spent: held before a request leaves, settled by what came back."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass


class Refused(Exception):
    """The request must not leave: ``reason`` is ``cap``, ``unbounded`` or ``stopped``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hold:
    """Milli-credits that one call may cost at most; None: nobody knows."""

    number: int
    millicredits: int | None


class Purse:
    """``cap`` in milli-credits; None: no cap. What is spent and what is held never pass it
    together, unless the backend itself says that it charged more than its catalogue: then nothing
    that costs leaves any more. For any thread."""

    def __init__(self, cap: int | None) -> None:
        self._cap = cap
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}
        self._spent = 0
        self._next = 0
        self._stopped = False

    @property
    def spent(self) -> int:
        """Milli-credits of calls that were accepted: as stated, else their worst case."""
        with self._lock:
            return self._spent

    @property
    def reserved(self) -> int:
        """Milli-credits of calls under way, and of those whose outcome nobody can know."""
        with self._lock:
            return sum(self._open.values())

    @property
    def stopped(self) -> bool:
        with self._lock:
            return self._stopped

    def hold(self, worst_cases: Sequence[int | None]) -> tuple[Hold, ...]:
        """All of them or none. Raises Refused."""
        with self._lock:
            if worst_cases and self._cap is not None:
                self._check(worst_cases, self._cap)
            holds = []
            for worst in worst_cases:
                self._next += 1
                self._open[self._next] = worst or 0
                holds.append(Hold(self._next, worst))
            return tuple(holds)

    def release(self, hold: Hold) -> None:
        """Nothing was started."""
        with self._lock:
            self._open.pop(hold.number, None)

    def settle(self, hold: Hold, charged: int | None) -> None:
        """It was started; ``charged`` is what the answer states, None when it states nothing."""
        with self._lock:
            worst = self._open.pop(hold.number, 0)
            self._spent += worst if charged is None else charged
            if self._cap is not None and charged is not None and charged > worst:
                self._stopped = True

    def _check(self, worst_cases: Sequence[int | None], cap: int) -> None:
        if self._stopped:
            raise Refused("stopped", "An answer stated a price above its worst case.")
        wanted = 0
        for worst in worst_cases:
            if worst is None:
                raise Refused("unbounded", "Nothing bounds what this could cost.")
            wanted += worst
        left = cap - self._spent - sum(self._open.values())
        # A call that could cost is refused at cap 0 even if its worst case were 0.
        if wanted > left or not cap:
            raise Refused("cap", "Its worst case would pass the cap.")
