"""How checks are made: each in its world, again when the connection breaks, never by luck."""

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Sequence

import httpx2
import pytest

from contracts.check import Broken, CannotTell, Check, DoesNotApply, Judgement
from contracts.lanes.looking import IMAGE
from contracts.run import Findings, Settings
from contracts.talk.backend import Backend
from contracts.verdicts import Verdict
from tests.contracts.trial import Trial, plan_for, plan_of, trial

SEVERAL = ("access:no-key", "wire:balance", "wire:required-fields", "lifecycle:listed", "mcp:tools")


async def looked(backend: Backend, surface: str) -> None:
    await backend.balance(surface=surface)


async def broken(backend: Backend, surface: str) -> None:
    await backend.balance(surface=surface)
    raise Broken("more", "less")


def raising(error: Exception) -> Check:
    async def check(backend: Backend, surface: str) -> None:
        raise error

    return Check(("a",), check, ("rest",))


async def one(tried: Trial, check: Check, strength: str = "documented") -> tuple[Verdict, str]:
    """What a check comes to over REST."""
    findings = await tried.judged(plan_for(tried.target, check, strength=strength))
    found = next(each for each in findings if each.surface == "rest")
    return found.verdict, found.why


async def test_a_check_that_holds_passes_without_its_trace() -> None:
    async with trial() as tried:
        findings = await tried.judged(plan_for(tried.target, Check(("a",), looked)))
    assert {(each.verdict, each.trace) for each in findings} == {(Verdict.PASS, ())}


async def test_a_failure_keeps_what_was_expected_and_its_trace() -> None:
    async with trial() as tried:
        found = (await tried.judged(plan_for(tried.target, Check(("a",), broken, ("rest",)))))[0]
    assert (found.expected, found.got, found.flaky) == ("more", "less", False)
    assert [each.call for each in found.trace if not each.setup] == ["get_balance"]


async def in_two_worlds(backend: Backend, surface: str) -> None:
    await (await backend.fresh()).balance(surface=surface)


@pytest.mark.parametrize(("function", "left"), [(in_two_worlds, 0), (broken, 2)])
async def test_worlds_are_given_back_unless_something_is_wrong_in_them(
    function: Callable[[Backend, str], Awaitable[None]], left: int
) -> None:
    async with trial() as tried:
        await tried.judged(plan_for(tried.target, Check(("a",), function, ("rest",))))
        base = tried.target.rest_url
        reset = httpx2.Request("POST", f"{base}/_sim/reset", json={"all": True})
        answer = await tried.transport.handle(reset)
        names = json.loads(await answer.aread())["reset"]
    assert len([name for name in names if name.startswith("contract-")]) == left


async def test_sessions_are_ended_after_a_check() -> None:
    """A server keeps only so many, and one suite opens some hundreds."""
    async with trial() as tried:
        await tried.judged(plan_for(tried.target, Check(("a",), in_two_worlds, ("mcp",))))
        ended = [each for each in tried.transport.requests if each.method == "DELETE"]
        again = httpx2.Request("DELETE", ended[0].url, headers=ended[0].headers)
        answer = await tried.transport.handle(again)
    assert len(ended) == 1
    assert answer.status_code == 404


async def test_an_assumed_behaviour_that_differs_is_a_warning() -> None:
    async with trial() as tried:
        check = Check(("a",), broken, ("rest",))
        assert (await one(tried, check, "assumed"))[0] is Verdict.WARN
        assert (await one(tried, check, "observed"))[0] is Verdict.WARN


async def test_what_a_check_cannot_tell_is_no_pass() -> None:
    async with trial() as tried:
        assert await one(tried, raising(CannotTell("no"))) == (Verdict.NOT_RUN, "no")
        assert await one(tried, raising(DoesNotApply("off"))) == (Verdict.NOT_APPLICABLE, "off")


async def test_a_check_that_breaks_is_the_suites_fault() -> None:
    async with trial() as tried:
        plan = plan_for(tried.target, raising(KeyError("x")))
        found = (await tried.judged(plan))[0]
    assert (found.verdict, found.harness) == (Verdict.NOT_RUN, True)
    assert found.why == "the check itself failed: KeyError: 'x'"


async def test_a_failure_that_does_not_come_again_is_flaky_and_fails() -> None:
    tries = itertools.count()

    async def sometimes(backend: Backend, surface: str) -> None:
        if next(tries) == 0:
            raise Broken("more", "less")

    async with trial() as tried:
        plan = plan_for(tried.target, Check(("a",), sometimes, ("rest",)))
        found = (await tried.judged(plan))[0]
    assert (found.verdict, found.flaky) == (Verdict.FAIL, True)
    assert found.why.startswith("flaky, it held when repeated")


