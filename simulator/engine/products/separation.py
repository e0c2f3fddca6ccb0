"""Separation of voice and music: ``generate_separation`` and ``get_separation_status``."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.domain.outputs import Output
from simulator.domain.pricing import credits as shown
from simulator.domain.rules import enforce
from simulator.domain.rules.sound import SOUND_RULES, SoundAsk
from simulator.engine.answers import Credits, status_answer
from simulator.engine.bodies import GenerationStatus
from simulator.engine.plan import Ids, Plan
from simulator.engine.products.costs import SEPARATION, product_quote
from simulator.engine.provider import Provider
from simulator.engine.worlds import Caller

MODEL = "mvsep-40"
UNMEASURED_OUTPUT_MS = 30_000
STEMS = ("vocals", "instrumental")


class SeparationBody(Struct, frozen=True):
    media_url: Annotated[str, Meta(min_length=1, description="A video or an audio file.")]


class SeparationId(Struct, frozen=True):
    separation_id: Annotated[str, Meta(min_length=1, description="The id of a start's answer.")]


class SeparationStart(Struct, frozen=True):
    separation_id: str
    task_id: Annotated[str, Meta(description="The same as separation_id.")]
    status: Literal["pending"]
    model: str
    estimated_time_seconds: int
    estimated_cost_credits: Credits
    message: str


class SeparationStatus(Struct, frozen=True):
    separation_id: str
    task_id: str
    status: GenerationStatus
    progress: Annotated[int, Meta(ge=0, le=100)]
    vocals_url: str | None
    instrumental_url: str | None
    created_at: str
    completed_at: str | None
    credits_deducted: Credits
    error_message: str | None


async def generate_separation(
    provider: Provider, caller: Caller, body: SeparationBody
) -> SeparationStart:
    """Two sound files, as long as the source."""
    ask = SoundAsk(await provider.source(caller, body.media_url))
    enforce(SOUND_RULES, ask)
    length_ms = ask.measured_ms or UNMEASURED_OUTPUT_MS

    def outputs(ids: Ids, seed: int) -> tuple[Output, ...]:
        return tuple(
            Output(
                id=ids.output(),
                kind="audio",
                format="mp3",
                seed=(seed + number) % 2**32,
                model=MODEL,
                caption=stem,
                job_id=ids.job,
                duration_ms=length_ms,
                sound=True,
            )
            for number, stem in enumerate(STEMS)
        )

    plan = Plan(
        kind="separation",
        bucket="separation",
        model=MODEL,
        generation_type=SEPARATION.generation_type,
        prompt=body.media_url[:500],
        price=product_quote(provider.catalog.row(MODEL), length_ms=ask.billed_ms),
        estimated_time_s=SEPARATION.estimate_s,
        outputs=outputs,
        parameters={"media_url": body.media_url},
    )
    job = await provider.start(caller, plan)
    return SeparationStart(
        separation_id=job.id,
        task_id=job.id,
        status="pending",
        model=MODEL,
        estimated_time_seconds=job.estimated_time_s,
        estimated_cost_credits=shown(job.hold_millicredits),
        message=f"Started: {job.formula}; poll the separation status until it is over.",
    )


async def get_separation_status(
    provider: Provider, caller: Caller, body: SeparationId
) -> SeparationStatus:
    """Both URLs once it is completed."""
    job = await provider.own_job(caller, body.separation_id, ("separation",))
    now_ms = await provider.worlds.now(caller.world)
    files = provider.urls.files(caller.world.name)
    seen = status_answer(job, now_ms, files)
    urls = [output.url for output in seen.outputs] or [None for _ in STEMS]
    return SeparationStatus(
        separation_id=job.id,
        task_id=job.id,
        status=seen.status,
        progress=seen.progress,
        vocals_url=urls[0],
        instrumental_url=urls[1],
        created_at=seen.created_at,
        completed_at=seen.completed_at,
        credits_deducted=seen.credits_deducted,
        error_message=seen.error_message,
    )
