"""Billing: credits that are not looked at, leak, or are taken for what should be free."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from simulator.domain.errors import Rejection
from simulator.engine.bodies import MediaBody
from simulator.mutants.bench import Bench, Mutant

PROVIDER = "simulator.engine.provider"
STORE = "simulator.engine.store.operations"
A_CREDIT = 1_000


def _accepting(bench: Bench, change: Callable[[Any, int], Any]) -> None:
    """Starts whose draft is judged as another; ``change`` gets what is available too."""

    def outer(standing: Callable[..., Any]) -> Callable[..., Any]:
        def stands(db: Any, world: int, draft: Any, now_ms: int) -> Any:
            db.execute("PRAGMA ignore_check_constraints = ON")
            jobs, available, running, due = standing(db, world, draft, now_ms)
            return jobs, bench.counted(lambda had: change(draft, had), available), running, due

        return stands

    bench.wrap(outer, f"{STORE}._standing")


def one_credit_lent(bench: Bench) -> None:
    def lent(draft: Any, available: int) -> int:
        short = draft.millicredits - available
        return int(draft.millicredits) if 0 < short <= A_CREDIT else available

    _accepting(bench, lent)


def one_credit_must_stay(bench: Bench) -> None:
    _accepting(bench, lambda draft, available: available - 1)


def reference_not_held_against_credits(bench: Bench) -> None:
    """The price of a reference video may be owed."""

    def lent(draft: Any, available: int) -> int:
        owed = draft.millicredits > 200_000 and available * 2 > draft.millicredits
        return int(max(available, draft.millicredits)) if owed else available

    _accepting(bench, lent)


def _at_refusal(bench: Bench, then: Callable[..., Awaitable[None]]) -> None:
    def outer(judge: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def judges(provider: Any, caller: Any, *more: Any) -> Any:
            try:
                return await judge(provider, caller, *more)
            except Rejection:
                bench.hit()
                await then(provider, caller)
                raise

        return judges

    bench.wrap(outer, f"{PROVIDER}.Provider._judge")


def refusal_costs(bench: Bench) -> None:
    async def charge(provider: Any, caller: Any) -> None:
        now_ms = await provider.worlds.now(caller.world)
        world = caller.world.id
        await provider.store.adjust(world, caller.account, -A_CREDIT, "refused", now_ms)

    _at_refusal(bench, charge)


def refusal_starts(bench: Bench) -> None:
    async def start(provider: Any, caller: Any) -> None:
        await provider.generate_media(caller, MediaBody(prompt="x", model="nano-banana"))

    _at_refusal(bench, start)


def estimate_costs(bench: Bench) -> None:
    def change(operation: Any) -> Any:
        async def call(provider: Any, caller: Any, body: Any) -> Any:
            answer = await operation.call(provider, caller, body)
            now_ms = await provider.worlds.now(caller.world)
            world = caller.world.id
            bench.hit()
            await provider.store.adjust(world, caller.account, -A_CREDIT, "asked", now_ms)
            return answer

        return replace(operation, call=call)

    bench.operation("estimate_generation_cost", change)


def poll_costs(bench: Bench) -> None:
    def change(own: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def owns(provider: Any, caller: Any, *more: Any) -> Any:
            job = await own(provider, caller, *more)
            now_ms = await provider.worlds.now(caller.world)
            bench.hit()
            await provider.store.adjust(caller.world.id, caller.account, -1, "looked", now_ms)
            return job

        return owns

    bench.wrap(change, f"{PROVIDER}.Provider.own_job")


def _settling(bench: Bench, kind: Mapping[str, int]) -> None:
    """Ended jobs settle as if they had failed, or had not."""

    def outer(settle: Callable[..., None]) -> Callable[..., None]:
        def settles(db: Any, world: int, now_ms: int) -> None:
            changed = db.execute(
                "UPDATE open_jobs SET failed = :after"
                " WHERE world = :world AND done_at <= :now AND failed = :before",
                {**kind, "world": world, "now": now_ms},
            )
            for _ in range(changed.rowcount):
                bench.hit()
            settle(db, world, now_ms)

        return settles

    bench.wrap(outer, f"{STORE}.settle")


def failed_job_kept(bench: Bench) -> None:
    _settling(bench, {"before": 1, "after": 0})


def finished_job_given_back(bench: Bench) -> None:
    _settling(bench, {"before": 0, "after": 1})


def _mutant(name: str, says: str, requirement: str, apply: Callable[[Bench], None]) -> Mutant:
    return Mutant(name, "billing", says, requirement, apply)


MUTANTS: tuple[Mutant, ...] = (
    _mutant(
        "one-credit-lent",
        "A start may cost a credit more than there is.",
        "billing:insufficient",
        one_credit_lent,
    ),
    _mutant(
        "one-credit-must-stay",
        "Exactly the price is not enough.",
        "billing:enough",
        one_credit_must_stay,
    ),
    _mutant(
        "reference-not-held-against-credits",
        "A reference video's price need not be there.",
        "billing:insufficient:pessimistic",
        reference_not_held_against_credits,
    ),
    _mutant(
        "refusal-costs",
        "A refused start costs a credit.",
        "wire:refusal-body",
        refusal_costs,
    ),
    _mutant(
        "refusal-starts",
        "A refused start makes a job all the same.",
        "refusals:free",
        refusal_starts,
    ),
    _mutant(
        "estimate-costs",
        "To ask for a price costs a credit.",
        "wire:cost-estimate",
        estimate_costs,
    ),
    _mutant(
        "poll-costs",
        "Looking at a job costs something.",
        "laws:billing:reading-is-free",
        poll_costs,
    ),
    _mutant(
        "failed-job-kept",
        "A job that fails keeps its credits.",
        "laws:billing:failed-is-free",
        failed_job_kept,
    ),
    _mutant(
        "finished-job-given-back",
        "A job that completes gives its credits back.",
        "laws:billing:adds-up",
        finished_job_given_back,
    ),
)
