"""Every named situation, played over each surface that can show it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest
from msgspec.structs import replace

from simulator.app import Simulator
from simulator.domain.policies import Policies, choose
from simulator.engine.controls.scenarios import PlayBody, PlayedView, Playhouse, put
from simulator.engine.scenarios import Amounts, Expect, Row, Scenario
from simulator.engine.scenarios_load import load_scenarios, scenarios_directory
from simulator.surfaces.plays.player import Player
from tests.mcp.wire import Wire, wired

SCENARIOS = {one.name: one for one in load_scenarios(scenarios_directory()).all()}
PLAYS = [(name, surface) for name, one in SCENARIOS.items() for surface in one.surfaces]
ONE = "half-of-a-batch-fails"


def policies_of(scenario: Scenario) -> Policies:
    return choose(f"{name}={value}" for name, value in scenario.arm.policies.items())


async def played(wire: Wire, name: str, surface: str, world: str = "w") -> dict[str, Any]:
    body = {"play": True, "surface": surface}
    answer = await wire.rest(
        "POST", f"/_sim/scenarios/{name}", body, key=None, X_Sim_Namespace=world
    )
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()["played"]
    return seen


def wrong(seen: dict[str, Any]) -> list[str]:
    """Everything that was not as the scenario says."""
    steps = [f"{step['does']}: {problem}" for step in seen["steps"] for problem in step["problems"]]
    return [*steps, *seen["ledger"]["problems"]]


@pytest.fixture(scope="module")
async def wires() -> AsyncIterator[Mapping[Policies, Wire]]:
    """A simulator for each choice of policies that some situation needs."""
    async with AsyncExitStack() as stack:
        yield {
            policies: await stack.enter_async_context(wired(limits=True, policies=policies))
            for policies in sorted({policies_of(one) for one in SCENARIOS.values()}, key=str)
        }


@pytest.mark.parametrize(("name", "surface"), PLAYS)
async def test_a_situation_goes_as_it_says(
    name: str, surface: str, wires: Mapping[Policies, Wire]
) -> None:
    wire = wires[policies_of(SCENARIOS[name])]
    seen = await played(wire, name, surface, f"{name}-{surface}")
    assert (wrong(seen), seen["holds"]) == ([], True)
    assert len(seen["steps"]) == len(SCENARIOS[name].play)


def test_there_are_more_than_seventy_in_eight_topics() -> None:
    assert len(SCENARIOS) > 70
    topics = ["billing", "files", "life_cycle", "limits", "mcp", "prices", "streams", "wire"]
    assert sorted({one.topic for one in SCENARIOS.values()}) == topics


@pytest.mark.parametrize("seed", [1, 2**40])
async def test_situations_hold_with_other_seeds_and_credits(seed: int) -> None:
    async with wired(limits=True, seed=seed, credits=3_000, magic=False) as wire:
        for name, one in SCENARIOS.items():
            if one.topic in ("billing", "life_cycle", "limits") and not one.arm.policies:
                seen = await played(wire, name, "rest", name)
                assert wrong(seen) == [], name


async def test_what_the_world_held_and_spent_before_does_not_count() -> None:
    async with wired() as wire:
        assert (await wire.rest("POST", "/v1/generate/media", IMAGE)).status_code == 200
        await wire.advance(600)
        assert (await wire.rest("POST", "/v1/generate/music", SONG)).status_code == 200
        assert wrong(await played(wire, "sound-on-and-off", "rest")) == []


async def test_after_a_reset_the_ledger_counts_from_there() -> None:
    async with wired() as wire:
        assert (await wire.rest("POST", "/v1/generate/media", IMAGE)).status_code == 200
        assert wrong(await played(wire, "reset-in-mid-job", "rest")) == []


async def test_a_situation_is_played_again_in_the_same_world() -> None:
    async with wired() as wire:
        for _ in range(2):
            assert wrong(await played(wire, "first-two-fail", "rest")) == []


async def test_a_running_world_stands_still_while_it_is_played_in() -> None:
    async with wired(frozen=False, speed=1_000_000) as wire:
        assert wrong(await played(wire, "slow-by-three", "rest")) == []
        clock = (await wire.rest("GET", "/_sim/clock", key=None, X_Sim_Namespace="w")).json()
    assert clock["mode"] == "frozen"


async def test_a_played_client_bears_the_admin_token() -> None:
    async with wired(admin_token="t0ken") as wire:
        answer = await wire.rest(
            "POST",
            "/_sim/scenarios/reset-in-mid-job",
            {"play": True},
            key=None,
            Authorization="Bearer t0ken",
        )
    assert wrong(answer.json()["played"]) == []


async def test_nothing_that_was_armed_is_left_after_a_play() -> None:
    async with wired() as wire:
        for name in ("queue-of-one-worker", "last-credit-race", "price-change-in-mid-job"):
            await played(wire, name, "rest")
        left = [
            (await wire.rest("GET", f"/_sim/{kind}", key=None, X_Sim_Namespace="w")).json()[kind]
            for kind in ("faults", "queues", "breakpoints")
        ]
    assert left == [[], [], []]


async def test_what_others_armed_stays_after_a_play() -> None:
    async with wired() as wire:
        world = await wire.simulator.control.worlds.world("w")
        point = {"point": "file.before"}
        await wire.rest("POST", "/_sim/breakpoints", point, key=None, X_Sim_Namespace="w")
        await played(wire, "last-credit-race", "rest")
    assert [one.point for one in world.lab.breakpoints.all()] == ["file.before"]


IMAGE = {"model": "nano-banana", "prompt": "A lighthouse"}
SONG = {"prompt": "A waltz", "instrumental": True}
RIGHT = SCENARIOS[ONE]
ROWS, MAIN = RIGHT.ledger.entries, RIGHT.ledger.balances["main"]

BROKEN = {
    "a row of another amount": replace(RIGHT.ledger, entries=[Row("hold", 8), *ROWS[1:]]),
    "a row of another kind": replace(RIGHT.ledger, entries=[*ROWS[:-1], Row("release", 7)]),
    "a row of another account": replace(RIGHT.ledger, entries=[Row("hold", 7, "bob"), *ROWS[1:]]),
    "a row too few": replace(RIGHT.ledger, entries=ROWS[1:]),
    "a row too many": replace(RIGHT.ledger, entries=[*ROWS, Row("grant", 1)]),
    "other available credits": replace(
        RIGHT.ledger, balances={"main": replace(MAIN, available=85.5)}
    ),
    "other held credits": replace(RIGHT.ledger, balances={"main": replace(MAIN, held=7)}),
    "other spent credits": replace(RIGHT.ledger, balances={"main": Amounts(86)}),
}


def house(simulator: Simulator) -> Playhouse:
    playhouse = simulator.control.playhouse
    assert playhouse is not None
    return playhouse


async def result(wire: Wire, scenario: Scenario) -> PlayedView:
    """A scenario of the test's own, armed as the row of its name and played."""
    control = wire.simulator.control
    world = await control.worlds.world("w")
    armed = (await put(control, world, PlayBody(scenario.name))).armed
    return await house(wire.simulator).play(control, world, scenario, "rest", armed)


