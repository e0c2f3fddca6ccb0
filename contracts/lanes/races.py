"""Calls at the same time: credits are held once, settled once, and never more than there are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from contracts.cases import MEDIA_CALL
from contracts.check import CannotTell, Check, expect, same
from contracts.judging import cost_of
from contracts.lanes.looking import IMAGE
from contracts.lanes.menu import FAILING
from contracts.pricing import load_prices
from contracts.talk.backend import FINAL, Backend
from contracts.talk.codes import SHORT
from contracts.talk.exchange import Reply
from contracts.talk.wire import Trouble

T = TypeVar("T")
Race = Callable[[Backend, str, int], Awaitable[bool]]

POOR_MOST = 40.0
"""A second account with more than this can't be used up by a few starts."""

AT_ONCE, FEW_AT_ONCE, BEYOND = 8, 4, 3
LOOKS_AT_ONCE = 10
TRIES, TRIES_MOST = 3, 12
DEAR: Mapping[str, Any] = {"prompt": IMAGE["prompt"], "model": "seedream-v4-5"}


async def starts_share_the_credits(backend: Backend, surface: str) -> None:
    """Equal starts on credits for some of them."""
    await _repeated(backend, surface, _equal)


async def mixed_starts_share_the_credits(backend: Backend, surface: str) -> None:
    """Starts of two prices, with looks at the balance among them."""
    await _repeated(backend, surface, _mixed)


async def _repeated(backend: Backend, surface: str, race: Race) -> None:
    """Until it was seen often enough: a try may be spoilt. Raises CannotTell, Trouble."""
    seen = 0
    for attempt in range(TRIES_MOST):
        try:
            seen += await race(backend, surface, attempt)
        except Trouble:
            if not backend.target.has_worlds or attempt == TRIES_MOST - 1:
                raise
        if seen == (TRIES if backend.has("control") else 1):
            return  # elsewhere a try is many of a minute's thirty starts
    raise CannotTell("jobs end, and give their credits back, before all starts are answered")


