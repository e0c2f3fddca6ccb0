"""A world for tests that run on an event loop."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
import httpx2

from simulator.engine.control_shapes import BalanceView, ClockAnswer, EntryView, JobView
from simulator.engine.controls.breakpoints import Outcome, ParkedView
from simulator.engine.controls.faults import FaultView
from simulator.engine.controls.scenarios import ScenarioAnswer
from simulator.testing.ledger import Kind
from simulator.testing.parking import Parked, parked_at
from simulator.testing.world import CLIENT_TIMEOUT_S, Matcher, Mediasim

P = ParamSpec("P")
T = TypeVar("T")


class AsyncMediasim:
    """As ``Mediasim``, whose calls would hold up the event loop. ``world`` has them all: ``await
    mediasim.run(mediasim.world.queues.set, "nano-banana", workers=1)`` makes any of them."""

    def __init__(self, world: Mediasim) -> None:
        self.world = world
        self.namespace = world.namespace
        self.url, self.mcp_url, self.key = world.url, world.mcp_url, world.key
        self.clock = AsyncClock(world)
        self.ledger = AsyncLedger(world)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``call`` returns, which is made in a thread."""
        return await aside(call, *args, **kwargs)

    def client(self, account: str = "main") -> httpx2.AsyncClient:
        """Calls the provider as an account: ``async with mediasim.client() as client``."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"X-API-Key": self.world.control.key(account)},
            transport=self.world.server.async_transport,
            timeout=CLIENT_TIMEOUT_S,
            trust_env=False,
            verify=self.url.startswith("https:"),
        )

    async def account(
        self, name: str, credits: float | None = None, scopes: Sequence[str] | None = None
    ) -> str:
        return await aside(self.world.account, name, credits, scopes)

    async def arm(self, kind: str | Mapping[str, Any], **rule: Any) -> FaultView:
        """Arms a fault, as ``Mediasim.faults.arm``."""
        return await aside(self.world.faults.arm, kind, **rule)

    @asynccontextmanager
    async def park(
        self,
        point: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | None = None,
        hold_seconds: float = 30.0,
    ) -> AsyncIterator["AsyncParked"]:
        """As ``Mediasim.park``; the requests may come from other tasks."""
        block = parked_at(self.world.control, point, match, times, hold_seconds)
        parked = await aside(block.__enter__)
        try:
            yield AsyncParked(parked)
        finally:
            await aside(block.__exit__, None, None, None)

    async def verify(self, request: Matcher | None = None, **expected: Any) -> None:
        """As ``Mediasim.verify``."""
        __tracebackhide__ = True
        await aside(self.world.verify, request, **expected)

    async def jobs(
        self, status: str | None = None, account: str | None = None, model: str | None = None
    ) -> list[JobView]:
        return await aside(self.world.jobs, status, account, model)

    async def job(self, generation_id: str) -> JobView:
        return await aside(self.world.job, generation_id)

    async def scenario(self, name: str) -> ScenarioAnswer:
        return await aside(self.world.scenario, name)

    async def snapshot(self, name: str = "before") -> None:
        await aside(self.world.snapshot, name)

    async def restore(self, name: str = "before") -> None:
        await aside(self.world.restore, name)


class AsyncClock:
    """As the world's clock."""

    def __init__(self, world: Mediasim) -> None:
        self._clock = world.clock

    async def look(self) -> ClockAnswer:
        return await aside(self._clock.look)

    async def now(self) -> datetime:
        return await aside(self._clock.now)

    async def freeze(self) -> ClockAnswer:
        return await aside(self._clock.freeze)

    async def resume(self) -> ClockAnswer:
        return await aside(self._clock.resume)

    async def advance(self, seconds: float) -> ClockAnswer:
        return await aside(self._clock.advance, seconds)

    async def advance_to_next_event(self) -> ClockAnswer:
        return await aside(self._clock.advance_to_next_event)

    async def advance_until(self, generation_id: str, status: str = "completed") -> ClockAnswer:
        return await aside(self._clock.advance_until, generation_id, status)


class AsyncLedger:
    """As the world's ledger."""

    def __init__(self, world: Mediasim) -> None:
        self._ledger = world.ledger

    async def entries(
        self, generation_id: str | None = None, account: str | None = None
    ) -> list[EntryView]:
        return await aside(self._ledger.entries, generation_id, account)

    async def kinds(
        self, generation_id: str | None = None, account: str | None = None
    ) -> list[str]:
        return await aside(self._ledger.kinds, generation_id, account)

    async def balance(self, account: str | None = None) -> BalanceView:
        return await aside(self._ledger.balance, account)

    async def total(self, kind: Kind, account: str | None = None) -> float:
        return await aside(self._ledger.total, kind, account)

    async def verify(self) -> None:
        __tracebackhide__ = True
        await aside(self._ledger.verify)


class AsyncParked:
    """As ``Parked``."""

    def __init__(self, parked: Parked) -> None:
        self.id = parked.id
        self._parked = parked

    async def wait(self, count: int = 1, seconds: float = 10.0) -> list[ParkedView]:
        __tracebackhide__ = True
        return await aside(self._parked.wait, count, seconds)

    async def release(self, outcome: Outcome = "continue", count: int | None = None) -> int:
        return await aside(self._parked.release, outcome, count)


async def aside(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``call`` returns, made in a thread so that the event loop goes on."""
    __tracebackhide__ = True
    try:
        return await anyio.to_thread.run_sync(partial(call, *args, **kwargs))
    except AssertionError as error:
        raise error.with_traceback(None) from None  # the thread's stack is no news to a test
