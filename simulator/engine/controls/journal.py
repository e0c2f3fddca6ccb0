"""The journal: what was called in a world, and whether it was what a test expects."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from simulator.domain.errors import Malformed
from simulator.domain.evidence import Ruling
from simulator.domain.matching import (
    BadMatcher,
    Condition,
    Near,
    conditions,
    in_order,
    matching,
    nearest,
    shortest_ms,
)
from simulator.domain.redaction import redacted
from simulator.domain.times import from_rfc3339, rfc3339
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control, entry_view
from simulator.engine.control_shapes import EntryView
from simulator.engine.controls.faults import Removed
from simulator.engine.journal import Entry
from simulator.engine.looks import Look, look
from simulator.engine.rulings import all_rulings
from simulator.engine.store.base import History
from simulator.engine.worlds import World

LIMIT_MOST = 500
KNOWN = (
    "seq",
    "surface",
    "method",
    "path",
    "operation",
    "account",
    "model",
    "status",
    "error",
    "generation_id",
    "headers",
    "request",
    "answer",
)
"""What a matcher's field may begin with."""

Surface = Literal["rest", "mcp", "files", "control"]


class RequestsQuery(Struct, frozen=True):
    operation: str | None = None
    surface: Surface | None = None
    status: int | None = None
    account: str | None = None
    model: str | None = None
    generation_id: str | None = None
    error: Annotated[str, Meta(description="A refusal's code.")] | None = None
    since: Annotated[str, Meta(description="RFC 3339, by the world's clock.")] | None = None
    cursor: Annotated[int, Meta(description="Only what follows this seq.")] = 0
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MOST)] = 100
    newest_first: bool = False


class RuleView(Struct, frozen=True):
    id: str
    strength: str | None
    source: str | None


class RequestView(Struct, frozen=True):
    seq: int
    request_id: str
    surface: Surface
    method: str
    path: str
    query: str
    operation: str
    account: str
    headers: dict[str, str]
    request: Annotated[Any, Meta(description="As JSON; a tool's arguments; else as text.")]
    request_bytes: int
    request_cut: Annotated[bool, Meta(description="Not all of the request was kept.")]
    status: Annotated[int, Meta(description="0: the connection broke.")]
    answer: Annotated[Any, Meta(description="As JSON; a tool's structured answer; else as text.")]
    answer_bytes: int
    answer_cut: Annotated[bool, Meta(description="Not all of the answer was kept.")]
    error: str | None
    rule: Annotated[RuleView | None, Meta(description="What refused.")]
    faults: list[str]
    model: str | None
    generation_id: str | None
    ledger: Annotated[list[EntryView], Meta(description="Rows of the generation it is about.")]
    at: Annotated[str, Meta(description="By the world's clock.")]
    real_ms: Annotated[int, Meta(description="Real milliseconds, on the process's own count.")]
    took_us: Annotated[int, Meta(description="Real microseconds.")]


class RequestsAnswer(Struct, frozen=True):
    requests: list[RequestView]
    next_cursor: Annotated[int | None, Meta(description="To go on with; null: that was all.")]
    total: Annotated[int, Meta(description="Calls of this world so far.")]
    dropped: Annotated[int, Meta(description="Calls that are no longer kept.")]


class Times(Struct, frozen=True, forbid_unknown_fields=True):
    exactly: Annotated[int, Meta(ge=0)] | None = None
    at_least: Annotated[int, Meta(ge=0)] | None = None
    at_most: Annotated[int, Meta(ge=0)] | None = None
    never: bool = False


class VerifyBody(Struct, frozen=True, forbid_unknown_fields=True):
    request: Annotated[
        dict[str, Any],
        Meta(description=f"Fields of a call: {', '.join(KNOWN)}; dots lead into objects."),
    ] = {}
    times: Times = Times(at_least=1)
    in_order: Annotated[
        list[dict[str, Any]], Meta(description="Matchers that follow one another.")
    ] = []
    within_seconds: (
        Annotated[float, Meta(gt=0, description="From the first call to the last, world time.")]
        | None
    ) = None


class DifferenceView(Struct, frozen=True):
    field: str
    expected: str
    got: str


class NearView(Struct, frozen=True):
    seq: int
    operation: str
    at: str
    differences: list[DifferenceView]


class VerifyRequestsAnswer(Struct, frozen=True):
    ok: bool
    count: int
    near_misses: list[NearView]
    why: Annotated[str, Meta(description="In one sentence.")]


async def requests(control: Control, world: World, body: RequestsQuery) -> RequestsAnswer:
    """Calls of this world, the oldest first, without credentials. Reading them adds none."""
    journal, secrets = world.lab.journal, control.worlds.secrets
    since_ms = _instant(body.since)
    found = [
        view
        for entry in journal.after(body.cursor)
        if entry.at_ms >= since_ms and _quickly_fits(entry, body)
        if _fits(view := look(entry, secrets), body)
    ]
    if body.newest_first:
        found.reverse()
    page = found[: body.limit]
    rows = await _rows_of(control, world, page)
    views = [_view(look, rows) for look in page]
    more = len(found) > len(page) and not body.newest_first
    return RequestsAnswer(
        views, page[-1].entry.seq if more else None, journal.last, journal.dropped
    )


async def clear(control: Control, world: World, body: Nothing) -> Removed:
    """Empties the journal; its numbers go on."""
    return Removed(world.lab.journal.clear())


