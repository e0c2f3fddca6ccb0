"""A generation, from its start to its end, by the clock on the wall."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from hashlib import sha256
from re import search

from tests.candidate.asking import Ask
from tests.candidate.ledger import Account, plain
from tests.candidate.media import Colour, sides
from tests.candidate.rules import Order

# Shares of a job's time at which a state begins; in the last one the file is being stored.
QUEUED, PROCESSING, STORING = 0.15, 0.3, 0.7


@dataclass
class Job:
    """One generation. Times are seconds of a clock that never goes back."""

    job_id: str
    output_id: str
    account: Account
    ask: Ask
    order: Order
    credits: Fraction
    started_s: float
    length_s: float
    created_at: datetime
    reason: str = ""
    status: str = ""
    ended_at: datetime | None = None
    file_size: int | None = None
    links: Mapping[str, str] = field(default_factory=dict)

    def share(self, now_s: float) -> float:
        """How much of the job's time has passed; 1 at its end."""
        return min(1.0, (now_s - self.started_s) / self.length_s)

    def state(self, now_s: float) -> str:
        """The status at an instant."""
        if self.status:
            return self.status
        share = self.share(now_s)
        if share < QUEUED:
            return "pending"
        return "queued" if share < PROCESSING else "processing"

    def progress(self, now_s: float, *, early_hundred: bool) -> int:
        """0 to 100; 100 only when completed."""
        if self.status:
            return 100 if self.status == "completed" else 95
        done = (self.share(now_s) - PROCESSING) / (STORING - PROCESSING)
        return int(max(0.0, min(done, 1.0)) * (100 if early_hundred else 95))

    def colour(self) -> Colour:
        """The colour of its output: the same words and seed give the same."""
        digest = sha256(f"{self.ask.prompt}\n{self.ask.seed}".encode()).digest()
        return digest[0], digest[1], digest[2]

    def sides(self) -> tuple[int, int]:
        """Width and height of its output."""
        free = "1:1" if self.order.model.kind == "image" else "16:9"
        ratio = self.order.ratio if ":" in self.order.ratio else free
        return sides(ratio, self.order.size)


def failure_of(prompt: str) -> str:
    """Why a job is to fail, where its prompt asks for that: ``[sim:fail=content_policy]``."""
    found = search(r"\[sim:fail=([a-z_]{1,40})\]", prompt)
    return found[1] if found else ""


def stamp(at: datetime | None) -> str | None:
    """RFC 3339 with a Z."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cost_so_far(job: Job) -> int | float:
    """What the job has cost: its hold while it runs, nothing once it failed."""
    return 0 if job.status == "failed" else plain(job.credits)


def took_ms(job: Job) -> int | None:
    """Milliseconds from start to end."""
    if job.ended_at is None:
        return None
    return round((job.ended_at - job.created_at).total_seconds() * 1000)


def outputs_of(job: Job) -> list[dict[str, object]]:
    """The files of a completed job, empty before."""
    if job.status != "completed":
        return []
    width, height = job.sides()
    kind = job.order.model.kind
    return [
        {
            "id": job.output_id,
            "media_type": kind,
            **job.links,
            "width": width,
            "height": height,
            "duration": job.order.seconds if kind == "video" else None,
            "format": "mp4" if kind == "video" else "png",
            "file_size": job.file_size,
            "optimization_status": "completed",
            "cdn_ready": True,
        }
    ]


def report(job: Job, now_s: float, *, early_hundred: bool) -> dict[str, object]:
    """The status answer."""
    return {
        "id": job.job_id,
        "generation_id": job.job_id,
        "status": job.state(now_s),
        "progress": job.progress(now_s, early_hundred=early_hundred),
        "model": job.ask.model,
        "prompt": job.ask.prompt,
        "generation_type": job.order.mode,
        "created_at": stamp(job.created_at),
        "completed_at": stamp(job.ended_at) if job.status == "completed" else None,
        "processing_time_ms": took_ms(job),
        "credits_deducted": cost_so_far(job),
        "error_message": job.reason if job.status == "failed" else None,
        "cdn_ready": job.status == "completed",
        "outputs": outputs_of(job),
        "estimated_time_seconds": max(1, round(job.length_s)),
    }
