"""Worlds, jobs and drafts that the tests of stores share."""

from simulator.domain.faults import HEALTHY, JobFault
from simulator.domain.jobs import Job, timetable
from simulator.domain.ledger import verify
from simulator.domain.outputs import Output
from simulator.domain.times import WORLD_BEGINS_MS
from simulator.engine.ids import make_id
from simulator.engine.store.base import Draft, Query, Store, WorldRow

BEGIN = WORLD_BEGINS_MS
SCOPES = ("generate:media", "read:balance")
FAILS = JobFault(fail="content_policy")
STUCK = JobFault(stuck=True)
HOUR_MS = 3_600_000
LONGEST_MS = 60_000
"""Every job of ``a_draft`` that ends has ended this long after its acceptance."""


async def a_world(store: Store, credits: int = 10_000, name: str = "w") -> int:
    """The world's id; ``credits`` are the milli-credits of its account main."""
    row = WorldRow(0, name, 0, "frozen", 1.0, BEGIN)
    return (await store.open_world(row, credits, SCOPES)).id


def a_draft(
    millicredits: int = 10,
    *,
    account: str = "main",
    now_ms: int = BEGIN,
    fault: JobFault = HEALTHY,
    at_once: int | None = None,
    key: str | None = None,
    world: str = "w",
    estimate_s: int = 30,
    model: str = "z-image",
) -> Draft:
    def build(number: int) -> Job:
        job_id = make_id(0, world, "generation", number)
        prompt = f"A lighthouse at dusk, number {number}"
        output = Output(job_id, "image", "png", number, model, prompt, job_id, 1024, 1024)
        return Job(
            id=job_id,
            number=number,
            account=account,
            kind="media",
            model=model,
            generation_type="text-to-image",
            prompt=prompt,
            row=model,
            formula=f"{millicredits} milli-credits",
            billing_mode="flat",
            hold_millicredits=millicredits,
            estimated_time_s=estimate_s,
            seed=number,
            times=timetable(now_ms, estimate_s, 1000, fault),
            failure=fault.fail,
            outputs=(output,),
            parameters={"aspect_ratio": "1:1"},
        )

    return Draft(account, "media", millicredits, at_once, build, key)


async def violations(store: Store, world: int, now_ms: int) -> list[str]:
    """What the ledger's laws say of the world as it stands."""
    return verify(
        await store.entries(world, now_ms),
        await store.jobs(world, Query(), now_ms),
        await store.balances(world, now_ms),
        now_ms,
    )
