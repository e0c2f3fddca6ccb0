"""Queues: how many jobs of a model work at once, and who stands before yours."""

from typing import Annotated

from msgspec import Meta, Struct

from simulator.domain.errors import Denial, Malformed
from simulator.domain.times import rfc3339
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.controls.faults import Removed
from simulator.engine.lab import Queue
from simulator.engine.shelf import UNKNOWN_ESTIMATE_S
from simulator.engine.worlds import World

QUEUES_MOST = 200


class QueueBody(Struct, frozen=True, forbid_unknown_fields=True):
    model: Annotated[str, Meta(description="A model's id; each has a queue of its own.")]
    workers: Annotated[int, Meta(ge=1, le=1_000, description="Jobs at work at once.")] = 1
    burst: Annotated[
        int, Meta(ge=0, le=10_000, description="Jobs of others that stand there already.")
    ] = 0
    job_seconds: (
        Annotated[float, Meta(gt=0, le=86_400, description="How long each of those takes.")] | None
    ) = None


class QueueName(Struct, frozen=True):
    model: str


class QueueView(Struct, frozen=True):
    model: str
    workers: int
    burst: int
    job_seconds: float
    set_at: str


class QueuesAnswer(Struct, frozen=True):
    queues: list[QueueView]


async def queues(control: Control, world: World, body: Nothing) -> QueuesAnswer:
    """Every queue that was set."""
    return QueuesAnswer([_view(queue) for queue in world.lab.queues.values()])


async def set_queue(control: Control, world: World, body: QueueBody) -> QueueView:
    """Gives a model a queue, from now on: a job begins when a worker is free, in the order of
    acceptance, and then takes as long as it would have."""
    model = control.provider.catalog.get(body.model)
    if model is None:
        text = f"unknown model {body.model[:80]!r}; GET /v1/models lists them"
        raise Malformed([{"loc": ["body", "model"], "msg": text, "type": "invalid"}])
    lab = world.lab
    if len(lab.queues) >= QUEUES_MOST and body.model not in lab.queues:
        raise Denial(400, f"There are {QUEUES_MOST} queues already; delete some.")
    seconds = body.job_seconds
    if seconds is None:
        seconds = model.estimated_time_s or UNKNOWN_ESTIMATE_S.get(model.model_type, 30)
    now_ms = await control.worlds.now(world)
    queue = Queue(body.model, body.workers, body.burst, max(1, round(seconds * 1000)), now_ms)
    lab.queues[body.model] = queue
    return _view(queue)


async def remove_queue(control: Control, world: World, body: QueueName) -> Removed:
    """Takes a model's queue away; jobs that were accepted keep their timetables."""
    if world.lab.queues.pop(body.model, None) is None:
        raise Denial(404, "This model has no queue in this namespace.")
    return Removed(1)


async def remove_queues(control: Control, world: World, body: Nothing) -> Removed:
    """Takes every queue away."""
    count = len(world.lab.queues)
    world.lab.queues.clear()
    return Removed(count)


def _view(queue: Queue) -> QueueView:
    return QueueView(
        queue.model, queue.workers, queue.burst, queue.job_ms / 1000, rfc3339(queue.set_at_ms)
    )
