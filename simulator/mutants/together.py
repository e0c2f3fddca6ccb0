"""Concurrency: limits of calls and jobs, and what goes wrong between two calls at the same time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from simulator.domain.errors import Rejection
from simulator.domain.limits import CALLS_A_MINUTE, JOBS_AT_ONCE
from simulator.mutants.bench import Bench, Mutant

PROVIDER = "simulator.engine.provider"
OPERATIONS = "simulator.engine.store.operations"
ACCEPT = "simulator.engine.store.sqlite.SqliteStore.accept"
BALANCE = "simulator.engine.store.sqlite.SqliteStore.balance"
BETWEEN_S = 0.03
A_CREDIT = 1_000


class Crowd:
    """Who is in the midst of something: how many for each name."""

    def __init__(self) -> None:
        self._here: Counter[object] = Counter()

    @contextmanager
    def within(self, name: object) -> Iterator[None]:
        self._here[name] += 1
        try:
            yield
        finally:
            self._here[name] -= 1

    def others(self, name: object) -> int:
        return self._here[name] - 1


def _jobs_at_once(bench: Bench, bucket: str, most: int) -> None:
    def change(accept: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def accepts(store: Any, world: int, draft: Any, now_ms: int) -> Any:
            if draft.bucket == bucket:
                bench.hit()
            return await accept(store, world, draft, now_ms)

        return accepts

    bench.put(f"{PROVIDER}.JOBS_AT_ONCE", {**JOBS_AT_ONCE, bucket: most})
    bench.wrap(change, ACCEPT)


def one_song_more(bench: Bench) -> None:
    _jobs_at_once(bench, "music", JOBS_AT_ONCE["music"] + 1)


def one_dialogue_fewer(bench: Bench) -> None:
    _jobs_at_once(bench, "dialogue", JOBS_AT_ONCE["dialogue"] - 1)


def _calls(bench: Bench, bucket: str, most: int) -> None:
    def change(count: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def counts(provider: Any, caller: Any, name: str) -> None:
            if name == bucket:
                bench.hit()
            await count(provider, caller, name)

        return counts

    bench.put(f"{PROVIDER}.CALLS_A_MINUTE", {**CALLS_A_MINUTE, bucket: most})
    bench.wrap(change, f"{PROVIDER}.Provider.count_call")


def one_call_more(bench: Bench) -> None:
    _calls(bench, "music", CALLS_A_MINUTE["music"] + 1)


def one_call_fewer(bench: Bench) -> None:
    _calls(bench, "ads", CALLS_A_MINUTE["ads"] - 1)


def looked_at_before_held(bench: Bench) -> None:
    """Credits are looked at, then something else is done, then they are held."""
    seen: dict[int, int] = {}

    def accepting(accept: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def accepts(store: Any, world: int, draft: Any, now_ms: int) -> Any:
            balance = await store.balance(world, draft.account, now_ms)
            seen[id(draft)] = balance.available
            await asyncio.sleep(BETWEEN_S)
            try:
                return await accept(store, world, draft, now_ms)
            finally:
                del seen[id(draft)]

        return accepts

    def standing(look: Callable[..., Any]) -> Callable[..., Any]:
        def stands(db: Any, world: int, draft: Any, now_ms: int) -> Any:
            db.execute("PRAGMA ignore_check_constraints = ON")
            jobs, available, running, due = look(db, world, draft, now_ms)
            return jobs, bench.counted(lambda _: seen[id(draft)], available), running, due

        return stands

    bench.wrap(accepting, ACCEPT)
    bench.wrap(standing, f"{OPERATIONS}._standing")


def held_for_who_is_refused(bench: Bench) -> None:
    """What others ask for counts as used, also when they will be refused."""
    asking: dict[int, int] = {}

    def accepting(accept: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def accepts(store: Any, world: int, draft: Any, now_ms: int) -> Any:
            asking[id(draft)] = draft.millicredits
            try:
                await asyncio.sleep(BETWEEN_S)
                return await accept(store, world, draft, now_ms)
            finally:
                del asking[id(draft)]

        return accepts

    def standing(look: Callable[..., Any]) -> Callable[..., Any]:
        def stands(db: Any, world: int, draft: Any, now_ms: int) -> Any:
            jobs, available, running, due = look(db, world, draft, now_ms)
            others = sum(asking.values()) - asking[id(draft)]
            return jobs, bench.counted(lambda had: max(had - others, 0), available), running, due

        return stands

    bench.wrap(accepting, ACCEPT)
    bench.wrap(standing, f"{OPERATIONS}._standing")


def paid_by_each_who_looks(bench: Bench) -> None:
    """Who looks at a balance while somebody else does pays for the job once more."""
    crowd = Crowd()

    def change(look: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def looks(store: Any, world: int, account: str, now_ms: int) -> Any:
            due = await store.due(world, now_ms)
            with crowd.within((world, account)):
                await asyncio.sleep(BETWEEN_S)
                crowded = bool(crowd.others((world, account)))
                balance = await look(store, world, account, now_ms)
                if due and crowded:
                    bench.hit()
                    await store.adjust(world, account, -A_CREDIT, "settled", now_ms)
            return balance

        return looks

    bench.wrap(change, BALANCE)


def refusal_in_a_crowd_costs(bench: Bench) -> None:
    """A request that is refused while others are judged costs a credit."""
    crowd = Crowd()

    def change(judge: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def judges(provider: Any, caller: Any, *more: Any) -> Any:
            world = caller.world.id
            with crowd.within((world, caller.account)):
                await asyncio.sleep(BETWEEN_S)
                try:
                    return await judge(provider, caller, *more)
                except Rejection:
                    if crowd.others((world, caller.account)):
                        bench.hit()
                        now_ms = await provider.worlds.now(caller.world)
                        await provider.store.adjust(world, caller.account, -A_CREDIT, "", now_ms)
                    raise

        return judges

    bench.wrap(change, f"{PROVIDER}.Provider._judge")


def everybody_pays(bench: Bench) -> None:
    """A start of one account costs all accounts of its world."""

    def change(accept: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def accepts(store: Any, world: int, draft: Any, now_ms: int) -> Any:
            accepted = await accept(store, world, draft, now_ms)
            for each in await store.accounts(world):
                if each.name != draft.account:
                    bench.hit()
                    await store.adjust(world, each.name, -draft.millicredits, "theirs", now_ms)
            return accepted

        return accepts

    bench.wrap(change, ACCEPT)


def ids_of_the_same_moment(bench: Bench) -> None:
    """Starts of one account within a moment are taken for the same start."""
    recent: dict[tuple[int, str, int], Any] = {}

    def change(accept: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def accepts(store: Any, world: int, draft: Any, now_ms: int) -> Any:
            name = (world, draft.account, now_ms)
            if name in recent and draft.millicredits == recent[name].hold_millicredits:
                bench.hit()
                return recent[name], False
            job, new = await accept(store, world, draft, now_ms)
            recent[name] = replace(job)
            return job, new

        return accepts

    bench.wrap(change, ACCEPT)


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "concurrency", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "one-song-more", "Six songs run at once.", "products:at-once:generate-music", one_song_more
    ),
    _mutant(
        "one-dialogue-fewer",
        "A fifth dialogue at once is refused.",
        "products:at-once:generate-dialogue",
        one_dialogue_fewer,
    ),
    _mutant(
        "one-call-more",
        "Music may be called eleven times a minute.",
        "products:rate:generate-music",
        one_call_more,
    ),
    _mutant(
        "one-call-fewer",
        "The fifth call of ad copy in a minute is refused.",
        "products:rate:create-ad-copy",
        one_call_fewer,
    ),
    _mutant(
        "looked-at-before-held",
        "Two starts at once both find the credits that suffice for one.",
        "races:credits",
        looked_at_before_held,
    ),
    _mutant(
        "held-for-who-is-refused",
        "What a refused start would have cost is missing for another at the same time.",
        "races:mixed-prices",
        held_for_who_is_refused,
    ),
    _mutant(
        "paid-by-each-who-looks",
        "A job's end that several see at once is paid for by more than one.",
        "races:settled-once",
        paid_by_each_who_looks,
    ),
    _mutant(
        "refusal-in-a-crowd-costs",
        "A refusal costs something while others are being judged.",
        "races:refused",
        refusal_in_a_crowd_costs,
    ),
    _mutant(
        "everybody-pays",
        "A start is taken from all accounts.",
        "isolation:balance",
        everybody_pays,
    ),
    _mutant(
        "starts-of-one-moment-are-one",
        "Equal starts of the same moment are one job with one price.",
        "races:refused",
        ids_of_the_same_moment,
    ),
)
