"""What a start that passed every rule will do: enough to make its job, given the job's number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.domain.faults import HEALTHY, Call, Fired, JobFault, job_fault, of_layers
from simulator.domain.jobs import (
    FACTOR_LEAST,
    FACTOR_MOST,
    Job,
    Quirks,
    Timetable,
    at_once,
    free_at,
    timetable,
)
from simulator.domain.outputs import Output
from simulator.domain.pricing import Quote
from simulator.engine.ids import make_id
from simulator.engine.lab import Queue
from simulator.engine.seeds import between, draw
from simulator.engine.worlds import Caller, World

SEED_MOST = 2**32
STARTED_BY: Mapping[str, str] = {
    "media": "generate_media",
    "music": "generate_music",
    "dialogue": "generate_dialogue",
    "ad-copy": "create_ad_copy",
    "captions": "generate_captions",
    "separation": "generate_separation",
}
"""The operation that starts each kind of job."""


class Ids:
    """The ids of a job and of the files it delivers, in the order in which they are asked for."""

    def __init__(self, world: World, number: int) -> None:
        self.job = make_id(world.seed, world.draws_as, "generation", number)
        self._world = world
        self._number = number
        self._given = 0

    def output(self) -> str:
        kind = f"output-{self._given}" if self._given else "output"
        self._given += 1
        return make_id(self._world.seed, self._world.draws_as, kind, self._number)


@dataclass(frozen=True, slots=True)
class Plan:
    """``bucket`` is the limit of running jobs that it counts against; ``outputs`` describes the
    files, given the ids and the seed; ``seed`` None: one is drawn from the world's; ``at_once``:
    the call answers with its result."""

    kind: str
    bucket: str
    model: str
    generation_type: str
    prompt: str
    price: Quote
    estimated_time_s: int
    outputs: Callable[[Ids, int], tuple[Output, ...]]
    parameters: Mapping[str, object] = field(default_factory=dict)
    seed: int | None = None
    at_once: bool = False

    def call(self, caller: Caller) -> Call:
        """The start as faults see it."""
        if caller.asks is not None:
            return caller.asks.call(caller.account, self.model)
        return Call(STARTED_BY[self.kind], "", "", caller.account, self.model, self.parameters)

    def job(
        self,
        world: World,
        account: str,
        number: int,
        now_ms: int,
        fired: Sequence[Fired] = (),
        busy: Sequence[tuple[int, int]] | None = None,
        workers: int = 1,
    ) -> Job:
        """Pure: the same world, number and instant give the same job. ``busy``: when the jobs
        before it in its model's queue begin and end; None: it has no queue."""
        ids = Ids(world, number)
        drawn = draw(world.seed, "seed", number) % SEED_MOST
        seed = drawn if self.seed is None else self.seed
        fault = job_fault(one.effect for one in fired) if fired else HEALTHY
        times = at_once(now_ms)
        ahead_ms: tuple[int, ...] = ()
        if not self.at_once:
            factor = between(world.seed, FACTOR_LEAST, FACTOR_MOST, "time", number)
            times = timetable(now_ms, self.estimated_time_s, factor, fault)
            if busy:
                free_at_ms = free_at(workers, busy)
                ahead_ms = _ahead_ms(times, busy) if free_at_ms > times.processing_at_ms else ()
                times = timetable(now_ms, self.estimated_time_s, factor, fault, free_at_ms)
        return Job(
            id=ids.job,
            number=number,
            account=account,
            kind=self.kind,
            model=self.model,
            generation_type=self.generation_type,
            prompt=self.prompt,
            row=self.price.row,
            formula=self.price.formula,
            billing_mode=self.price.billing_mode,
            hold_millicredits=self.price.millicredits,
            estimated_time_s=self.estimated_time_s,
            seed=seed,
            times=times,
            failure=None if self.at_once else fault.fail,
            outputs=self.outputs(ids, seed),
            parameters=dict(self.parameters),
            quirks=_quirks(fired, fault, times, ahead_ms) if fired or ahead_ms else None,
        )

    def behind(
        self,
        world: World,
        account: str,
        now_ms: int,
        fired: Sequence[Fired],
        queue: Queue,
    ) -> Callable[[int, Sequence[Job]], Job]:
        """Makes the job when it is known which others are before it in the queue."""

        def build(number: int, jobs: Sequence[Job]) -> Job:
            spans = [(job.times.processing_at_ms, _frees_at(job.times)) for job in jobs]
            busy = [span for span in (*queue.others(), *spans) if span[1] > now_ms]
            return self.job(world, account, number, now_ms, fired, busy, queue.workers)

        return build

    def made(self, job: Job) -> bool:
        """Whether a job is what this plan asks for."""
        return (job.kind, job.model, job.generation_type, job.prompt, job.parameters) == (
            self.kind,
            self.model,
            self.generation_type,
            self.prompt,
            dict(self.parameters),
        )


def _frees_at(times: Timetable) -> int:
    """When a job leaves its worker to the next; one that is stuck does when it would have ended."""
    return times.completes_at_ms if times.done_at_ms is None else times.done_at_ms


def _ahead_ms(times: Timetable, busy: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """When those begin that a job must let go first. Where all of them have begun, it waits for the
    first to end: then it is the next, behind one whose turn has come."""
    waiting = tuple(begins for begins, _ in busy if begins > times.created_at_ms)
    return waiting or (times.created_at_ms,)


def _quirks(
    fired: Sequence[Fired], fault: JobFault, times: Timetable, ahead_ms: tuple[int, ...]
) -> Quirks:
    ends_at_ms = _frees_at(times)
    return Quirks(
        visible_at_ms=times.created_at_ms + fault.hidden_ms if fault.hidden_ms else None,
        files_at_ms=ends_at_ms + fault.files_late_ms if fault.files_late_ms else None,
        optimization_failed=fault.optimization_failed,
        broken_file=fault.broken_file,
        ahead_ms=ahead_ms,
        faults=tuple(
            {"from": one.id, **one.effect.as_dict()} for one in of_layers(fired, ("job", "billing"))
        ),
    )
