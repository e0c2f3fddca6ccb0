"""What the report of a failed test shows of its world: last calls, jobs, ledger."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.client import ControlClient, ControlError
from simulator.engine.control_shapes import EntryView, JobView
from simulator.engine.controls.journal import RequestView

CALLS_SHOWN = 15
ROWS_SHOWN = 25
_BODY_MOST = 300


def evidence(control: ControlClient) -> str:
    """As lines of text, without credentials: the simulator itself has taken them out."""
    try:
        return "\n".join(_lines(control))
    except ControlError as error:
        return f"the simulator does not tell: {error}"


def _lines(control: ControlClient) -> Iterator[str]:
    # The journal first: the other looks are calls that it records.
    calls = control.journal.page(newest_first=True, limit=CALLS_SHOWN)
    clock, ledger, jobs = control.clock.look(), control.ledger(), control.jobs()
    yield f"{clock.now}, clock {clock.mode}; control plane: {control.url}/_sim"
    yield f"calls, the last {len(calls.requests)} of {calls.total}:"
    for call in reversed(calls.requests):
        yield from _call(call)
    yield f"jobs, {len(jobs)} in all:"
    yield from map(_job, sorted(jobs, key=lambda job: job.number)[-ROWS_SHOWN:])
    balance = ledger.balance
    yield (
        f"ledger, {len(ledger.entries)} entries; {balance.available:g} available,"
        f" {balance.held:g} held, {balance.spent:g} spent:"
    )
    yield from map(_entry, ledger.entries[-ROWS_SHOWN:])


def _call(call: RequestView) -> Iterator[str]:
    name = call.operation or f"{call.method} {call.path}"
    told = [str(call.status) if call.status else "connection broken"]
    told += [call.error or "", call.generation_id or "", *call.faults]
    outcome = " ".join(part for part in told if part)
    yield f"  {call.seq}. {call.at} {call.surface} {name} ({call.account or '-'}): {outcome}"
    for label, body in (("sent", call.request), ("got", call.answer)):
        if body not in (None, "", {}) and (label == "sent" or call.status != 200):
            yield f"       {label} {_short(body)}"


def _job(job: JobView) -> str:
    faults = "".join(f", {fault['kind']} by {fault['from']}" for fault in job.faults)
    return (
        f"  {job.number}. {job.id} {job.model} {job.status} {job.progress} %,"
        f" {job.credits:g} credits, {job.account}, ends {job.timetable.done_at or 'never'}{faults}"
    )


def _entry(entry: EntryView) -> str:
    parts = (entry.at, entry.account, entry.generation_id or "", entry.reason)
    return f"  {entry.id}. {entry.kind} {entry.credits:g}  {'  '.join(p for p in parts if p)}"


def _short(body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _BODY_MOST else f"{text[:_BODY_MOST]}… ({len(text)} characters)"
