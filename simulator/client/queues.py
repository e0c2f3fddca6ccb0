"""Queues of a world: how many jobs of a model work at once."""

from simulator.client.calls import Calls, part
from simulator.engine.controls.faults import Removed
from simulator.engine.controls.queues import QueuesAnswer, QueueView


class Queues:
    """A model without one has workers for every job."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> list[QueueView]:
        return self._calls.get("/queues", QueuesAnswer).queues

    def set(
        self, model: str, workers: int = 1, burst: int = 0, job_seconds: float | None = None
    ) -> QueueView:
        """``burst``: jobs of others, of ``job_seconds`` each (None: the model's estimate), that
        stand there already."""
        body = {"model": model, "workers": workers, "burst": burst, "job_seconds": job_seconds}
        return self._calls.post("/queues", QueueView, body)

    def remove(self, model: str) -> None:
        """Jobs that were accepted keep their timetables."""
        self._calls.delete(f"/queues/{part(model)}", Removed)

    def clear(self) -> int:
        """How many there were."""
        return self._calls.delete("/queues", Removed).removed
