"""A job from its start to its end: what is told of it on the way."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contracts.check import Broken, Check, Judgement, expect, same
from contracts.lanes.looking import IMAGE, NO_ID, NUMBER, answered, field
from contracts.talk.backend import FINAL, Backend
from contracts.talk.exchange import event_messages

STATUSES = ("pending", "queued", "processing", "completed", "failed")
RANK: Mapping[str, int] = {"pending": 0, "queued": 1, "processing": 2, "completed": 3, "failed": 3}
STEP_S = 1.0
STEPS = 400
AFTER_S = (1.0, 60.0, 86_400.0)

Seen = Sequence[Mapping[str, Any]]


async def a_start_is_answered(backend: Backend, surface: str) -> None:
    reply = await backend.start(IMAGE, surface=surface)
    field(reply.fields, "generation_id", str)
    same("pending", reply.fields.get("status"), "status")
    for name in ("estimated_time_seconds", "estimated_cost_credits"):
        expect(field(reply.fields, name, NUMBER) > 0, f"{name} above 0", reply)


async def a_job_is_followed(backend: Backend, surface: str) -> Sequence[Judgement]:
    """One job, looked at all along its way, judged by each requirement."""
    reply = await backend.start(IMAGE, surface=surface)
    seen = await followed(backend, surface, reply.generation_id)
    return [_judged(requirement, rule, seen) for requirement, rule in RULES]


async def followed(backend: Backend, surface: str, generation_id: str) -> Seen:
    """Every status answer until the final one, and some after it; in pairs where time can't be
    stopped, since a look might bring the job forward past what comes next."""
    seen = [await backend.poll(generation_id, surface=surface)]
    for _ in range(STEPS):
        if seen[-1]["status"] in FINAL:
            break
        if len(seen) % 2 == 0 or backend.has("control"):
            await backend.pause(STEP_S)
        seen.append(await backend.poll(generation_id, surface=surface))
    if seen[-1]["status"] not in FINAL:
        await backend.wait_finished(generation_id, surface=surface)
        seen.append(await backend.poll(generation_id, surface=surface))
    for seconds in AFTER_S:
        await backend.pause(seconds)
        seen.append(await backend.poll(generation_id, surface=surface))
    return seen


def _status_is_told(seen: Seen) -> None:
    for each in seen:
        expect(each["status"] in STATUSES, f"one of {', '.join(STATUSES)}", repr(each["status"]))
        field(each, "progress", NUMBER)
        expect(each.get("generation_id") or each.get("id"), "the job's id", each)


def _moves_forward(seen: Seen) -> None:
    statuses = [each["status"] for each in seen]
    ranks = [RANK.get(status, -1) for status in statuses]
    expect(ranks == sorted(ranks), "a status that moves only forward", _changes(statuses))


def _stays(seen: Seen) -> None:
    ended = [each for each in seen if each["status"] in FINAL]
    expect(ended, "a job that ends", seen[-1]["status"])
    for each in ended:
        changed = [name for name in {**ended[0], **each} if ended[0].get(name) != each.get(name)]
        same([], sorted(changed), "nothing that changes after the end:")


def _progress_rises(seen: Seen) -> None:
    told = [field(each, "progress", NUMBER) for each in seen]
    expect(all(0 <= each <= 100 for each in told), "progress from 0 to 100", _changes(told))
    expect(told == sorted(told), "progress that does not fall", _changes(told))


def _progress_is_100_at_the_end(seen: Seen) -> None:
    for each in seen:
        done = each["status"] == "completed"
        wanted = "progress 100" if done else f"progress below 100 while {each['status']}"
        expect((field(each, "progress", NUMBER) == 100) == done, wanted, each.get("progress"))


def _outputs_come_with_completion(seen: Seen) -> None:
    for each in seen:
        outputs = each.get("outputs") or []
        if each["status"] != "completed":
            same([], outputs, f"no outputs while {each['status']}:")
            continue
        expect(outputs, "outputs of a completed job", outputs)
        for output in outputs:
            expect(str(output.get("media_type", "")).startswith("image"), "an image", output)
            for name in ("id", "url", "thumbnail_url", "optimized_url"):
                field(output, name, str)
            for name in ("width", "height"):
                expect(field(output, name, int) > 0, f"{name} above 0", output)


def _times_are_told(seen: Seen) -> None:
    for each in seen:
        created, completed = _time(field(each, "created_at", str)), each.get("completed_at")
        if each["status"] in FINAL:
            expect(_time(field(each, "completed_at", str)) >= created, "a later end", completed)
        else:
            same(None, completed, f"completed_at while {each['status']}:")


def _asked_is_told(seen: Seen) -> None:
    for each in seen:
        for name in ("model", "prompt"):
            same(IMAGE[name], each.get(name), name)
        same("text-to-image", each.get("generation_type"), "generation_type")


RULES: tuple[tuple[str, Callable[[Seen], None]], ...] = (
    ("lifecycle:status", _status_is_told),
    ("lifecycle:forward", _moves_forward),
    ("lifecycle:final", _stays),
    ("lifecycle:progress", _progress_rises),
    ("lifecycle:progress-ends", _progress_is_100_at_the_end),
    ("lifecycle:outputs", _outputs_come_with_completion),
    ("lifecycle:times", _times_are_told),
    ("lifecycle:echo", _asked_is_told),
)


async def jobs_are_listed(backend: Backend, surface: str) -> None:
    first = await backend.start({**IMAGE, "prompt": "The first"}, surface=surface)
    await backend.wait_finished(first.generation_id, surface=surface)
    await backend.pause(STEP_S)
    second = await backend.start({**IMAGE, "prompt": "The second"}, surface=surface)
    reply = await backend.call("get_generations", surface=surface)
    rows = field(answered(reply, "the list of generations"), "generations", list)
    ids = [row.get("generation_id") or row.get("id") for row in rows]
    same([second.generation_id, first.generation_id], ids[:2], "the newest first:")
    told = await backend.poll(first.generation_id, surface=surface)
    for name in ("status", "prompt", "model", "created_at", "completed_at"):
        same(told.get(name), rows[1].get(name), name)


async def a_job_fails(backend: Backend, surface: str) -> None:
    prompt = f"{IMAGE['prompt']} [sim:fail=content_policy]"
    reply = await backend.start({**IMAGE, "prompt": prompt}, surface=surface)
    seen = await followed(backend, surface, reply.generation_id)
    same("failed", seen[-1]["status"], "status")
    expect(field(seen[-1], "error_message", str), "a reason in error_message", seen[-1])
    for each in seen:
        same([], each.get("outputs") or [], "no outputs:")
    _moves_forward(seen)
    _stays(seen)


async def a_foreign_job_is_not_shown(backend: Backend, surface: str) -> None:
    reply = await backend.start(IMAGE, surface=surface)
    given = {"generation_id": reply.generation_id}
    other = await backend.call("get_generation_status", given, surface=surface, who="second")
    expect(other.refused, "another account's job to be refused", other)
    expect(str(IMAGE["prompt"]) not in other.content.decode("utf-8", "replace"), "nothing", other)
    listed = await backend.call("get_generations", surface=surface, who="second")
    rows = field(answered(listed, "the list of generations"), "generations", list)
    ids = [row.get("generation_id") or row.get("id") for row in rows]
    expect(reply.generation_id not in ids, "another account's job not to be listed", ids)


async def unknown_and_foreign_look_alike(backend: Backend, surface: str) -> None:
    reply = await backend.start(IMAGE, surface=surface)
    replies = [
        await backend.call(
            "get_generation_status", {"generation_id": each}, surface=surface, who="second"
        )
        for each in (reply.generation_id, NO_ID)
    ]
    told = [(each.refused, each.status, each.body) for each in replies]
    expect(told[0] == told[1], f"the answer to an id that is none: {told[1]}", told[0])


async def a_stream_ends_with_the_result(backend: Backend, surface: str) -> None:
    reply = await backend.start(IMAGE)
    told = await backend.wait_finished(reply.generation_id)
    path = f"/v1/generate/media/{reply.generation_id}/stream"
    stream = await backend.request("GET", path, headers={"Accept": "text/event-stream"})
    kind = stream.headers.get("content-type", "")
    expect(kind.startswith("text/event-stream"), "text/event-stream", repr(kind))
    expect(b"event: result" in stream.content, "an event named result", stream.content[:300])
    same([told], [each for each in event_messages(stream.content) if each], "one event, the status")


async def one_leap_is_many_steps(backend: Backend, surface: str) -> None:
    """The same world twice: what it tells at the end must not depend on the way there."""
    reply = await backend.start(IMAGE, surface=surface)
    await backend.advance(600)
    leapt = await backend.poll(reply.generation_id, surface=surface)
    await backend.prepare(credits=100_000)
    reply = await backend.start(IMAGE, surface=surface)
    for _ in range(60):
        await backend.advance(10)
    same(leapt, await backend.poll(reply.generation_id, surface=surface), "after small steps")


async def polling_changes_nothing(backend: Backend, surface: str) -> None:
    reply = await backend.start(IMAGE, surface=surface)
    await backend.advance(100)
    quiet = await backend.poll(reply.generation_id, surface=surface)
    left = await backend.balance()
    await backend.prepare(credits=100_000)
    reply = await backend.start(IMAGE, surface=surface)
    for _ in range(50):
        await backend.poll(reply.generation_id, surface=surface)
        await backend.advance(2)
    same(quiet, await backend.poll(reply.generation_id, surface=surface), "after many polls")
    same(left, await backend.balance(), "the same balance")


def _judged(requirement: str, rule: Callable[[Seen], None], seen: Seen) -> Judgement:
    try:
        rule(seen)
    except Broken as broken:
        return Judgement(requirement, broken)
    return Judgement(requirement)


def _changes(values: Sequence[object]) -> str:
    """A sequence without its repetitions."""
    changed = [
        value for index, value in enumerate(values) if not index or values[index - 1] != value
    ]
    return " > ".join(str(value) for value in changed)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Broken("a time as RFC 3339", repr(text)) from None


CHECKS: tuple[Check, ...] = (
    Check(("lifecycle:start",), a_start_is_answered),
    Check(tuple(requirement for requirement, _ in RULES), a_job_is_followed),
    Check(("lifecycle:listed",), jobs_are_listed),
    Check(("lifecycle:failed",), a_job_fails),
    Check(("lifecycle:foreign-id",), a_foreign_job_is_not_shown),
    Check(("lifecycle:unknown-id",), unknown_and_foreign_look_alike),
    Check(("lifecycle:stream",), a_stream_ends_with_the_result, ("rest",)),
    Check(("lifecycle:one-leap",), one_leap_is_many_steps),
    Check(("lifecycle:polling",), polling_changes_nothing),
)
