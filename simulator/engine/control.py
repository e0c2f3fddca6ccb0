"""The control plane's use cases: look into a world, and move its clock, credits and accounts."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulator.domain.errors import Denial, Malformed
from simulator.domain.jobs import Job, position, progress, reaches, status
from simulator.domain.ledger import Balance, Entry, verify
from simulator.domain.policies import Policies
from simulator.domain.pricing import credits as shown
from simulator.domain.times import LAST_INSTANT_MS, from_rfc3339, rfc3339
from simulator.engine import control_shapes as shapes
from simulator.engine.bodies import Nothing
from simulator.engine.provider import Provider
from simulator.engine.rulings import all_rulings
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.store.base import Account, Query
from simulator.engine.worlds import SCOPES, Beginning, World

if TYPE_CHECKING:
    from simulator.engine.controls.scenarios import Playhouse

CONTRACT_DATE = "2026-04-17"
"""The latest date that the imitated page is known to describe."""


class Control:
    """``owner`` finds the names of a key's world and account; ``forget`` drops a world's files;
    ``playhouse`` has the scenarios, where there are any.

    What belongs to one topic alone is a function in ``controls/`` that takes this."""

    def __init__(
        self,
        provider: Provider,
        version: str,
        owner: Callable[[str], tuple[str, str]],
        forget: Callable[[str], Awaitable[None]],
        snapshots: Snapshots,
        playhouse: "Playhouse | None" = None,
    ) -> None:
        self.provider = provider
        self.store = provider.store
        self.worlds = provider.worlds
        self.version = version
        self.owner = owner
        self.forget = forget
        self.snapshots = snapshots
        self.playhouse = playhouse

    async def info(self, world: World, body: Nothing) -> shapes.InfoAnswer:
        options = self.provider.options
        policies: Policies = options.policies
        return shapes.InfoAnswer(
            name="mediasim",
            version=self.version,
            contract_date=CONTRACT_DATE,
            namespace=world.name,
            seed=world.seed,
            store=self.store.describe(),
            clock=await self.clock(world, body),
            policies=policies.as_dict(),
            limits=options.limits,
            magic=options.magic,
        )

    async def reset(self, world: World, body: shapes.ResetBody) -> shapes.ResetAnswer:
        credits = None if body.credits is None else _millicredits(body.credits)
        beginning = Beginning(body.seed, credits, body.frozen, body.speed)
        names = await self.store.world_names() if body.all else [world.name]
        for name in names:
            if body.drop:
                await self._drop(name)
            else:
                await self.worlds.reset(await self.worlds.world(name), beginning)
            await self.forget(name)
            self.snapshots.forget(name)
        return shapes.ResetAnswer(names, await self.clock(world, Nothing()))

    async def _drop(self, name: str) -> None:
        world = await self.worlds.known(name)
        if world is not None:
            await self.worlds.drop(world)

    async def clock(self, world: World, body: Nothing) -> shapes.ClockAnswer:
        now_ms = await self.worlds.now(world)
        return shapes.ClockAnswer(rfc3339(now_ms), world.clock.mode, world.clock.speed)

    async def freeze(self, world: World, body: Nothing) -> shapes.ClockAnswer:
        await self.worlds.set_clock(world, world.clock.freeze(self.worlds.real_ms()))
        return await self.clock(world, body)

    async def resume(self, world: World, body: Nothing) -> shapes.ClockAnswer:
        await self.worlds.set_clock(world, world.clock.resume(self.worlds.real_ms()))
        return await self.clock(world, body)

    async def speed(self, world: World, body: shapes.SpeedBody) -> shapes.ClockAnswer:
        try:
            clock = world.clock.at_speed(body.speed, self.worlds.real_ms())
        except ValueError as error:
            raise Denial(400, str(error)) from error
        await self.worlds.set_clock(world, clock)
        return await self.clock(world, Nothing())

    async def set_now(self, world: World, body: shapes.SetBody) -> shapes.ClockAnswer:
        try:
            instant_ms = from_rfc3339(body.now)
        except (ValueError, OverflowError) as error:
            raise Denial(400, f"now: {error}") from error
        return await self._set(world, instant_ms, self.worlds.real_ms())

    async def advance(self, world: World, body: shapes.AdvanceBody) -> shapes.ClockAnswer:
        """One leap is as good as many steps: whatever is due in between happens at its own time."""
        if (body.seconds is None) == (body.until is None):
            raise Malformed(
                [{"loc": ["body"], "msg": "expected seconds or until", "type": "invalid"}]
            )
        if body.seconds is not None:
            ahead_ms = round(min(body.seconds, LAST_INSTANT_MS / 1000) * 1000)
            return await self._move(world, ahead_ms=ahead_ms)
        if isinstance(body.until, shapes.UntilStatus):
            return await self._move(world, at_least_ms=await self._when(world, body.until))
        now_ms = await self.worlds.now(world)
        next_ms = await self.store.next_event(world.id, now_ms)
        return await self._move(world, at_least_ms=next_ms or now_ms)

    async def ledger(self, world: World, body: shapes.LedgerQuery) -> shapes.LedgerAnswer:
        now_ms = await self.worlds.now(world)
        history = await self.store.history(world.id, now_ms)
        by_number = {job.number: job for job in history.jobs}
        entries = [
            entry_view(entry, by_number.get(entry.job_number or 0))
            for entry in history.entries
            if body.account in (None, entry.account)
        ]
        if body.generation_id is not None:
            entries = [entry for entry in entries if entry.generation_id == body.generation_id]
        counted = [
            balance
            for account, balance in history.balances.items()
            if body.account in (None, account)
        ]
        return shapes.LedgerAnswer(entries, _sum(counted))

    async def verify(self, world: World, body: Nothing) -> shapes.VerifyAnswer:
        now_ms = await self.worlds.now(world)
        history = await self.store.history(world.id, now_ms)
        violations = verify(history.entries, history.jobs, history.balances, now_ms)
        return shapes.VerifyAnswer(not violations, len(history.entries), violations)

    async def accounts(self, world: World, body: Nothing) -> shapes.AccountsAnswer:
        now_ms = await self.worlds.now(world)
        balances = await self.store.balances(world.id, now_ms)
        known = await self.store.accounts(world.id)
        return shapes.AccountsAnswer(
            [_account_view(world, account, balances[account.name]) for account in known]
        )

    async def put_account(self, world: World, body: shapes.AccountBody) -> shapes.AccountView:
        """Makes an account, or sets an existing one's credits and scopes."""
        name, account_name = self.owner(body.key)
        unknown = sorted(set(body.scopes or ()) - set(SCOPES))
        if unknown:
            expected = ", ".join(SCOPES)
            text = f"unknown scope {unknown[0][:80]!r}, expected some of {expected}"
            raise Malformed([{"loc": ["body", "scopes"], "msg": text, "type": "invalid"}])
        credits = None if body.credits is None else _millicredits(body.credits)
        owner = world if name == world.name else await self.worlds.world(name)
        account = await self.worlds.put_account(owner, account_name, body.scopes, credits)
        return await self._shown(owner, account)

    async def give_credits(self, world: World, body: shapes.CreditsBody) -> shapes.AccountView:
        """A negative number takes credits away, as far as they are available."""
        account = await self.store.account(world.id, body.account)
        if account is None:
            raise Denial(404, "There is no account of this name in this namespace.")
        amount = _millicredits(body.credits)
        now_ms = await self.worlds.now(world)
        await self.store.adjust(world.id, body.account, amount, body.reason[:200], now_ms)
        return await self._shown(world, account)

    async def jobs(self, world: World, body: shapes.JobsQuery) -> shapes.JobsAnswer:
        now_ms = await self.worlds.now(world)
        query = Query(body.account, body.status, body.model, limit=body.limit)
        jobs = await self.store.jobs(world.id, query, now_ms)
        return shapes.JobsAnswer([self._job_view(job, now_ms) for job in jobs])

    async def job(self, world: World, body: shapes.JobId) -> shapes.JobView:
        job = await self._known_job(world, body.id)
        return self._job_view(job, await self.worlds.now(world))

    async def rulings(self, world: World, body: Nothing) -> shapes.RulingsAnswer:
        return shapes.RulingsAnswer(
            [
                shapes.RulingView(
                    ruling.id, ruling.strength.value, ruling.source, ruling.says, ruling.policy
                )
                for ruling in all_rulings()
            ]
        )

    async def _move(
        self, world: World, *, ahead_ms: int = 0, at_least_ms: int = 0
    ) -> shapes.ClockAnswer:
        """From one reading of the clock, which may have gone on since the request came."""
        real_ms = self.worlds.real_ms()
        instant_ms = max(world.clock.now(real_ms) + ahead_ms, at_least_ms)
        return await self._set(world, instant_ms, real_ms)

    async def _set(self, world: World, instant_ms: int, real_ms: int) -> shapes.ClockAnswer:
        try:
            clock = world.clock.moved_to(instant_ms, real_ms)
        except ValueError as error:
            raise Denial(400, str(error)) from error
        await self.worlds.set_clock(world, clock)
        return await self.clock(world, Nothing())

    async def _when(self, world: World, until: shapes.UntilStatus) -> int:
        job = await self._known_job(world, until.generation_id)
        instant_ms = reaches(job, until.status)
        if instant_ms is None:
            raise Denial(409, f"This generation never becomes {until.status}.")
        return instant_ms

    async def _known_job(self, world: World, job_id: str) -> Job:
        job = await self.store.job(world.id, job_id)
        if job is None:
            raise Denial(404, "There is no generation with this id in this namespace.")
        return job

    async def _shown(self, world: World, account: Account) -> shapes.AccountView:
        now_ms = await self.worlds.now(world)
        balance = await self.store.balance(world.id, account.name, now_ms)
        return _account_view(world, account, balance)

    def _job_view(self, job: Job, now_ms: int) -> shapes.JobView:
        times = job.times
        ends = "completed" if job.failure is None else "failed"
        return shapes.JobView(
            id=job.id,
            number=job.number,
            kind=job.kind,
            account=job.account,
            status=status(job, now_ms),
            progress=progress(job, now_ms),
            model=job.model,
            generation_type=job.generation_type,
            prompt=job.prompt,
            parameters=job.parameters,
            seed=job.seed,
            credits=shown(job.hold_millicredits),
            price_row=job.row,
            formula=job.formula,
            timetable=shapes.Moments(
                rfc3339(times.created_at_ms),
                rfc3339(times.queued_at_ms),
                rfc3339(times.processing_at_ms),
                None if times.done_at_ms is None else rfc3339(times.done_at_ms),
            ),
            outcome="never" if times.done_at_ms is None else ends,
            faults=[] if job.quirks is None else list(job.quirks.faults),
            position=position(job, now_ms),
            outputs=[output.id for output in job.outputs],
        )


