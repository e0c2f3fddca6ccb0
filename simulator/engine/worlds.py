"""Worlds: isolated namespaces, each with accounts, a ledger, jobs and a clock of its own."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from simulator.domain.errors import Denial
from simulator.domain.times import WORLD_BEGINS_MS
from simulator.engine.asks import Asks
from simulator.engine.clock import Clock
from simulator.engine.counters import Counters
from simulator.engine.faultbook import FaultBook
from simulator.engine.journal import Journal, Room
from simulator.engine.lab import Lab
from simulator.engine.store.base import Account, StorageFull, Store, WorldRow

SCOPES = (
    "generate:media",
    "generate:music",
    "generate:speech",
    "generate:ads",
    "read:balance",
    "read:generations",
)
"""Every scope that a key can have (facts of the provider's documentation)."""

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")
"""Names of worlds and accounts."""

WORLDS_MOST = 10_000
TO_DROP = "a reset with drop: true gives the place of one back"
ACCOUNTS_MOST = 1_000
LEASE_REAL_MS = 5_000


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account that the operator set up: made again whenever its world begins anew."""

    name: str
    credits: int
    scopes: tuple[str, ...] = SCOPES


@dataclass(frozen=True, slots=True)
class Defaults:
    """How a new world and a new account begin. ``credits`` in milli-credits."""

    seed: int = 0
    speed: float = 10.0
    frozen: bool = False
    credits: int = 10_000_000
    auto_keys: bool = True
    accounts: Mapping[str, tuple[NewAccount, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a world begins anew, now and at each later reset; None: as it did before. ``credits`` in
    milli-credits: what accounts begin with that the operator did not set up."""

    seed: int | None = None
    credits: int | None = None
    frozen: bool | None = None
    speed: float | None = None


AS_BEFORE = Beginning()


@dataclass(slots=True)
class World:
    """A world in this process: its clock, and what wakes those who wait for it to move.
    ``credits``: what its accounts begin with, in milli-credits; None: as in any world."""

    id: int
    name: str
    seed: int
    clock: Clock
    lease_ms: int
    lab: Lab
    accounts: dict[str, Account] = field(default_factory=dict)
    requests: int = 0
    origin: str = ""
    credits: int | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def draws_as(self) -> str:
        """The name that ids are made from: a fork's are those that its origin would give."""
        return self.origin or self.name

    def wake(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: an account of a world, what its key may do, the call's Idempotency-Key, and what
    it asks of the simulator itself, if anything."""

    world: World
    account: str
    scopes: frozenset[str]
    idempotency_key: str | None = None
    asks: Asks | None = None


class Worlds:
    """``real_ms`` is a monotonic reading of real time in milliseconds; ``secrets``: what no journal
    shows, beside what looks like a credential."""

    def __init__(
        self,
        store: Store,
        defaults: Defaults,
        real_ms: Callable[[], int],
        secrets: tuple[str, ...] = (),
    ) -> None:
        self.secrets = secrets
        self.store = store
        self.defaults = defaults
        self.real_ms = real_ms
        self._worlds: dict[str, World] = {}
        self._room = Room()
        self._stopping = asyncio.Event()
        self.counters = Counters()

    async def world(self, name: str) -> World:
        """The world of that name, made when new. Raises Denial for a bad name or too many."""
        known = self._worlds.get(name)
        if known is not None:
            return known
        if name.startswith("sk_"):  # a key in the wrong place: not stored, not repeated
            raise Denial(400, "a key is no namespace: expected the name after sk_test_")
        if not NAME.fullmatch(name):
            raise Denial(400, f"{name[:80]!r} is no namespace: expected letters, digits, - and _")
        if len(self._worlds) >= WORLDS_MOST:
            raise Denial(503, f"there are {WORLDS_MOST} namespaces already; {TO_DROP}")
        credits, scopes = self._main(name, self.defaults.credits)
        row = await self.store.open_world(self._begin(0, name), credits, scopes)
        return self._worlds.setdefault(name, await self._open(row))

    async def known(self, name: str) -> World | None:
        """The world of that name if a key or a control call has opened it, here or in an earlier
        process; looking for one makes none."""
        known = self._worlds.get(name)
        if known is not None or not NAME.fullmatch(name):
            return known
        row = await self.store.find_world(name)
        return None if row is None else self._worlds.setdefault(name, await self._open(row))

    def opened(self, name: str) -> World | None:
        """The world of that name, if this process has it open."""
        return self._worlds.get(name)

    async def now(self, world: World) -> int:
        """The world's time. A durable store first records a time that is later still, so that a
        clock which resumes after a crash has never been read beyond where it resumes. Where there
        is no room to record it, time stands still until there is."""
        now_ms = world.clock.now(self.real_ms())
        if not self.store.durable or now_ms <= world.lease_ms:
            return now_ms
        try:
            await self._save(world, now_ms)
        except StorageFull:
            return world.lease_ms
        # Who came later and had nothing to record may have been answered meanwhile.
        return min(world.clock.now(self.real_ms()), world.lease_ms)

    async def set_clock(self, world: World, clock: Clock) -> None:
        world.clock = clock
        await self._save(world, clock.now(self.real_ms()))
        world.wake()

    async def caller(self, world_name: str, account_name: str) -> Caller | None:
        """None: there is no such account, and keys are not made at first sight."""
        made = self.defaults.auto_keys or world_name in self.defaults.accounts
        world = await (self.world(world_name) if made else self.known(world_name))
        if world is None:
            return None
        account = world.accounts.get(account_name)
        if account is None:
            account = await self._find_account(world, account_name)
            if account is None:
                return None
        return Caller(world, account_name, account.scopes)

    async def put_account(
        self, world: World, name: str, scopes: Iterable[str] | None, credits: int | None
    ) -> Account:
        """Makes an account or changes one; None leaves the default or what it has."""
        self._check_account_name(world, name)
        now_ms = await self.now(world)
        known = await self.store.account(world.id, name)
        if known is None:
            grant = self._grant(world) if credits is None else credits
            known = await self.store.open_account(
                world.id, name, grant, SCOPES if scopes is None else scopes, now_ms
            )
        else:
            known = await self.store.change_account(world.id, name, scopes, credits, now_ms)
        world.accounts[name] = known
        return known

    async def reset(self, world: World, beginning: Beginning = AS_BEFORE) -> None:
        """Empties a world: the same requests after it give the same bytes. Its seed, its clock's
        speed and whether it runs stay, unless ``beginning`` says otherwise; its time is where every
        world's begins. Done to its end, also when the caller leaves in the middle."""
        await asyncio.shield(asyncio.ensure_future(self._reset(world, beginning)))

    async def _reset(self, world: World, beginning: Beginning) -> None:
        row = _begun(self._begin(world.id, world.name, world), beginning)
        if beginning.credits is not None:
            world.credits = beginning.credits
        credits, scopes = self._main(world.name, self._grant(world))
        await self.store.reset_world(row, credits, scopes)
        fresh = await self._open(row)
        world.lab.clear()
        world.lab, world.seed = fresh.lab, fresh.seed
        world.clock, world.lease_ms, world.accounts = fresh.clock, fresh.lease_ms, fresh.accounts
        world.requests, world.origin = 0, ""
        world.wake()

    async def drop(self, world: World) -> None:
        """Empties a world and gives its place back: its name begins as any new one's when it is
        used again. Done to its end, also when the caller leaves in the middle."""
        await asyncio.shield(asyncio.ensure_future(self._drop(world)))

    async def _drop(self, world: World) -> None:
        # First, so that who comes meanwhile opens another world of that name.
        self._worlds.pop(world.name, None)
        await self.store.drop_world(world.id)
        world.lab.clear()
        world.wake()

    async def pause(self, real_s: float) -> None:
        """Sleeps, but not beyond the process's stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(real_s):
                await self._stopping.wait()

    def stop(self) -> None:
        """The process is about to stop: nobody is held up any more, in no world."""
        self._stopping.set()
        for world in self._worlds.values():
            world.lab.breakpoints.close()

    def all(self) -> list[World]:
        return [self._worlds[name] for name in sorted(self._worlds)]

    def _begin(self, world_id: int, name: str, like: World | None = None) -> WorldRow:
        seed = self.defaults.seed if like is None else like.seed
        mode = "frozen" if self.defaults.frozen else "running"
        speed = self.defaults.speed
        if like is not None:
            mode, speed = like.clock.mode, like.clock.speed
        return WorldRow(world_id, name, seed, mode, speed, WORLD_BEGINS_MS)

    def _grant(self, world: World) -> int:
        return self.defaults.credits if world.credits is None else world.credits

    def _main(self, world_name: str, grant: int) -> tuple[int | None, Iterable[str]]:
        """Credits and scopes of the account ``main`` that a world begins with: as the operator set
        it up, or as all others; None where keys are not made and nobody set it up."""
        for new in self.defaults.accounts.get(world_name, ()):
            if new.name == "main":
                return new.credits, new.scopes
        return (grant if self.defaults.auto_keys else None), SCOPES

    async def _open(self, row: WorldRow) -> World:
        mode: Literal["running", "frozen"] = "frozen" if row.mode == "frozen" else "running"
        clock = Clock(row.at_ms, self.real_ms(), row.speed, mode)
        lab = Lab(FaultBook(row.seed), Journal(self._room))
        world = World(row.id, row.name, row.seed, clock, row.at_ms, lab, origin=row.origin)
        for new in self.defaults.accounts.get(row.name, ()):
            await self.store.open_account(row.id, new.name, new.credits, new.scopes, row.at_ms)
        return world

    async def _save(self, world: World, now_ms: int) -> None:
        ahead = 0 if world.clock.mode == "frozen" else int(LEASE_REAL_MS * world.clock.speed)
        lease_ms = now_ms + ahead
        await self.store.save_clock(world.id, world.clock.mode, world.clock.speed, lease_ms)
        world.lease_ms = lease_ms

    async def _find_account(self, world: World, name: str) -> Account | None:
        account = await self.store.account(world.id, name)
        if account is None:
            if not self.defaults.auto_keys:
                return None
            account = await self.put_account(world, name, None, None)
        world.accounts[name] = account
        return account

    def _check_account_name(self, world: World, name: str) -> None:
        if not NAME.fullmatch(name):
            raise Denial(400, f"{name[:80]!r} is no account: expected letters, digits, - and _")
        if len(world.accounts) >= ACCOUNTS_MOST and name not in world.accounts:
            raise Denial(503, f"there are {ACCOUNTS_MOST} accounts in this namespace already")


def _begun(row: WorldRow, beginning: Beginning) -> WorldRow:
    mode = row.mode
    if beginning.frozen is not None:
        mode = "frozen" if beginning.frozen else "running"
    return replace(
        row,
        seed=row.seed if beginning.seed is None else beginning.seed,
        mode=mode,
        speed=row.speed if beginning.speed is None else beginning.speed,
    )
