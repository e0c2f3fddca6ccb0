"""Laws, races, isolation and parity on a simulator in this process: it does all of them, and each
fault that is put into its answers is found by the requirement that is there for it."""

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from contracts.lanes import isolation, laws, parity, price_laws, races, time_laws
from contracts.lanes.machine import LAWS
from contracts.plan import Plan
from contracts.requirements import load_requirements
from contracts.run import Settings
from contracts.verdicts import Verdict
from tests.contracts.trial import Bend, plan_of, trial

LANES = ("laws", "races", "isolation", "parity")
IDS = [row.id for row in load_requirements() if row.lane in LANES]
WITHOUT_A_CLOCK = "laws:time:reading"
STATUS = "/v1/generate/media/"
START = "/v1/generate/media"


@pytest.mark.parametrize(("seed", "era"), [(0, "session"), (7, "stateless")])
async def test_the_simulator_keeps_them_all_whatever_the_seed(seed: int, era: str) -> None:
    async with trial(settings=Settings(seed=seed, era=era)) as tried:
        findings = await tried.judged(plan_of(tried.target, *IDS))
    off = {each.requirement for each in findings if each.verdict is Verdict.NOT_APPLICABLE}
    assert off == {WITHOUT_A_CLOCK}
    bad = [each for each in findings if each.verdict is not Verdict.PASS]
    assert [each for each in bad if each.requirement not in off] == []
    assert {each.requirement for each in findings} == set(IDS)


async def test_connections_that_break_change_no_verdict() -> None:
    dice = random.Random(2)

    def drop(request: httpx2.Request) -> None:
        if dice.random() < 0.05:
            raise httpx2.ReadError("gone")

    async with trial(after=drop) as tried:
        findings = await tried.judged(plan_of(tried.target, *IDS))
    bad = [each for each in findings if each.verdict is not Verdict.PASS]
    assert [each for each in bad if each.requirement != WITHOUT_A_CLOCK] == []


def test_every_law_has_its_row_and_every_row_its_check() -> None:
    checks = (
        *laws.CHECKS,
        *price_laws.checks(load_requirements()),
        *time_laws.CHECKS,
        *races.CHECKS,
        *isolation.CHECKS,
        *parity.CHECKS,
    )
    assert sorted(each for check in checks for each in check.requirements) == sorted(IDS)


def test_what_the_drawn_laws_may_spend_is_what_their_rows_allow() -> None:
    rows = {row.id: row for row in load_requirements()}
    assert sum(rows[law].worst_case_credits for law in LAWS) == laws.SPENT_MOST


def once(plan: Plan) -> Plan:
    """Without trying again what failed."""
    items = tuple(replace(item, check=replace(item.check, repeat=False)) for item in plan.items)
    return replace(plan, items=items)


# ---- faults ----------------------------------------------------------------------------------


