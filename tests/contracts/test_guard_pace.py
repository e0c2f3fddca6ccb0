"""Rate limits are kept by waiting, never by refusing, on a clock of the test's own."""

import asyncio
from collections import Counter

import httpx2

from contracts.guard.pace import WINDOW_S, Pace
from contracts.guard.profile import SECOND_KEY
from contracts.guard.secret import Secret
from contracts.rates import CALLS_A_MINUTE
from tests.contracts.guarding import SECOND, guarded


class HandClock:
    """Time passes when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.time += seconds


async def test_no_window_of_a_minute_holds_a_call_too_many() -> None:
    clock = HandClock()
    pace = Pace({"media": 3}, clock)
    times = []
    for number in range(20):
        clock.time += number % 7
        await pace.wait("main", "media")
        times.append(clock.time)
    assert max(sum(begin <= each < begin + 60 for each in times) for begin in times) == 3
    assert times[3] - times[0] >= WINDOW_S


async def test_buckets_and_accounts_do_not_wait_for_each_other() -> None:
    clock = HandClock()
    pace = Pace({"media": 1, "read": 1}, clock)
    for account, bucket in (("main", "media"), ("main", "read"), ("second", "media")):
        await pace.wait(account, bucket)
    await pace.wait("main", "")
    assert clock.time == 1_000.0
    await pace.wait("main", "media")
    assert clock.time == 1_000.0 + WINDOW_S


async def test_who_comes_when_others_wait_goes_after_them() -> None:
    clock = HandClock()
    woken = asyncio.Event()

    class StillClock:
        def now(self) -> float:
            return clock.time

        async def sleep(self, seconds: float) -> None:
            await woken.wait()
            clock.time += seconds

    pace = Pace({"media": 1}, StillClock())
    order: list[str] = []

    async def ask(name: str) -> None:
        await pace.wait("main", "media")
        order.append(name)

    await ask("first")
    early = asyncio.create_task(ask("early"))
    await asyncio.sleep(0)
    clock.time += WINDOW_S
    late = asyncio.create_task(ask("late"))
    await asyncio.sleep(0)
    woken.set()
    await asyncio.gather(early, late)
    assert order == ["first", "early", "late"]


async def test_the_guard_sends_no_faster_than_the_provider_allows() -> None:
    clock = HandClock()
    at: Counter[tuple[str, str]] = Counter()
    late: Counter[tuple[str, str]] = Counter()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        place = (request.url.path, request.headers["x-api-key"][:14])
        at[place] += 1
        late[place] += clock.time >= 1_000.0 + WINDOW_S
        return httpx2.Response(400, json={"error": "no"})

    async with guarded(
        answer,
        clock=clock,
        second_key=Secret(SECOND),
        max_credits=1_000,
        calls_a_minute=CALLS_A_MINUTE,
    ) as guard:
        for _ in range(5):
            await guard.ask("POST", "/v1/generate/ad-copy", {})
            await guard.ask("POST", "/v1/generate/ad-copy", {}, key=SECOND_KEY)
        assert (clock.time, sum(at.values())) == (1_000.0, 10)
        await guard.call("create_ad_copy", {})
        assert clock.time == 1_000.0 + WINDOW_S
        assert late == {**dict.fromkeys(at, 0), ("/mcp", "sk_live_canary"): 1}


def test_the_limits_are_the_providers() -> None:
    assert CALLS_A_MINUTE == {
        "media": 30,
        "music": 10,
        "dialogue": 10,
        "ads": 5,
        "read": 120,
        "upload": 60,
    }
