"""Situations listed, put into a world, and asked for by one request."""

import pytest

from simulator.engine.scenarios import Scenario, Surface
from simulator.engine.scenarios_load import load_scenarios, scenarios_directory
from simulator.surfaces.plays.client import Client
from tests.mcp.wire import KEY, Wire, wired

SCENARIOS = load_scenarios(scenarios_directory()).all()
ASKED_FOR = [one for one in SCENARIOS if one.request]
IMAGE = {"model": "nano-banana", "prompt": "A lighthouse"}


async def posted(wire: Wire, name: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = await wire.rest("POST", f"/_sim/scenarios/{name}", body, key=None, X_Sim_Namespace="w")
    return answer.status_code, answer.json()


async def test_every_situation_is_listed_with_all_its_texts() -> None:
    async with wired() as wire:
        listed = (await wire.rest("GET", "/_sim/scenarios", key=None)).json()["scenarios"]
    assert [one["name"] for one in listed] == [one.name for one in SCENARIOS]
    texts = ("title", "says", "client", "strength", "source", "topic", "play", "arm", "ledger")
    assert [name for one in listed for name in texts if not one[name]] == []


async def test_a_situation_that_is_put_waits_for_a_client() -> None:
    async with wired(frozen=False) as wire:
        status, answer = await posted(wire, "queue-of-one-worker")
        row = next(one for one in SCENARIOS if one.name == "queue-of-one-worker")
        jobs = (await wire.rest("GET", "/_sim/jobs", key=None, X_Sim_Namespace="w")).json()
        clock = (await wire.rest("GET", "/_sim/clock", key=None, X_Sim_Namespace="w")).json()
    assert (status, answer["client"], answer["played"]) == (200, row.client, None)
    assert answer["armed"] == {
        "accounts": [
            {
                "account": "main",
                "key": "sk_test_w",
                "credits": 20,
                "scopes": row.arm.accounts["main"].scopes,
            }
        ],
        "faults": [],
        "queues": ["nano-banana"],
        "breakpoints": [],
    }
    assert (jobs["jobs"], clock["mode"]) == ([], "running")


async def test_a_situation_that_is_put_befalls_the_next_start() -> None:
    async with wired() as wire:
        _, answer = await posted(wire, "insufficient-although-there")
        start = await wire.rest("POST", "/v1/generate/media", IMAGE)
    assert (start.status_code, start.headers["x-sim-fault"]) == (402, "fault-1")
    assert answer["armed"]["faults"] == ["fault-1"]  # type: ignore[index]  # any JSON


async def test_a_situation_that_needs_a_still_clock_stops_it() -> None:
    async with wired(frozen=False) as wire:
        await posted(wire, "price-change-after-the-quote")
        clock = (await wire.rest("GET", "/_sim/clock", key=None, X_Sim_Namespace="w")).json()
    assert clock["mode"] == "frozen"


async def test_the_accounts_of_a_situation_have_its_credits_and_scopes() -> None:
    async with wired() as wire:
        await posted(wire, "two-accounts-apart")
        balances = [
            (await wire.rest("GET", "/v1/balance", key=key)).json()["credits"]
            for key in ("sk_test_w", "sk_test_w.bob")
        ]
    assert balances == [7, 0]


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("nothing", {}, 404, "There is no scenario of this name"),
        ("same-start-replayed", {}, 409, "needs a simulator with --policy idempotency=replay"),
        ("rate-window-edge", {}, 409, "needs a simulator with limits"),
        ("tool-vanished", {"play": True}, 409, "cannot be played over rest"),
    ],
)
async def test_what_cannot_be_put_is_refused_and_arms_nothing(
    name: str, body: dict[str, object], status: int, said: str
) -> None:
    async with wired() as wire:
        got, answer = await posted(wire, name, **body)
        world = await wire.simulator.control.worlds.world("w")
    assert got == status
    assert said in str(answer["detail"])
    assert not world.lab.busy


async def test_a_play_touches_no_other_world() -> None:
    async with wired(limits=True) as wire:
        await wire.rest("POST", "/v1/generate/media", IMAGE, key="sk_test_other")
        before = await wire.state("other")
        for name in ("reset-in-mid-job", "outage-window", "clock-leap-over-many-jobs"):
            await posted(wire, name, play=True)
        assert await wire.state("other") == before
        assert (await wire.rest("GET", "/v1/balance", key="sk_test_other")).status_code == 200


async def test_a_control_without_a_playhouse_has_no_scenarios() -> None:
    async with wired() as wire:
        wire.simulator.control.playhouse = None
        status, answer = await posted(wire, "first-two-fail")
    assert (status, answer["detail"]) == (404, "There are no scenarios here.")


@pytest.mark.parametrize("one", ASKED_FOR, ids=lambda one: one.name)
async def test_a_request_can_ask_for_a_situation_by_its_name(one: Scenario) -> None:
    layers = {effect.layer for effect in one.effects()}
    surface: Surface = "mcp" if layers == {"mcp"} else "rest"
    headers = {"x-api-key": KEY, "x-sim-scenario": one.name}
    async with wired() as wire:
        client = Client(wire.simulator.app, "testserver", "w", surface, None)
        if surface == "mcp":
            await client.open_session({"x-api-key": KEY})
            sight = await client.tool("generate_media", IMAGE, headers, 5.0, session=True)
        elif layers == {"stream"}:
            job = (await wire.rest("POST", "/v1/generate/media", IMAGE)).json()["generation_id"]
            sight = await client.stream("", job, headers, 0.2)
        else:
            sight = await client.operation("generate_media", IMAGE, headers, 5.0)
    silent = sight.outcome == "dropped"
    assert sight.told == (() if silent else (f"scenario:{one.name}",))


@pytest.mark.parametrize("when", ["after", "before"])
async def test_a_lost_answer_that_one_request_asked_for_is_in_the_journal(when: str) -> None:
    name = f"lost-answer-{when}-the-hold"
    async with wired() as wire:
        client = Client(wire.simulator.app, "testserver", "w", "rest", None)
        headers = {"x-api-key": KEY, "x-sim-scenario": name}
        await client.operation("generate_media", IMAGE, headers, 5.0)
        jobs = (await wire.rest("GET", "/_sim/jobs")).json()["jobs"]
        (call, *_) = (await wire.rest("GET", "/_sim/requests")).json()["requests"]
    assert (len(jobs), call["faults"]) == (int(when == "after"), [f"scenario:{name}"])


async def test_a_request_that_names_no_situation_does_nothing() -> None:
    async with wired() as wire:
        answer = await wire.rest("POST", "/v1/generate/media", IMAGE, X_Sim_Scenario="nothing")
        jobs = (await wire.rest("GET", "/_sim/jobs")).json()["jobs"]
    assert answer.json()["detail"].startswith("X-Sim-Scenario: unknown scenario 'nothing'")
    assert (answer.status_code, jobs) == (400, [])


async def test_a_situation_of_many_requests_cannot_be_asked_for_by_one() -> None:
    async with wired() as wire:
        answer = await wire.rest(
            "POST", "/v1/generate/media", IMAGE, X_Sim_Scenario="last-credit-race"
        )
    assert (answer.status_code, "more than one request" in answer.json()["detail"]) == (400, True)