def body_of(request: httpx2.Request) -> dict[str, Any]:
    try:
        told = json.loads(request.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def balances(change: Callable[[float], float]) -> Callable[[], Bend]:
    def make() -> Bend:
        def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
            if request.url.path == "/v1/balance" and status == 200:
                return status, {**told, "credits": change(told["credits"])}
            return status, told

        return bend

    return make


def statuses(change: Callable[[dict[str, Any]], Any]) -> Callable[[], Bend]:
    def make() -> Bend:
        def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
            if request.url.path.startswith(STATUS) and status == 200 and request.method == "GET":
                told = dict(told)
                change(told)
            return status, told

        return bend

    return make


def leaking(when: Callable[[httpx2.Request, int], bool]) -> Callable[[], Bend]:
    """A credit is lost, for good, each time something is called."""

    def make() -> Bend:
        lost: dict[str, int] = {}

        def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
            key = request.headers.get("x-api-key", "")
            if request.url.path == "/v1/balance" and status == 200:
                return status, {**told, "credits": told["credits"] - lost.get(key, 0)}
            if when(request, status):
                lost[key] = lost.get(key, 0) + 1
            return status, told

        return bend

    return make


def quotes(change: Callable[[dict[str, Any], float], float]) -> Callable[[], Bend]:
    """Bends what a request is said to cost, before and at its start."""

    def make() -> Bend:
        def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
            if request.url.path == "/v1/generate/cost" and status == 200:
                changed = change(body_of(request), told["credits"])
                told = {**told, "credits": changed, "estimated_cost_credits": changed}
            return status, told

        return bend

    return make


def starts(change: Callable[[dict[str, Any]], Any]) -> Callable[[], Bend]:
    def make() -> Bend:
        def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
            if request.url.path == START and request.method == "POST" and status == 200:
                told = dict(told)
                change(told)
            return status, told

        return bend

    return make


def at(path: str, status: int, told: Any) -> Callable[[], Bend]:
    def bend(request: httpx2.Request, was: int, body: Any) -> tuple[int, Any]:
        return (status, told) if request.url.path == path else (was, body)

    return lambda: bend


def tools(name: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[], Bend]:
    """Bends a tool's answer, and leaves the route as it is."""

    def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
        called = body_of(request).get("params", {}).get("name") == name
        if called and isinstance(told, dict) and "result" in told:
            change(told["result"]["structuredContent"])
            return status, dict(told)
        return status, told

    return lambda: bend


def is_refusal(request: httpx2.Request, status: int) -> bool:
    return request.url.path == START and status == 400


def is_start(request: httpx2.Request, status: int) -> bool:
    return request.url.path == START and status == 200 and request.method == "POST"


def is_look(request: httpx2.Request, status: int) -> bool:
    return request.url.path == "/v1/models"


def foreign(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    """Tells that an id exists: it says another thing of one that is none."""
    if request.url.path.startswith(STATUS) and status == 404:
        nothing = "00000000-0000" in request.url.path
        return (404, {"detail": "none" if nothing else "not yours"})
    return status, told


def everybodys() -> Bend:
    """A list of jobs is everyone's."""
    kept: list[Any] = []

    def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
        if is_start(request, status):
            kept.append({"id": told["generation_id"], "generation_id": told["generation_id"]})
        if request.url.path == "/v1/generations":
            return status, {**told, "generations": [*told["generations"], *kept]}
        return status, told

    return bend


def poor(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    if request.url.path == START and status == 400:
        return 402, {"error": "insufficient_credits", "message": "none"}
    return status, told


def back_to_pending(told: dict[str, Any]) -> None:
    if told["status"] == "completed":
        told["status"] = "pending"


def short_of_nothing(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
    if is_start(request, status):
        return 402, {"error": "insufficient_credits", "message": "none"}
    return status, told


def forgetful() -> Bend:
    """Asked twice in a row, the balance is another one."""
    last: list[str] = [""]

    def bend(request: httpx2.Request, status: int, told: Any) -> tuple[int, Any]:
        path, again = request.url.path, last[0] == "/v1/balance"
        last[0] = path
        if path == "/v1/balance" and again:
            return status, {**told, "credits": told["credits"] + 1}
        return status, told

    return bend


def first_polls_only() -> Bend:
    """Each look is further than the one before."""
    turn = itertools.count()
    return statuses(lambda told: told.update(progress=next(turn)))()


def costs(factor: float) -> Callable[[dict[str, Any]], Any]:
    return lambda told: told.update(
        estimated_cost_credits=told["estimated_cost_credits"] * factor,
    )


def odd_seconds(body: dict[str, Any], credits: float) -> float:
    return credits + (body.get("duration") == "7s")


def sound_costs(body: dict[str, Any], credits: float) -> float:
    return credits + 3 * (body.get("sound") is True)


def many_videos_cost(body: dict[str, Any], credits: float) -> float:
    return credits + 5 * (len(body.get("source_media_urls", [])) > 1)


def seed_costs(body: dict[str, Any], credits: float) -> float:
    return credits + ("negative_prompt" in body or "seed" in body or "quality" in body)


FAULTS: tuple[tuple[str, str, Callable[[], Bend]], ...] = (
    ("laws:billing:charged-as-told", "rest", starts(costs(2))),
    ("laws:billing:charged-as-told", "rest", leaking(is_start)),
    ("laws:billing:documented-price", "rest", starts(costs(0.5))),
    ("laws:billing:quoted-as-charged", "rest", quotes(lambda body, credits: credits + 1)),
    ("laws:billing:refused-is-free", "rest", leaking(is_refusal)),
    ("laws:billing:reading-is-free", "rest", leaking(is_look)),
    ("laws:billing:never-negative", "rest", balances(lambda credits: credits - 1_001)),
    ("laws:billing:enough-is-enough", "rest", lambda: short_of_nothing),
    ("laws:billing:adds-up", "rest", forgetful),
    ("laws:lifecycle:forward", "rest", statuses(back_to_pending)),
    ("laws:lifecycle:final-stays", "rest", first_polls_only),
    ("laws:lifecycle:progress", "rest", statuses(lambda told: told.update(progress=None))),
    ("laws:lifecycle:hundred-when-completed", "rest", statuses(lambda t: t.update(progress=100))),
    ("laws:lifecycle:outputs-when-completed", "rest", statuses(lambda t: t.update(outputs=[]))),
    ("laws:lifecycle:ends", "rest", statuses(lambda told: told.update(status="processing"))),
    ("laws:lifecycle:listed-is-started", "rest", at("/v1/generations", 200, {"generations": []})),
    ("laws:billing:linear-in-seconds", "rest", quotes(odd_seconds)),
    ("laws:billing:reference-is-15-s", "rest", quotes(many_videos_cost)),
    ("laws:billing:sound-has-its-row", "rest", quotes(sound_costs)),
    ("laws:billing:ignored-is-free", "rest", quotes(seed_costs)),
    ("laws:time:polling", "rest", first_polls_only),
    ("races:credits", "rest", leaking(is_start)),
    ("races:mixed-prices", "rest", leaking(is_start)),
    ("races:settled-once", "rest", first_polls_only),
    ("races:refused", "rest", leaking(is_refusal)),
    ("isolation:status", "rest", lambda: foreign),
    ("isolation:list", "rest", everybodys),
    ("isolation:rules-before-credits", "rest", lambda: poor),
    ("parity:reads", "mcp", tools("get_balance", lambda told: told.update(message="other"))),
    ("parity:starts", "mcp", tools("generate_media", lambda told: told.update(model="other"))),
    ("parity:defaults", "mcp", tools("generate_media", costs(1.25))),
    ("parity:refusals", "mcp", tools("generate_media", lambda told: told.update(error="other"))),
    ("parity:unknown-ids", "mcp", at(f"{STATUS}00000000-0000-4000-8000-000000000000", 200, {})),
    ("parity:crossing", "mcp", tools("get_generation_status", lambda told: told.pop("model"))),
    ("parity:products", "mcp", tools("generate_music", costs(2))),
)


@pytest.mark.parametrize(("requirement", "surface", "fault"), FAULTS)
async def test_a_fault_is_found_by_its_requirement(
    requirement: str, surface: str, fault: Callable[[], Bend]
) -> None:
    async with trial(fault()) as tried:
        findings = await tried.judged(once(plan_of(tried.target, requirement, surfaces=[surface])))
    (found,) = [
        each for each in findings if each.requirement == requirement and each.surface == surface
    ]
    assert found.verdict in (Verdict.FAIL, Verdict.WARN), found
    assert found.expected
    assert found.trace


async def test_a_broken_law_is_told_by_the_shortest_sequence_that_shows_it() -> None:
    async with trial(leaking(is_refusal)()) as tried:
        law = "laws:billing:refused-is-free"
        findings = await tried.judged(once(plan_of(tried.target, law, surfaces=["rest"])))
    (found,) = [each for each in findings if each.requirement == law and each.trace]
    assert [each.call for each in found.trace if not each.setup] == [
        "get_balance",
        "generate_media",
        "get_balance",
    ]