async def _equal(backend: Backend, surface: str, extra: int) -> bool:
    """Whether the race could be judged."""
    body = _body(backend, IMAGE)
    who, before = await _poor(backend, surface, body, 3 * _price(IMAGE) + extra)
    bodies = [body] * _many(backend, before)
    replies = await _at_once(backend, surface, who, bodies)
    after = await backend.balance(surface=surface, who=who)
    accepted = [reply for reply in replies if not reply.refused]
    if await _ended(backend, surface, who, accepted):
        return False
    fits = int(before // _price(IMAGE))
    told = f"{len(accepted)} of {len(bodies)} accepted, {after:g} credits left"
    expect(len(accepted) == fits, f"{fits} starts for {before:g} credits", told)
    _check_sums(replies, before, after)
    return True


async def _mixed(backend: Backend, surface: str, extra: int) -> bool:
    """Whether the race could be judged."""
    cheap, dear = _body(backend, IMAGE), _body(backend, DEAR)
    credits = 2 * _price(IMAGE) + _price(DEAR) + extra
    who, before = await _poor(backend, surface, cheap, credits)
    bodies = [cheap, dear] * (_many(backend, before) // 2)
    replies, seen = await asyncio.gather(
        _at_once(backend, surface, who, bodies),
        _all_of(*(backend.balance(surface=surface, who=who) for _ in range(4))),
    )
    after = await backend.balance(surface=surface, who=who)
    accepted = [reply for reply in replies if not reply.refused]
    if await _ended(backend, surface, who, accepted):
        return False
    expect(all(0 <= each <= before for each in seen), f"0 to {before:g} credits", seen)
    _check_sums(replies, before, after)
    _check_short(bodies, replies, after)
    return True


def _check_short(
    bodies: Sequence[Mapping[str, Any]], replies: Sequence[Reply], after: float
) -> None:
    for body, reply in zip(bodies, replies, strict=True):
        if reply.code == SHORT:
            price = _price(body)
            wanted = f"a start for {price:g} credits while {after:g} are never used"
            expect(price > after, wanted, reply)


async def one_job_ends_once(backend: Backend, surface: str) -> None:
    """Looked at from many sides at its end."""
    before = await backend.balance(surface=surface)
    reply = await backend.start(IMAGE, surface=surface)
    if backend.has("control"):
        await backend.advance(600)
    else:
        await backend.wait_finished(reply.generation_id, surface=surface)
    looks = (backend.poll(reply.generation_id, surface=surface) for _ in range(LOOKS_AT_ONCE))
    balances = (backend.balance(surface=surface) for _ in range(4))
    seen, _ = await asyncio.gather(_all_of(*looks), _all_of(*balances))
    for each in seen:
        same(seen[0], each, "one answer to all:")
    paid = (cost_of(reply) or 0) if seen[0]["status"] == "completed" else 0
    after = await backend.balance(surface=surface)
    expect(abs(before - paid - after) < 1e-6, f"{before - paid:g} credits", f"{after:g} credits")
    if backend.has("control"):
        ledger = await backend.control("GET", "ledger", setup=False)
        kinds = [
            entry["kind"]
            for entry in ledger.fields["entries"]
            if entry["generation_id"] == reply.generation_id
        ]
        same(["hold", "capture"], kinds, "one hold and one capture:")


async def refusals_beside_starts_are_free(backend: Backend, surface: str) -> None:
    before = await backend.balance(surface=surface)
    wrong = {**IMAGE, "model": "gpt-image-2", "resolution": "2K", "aspect_ratio": "1:1"}
    bodies = [IMAGE, wrong, wrong, IMAGE, wrong, wrong]
    replies = await _at_once(backend, surface, "main", bodies)
    after = await backend.balance(surface=surface)
    for body, reply in zip(bodies, replies, strict=True):
        expect(reply.refused == (body is wrong), f"the answer to {dict(body)}", reply)
    _check_sums(replies, before, after)
    accepted = [reply for reply in replies if not reply.refused]
    await _ended(backend, surface, "main", accepted)


def _many(backend: Backend, credits: float) -> int:
    """More than these credits pay for; few where thirty starts a minute are allowed, so that none
    is kept waiting."""
    if backend.has("control"):
        return AT_ONCE
    return max(FEW_AT_ONCE, int(credits // _price(IMAGE)) + BEYOND)


async def _poor(
    backend: Backend, surface: str, body: Mapping[str, Any], credits: float
) -> tuple[str, float]:
    """An account with few credits, and how many. Raises CannotTell without one."""
    if backend.has("control"):
        await backend.prepare(credits=credits)
        if not backend.target.has_worlds:
            await backend.set_credits(credits)
        return "main", await backend.balance(surface=surface)
    held = await backend.balance(surface=surface, who="second")
    if not _price(body) <= held <= POOR_MOST:
        raise CannotTell(
            f"the second account has {held:g} credits; with {_price(body):g} to {POOR_MOST:g} it"
            " can be shown what happens when they run out"
        )
    return "second", held


def _body(backend: Backend, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where credits are few, jobs that fail give them back for the next try."""
    if backend.has("control") or not backend.has("magic"):
        return body
    return {**body, "prompt": str(body["prompt"]) + FAILING}


async def _at_once(
    backend: Backend, surface: str, who: str, bodies: Sequence[Mapping[str, Any]]
) -> Sequence[Reply]:
    if surface == "mcp":
        await backend.balance(surface=surface, who=who)  # the handshake comes first
    if not backend.has("control"):
        # Each start has a connection then, all the way, and none comes late for want of one.
        await _all_of(*(backend.balance(surface=surface, who=who) for _ in bodies))
    return await _all_of(
        *(backend.call(MEDIA_CALL, body, surface=surface, who=who) for body in bodies)
    )


def _check_sums(replies: Sequence[Reply], before: float, after: float) -> None:
    taken = sum(cost_of(reply) or 0 for reply in replies if not reply.refused)
    expect(after >= 0, "a balance of 0 or more", f"{after:g} credits")
    got = f"{after:g} credits, after starts for {taken:g}"
    expect(abs(before - taken - after) < 1e-6, f"{before - taken:g} credits", got)


async def _ended(backend: Backend, surface: str, who: str, accepted: Sequence[Reply]) -> bool:
    """Whether one of these jobs ended before all starts were answered, so that credits may have
    come back for others. Waits for them where nothing may run on into what is checked next."""
    if backend.has("control"):
        return False
    listed = await backend.call("get_generations", surface=surface, who=who)
    final = {
        row.get("generation_id") or row.get("id")
        for row in listed.fields.get("generations") or []
        if row.get("status") in FINAL
    }
    for reply in accepted:
        await backend.wait_finished(reply.generation_id, surface=surface, who=who)
    return any(reply.generation_id in final for reply in accepted)


async def _all_of(*those: Awaitable[T]) -> Sequence[T]:
    """What each came to, when all have ended: none may run on into another world. Raises the first
    one's exception."""
    done = await asyncio.gather(*those, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return [each for each in done if not isinstance(each, BaseException)]


def _price(body: Mapping[str, Any]) -> float:
    worst = load_prices().worst_case(MEDIA_CALL, body)
    if worst is None:
        raise CannotTell(f"the price of {body['model']} is not known")
    return worst / 1_000


CHECKS: tuple[Check, ...] = (
    Check(("races:credits",), starts_share_the_credits),
    Check(("races:mixed-prices",), mixed_starts_share_the_credits),
    Check(("races:settled-once",), one_job_ends_once),
    Check(("races:refused",), refusals_beside_starts_are_free),
)
