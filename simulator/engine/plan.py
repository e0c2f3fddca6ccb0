"""What a start that passed every rule will do: enough to make its job, given the job's number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.domain.faults import JobFault
from simulator.domain.jobs import FACTOR_LEAST, FACTOR_MOST, Job, at_once, timetable
from simulator.domain.outputs import Output
from simulator.domain.pricing import Quote
from simulator.engine.ids import make_id
from simulator.engine.seeds import between, draw
from simulator.engine.worlds import World

SEED_MOST = 2**32


class Ids:
    """The ids of a job and of the files it delivers, in the order in which they are asked for."""

    def __init__(self, world: World, number: int) -> None:
        self.job = make_id(world.seed, world.name, "generation", number)
        self._world = world
        self._number = number
        self._given = 0

    def output(self) -> str:
        kind = f"output-{self._given}" if self._given else "output"
        self._given += 1
        return make_id(self._world.seed, self._world.name, kind, self._number)


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

    def job(self, world: World, account: str, number: int, now_ms: int, fault: JobFault) -> Job:
        """Pure: the same world, number and instant give the same job."""
        ids = Ids(world, number)
        drawn = draw(world.seed, "seed", number) % SEED_MOST
        seed = drawn if self.seed is None else self.seed
        factor = between(world.seed, FACTOR_LEAST, FACTOR_MOST, "time", number)
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
            times=at_once(now_ms)
            if self.at_once
            else timetable(now_ms, self.estimated_time_s, factor, fault),
            failure=None if self.at_once else fault.fail,
            outputs=self.outputs(ids, seed),
            parameters=dict(self.parameters),
        )

    def made(self, job: Job) -> bool:
        """Whether a job is what this plan asks for."""
        return (job.kind, job.model, job.generation_type, job.prompt, job.parameters) == (
            self.kind,
            self.model,
            self.generation_type,
            self.prompt,
            dict(self.parameters),
        )
