"""What tests put into a world beside its state: faults, breakpoints, queues; and its journal."""

from dataclasses import dataclass, field

from simulator.engine.breakpoints import Breakpoints
from simulator.engine.faultbook import FaultBook
from simulator.engine.journal import Journal


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs of a model work at once. ``burst``: jobs of others, of ``job_ms`` each, that
    stood in the queue when it was set."""

    model: str
    workers: int
    burst: int
    job_ms: int
    set_at_ms: int

    def others(self) -> list[tuple[int, int]]:
        """When each of the others' jobs begins and ends."""
        return [
            (
                self.set_at_ms + number // self.workers * self.job_ms,
                self.set_at_ms + (number // self.workers + 1) * self.job_ms,
            )
            for number in range(self.burst)
        ]


@dataclass(slots=True)
class Lab:
    """A world's own. ``busy``: whether a request has to look at it at all."""

    faults: FaultBook
    journal: Journal
    breakpoints: Breakpoints = field(default_factory=Breakpoints)
    queues: dict[str, Queue] = field(default_factory=dict)
    draws: int = 0

    def drawn(self) -> int:
        """A number for one more draw from the world's seed."""
        self.draws += 1
        return self.draws

    @property
    def busy(self) -> bool:
        return bool(self.faults) or bool(self.breakpoints)

    def clear(self) -> None:
        """Before it is thrown away: whoever is parked goes on."""
        self.faults.clear()
        self.breakpoints.clear()
        self.queues.clear()
        self.journal.clear()
