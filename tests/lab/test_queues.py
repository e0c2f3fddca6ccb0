"""Queues: who begins when, against a plain simulation of workers; and who stands where."""

import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.domain.jobs import Job, position
from simulator.engine.controls.queues import QUEUES_MOST
from simulator.engine.lab import Queue
from tests.engine.driving import caller, done, leap, start
from tests.engine.world import make_provider
from tests.lab.ways import Lab

MODEL = "nano-banana"
FATES = ("", "", "[sim:fail=x;at=0.3]", "[sim:stuck]", "[sim:slow=3]", "[sim:fail=x;at=0]")
ARRIVALS = st.lists(
    st.tuples(st.integers(0, 20_000), st.sampled_from(FATES)), min_size=1, max_size=12
)


class Line:
    """Workers and the instants at which each is free, as one would do it by hand."""

    def __init__(self, workers: int, burst: int, job_ms: int, set_at_ms: int) -> None:
        self.free = [0] * workers
        heapq.heapify(self.free)
        for _ in range(burst):
            heapq.heapreplace(self.free, max(self.free[0], set_at_ms) + job_ms)

    def takes(self, ready_at_ms: int, works_ms: int) -> int:
        """When a job that is ready then begins."""
        begins_at_ms = max(self.free[0], ready_at_ms)
        heapq.heapreplace(self.free, begins_at_ms + works_ms)
        return begins_at_ms


@settings(max_examples=60)
@given(
    workers=st.integers(1, 4),
    burst=st.integers(0, 9),
    job_ms=st.integers(1, 30_000),
    arrivals=ARRIVALS,
)
def test_the_nth_job_begins_and_ends_at_the_computed_instant(
    workers: int, burst: int, job_ms: int, arrivals: list[tuple[int, str]]
) -> None:
    queued, alone = make_provider(), make_provider()
    who, twin = caller(queued), caller(alone)
    now_ms = done(queued.worlds.now(who.world))
    who.world.lab.queues[MODEL] = Queue(MODEL, workers, burst, job_ms, now_ms)
    line = Line(workers, burst, job_ms, now_ms)
    for wait_ms, fate in arrivals:
        leap(queued, who.world, wait_ms)
        leap(alone, twin.world, wait_ms)
        ids = start(queued, who, prompt=f"x {fate}"), start(alone, twin, prompt=f"x {fate}")
        job = done(queued.store.job(who.world.id, ids[0]))
        usual = done(alone.store.job(twin.world.id, ids[1]))
        assert job is not None
        assert usual is not None
        begins_at_ms = line.takes(usual.times.processing_at_ms, _works_ms(usual))
        assert job.times.processing_at_ms == begins_at_ms
        assert _works_ms(job) == _works_ms(usual)


def _works_ms(job: Job) -> int:
    """A stuck one leaves its worker when it would have ended."""
    times = job.times
    ends_at_ms = times.completes_at_ms if times.done_at_ms is None else times.done_at_ms
    return ends_at_ms - times.processing_at_ms


def test_everybody_moves_up_when_the_first_begins() -> None:
    provider = make_provider()
    who = caller(provider)
    now_ms = done(provider.worlds.now(who.world))
    who.world.lab.queues[MODEL] = Queue(MODEL, 1, 2, 60_000, now_ms)
    ids = [start(provider, who) for _ in range(3)]
    jobs = [done(provider.store.job(who.world.id, each)) for each in ids]
    seen = []
    for at_s in (0, 59, 61, 119, 121, 10_000):
        at_ms = now_ms + at_s * 1_000
        seen.append([position(job, at_ms) for job in jobs if job is not None])
    assert seen == [[2, 3, 4], [2, 3, 4], [1, 2, 3], [1, 2, 3], [0, 1, 2], [0, 0, 0]]


async def test_a_queue_is_for_its_model_only(lab: Lab) -> None:
    await lab.sim("/queues", {"model": MODEL, "workers": 1, "burst": 1, "job_seconds": 500})
    await lab.started()
    await lab.started(model="z-image")
    other, mine = await lab.jobs()
    assert (mine["position"], other["position"]) == (1, 0)


async def test_jobs_of_all_accounts_stand_in_one_queue(rest: Lab) -> None:
    await rest.sim("/queues", {"model": MODEL})
    body = {"prompt": "x", "model": MODEL}
    for key in ("sk_test_w", "sk_test_w.alice"):
        answer = await rest.wire.rest("POST", "/v1/generate/media", body, key)
        assert answer.status_code == 200
    second, first = await rest.jobs()
    assert second["timetable"]["processing_at"] == first["timetable"]["done_at"]


async def test_without_a_queue_jobs_begin_as_ever_and_the_accepted_stay_as_they_are(
    rest: Lab,
) -> None:
    await rest.sim("/queues", {"model": MODEL, "burst": 1, "job_seconds": 900})
    await rest.started()
    assert (await rest.sim("/queues"))["queues"][0]["burst"] == 1
    assert await rest.sim(f"/queues/{MODEL}", method="DELETE") == {"removed": 1}
    await rest.started()
    second, first = await rest.jobs()
    assert (second["position"], first["position"]) == (0, 1)
    assert second["timetable"]["done_at"] < first["timetable"]["processing_at"]
    assert (await rest.sim("/queues", method="DELETE")) == {"removed": 0}


@pytest.mark.parametrize("body", [{"model": "no-such"}, {"model": MODEL, "workers": 0}])
async def test_a_queue_that_makes_no_sense_is_refused(rest: Lab, body: dict[str, object]) -> None:
    assert (await rest.wire.rest("POST", "/_sim/queues", body)).status_code == 422


async def test_there_are_only_so_many_queues(rest: Lab) -> None:
    await rest.sim("/queues", {"model": MODEL})
    (world,) = rest.wire.simulator.provider.worlds.all()
    queue = world.lab.queues[MODEL]
    world.lab.queues |= {f"another-{number}": queue for number in range(QUEUES_MOST - 1)}
    await rest.sim("/queues", {"model": MODEL, "workers": 2})
    answer = await rest.wire.rest("POST", "/_sim/queues", {"model": "z-image"})
    assert (answer.status_code, len(world.lab.queues)) == (400, QUEUES_MOST)


async def test_a_queue_that_was_never_set_is_not_there_to_remove(rest: Lab) -> None:
    assert (await rest.wire.rest("DELETE", "/_sim/queues/veo3-1")).status_code == 404