async def verify(control: Control, world: World, body: VerifyBody) -> VerifyRequestsAnswer:
    """Whether the calls were as expected; what nearly was, field by field."""
    secrets = control.worlds.secrets
    wanted, *steps = _conditions([body.request, *body.in_order], secrets)
    looks = {entry.seq: look(entry, secrets) for entry in world.lab.journal.entries}
    calls = [one.seen() for one in looks.values() if one.entry.surface != "control"]
    found = matching(calls, wanted) if wanted or not steps else calls
    why = _wrong_count(len(found), body.times) if wanted or not steps else ""
    missed: tuple[Condition, ...] = wanted
    if not why and steps:
        reached = in_order(calls, steps)
        if reached < len(steps):
            why = f"{reached} of {len(steps)} came in this order; the next is missing"
            missed = steps[reached]
    if not why and body.within_seconds is not None and found:
        took_ms = found[-1].at_ms - found[0].at_ms if wanted or not steps else 0
        took_s = max(took_ms, shortest_ms(calls, steps)) / 1000
        if took_s > body.within_seconds:
            why = f"they took {took_s:g} s of the world's clock, expected {body.within_seconds:g}"
    near = nearest(calls, missed) if why else []
    return VerifyRequestsAnswer(
        not why, len(found), [_near_view(one, looks, secrets) for one in near], why or "as expected"
    )


def _conditions(
    matchers: Iterable[Mapping[str, Any]], secrets: tuple[str, ...]
) -> list[tuple[Condition, ...]]:
    """Raises Malformed."""
    try:
        return [conditions(one, KNOWN) for one in matchers]
    except BadMatcher as error:
        text = redacted(str(error), secrets)
        raise Malformed([{"loc": ["body"], "msg": text, "type": "invalid"}]) from None


def _quickly_fits(entry: Entry, body: RequestsQuery) -> bool:
    """What can be told without reading bodies."""
    return (
        body.operation in (None, entry.operation)
        and body.surface in (None, entry.surface)
        and body.status in (None, entry.status)
        and body.account in (None, entry.account)
    )


def _fits(found: Look, body: RequestsQuery) -> bool:
    return (
        body.model in (None, found.model)
        and body.generation_id in (None, found.generation_id)
        and body.error in (None, found.error)
    )


async def _rows_of(
    control: Control, world: World, page: Iterable[Look]
) -> Mapping[str, list[EntryView]]:
    """The ledger's rows by generation, as far as the page speaks of generations."""
    wanted = {one.generation_id for one in page} - {None}
    if not wanted:
        return {}
    now_ms = await control.worlds.now(world)
    history: History = await control.store.history(world.id, now_ms)
    by_number = {job.number: job for job in history.jobs if job.id in wanted}
    rows: dict[str, list[EntryView]] = {}
    for entry in history.entries:
        job = by_number.get(entry.job_number or 0)
        if job is not None:
            rows.setdefault(job.id, []).append(entry_view(entry, job))
    return rows


def _view(found: Look, rows: Mapping[str, list[EntryView]]) -> RequestView:
    entry = found.entry
    return RequestView(
        seq=entry.seq,
        request_id=entry.request_id,
        surface=msgspec.convert(entry.surface, Surface),
        method=entry.method,
        path=found.path,
        query=found.query,
        operation=found.operation,
        account=entry.account,
        headers=found.headers,
        request=found.request,
        request_bytes=entry.request_bytes,
        request_cut=entry.request_bytes > len(entry.request),
        status=entry.status,
        answer=found.answer,
        answer_bytes=entry.answer_bytes,
        answer_cut=entry.answer_bytes > len(entry.answer),
        error=found.error,
        rule=_rule(entry.rule),
        faults=list(entry.faults),
        model=found.model,
        generation_id=found.generation_id,
        ledger=rows.get(found.generation_id or "", []),
        at=rfc3339(entry.at_ms),
        real_ms=entry.real_ms,
        took_us=entry.took_us,
    )


def _rule(rule_id: str) -> RuleView | None:
    if not rule_id:
        return None
    ruling: Ruling | None = next((one for one in all_rulings() if one.id == rule_id), None)
    if ruling is None:
        return RuleView(rule_id, None, None)
    return RuleView(rule_id, ruling.strength.value, ruling.source)


def _instant(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return from_rfc3339(text)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            [{"loc": ["query", "since"], "msg": str(error), "type": "invalid"}]
        ) from None


def _wrong_count(count: int, times: Times) -> str:
    """Why the count is not as expected; empty when it is. With nothing said: at least once."""
    if times == Times():
        times = Times(at_least=1)
    if times.never and count:
        return f"expected never, came {count} times"
    if times.exactly is not None and count != times.exactly:
        return f"expected exactly {times.exactly}, came {count} times"
    if times.at_least is not None and not times.never and count < times.at_least:
        return f"expected at least {times.at_least}, came {count} times"
    if times.at_most is not None and count > times.at_most:
        return f"expected at most {times.at_most}, came {count} times"
    return ""


def _near_view(near: Near, looks: Mapping[int, Look], secrets: tuple[str, ...]) -> NearView:
    """What was expected is the caller's own word, and is shown like any other."""
    found = looks[near.seq]
    return NearView(
        near.seq,
        found.operation,
        rfc3339(found.entry.at_ms),
        [
            DifferenceView(redacted(one.field, secrets), redacted(one.expected, secrets), one.got)
            for one in near.differences
        ],
    )
