"""The shapes of answers, and how a job becomes one at an instant."""

from typing import Annotated, Any

from msgspec import Meta, Struct, structs

from simulator.domain.jobs import (
    Job,
    deducted_millicredits,
    failure_text,
    files_are_there,
    finished,
    progress,
    status,
)
from simulator.domain.outputs import Output, declared_size
from simulator.domain.pricing import credits as shown
from simulator.domain.times import rfc3339
from simulator.engine.bodies import GenerationStatus

Credits = int | float


class StartAnswer(Struct, frozen=True):
    generation_id: str
    id: Annotated[str, Meta(description="The same as generation_id.")]
    status: GenerationStatus
    model: str
    generation_type: str
    estimated_time_seconds: int
    estimated_cost_credits: Credits
    billing_mode: Annotated[str, Meta(description="flat, per_tier or per_second")]
    message: str


class OutputAnswer(Struct, frozen=True):
    id: str
    media_type: Annotated[str, Meta(description="image, video or audio")]
    url: str | None
    thumbnail_url: str | None
    optimized_url: str | None
    width: int | None
    height: int | None
    duration: Annotated[float | int | None, Meta(description="Seconds.")]
    format: str | None
    file_size: Annotated[int | None, Meta(description="Bytes of the file at url.")]
    optimization_status: str
    cdn_ready: bool


class StatusAnswer(Struct, frozen=True):
    id: str
    generation_id: str
    status: GenerationStatus
    progress: Annotated[int, Meta(ge=0, le=100)]
    model: str
    prompt: str
    generation_type: str
    created_at: Annotated[str, Meta(description="RFC 3339, UTC.")]
    completed_at: str | None
    processing_time_ms: int | None
    credits_deducted: Credits
    error_message: str | None
    cdn_ready: bool
    outputs: list[OutputAnswer]
    estimated_time_seconds: int


class GenerationsAnswer(Struct, frozen=True):
    generations: list[StatusAnswer]


class BalanceAnswer(Struct, frozen=True):
    credits: Credits
    message: str
    purchase_url: str


class EstimateAnswer(Struct, frozen=True):
    model: str
    generation_type: str
    estimated_time_seconds: int
    confidence: Annotated[str, Meta(description="high: a known value; low: a guess by length")]
    sample_size: Annotated[
        int, Meta(description="Finished jobs of this model and account, at most 100.")
    ]


class MeasuredCost(Struct, frozen=True):
    credits: Credits
    formula: str


class CostAnswer(Struct, frozen=True):
    model: str
    generation_type: str
    credits: Credits
    price_row: str
    formula: str
    billing_mode: str
    measured: Annotated[
        MeasuredCost | None,
        Meta(description="What the web page, which measures reference videos, would bill."),
    ] = None


class ModelRow(Struct, frozen=True, omit_defaults=True):
    model_id: str
    display_name: str
    model_type: str
    provider: str
    cost_per_generation: Credits | None
    cost_note: str
    estimated_time_seconds: int
    generation_types: list[str]
    requires_input_media: bool
    input_media_types: list[str]
    capabilities: dict[str, Any]
    usage_notes: str
    strength: str
    source: str


class ModelsAnswer(Struct, frozen=True):
    models: list[ModelRow]
    total_count: int


class UploadedFile(Struct, frozen=True):
    url: str
    kind: str
    mime_type: str
    file_size_bytes: int
    width: int | None
    height: int | None
    duration_seconds: float | int | None


class UploadAnswer(Struct, frozen=True):
    url: Annotated[str, Meta(description="The first file's URL.")]
    urls: Annotated[list[str], Meta(description="One URL a file, in the request's order.")]
    files: list[UploadedFile]


def start_answer(job: Job, message: str) -> StartAnswer:
    """The answer to an accepted start."""
    return StartAnswer(
        generation_id=job.id,
        id=job.id,
        status="pending",
        model=job.model,
        generation_type=job.generation_type,
        estimated_time_seconds=job.estimated_time_s,
        estimated_cost_credits=shown(job.hold_millicredits),
        billing_mode=job.billing_mode,
        message=message,
    )


def status_answer(job: Job, now_ms: int, files: str) -> StatusAnswer:
    """``files`` is the URL that the names of the job's files are appended to."""
    state = status(job, now_ms)
    ended = finished(job, now_ms)
    done_at_ms = job.times.done_at_ms if ended else None
    completed = state == "completed"
    return StatusAnswer(
        id=job.id,
        generation_id=job.id,
        status=state,
        progress=progress(job, now_ms),
        model=job.model,
        prompt=job.prompt,
        generation_type=job.generation_type,
        created_at=rfc3339(job.times.created_at_ms),
        completed_at=None if done_at_ms is None else rfc3339(done_at_ms),
        processing_time_ms=None
        if done_at_ms is None
        else max(0, done_at_ms - job.times.processing_at_ms),
        credits_deducted=shown(deducted_millicredits(job, now_ms)),
        error_message=failure_text(job.failure) if ended and job.failure is not None else None,
        cdn_ready=completed and files_are_there(job, now_ms),
        outputs=[_output_of(job, output, now_ms, files) for output in job.outputs]
        if completed
        else [],
        estimated_time_seconds=job.estimated_time_s,
    )


def _output_of(job: Job, output: Output, now_ms: int, files: str) -> OutputAnswer:
    shown = output_answer(output, files)
    if job.quirks is None:
        return shown
    if job.quirks.optimization_failed:
        shown = structs.replace(shown, optimized_url=None, optimization_status="failed")
    return structs.replace(shown, cdn_ready=files_are_there(job, now_ms))


def output_answer(output: Output, files: str) -> OutputAnswer:
    """A delivered file with its URLs; a sound has no thumbnail."""
    visual = output.kind != "audio"
    name = f"{files}{output.job_id}/{output.id}"
    return OutputAnswer(
        id=output.id,
        media_type=output.kind,
        url=f"{name}.{output.format}",
        thumbnail_url=f"{name}.thumbnail.webp" if visual else None,
        optimized_url=f"{name}.optimized.{optimized_format(output)}" if visual else None,
        width=output.width if visual else None,
        height=output.height if visual else None,
        duration=seconds(output.duration_ms) if output.duration_ms else None,
        format=output.format,
        file_size=declared_size(output),
        optimization_status="completed",
        cdn_ready=True,
    )


def optimized_format(output: Output) -> str:
    """The extension of an output's lighter copy."""
    return "mp4" if output.kind == "video" else "webp"


def seconds(milliseconds: int) -> float | int:
    """As a JSON number: whole ones carry no point."""
    whole, rest = divmod(milliseconds, 1000)
    return milliseconds / 1000 if rest else whole
