"""No cap is ever passed by a credit: a thousand runs before a backend that counts what it charges,
loses answers, refuses, lies by silence, and is asked again. One that charges more than its
catalogue passes it by its first surprise at the most."""

import asyncio
import json
import random
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Any

import httpx2
import pytest

from contracts.guard.purse import Purse, Refused
from contracts.pricing import PricedRow, PriceList
from tests.contracts.guarding import Guarded, Reply, call_of, guarded, result_of

RUNS = 1_000
SHARDS = 10
OVERCHARGED = 300
READS = (("GET", "/v1/balance"), ("GET", "/v1/models"), ("POST", "/v1/generate/cost"))
ENDINGS = (
    "accepts",
    "accepts",
    "accepts",
    "accepts in silence",
    "refuses",
    "charges and fails",
    "charges and drops",
    "drops",
    "is not there",
    "charges and babbles",
    "charges and sends elsewhere",
)


@dataclass(slots=True)
class Till:
    """A backend: its prices in milli-credits, what it charged, and which calls reached it.
    ``times``: how much more than its catalogue it takes. ``surprise``: what it took above what the
    guard knew to hold for a call when it left."""

    chance: random.Random
    rates: dict[str, int]
    times: Fraction = Fraction(1)
    purse: Purse | None = None
    surprise: int = 0
    charged: int = 0
    billable: int = 0
    highest: int = 0
    endings: set[str] = field(default_factory=set)

    def listed(self, body: dict[str, Any], *, longest: bool = False) -> int:
        """By its catalogue; ``longest``: at the worst."""
        rate = self.rates[body["model"]]
        if not body["model"].startswith("second"):
            return rate
        asked = body.get("duration")
        if asked or longest:
            return rate * (int(asked[:-1]) if asked else 5)
        return rate * self.chance.choice((3, 4, 5))

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        ending = self.chance.choice(ENDINGS)
        if ending == "is not there":
            raise httpx2.ConnectError("refused")
        calls = list(self._starts(request))
        self.billable += len(calls)
        # Nothing gives way between the guard's hold and this line.
        known = (self.purse.multiple if self.purse else None) or Fraction(1)
        held = [ceil(self.listed(body, longest=True) * known) for _, body in calls]
        prices = [ceil(self.listed(body) * self.times) for _, body in calls]
        for _ in range(self.chance.randrange(6)):
            await asyncio.sleep(0)
        if "accepts" in ending or "charges" in ending:
            self.charged += sum(prices)
            self.surprise += sum(
                max(0, price - most) for price, most in zip(prices, held, strict=True)
            )
        for _ in range(self.chance.randrange(6)):
            await asyncio.sleep(0)
        self.endings.add(ending)
        if not calls:
            return httpx2.Response(200, json={})
        return self._answer(request, ending, [number for number, _ in calls], prices)

    def _starts(self, request: httpx2.Request) -> Iterator[tuple[Any, dict[str, Any]]]:
        told = json.loads(request.content or b"null")
        if request.url.path == "/v1/generate/media":
            yield None, told
        if request.url.path == "/mcp":
            for each in told if isinstance(told, list) else [told]:
                if each["params"]["name"] == "generate_media":
                    yield each["id"], each["params"]["arguments"]

    def _answer(
        self, request: httpx2.Request, ending: str, numbers: list[Any], prices: list[int]
    ) -> httpx2.Response:
        match ending:
            case "charges and drops" | "drops":
                raise self.chance.choice((httpx2.ReadError, httpx2.ReadTimeout))("gone")
            case "charges and fails":
                return httpx2.Response(self.chance.choice((500, 502, 503, 504)), text="no")
            case "charges and babbles":
                return httpx2.Response(200, text=self.chance.choice(("", "{", "null", "[]")))
            case "charges and sends elsewhere":
                return httpx2.Response(307, headers={"location": "https://else.example/"})
            case _:
                return self._judged(request, ending, numbers, prices)

    def _judged(
        self, request: httpx2.Request, ending: str, numbers: list[Any], prices: list[int]
    ) -> httpx2.Response:
        told: list[dict[str, Any]]
        if ending == "refuses":
            told = [{"error": "invalid_duration", "message": "no"} for _ in prices]
        elif ending == "accepts":
            told = [{"generation_id": "g", "estimated_cost_credits": p / 1000} for p in prices]
        else:
            told = [{"generation_id": "g"} for _ in prices]
        if request.url.path != "/mcp":
            return httpx2.Response(400 if ending == "refuses" else 200, json=told[0])
        results = [
            result_of(number, each, is_error=ending == "refuses")
            for number, each in zip(numbers, told, strict=True)
        ]
        self.chance.shuffle(results)
        if self.chance.random() < 0.3:
            text = "".join(f"event: message\ndata: {json.dumps(each)}\n\n" for each in results)
            return httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"})
        return httpx2.Response(200, json=results if len(results) > 1 else results[0])