@pytest.mark.parametrize("how", BROKEN)
async def test_a_ledger_that_is_not_as_it_says_is_told(how: str) -> None:
    async with wired() as wire:
        seen = await result(wire, replace(RIGHT, ledger=BROKEN[how]))
    assert not seen.holds
    assert len(seen.ledger.problems) == 1
    assert not any(step.problems for step in seen.steps)


@pytest.mark.parametrize("number", range(len(RIGHT.play)))
async def test_a_play_ends_with_the_first_step_that_is_not_as_it_says(number: int) -> None:
    step = RIGHT.play[number]
    steps = list(RIGHT.play)
    steps[number] = replace(step, expect=replace(step.expect, outcome="teapot"))
    async with wired() as wire:
        seen = await result(wire, replace(RIGHT, play=steps))
    assert not seen.holds
    assert [bool(each.problems) for each in seen.steps] == [False] * number + [True]


async def test_a_step_that_needs_what_is_not_there_is_told() -> None:
    steps = [RIGHT.play[0], replace(RIGHT.play[-1], job="a.generations.9")]
    async with wired() as wire:
        seen = await result(wire, replace(RIGHT, play=steps))
    assert seen.steps[-1].problems == ["a has no generations.9.generation_id"]


async def test_a_play_that_ends_early_leaves_nobody_parked() -> None:
    race = SCENARIOS["last-credit-race"]
    async with wired() as wire:
        seen = await result(wire, replace(race, play=[*race.play[:2], RIGHT.play[-1]]))
        world = await wire.simulator.control.worlds.world("w")
        (point,) = world.lab.breakpoints.all()
    assert (seen.holds, point.seen, point.parked) == (False, 2, [])


async def test_a_call_that_cannot_be_made_is_a_step_that_is_not_as_it_says() -> None:
    empty = replace(RIGHT.play[0], do="reset", expect=Expect())
    async with wired(admin_token="t0ken") as wire:
        control, world = wire.simulator.control, await wire.simulator.control.worlds.world("w")
        armed = (await put(control, world, PlayBody(ONE))).armed
        stranger = Player(wire.simulator.app, "testserver", None)
        seen = await stranger.play(control, world, replace(RIGHT, play=[empty]), "rest", armed)
    assert seen.steps[0].problems == ["outcome 401, expected 200"]
