"""The faults that a world has been given, and what is left of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from simulator.domain.effects import Layer
from simulator.domain.errors import Denial
from simulator.domain.faults import Call, Fault, Fired
from simulator.engine.seeds import draw

FAULTS_MOST = 1_000
_CHANCES = 2**64


@dataclass(slots=True)
class Armed:
    """A fault with its counts: calls that it fitted, and those that it took."""

    fault: Fault
    fitted: int = 0
    fired: int = 0

    @property
    def left(self) -> int | None:
        return None if self.fault.times is None else self.fault.times - self.fired


class FaultBook:
    """Asked for three means exactly three: a fault is taken before it is known whether the request
    gets far enough to suffer it, and given back when it did not."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._armed: dict[str, Armed] = {}
        self._given = 0

    def __bool__(self) -> bool:
        return bool(self._armed)

    def all(self) -> list[Armed]:
        """In the order in which they were added, which is that of their priority."""
        return list(self._armed.values())

    def add(self, fault: Fault, now_ms: int = 0) -> Armed:
        """The fault under its id: ``fault-N``. Spent ones make room when there are too many; raises
        Denial when that is not enough."""
        if len(self._armed) >= FAULTS_MOST:
            self._forget_spent(now_ms)
        if len(self._armed) >= FAULTS_MOST:
            raise Denial(400, f"There are {FAULTS_MOST} faults already; delete some.")
        self._given += 1
        named = replace(fault, id=f"fault-{self._given}", number=self._given)
        armed = Armed(named)
        self._armed[named.id] = armed
        return armed

    def restore(self, armed: Iterable[Armed], given: int) -> None:
        """Takes the place of what was there."""
        self._armed = {one.fault.id: one for one in armed}
        self._given = given

    @property
    def given(self) -> int:
        """How many ids have been given away."""
        return self._given

    def remove(self, fault_id: str) -> bool:
        return self._armed.pop(fault_id, None) is not None

    def clear(self) -> int:
        count = len(self._armed)
        self._armed.clear()
        return count

    def take(
        self, call: Call, now_ms: int, layers: Collection[Layer], unless: Collection[str] = ()
    ) -> tuple[Fired, ...]:
        """What the rules of these layers, ``unless`` of these kinds, do to a call; each rule that
        does counts it."""
        return tuple(
            Fired(armed.fault.id, armed.fault.effect)
            for armed in self._armed.values()
            if armed.fault.effect.layer in layers
            and armed.fault.effect.kind not in unless
            and self._takes(armed, call, now_ms)
        )

    def waiting(self, call: Call, now_ms: int, kind: str) -> Fired | None:
        """The first of that kind that is left for this call; nothing is counted."""
        return next(
            (
                Fired(armed.fault.id, armed.fault.effect)
                for armed in self._armed.values()
                if armed.fault.effect.kind == kind
                and armed.left != 0
                and armed.fault.awake(now_ms)
                and armed.fault.match.fits(call)
            ),
            None,
        )

    def give_back(self, fired: Iterable[Fired]) -> None:
        """These did not come to pass."""
        for fault_id in {one.id for one in fired}:
            armed = self._armed.get(fault_id)
            if armed is not None and armed.fired:
                armed.fired -= 1

    def _forget_spent(self, now_ms: int) -> None:
        self._armed = {
            fault_id: armed
            for fault_id, armed in self._armed.items()
            if armed.left != 0 and not armed.fault.over(now_ms)
        }

    def _takes(self, armed: Armed, call: Call, now_ms: int) -> bool:
        fault = armed.fault
        if armed.left == 0 or not fault.awake(now_ms) or not fault.match.fits(call):
            return False
        armed.fitted += 1
        if armed.fitted <= fault.skip or not self._falls(fault, armed.fitted):
            return False
        armed.fired += 1
        return True

    def _falls(self, fault: Fault, fitted: int) -> bool:
        """By the world's seed, the fault's number and the count of calls that it fitted."""
        if fault.probability == 1:
            return True
        drawn = draw(self._seed, "fault", fault.number, fitted)
        return drawn * fault.probability.denominator < fault.probability.numerator * _CHANCES