def catalogue(chance: random.Random) -> tuple[PriceList, dict[str, int]]:
    """Random prices, and the same for the till."""
    flat = {f"flat-{n}": chance.choice((500, 1_000, 4_000, 13_700)) for n in range(3)}
    second = {f"second-{n}": chance.randrange(100, 9_000, 100) for n in range(2)}
    rows = [PricedRow(name, shape="flat", millicredits=rate) for name, rate in flat.items()]
    rows += [
        PricedRow(name, shape="per_second", millicredits=rate, durations=(3, 4, 5))
        for name, rate in second.items()
    ]
    return PriceList(rows), flat | second


def body(chance: random.Random, models: list[str]) -> dict[str, Any]:
    told = {"model": chance.choice(models), "prompt": "x"}
    if chance.random() < 0.5:
        told["duration"] = chance.choice(("3s", "4s", "5s"))
    return told


async def ask_once(guard: Guarded, chance: random.Random, models: list[str]) -> Reply:
    kind = chance.random()
    if kind < 0.15:
        return await guard.ask(*chance.choice(READS))
    if kind < 0.55:
        return await guard.start(body(chance, models))
    if kind < 0.85:
        return await guard.call("generate_media", body(chance, models))
    calls = [call_of("generate_media", body(chance, models), n) for n in range(3)]
    return await guard.ask("POST", "/mcp", calls)


async def work(guard: Guarded, chance: random.Random, models: list[str], till: Till) -> None:
    for _ in range(chance.randrange(2, 6)):
        retries = chance.randrange(3)
        while True:
            reply = await ask_once(guard, chance, models)
            till.highest = max(till.highest, till.charged)
            if reply.status < 500 or not retries:
                break
            retries -= 1


async def run(
    seed: int, times: Fraction = Fraction(1), workers: int = 0
) -> tuple[int, int, Till, Purse]:
    """``workers`` 0: some."""
    chance = random.Random(seed)
    prices, rates = catalogue(chance)
    cap = chance.choice((0, 0, chance.randrange(1, 60_000), chance.randrange(1, 300_000, 1_000)))
    till = Till(random.Random(seed + 1), rates, times)
    async with guarded(till.handle, prices=prices, max_credits=cap / 1000) as guard:
        till.purse = guard.app.purse
        some = [
            work(guard, random.Random(seed * 100 + n), sorted(rates), till)
            for n in range(workers or chance.randrange(1, 7))
        ]
        await asyncio.gather(*some)
        return cap, len(guard.arrived), till, guard.app.purse


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_no_cap_is_passed_in_a_thousand_runs(shard: int) -> None:
    endings: set[str] = set()
    charging, nothing = 0, 0
    for seed in range(shard, RUNS, SHARDS):
        cap, arrived, till, purse = await run(seed)
        assert till.charged <= cap, seed
        assert till.charged <= purse.spent + purse.reserved <= cap, seed
        assert cap or not till.billable, seed
        endings |= till.endings
        charging += till.charged > 0
        nothing += not cap and arrived > 0
    assert endings == set(ENDINGS) - {"is not there"}
    assert charging > 20
    assert nothing > 5  # what is free went through all the same


async def test_one_that_overcharges_passes_it_by_what_left_before_it_said_so() -> None:
    """And it is asked on, as far as the cap goes."""
    passed = went_on = 0
    for seed in range(RUNS, RUNS + OVERCHARGED):
        times = Fraction(random.Random(seed).randrange(1_001, 4_000), 1_000)
        cap, _, till, purse = await run(seed, times)
        assert till.charged - till.surprise <= cap, seed
        assert till.charged <= purse.spent + purse.reserved + till.surprise, seed
        passed += till.charged > cap
        went_on += till.surprise > 0 and purse.multiple == times and till.charged <= cap
    assert passed > 5
    assert went_on > 20


async def overcharged(seed: int) -> tuple[int, int, int]:
    """The cap, what one caller's starts took, and what the first of them took too much."""
    chance = random.Random(seed)
    times, cap = chance.randrange(1_001, 4_000), chance.randrange(80_000)
    listed = {"z-image": 4, "nano-banana": 7}
    asked: list[int] = []

    async def dear(request: httpx2.Request) -> httpx2.Response:
        asked.append(listed[json.loads(request.content)["model"]])
        told = {"generation_id": "g", "estimated_cost_credits": asked[-1] * times / 1_000}
        return httpx2.Response(200, json=told)

    async with guarded(dear, max_credits=cap / 1_000) as guard:
        for _ in range(12):
            await guard.start({"model": chance.choice(sorted(listed)), "prompt": "x"})
    return cap, sum(asked) * times, sum(asked[:1]) * (times - 1_000)