async def test_each_requirement_of_a_check_is_judged_by_itself() -> None:
    async def several(backend: Backend, surface: str) -> Sequence[Judgement]:
        return [Judgement("a"), Judgement("b", Broken(1, 2))]

    async with trial() as tried:
        plan = plan_for(tried.target, Check(("a", "b", "c"), several, ("rest",)))
        findings = [each for each in await tried.judged(plan) if each.surface == "rest"]
    assert [each.verdict for each in findings] == [Verdict.PASS, Verdict.FAIL, Verdict.NOT_RUN]


async def test_each_check_has_a_world_and_credits_of_its_own() -> None:
    seen: list[float] = []

    async def spends(backend: Backend, surface: str) -> None:
        seen.append(await backend.balance())
        await backend.start(IMAGE)

    async with trial() as tried:
        await tried.judged(plan_for(tried.target, Check(("a",), spends, credits=50)))
        assert tried.runner.wire.requests > 0
    assert seen == [50, 50]


def dropped(every: random.Random, share: float) -> Callable[[httpx2.Request], None]:
    """Breaks the connection, at random."""

    def drop(request: httpx2.Request) -> None:
        if every.random() < share:
            raise httpx2.ReadError("dropped")

    return drop


async def test_dropped_connections_change_no_verdict() -> None:
    for seed in range(4):
        rng = random.Random(seed)
        async with trial(before=dropped(rng, 0.03), after=dropped(rng, 0.03)) as tried:
            findings = await tried.judged(plan_of(tried.target, *SEVERAL))
        assert [each for each in findings if each.verdict is not Verdict.PASS] == []


async def test_bursts_of_429_change_no_verdict() -> None:
    calls = itertools.count()

    def burst(request: httpx2.Request, status: int, told: object) -> tuple[int, object]:
        if request.url.path.startswith("/v1/") and status < 400 and next(calls) % 6 < 2:
            return 429, {"error": "rate_limit_exceeded", "retry_after_seconds": 1}
        return status, told

    async with trial(burst) as tried:
        findings = await tried.judged(plan_of(tried.target, "wire:balance", "wire:generations"))
    assert [each for each in findings if each.verdict is not Verdict.PASS] == []


async def test_a_target_that_goes_away_is_not_run_and_no_failure() -> None:
    async with trial() as tried:
        tried.transport.before = dropped(random.Random(0), 1.0)
        verdict, why = await one(tried, Check(("a",), looked, ("rest",)))
    assert verdict is Verdict.NOT_RUN
    assert why.startswith("no answer, 6 times")


async def requests_of(seed: int, era: str) -> list[tuple[str, str, bytes]]:
    settings = Settings(seed=seed, workers=1, era=era)
    async with trial(settings=settings) as tried:
        await tried.judged(plan_of(tried.target, *SEVERAL))
        return [(each.method, str(each.url), each.content) for each in tried.transport.requests]


@pytest.mark.parametrize("era", ["session", "stateless"])
async def test_the_same_seed_sends_the_same_requests_in_the_same_order(era: str) -> None:
    first = await requests_of(3, era)
    assert first == await requests_of(3, era)
    assert len(first) > 50
    assert first != await requests_of(4, era)


async def test_an_interrupted_run_tells_what_it_has() -> None:
    async def waits(backend: Backend, surface: str) -> None:
        await asyncio.Event().wait()

    findings = Findings()
    async with trial() as tried:
        checks = (Check(("a",), looked, ("rest",)), Check(("b",), waits, ("rest",)))
        plan = plan_for(tried.target, *checks)
        heard = asyncio.Event()
        running = asyncio.create_task(tried.runner.run(plan, findings, lambda finding: heard.set()))
        await heard.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    told = [(each.requirement, each.verdict) for each in findings.ordered(plan)]
    assert ("a", Verdict.PASS) in told
    assert ("b", Verdict.NOT_RUN) in told


async def test_what_no_terminal_takes_is_told_by_its_escape() -> None:
    async def odd(backend: Backend, surface: str) -> None:
        raise Broken("a word", "\ud800")

    async with trial() as tried:
        _, why = await one(tried, Check(("a",), odd, ("rest",)))
    assert why == "expected a word, got \\ud800"
