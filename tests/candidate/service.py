"""What the backend does, whoever asks: REST and MCP call the same methods."""

import asyncio
import hmac
import math
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from tests.candidate import media, rules
from tests.candidate.asking import Ask, EstimateAsk, HistoryAsk, Missing, ModelsAsk, Refused
from tests.candidate.jobs import Job, failure_of, report
from tests.candidate.ledger import Account, plain
from tests.candidate.listing import list_models

ACCEPTED = "Accepted. Ask for its status until it is completed or failed."


@dataclass(frozen=True)
class Settings:
    """How the backend runs. ``keys`` are pairs of a key and its account's credits."""

    keys: tuple[tuple[str, int], ...]
    folder: Path
    job_s: float = 1.0
    defects: frozenset[str] = frozenset()


@dataclass
class Service:
    """Accounts, jobs and uploads, in memory."""

    settings: Settings
    public_url: str
    accounts: list[Account] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    running: list[Job] = field(default_factory=list)
    known: dict[str, media.Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pairs = enumerate(self.settings.keys)
        self.accounts = [Account(f"account-{n}", Fraction(credits)) for n, (_, credits) in pairs]

    def account_of(self, key: str) -> Account | None:
        """The account of a key; nobody's for a wrong one."""
        for (known, _), account in zip(self.settings.keys, self.accounts, strict=True):
            if known and hmac.compare_digest(known.encode(), key.encode()):
                return account
        return None

    async def start(self, account: Account, ask: Ask) -> dict[str, object]:
        """Start a job; Refused where the request may not be carried out."""
        self.settle()
        if "credits-before-rules" in self.settings.defects and ask.model in rules.MODELS:
            model = rules.MODELS[ask.model]
            check_credits(account, model.price(model.defaults()))
        order = rules.check(ask, self.known, self.settings.defects)
        check_credits(account, order.credits)
        if "credit-race" in self.settings.defects:
            await asyncio.sleep(0.05)
        job = self.new_job(account, ask, order)
        account.hold(job.job_id, order.credits)
        self.jobs[job.job_id] = job
        self.running.append(job)
        return {
            "generation_id": job.job_id,
            "id": job.job_id,
            "status": "pending",
            "model": ask.model,
            "generation_type": order.mode,
            "estimated_time_seconds": max(1, round(job.length_s)),
            "estimated_cost_credits": plain(order.credits),
            "billing_mode": order.model.billing,
            "message": ACCEPTED,
        }

    def new_job(self, account: Account, ask: Ask, order: rules.Order) -> Job:
        """A job that begins now."""
        job = Job(
            job_id=str(uuid.uuid4()),
            output_id=str(uuid.uuid4()),
            account=account,
            ask=ask,
            order=order,
            credits=order.credits,
            started_s=time.monotonic(),
            length_s=self.settings.job_s,
            created_at=datetime.now(UTC),
            reason=failure_of(ask.prompt),
        )
        base = f"{self.public_url}/media/{job.output_id}"
        full = f"{base}.{'mp4' if order.model.kind == 'video' else 'png'}"
        small = f"{base}.webp"
        optimized = full if order.model.kind == "video" else small
        job.links = {"url": full, "thumbnail_url": small, "optimized_url": optimized}
        return job

    def settle(self) -> None:
        """End the jobs whose time is over, and their holds with them."""
        now_s = time.monotonic()
        for job in [each for each in self.running if each.share(now_s) >= 1]:
            self.running.remove(job)
            due = job.created_at + timedelta(seconds=job.length_s)
            job.ended_at = min(due, datetime.now(UTC))
            job.status = "failed" if job.reason else "completed"
            if not job.reason:
                job.account.capture(job.job_id)
            elif "no-refund" not in self.settings.defects:
                job.account.release(job.job_id)

    async def status(self, account: Account, job_id: str) -> dict[str, object]:
        """How a job stands; Missing where the account has no such job."""
        self.settle()
        job = self.jobs.get(job_id)
        if job is not None and job.account is not account:
            if "foreign-is-403" in self.settings.defects:
                raise Missing(403, "This generation belongs to another account")
            job = None
        if job is None:
            raise Missing(404, "Generation not found")
        if "poll-advances" in self.settings.defects:
            job.started_s -= job.length_s / 4
        return await self.report(job)

    async def report(self, job: Job) -> dict[str, object]:
        """The status answer, with the size of a file that is made when it is first needed."""
        if job.status == "completed" and job.file_size is None:
            job.file_size = len(await asyncio.to_thread(render, job))
        early = "early-hundred" in self.settings.defects
        return report(job, time.monotonic(), early_hundred=early)

    async def history(self, account: Account, ask: HistoryAsk) -> dict[str, object]:
        """The account's jobs, newest first."""
        self.settle()
        now_s = time.monotonic()
        found = [
            job
            for job in reversed(self.jobs.values())
            if job.account is account
            and ask.status in {None, job.state(now_s)}
            and ask.model in {None, job.ask.model}
            and ask.generation_type in {None, job.order.mode}
        ]
        rows = [await self.report(job) for job in found[: max(1, min(ask.limit, 25))]]
        return {"generations": rows}

    def balance(self, account: Account) -> dict[str, object]:
        """What the account may spend."""
        self.settle()
        credits = plain(account.available)
        return {
            "credits": credits,
            "message": f"You have {credits} credits.",
            "purchase_url": f"{self.public_url}/credits",
        }

    def models(self, ask: ModelsAsk) -> dict[str, object]:
        """The catalogue."""
        return list_models(ask.model_type, self.settings.job_s)

    def cost(self, ask: Ask) -> dict[str, object]:
        """What a request would cost; Refused where it would be."""
        order = rules.check(ask, self.known, self.settings.defects)
        credits = plain(order.credits)
        return {
            "model": ask.model,
            "generation_type": order.mode,
            "credits": credits,
            "estimated_cost_credits": credits,
            "billing_mode": order.model.billing,
        }

    def estimate(self, ask: EstimateAsk) -> dict[str, object]:
        """How long a request would take."""
        model = rules.find_model(ask.model)
        if ask.generation_type not in model.modes:
            message = f"{model.model_id} does not make {ask.generation_type}"
            allowed = list(model.modes)
            raise Refused(400, "unsupported_generation_type", message, allowed=allowed)
        return {
            "model": ask.model,
            "generation_type": ask.generation_type,
            "estimated_time_seconds": max(1, math.ceil(self.settings.job_s)),
            "confidence": "high",
            "sample_size": len(self.jobs),
        }

    def file_of(self, name: str) -> tuple[Job, str] | None:
        """The completed job of an output's file name, and the file's extension."""
        self.settle()
        output_id, _, extension = name.partition(".")
        for job in self.jobs.values():
            if job.output_id == output_id and job.status == "completed":
                return job, extension
        return None


def check_credits(account: Account, credits: Fraction) -> None:
    """Refuse what the account cannot pay."""
    if account.available < credits:
        raise Refused(
            *(402, "insufficient_credits", "the balance does not cover this request"),
            required_credits=plain(credits),
            available_credits=plain(account.available),
        )


def render(job: Job) -> bytes:
    """The bytes of a job's output."""
    width, height = job.sides()
    if job.order.model.kind == "image":
        return media.picture(width, height, job.colour())
    # One colour for all clips: a clip takes a second to make, and is kept.
    return media.clip(width, height, job.order.seconds, (40, 90, 160), sound=job.order.sound)


def render_small(job: Job) -> bytes:
    """The bytes of its thumbnail."""
    return media.thumbnail(*job.sides(), job.colour())