async def test_the_first_surprise_is_the_only_one_when_answers_tell_their_price() -> None:
    found = [await overcharged(seed) for seed in range(OVERCHARGED)]
    assert [each for each in found if each[1] > each[0] + each[2]] == []
    assert len([taken for cap, taken, _ in found if taken > cap]) > 5


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that give way to each other as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_what_threads_hold_never_passes_the_cap_together() -> None:
    purse = Purse(7_000)
    held: list[int] = []

    def take() -> None:
        while True:
            try:
                (hold,) = purse.hold([7])
            except Refused:
                return
            held.append(hold.number)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(held)) == len(held) == 1_000
    assert purse.reserved == 7_000


async def test_a_hundred_starts_at_once_leave_only_as_far_as_the_cap_goes() -> None:
    async with guarded(max_credits=43) as guard:
        replies = await asyncio.gather(*(guard.start() for _ in range(100)))
        assert sum(reply.status == 200 for reply in replies) == 10  # 4 credits each
        assert len(guard.arrived) == 10
        assert guard.app.purse.spent == 40_000


async def test_a_stated_price_above_the_worst_case_counts_and_so_do_later_ones() -> None:
    async def dear(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"generation_id": "g", "estimated_cost_credits": 5})

    async with guarded(dear, max_credits=14.9) as guard:
        assert (await guard.start()).status == 200  # 4 at the most, by the catalogue
        assert guard.app.purse.spent == 5_000
        assert (await guard.start()).status == 200
        reply = await guard.start()  # 4.9 are left
        assert (reply.status, reply.mark, reply.json()["reason"]) == (402, "refused", "cap")
        assert "counted 1.25 times" in reply.json()["message"]
        assert (await guard.ask("GET", "/v1/balance")).status == 200
        assert len(guard.arrived) == 3


def test_what_was_held_before_a_surprise_is_held_at_its_multiple_afterwards() -> None:
    purse = Purse(100)
    first, second = purse.hold([10, 20])
    purse.settle(first, 15)
    assert (purse.multiple, purse.spent, purse.reserved) == (Fraction(3, 2), 15, 30)
    (third,) = purse.hold([3])
    assert purse.reserved == 35  # 4.5, rounded up
    purse.settle(third, None)
    purse.settle(second, 20)
    assert (purse.multiple, purse.spent, purse.reserved) == (Fraction(3, 2), 40, 0)
    with pytest.raises(Refused, match=r"counted 1\.5 times"):
        purse.hold([41])
    purse.hold([40])


def test_a_charge_for_what_costs_nothing_bounds_nothing_any_more() -> None:
    purse = Purse(100)
    (hold,) = purse.hold([0])
    purse.settle(hold, 1)
    with pytest.raises(Refused) as refused:
        purse.hold([1])
    assert (refused.value.reason, purse.spent) == ("unbounded", 1)
    assert purse.multiple is None


def test_what_nothing_bounded_is_no_surprise() -> None:
    purse = Purse(None)
    (hold,) = purse.hold([None])
    purse.settle(hold, 7)
    assert (purse.multiple, purse.spent) == (Fraction(1), 7)


async def test_a_stated_price_below_the_worst_case_frees_the_rest() -> None:
    async def cheap(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"generation_id": "g", "estimated_cost_credits": 51})

    async with guarded(cheap, max_credits=310) as guard:
        body = {"model": "kling-3-0-std", "prompt": "x"}  # 255 at the most
        assert (await guard.start(body)).status == 200
        assert (await guard.start(body)).status == 200
        assert (guard.app.purse.spent, guard.app.purse.reserved) == (102_000, 0)
        assert (await guard.start(body)).status == 402


async def test_what_nothing_bounds_leaves_only_without_a_cap() -> None:
    body = {"model": "not-in-the-catalogue", "prompt": "x"}
    async with guarded(max_credits=1_000_000) as guard:
        reply = await guard.start(body)
        assert (reply.status, reply.json()["reason"], guard.arrived) == (402, "unbounded", [])
    async with guarded(max_credits=None) as guard:
        assert (await guard.start(body)).status == 200
        assert (await guard.ask("GET", "/v1/nothing")).status == 200
        assert len(guard.arrived) == 2


async def test_a_cap_of_a_fraction_is_not_rounded_up() -> None:
    async with guarded(max_credits=3.9999) as guard:
        assert (await guard.start()).status == 402
    async with guarded(max_credits=4.0) as guard:
        assert (await guard.start()).status == 200


def test_at_cap_0_a_call_leaves_not_even_if_its_worst_case_is_nothing() -> None:
    with pytest.raises(Refused, match="pass the cap"):
        Purse(0).hold([0])
    assert Purse(0).hold([]) == ()
