"""The provider's rate limits, kept by waiting: no call is sent that would be one too many."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol

WINDOW_S = 61.0
"""A minute, and a second for what the way to the backend may shift."""


class Clock(Protocol):
    """Seconds that pass."""

    def now(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class RealClock:
    """The machine's."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Pace:
    """At most so many calls of an account and bucket in any window of 61 s."""

    def __init__(self, calls_a_minute: Mapping[str, int], clock: Clock) -> None:
        self._most = calls_a_minute
        self._clock = clock
        self._times: dict[tuple[str, str], deque[float]] = {}
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}

    async def wait(self, account: str, bucket: str) -> None:
        """Returns when the call may be sent; in the order of asking."""
        most = self._most.get(bucket)
        if most is None:
            return
        times = self._times.setdefault((account, bucket), deque())
        async with self._turns.setdefault((account, bucket), asyncio.Lock()):
            while True:
                now = self._clock.now()
                while times and times[0] <= now - WINDOW_S:
                    times.popleft()
                if len(times) < most:
                    times.append(now)
                    return
                await self._clock.sleep(times[0] + WINDOW_S - now)