def entry_view(entry: Entry, job: Job | None) -> shapes.EntryView:
    """A row of the ledger as callers see it."""
    return shapes.EntryView(
        id=entry.seq,
        kind=entry.kind,
        credits=shown(entry.millicredits),
        account=entry.account,
        generation_id=None if job is None else job.id,
        at=rfc3339(entry.at_ms),
        model=None if job is None else job.model,
        price_row=None if job is None else job.row,
        formula=None if job is None else job.formula,
        reason=entry.reason or _reason(entry, job),
    )


def _reason(entry: Entry, job: Job | None) -> str:
    if job is None:
        return ""
    return {
        "hold": "accepted",
        "capture": "completed",
        "release": f"failed: {job.failure}",
    }.get(entry.kind, "")


def _account_view(world: World, account: Account, balance: Balance) -> shapes.AccountView:
    scopes = [scope for scope in SCOPES if scope in account.scopes]
    return shapes.AccountView(account.name, world.name, scopes, _sum([balance]))


def _sum(balances: list[Balance]) -> shapes.BalanceView:
    return shapes.BalanceView(
        available=shown(sum(balance.available for balance in balances)),
        held=shown(sum(balance.held for balance in balances)),
        spent=shown(sum(balance.spent for balance in balances)),
    )


def _millicredits(credits: float) -> int:
    scaled = round(credits * 1000)
    if scaled / 1000 != credits:
        text = "expected credits of at most three decimals"
        raise Malformed([{"loc": ["body", "credits"], "msg": text, "type": "invalid"}])
    return scaled
