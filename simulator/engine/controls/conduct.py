"""The report on how the clients of a world behaved."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from simulator.domain import conduct as rules
from simulator.domain.conduct import Act, Finding, Work
from simulator.domain.jobs import Job, finished
from simulator.domain.pricing import credits as shown
from simulator.engine.answers import Credits
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.looks import Look, look
from simulator.engine.operations import OPERATIONS, UNROUTED
from simulator.engine.worlds import World

FOLLOWS = frozenset({"follow_generation", "follow_music"})
POLLS = frozenset({"get_generation_status", "get_music_status", "get_separation_status"})
LOOKS = frozenset({"get_generations", "get_balance"})
_RESULT = re.compile(r"/media/[A-Za-z0-9_-]+/([0-9a-f-]{36})/")
STARTS = frozenset(one.name for one in (*OPERATIONS, *UNROUTED) if one.starts)


class FindingView(Struct, frozen=True):
    rule: str
    says: str
    calls: Annotated[list[int], Meta(description="Their seq in the journal.")]
    credits: Annotated[Credits, Meta(description="What it cost.")]
    generation_id: str | None


class RuleView(Struct, frozen=True):
    id: str
    says: str
    why: str
    strength: str
    source: str
    findings: list[FindingView]
    credits: Credits


class ConductAnswer(Struct, frozen=True):
    ok: Annotated[bool, Meta(description="Nothing was found.")]
    calls: Annotated[int, Meta(description="How many calls were judged.")]
    dropped: Annotated[int, Meta(description="Calls that the journal no longer holds.")]
    credits: Annotated[Credits, Meta(description="What all findings cost.")]
    rules: list[RuleView]


async def conduct(control: Control, world: World, body: Nothing) -> ConductAnswer:
    """Judges the calls that the journal holds by what the provider advises."""
    now_ms = await control.worlds.now(world)
    history = await control.store.history(world.id, now_ms)
    captured = {
        entry.job_number: entry.millicredits for entry in history.entries if entry.kind == "capture"
    }
    secrets = control.worlds.secrets
    entries = [entry for entry in world.lab.journal.entries if entry.surface != "control"]
    looks = [look(entry, secrets) for entry in entries]
    begun_by = _begun_by(looks)
    jobs = {job.id: job for job in history.jobs}
    works = {
        job.id: _work(job, now_ms, captured.get(job.number, 0), begun_by.get(job.id, 0))
        for job in sorted(history.jobs, key=lambda job: job.number)
    }
    acts = [_act(one, jobs) for one in looks]
    found = rules.report(rules.History(acts, works, now_ms))
    return _answer(found, len(acts), world.lab.journal.dropped)


def _begun_by(looks: Sequence[Look]) -> dict[str, int]:
    """The call that began each generation: the first that it was the answer to."""
    begun: dict[str, int] = {}
    for one in looks:
        if one.entry.operation in STARTS and isinstance(one.answer, dict):
            begun.setdefault(str(one.answer.get("generation_id", "")), one.entry.seq)
    return begun


def _answer(found: list[Finding], calls: int, dropped: int) -> ConductAnswer:
    views = []
    for rule in rules.CONDUCT:
        mine = [finding for finding in found if finding.rule == rule.id]
        views.append(
            RuleView(
                rule.id,
                rule.says,
                rule.why,
                rule.strength.value,
                rule.source,
                [_view(finding) for finding in mine],
                shown(sum(finding.millicredits for finding in mine)),
            )
        )
    total = shown(sum(finding.millicredits for finding in found))
    return ConductAnswer(not found, calls, dropped, total, views)


def _view(finding: Finding) -> FindingView:
    return FindingView(
        finding.rule,
        finding.says,
        list(finding.calls),
        shown(finding.millicredits),
        finding.generation or None,
    )


def _work(job: Job, now_ms: int, captured: int, begun_by: int) -> Work:
    return Work(
        generation=job.id,
        account=job.account,
        makes=_makes(job),
        created_at_ms=job.times.created_at_ms,
        done_at_ms=job.times.done_at_ms,
        completed=finished(job, now_ms) and job.failure is None,
        captured=captured,
        begun_by=begun_by,
    )


def _makes(job: Job) -> str:
    if job.kind in ("music", "separation"):
        return job.kind
    return job.outputs[0].kind if job.outputs else ""


def _act(one: Look, jobs: Mapping[str, Job]) -> Act:
    entry, answer = one.entry, one.answer if isinstance(one.answer, dict) else {}
    job = jobs.get(one.generation_id or "")
    starts = entry.operation in STARTS
    told = answer.get("status")
    signature = _signature(one) if starts else ""
    return Act(
        seq=entry.seq,
        at_ms=entry.at_ms,
        does=_does(entry.operation, entry.surface),
        operation=entry.operation,
        account=entry.account or (job.account if job is not None else ""),
        signature=signature,
        uses=tuple(dict.fromkeys(_RESULT.findall(signature))),
        broken=starts and _broke(one),
        error=one.error or "",
        label=one.model or "",
        generation=one.generation_id or "",
        makes="" if job is None else _makes(job),
        told=told if isinstance(told, str) and entry.operation in POLLS else "",
        retry_after_s=_whole(answer.get("retry_after_seconds")),
    )


def _broke(one: Look) -> bool:
    """Whether the client can't know what became of its call."""
    entry = one.entry
    return entry.status == 0 or entry.status >= 500 or entry.garbled or one.answer is None


def _does(operation: str, surface: str) -> str:
    if surface == "files":
        return "fetch"
    if operation in STARTS:
        return "start"
    if operation in POLLS:
        return "poll"
    if operation in FOLLOWS:
        return "follow"
    return "look" if operation in LOOKS else "other"


def _signature(one: Look) -> str:
    body = one.request if isinstance(one.request, dict) else {"": one.request}
    return one.entry.operation + msgspec.json.encode(body, order="deterministic").decode()


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
