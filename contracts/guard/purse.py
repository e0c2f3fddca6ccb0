"""The credits that may be spent: held before a request leaves, settled by what came back."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


class Refused(Exception):
    """The request must not leave: ``reason`` is ``cap`` or ``unbounded``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hold:
    """Milli-credits that one call may cost at most; None: nobody knows."""

    number: int
    millicredits: int | None


class Purse:
    """``cap`` in milli-credits; None: no cap. For any thread.

    What is spent and what is held never pass the cap together, as long as no call is charged more
    than its worst case by the catalogue, whatever the answers say or leave out.

    A call that is charged more, and whose answer says so, is a surprise: it may pass the cap by
    what it was charged above its hold. From then on every call, of whatever kind and also those
    under way, is held at its worst case times the highest multiple that was stated. So a backend
    that charges at most m times its catalogue passes the cap by no more than m - 1 times the
    worst cases of the calls that left before an answer stated m: of the first one, when each is
    charged m times, they are sent one after the other, and answers state their price. One
    multiple for all kinds of call, because a catalogue that is wrong about one is not to be
    trusted about the others, and each kind by itself would have a surprise of its own. What is
    charged above the catalogue in silence can't be known here."""

    def __init__(self, cap: int | None) -> None:
        self._cap = cap
        self._lock = threading.Lock()
        self._open: dict[int, int] = {}
        self._spent = 0
        self._next = 0
        self._multiple: Fraction | None = Fraction(1)

    @property
    def spent(self) -> int:
        """Milli-credits of calls that were accepted: as stated, else their worst case."""
        with self._lock:
            return self._spent

    @property
    def reserved(self) -> int:
        """Milli-credits of calls under way, and of those whose outcome nobody can know."""
        with self._lock:
            return self._reserved()

    @property
    def multiple(self) -> Fraction | None:
        """How many times its worst case a call was stated to cost, at the most, and at least 1;
        None when one that should have cost nothing was charged."""
        with self._lock:
            return self._multiple

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
            self._spent += self._held(worst) if charged is None else charged
            if hold.millicredits is not None and charged is not None and charged > worst:
                self._surprised(worst, charged)

    def _surprised(self, worst: int, charged: int) -> None:
        if not worst:
            self._multiple = None
        elif self._multiple is not None:
            self._multiple = max(self._multiple, Fraction(charged, worst))

    def _held(self, worst: int) -> int:
        return worst if self._multiple is None else math.ceil(worst * self._multiple)

    def _reserved(self) -> int:
        return sum(self._held(worst) for worst in self._open.values())

    def _check(self, worst_cases: Sequence[int | None], cap: int) -> None:
        if self._multiple is None:
            raise Refused("unbounded", "A call was charged that should have cost nothing.")
        wanted = 0
        for worst in worst_cases:
            if worst is None:
                raise Refused("unbounded", "Nothing bounds what this could cost.")
            wanted += self._held(worst)
        left = cap - self._spent - self._reserved()
        # A call that could cost is refused at cap 0, and when the cap is reached, even if its worst
        # case were 0.
        if wanted > left or self._spent >= cap:
            why = "Its worst case would pass the cap."
            if self._multiple > 1:
                times = f"{float(self._multiple):.3g}"
                why += f" It is counted {times} times, since an answer stated so much more."
            raise Refused("cap", why)
