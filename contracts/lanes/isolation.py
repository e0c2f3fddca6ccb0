"""What two accounts see of each other, which is nothing, and what a poor one hears of the rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.cases import MEDIA_CALL
from contracts.check import CannotTell, Check, expect, same
from contracts.lanes.looking import IMAGE, NO_ID, answered, field, operations
from contracts.pricing import load_prices
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply

STREAM = "/v1/generate/media/{}/stream"
MOST_ROWS = 25
POOR_CREDITS = 3

BREAKS_A_RULE: Mapping[str, Any] = {
    "prompt": IMAGE["prompt"],
    "model": "seedance-2-480p",
    "generation_type": "text-to-video",
    "duration": "4s",
    "source_media_urls": [f"https://example.com/{number}.mp3" for number in range(1, 5)],
}
"""One sound too many, and dear at its shortest."""

BROKEN_RULE = "too_many_audios"


async def a_foreign_id_is_an_unknown_one(backend: Backend, surface: str) -> None:
    """In every call that takes an id."""
    job = (await backend.start(IMAGE, surface=surface)).generation_id
    await _compare(backend, surface, job)
    await backend.wait_finished(job, surface=surface)
    await _compare(backend, surface, job)


async def _compare(backend: Backend, surface: str, job: str) -> None:
    for operation in operations(backend, surface):
        if operation.method != "GET" or not operation.path_fields:
            continue
        (name,) = operation.path_fields
        told = [
            await backend.call(operation.name, {name: each}, surface=surface, who="second")
            for each in (NO_ID, job)
        ]
        _alike(operation.name, told, job)
    if surface == "rest" and backend.has("streams"):
        asked = [
            await backend.request("GET", STREAM.format(each), who="second") for each in (NO_ID, job)
        ]
        _alike("the stream", asked, job)


def _alike(what: str, replies: Sequence[Reply], job: str) -> None:
    unknown, foreign = replies
    expect(unknown.refused, f"{what} of an id that was never given to be refused", unknown)
    fits = _shape(unknown, NO_ID) == _shape(foreign, job)
    expect(fits, f"{what} as of an id that was never given: {unknown.summary}", foreign)


def _shape(reply: Reply, given: str) -> tuple[bool, int, str]:
    """An answer, whatever the id was."""
    return reply.refused, reply.status, str(reply.body).replace(given, "[id]")


async def a_foreign_job_is_not_listed(backend: Backend, surface: str) -> None:
    mine = await backend.start(IMAGE, surface=surface)
    for arguments in ({}, {"limit": MOST_ROWS}):
        reply = await backend.call("get_generations", arguments, surface=surface, who="second")
        rows = field(answered(reply, "the list of generations"), "generations", list)
        ids = [row.get("generation_id") or row.get("id") for row in rows]
        expect(mine.generation_id not in ids, "no job of another account", ids)
    await backend.wait_finished(mine.generation_id, surface=surface)


async def a_foreign_start_costs_nothing(backend: Backend, surface: str) -> None:
    before = await backend.balance(surface=surface, who="second")
    mine = await backend.start(IMAGE, surface=surface)
    same(before, await backend.balance(surface=surface, who="second"), "the other's balance:")
    await backend.wait_finished(mine.generation_id, surface=surface)
    same(before, await backend.balance(surface=surface, who="second"), "and at the job's end:")


async def rules_come_before_credits(backend: Backend, surface: str) -> None:
    """Raises CannotTell when the second account is rich."""
    if backend.has("control"):
        await backend.set_credits(POOR_CREDITS, who="second")
    held = await backend.balance(surface=surface, who="second")
    price = (load_prices().worst_case(MEDIA_CALL, BREAKS_A_RULE) or 0) / 1_000
    if held >= price:
        raise CannotTell(f"the second account has {held:g} credits, not less than {price:g}")
    reply = await backend.call(MEDIA_CALL, BREAKS_A_RULE, surface=surface, who="second")
    expect(reply.refused, f"a refusal with {BROKEN_RULE}", reply)
    expect(reply.code == BROKEN_RULE, f"{BROKEN_RULE} with {held:g} credits as well", reply)
    if surface == "rest":
        same(400, reply.status, "status")
    after = await backend.balance(surface=surface, who="second")
    expect(after >= held, "the balance as it was", f"{after:g} credits")


CHECKS: tuple[Check, ...] = (
    Check(("isolation:status",), a_foreign_id_is_an_unknown_one),
    Check(("isolation:list",), a_foreign_job_is_not_listed),
    Check(("isolation:balance",), a_foreign_start_costs_nothing),
    Check(("isolation:rules-before-credits",), rules_come_before_credits),
)
