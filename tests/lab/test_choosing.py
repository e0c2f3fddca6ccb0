"""Which faults a request gets: by header, prompt or rule, how often, when, and for whom."""

import asyncio
import random

import pytest

from simulator.engine.faultbook import FAULTS_MOST
from tests.lab.ways import IMAGE, Lab
from tests.mcp.wire import wired

BROKE = {"kind": "status", "code": 503}


async def test_words_headers_and_rules_ask_for_the_same(lab: Lab) -> None:
    by_words = await lab.started(prompt="[sim:fail=timeout;at=0.9]")
    by_header = await lab.started({"X-Sim-Fault": "fail=timeout;at=0.9"})
    await lab.arm({"kind": "fail", "reason": "timeout", "at": 0.9}, times=1)
    by_rule = await lab.started()
    fates = {job["id"]: job["faults"][0] for job in await lab.jobs()}
    asked = [fates[job_id].pop("from") for job_id in (by_words, by_header, by_rule)]
    assert (asked, fates[by_words] == fates[by_header] == fates[by_rule]) == (
        ["prompt", "header", "fault-1"],
        True,
    )


@pytest.mark.ruling("faults.priority")
async def test_headers_go_before_the_prompt_and_the_prompt_before_rules(lab: Lab) -> None:
    rule = await lab.arm({"kind": "fail", "reason": "rule"}, times=1)
    header = await lab.started({"X-Sim-Fault": "fail=header"}, prompt="[sim:fail=prompt]")
    prompt = await lab.started(prompt="[sim:stuck]")
    by_rule = await lab.started()
    await lab.advance(3600)
    ends = [(await lab.status(job_id)).content for job_id in (header, prompt, by_rule)]
    assert [end["status"] for end in ends] == ["failed", "processing", "failed"]
    assert [end["error_message"] for end in ends] == [
        *("The generation failed: header.", None, "The generation failed: rule.")
    ]
    assert (await lab.fault(rule))["fired"] == 1


async def test_of_two_rules_the_older_counts_and_the_newer_waits(lab: Lab) -> None:
    for code in (500, 502):
        await lab.arm({"kind": "status", "code": code}, times=1)
    replies = [await lab.call("get_balance", {}) for _ in range(3)]
    assert [(reply.status, reply.told) for reply in replies] == [
        *((500, "fault-1"), (502, "fault-2"), (200, ""))
    ]


async def test_different_kinds_add_up_and_are_all_told(lab: Lab) -> None:
    await lab.arm({"kind": "slow", "factor": 2}, times=1)
    reply = await lab.start({"X-Sim-Fault": "fail=timeout, content_type=text/x"})
    assert sorted(reply.told.split(",")) == ["fault-1", "header"]
    assert [fault["kind"] for fault in (await lab.jobs())[0]["faults"]] == ["fail", "slow"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Sim-Fault", "no_such_kind"),
        ("X-Sim-Fault", "status=200"),
        ("X-Sim-Fault", "stuck=1"),
        ("X-Sim-Fault", "slow"),
        ("X-Sim-Fault", "fail=a b"),
        ("X-Sim-Fault", "fail=x;where=y"),
        ("X-Sim-Fault", "fail=x;y"),
        ("X-Sim-Fault", "price"),
        ("X-Sim-Fault", "delay=5;to_ms=4"),
        ("X-Sim-Fault", "delay=5;to_ms=6;sigma=1"),
        ("X-Sim-Fault", "x" * 1_001),
        ("X-Sim-Delay", "soon"),
        ("X-Sim-Delay", "60001"),
        ("X-Sim-Seed", "-1"),
        ("X-Sim-Seed", "4294967296"),
        ("X-Sim-Scenario", "no-such-scenario"),
    ],
)
async def test_a_header_that_cannot_be_read_is_refused_and_costs_nothing(
    lab: Lab, header: str, value: str
) -> None:
    reply = await lab.call("get_models", {})
    reply = await lab.start({header: value})
    assert (reply.status, reply.told) == (400, "")
    assert reply.http.json()["detail"].startswith(f"{header}: ")
    assert (await lab.kinds(), await lab.jobs()) == ([], [])


async def test_a_seed_in_a_header_is_the_jobs_unless_it_has_one(lab: Lab) -> None:
    first, second = await lab.started({"X-Sim-Seed": "5"}), await lab.started({"X-Sim-Seed": "5"})
    own = await lab.started({"X-Sim-Seed": "5"}, seed=6)
    seeds = {job["id"]: job["seed"] for job in await lab.jobs()}
    assert [seeds[job_id] for job_id in (first, second, own)] == [5, 5, 6]


@pytest.mark.ruling("faults.magic-words")
async def test_words_in_prompts_can_be_switched_off_and_headers_stay(lab: Lab) -> None:
    async with wired(magic=False) as wire:
        plain = Lab(wire, lab.way)
        job_id = await plain.started(prompt="[sim:fail] [sim:status=503] [sim:price=9]")
        asked = await plain.started({"X-Sim-Fault": "fail"}, prompt="x")
        await plain.advance(3600)
        ends = [(await plain.status(each)).content["status"] for each in (job_id, asked)]
        stale = await plain.call("estimate_generation_cost", {**IMAGE, "prompt": "[sim:price=9]"})
    assert (ends, stale.content["credits"]) == (["completed", "failed"], 7)


async def test_words_ask_for_faults_of_the_wire_too(lab: Lab) -> None:
    reply = await lab.start(prompt="[sim:status=502;detail=Bad luck]")
    assert (reply.status, reply.content, reply.told) == (502, {"detail": "Bad luck"}, "prompt")


async def test_the_first_two_fail_and_the_rest_succeed(lab: Lab) -> None:
    await lab.arm(BROKE, times=2)
    assert [(await lab.start()).failed for _ in range(4)] == [True, True, False, False]


async def test_the_first_two_succeed_and_the_rest_fail(lab: Lab) -> None:
    await lab.arm(BROKE, skip=2, match={"operation": "generate_media"})
    assert [(await lab.start()).failed for _ in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("effect", ["fail", "status"])
async def test_asked_for_three_means_exactly_three_of_64_at_once(lab: Lab, effect: str) -> None:
    await lab.credits()
    fault = await lab.arm({"kind": effect}, times=3, match={"operation": "generate_media"})
    dice = random.Random(1)

    async def one() -> str:
        await asyncio.sleep(dice.random() / 1000)
        return (await lab.start()).told

    told = await asyncio.gather(*(one() for _ in range(64)))
    assert (told.count(fault), told.count(""), (await lab.fault(fault))["fired"]) == (3, 61, 3)


@pytest.mark.ruling("faults.exact")
async def test_a_refused_start_gives_its_fault_back(lab: Lab) -> None:
    fault = await lab.arm("fail", times=1)
    await lab.sim("/accounts/main/credits", {"credits": -9_999, "reason": "x"})
    refused = await lab.start()
    await lab.sim("/accounts/main/credits", {"credits": 100, "reason": "x"})
    accepted = await lab.start()
    assert (refused.code, refused.told) == ("insufficient_credits", "")
    assert (accepted.told, (await lab.fault(fault))["fired"]) == (fault, 1)


async def test_a_probability_takes_the_same_calls_for_the_same_seed() -> None:
    taken = []
    for seed in (3, 3, 4):
        async with wired(seed=seed) as wire:
            lab = Lab(wire, "rest")
            await lab.arm(BROKE, probability=0.3, match={"operation": "get_models"})
            replies = [await lab.call("get_models", {"model_type": "other"}) for _ in range(60)]
            taken.append([reply.failed for reply in replies])
    assert taken[0] == taken[1] != taken[2]
    assert 8 <= sum(taken[0]) <= 28


async def test_a_window_opens_and_closes_by_the_worlds_clock(lab: Lab) -> None:
    await lab.credits()
    await lab.arm(BROKE, after_seconds=10, for_seconds=5)
    failed = []
    for seconds in (9.999, 0.001, 4.999, 0.001):
        await lab.advance(seconds)
        failed.append((await lab.call("get_balance", {})).failed)
    assert failed == [False, True, True, False]


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"operation": "generate_media"}, True),
        ({"operation": "get_balance"}, False),
        ({"model": "nano-banana"}, True),
        ({"model": "z-image"}, False),
        ({"account": "main"}, True),
        ({"account": "alice"}, False),
        ({"fields": {"prompt": IMAGE["prompt"]}}, True),
        ({"fields": {"prompt": "another"}}, False),
        ({"fields": {"sound": False}}, True),
        ({"fields": {"sound": 0}}, False),
    ],
)
async def test_a_rule_is_for_what_it_matches(lab: Lab, match: dict[str, object], hit: bool) -> None:
    await lab.arm(BROKE, match=match)
    assert (await lab.start(sound=False)).failed == hit


@pytest.mark.parametrize("template", [True, False])
async def test_a_route_is_a_path_or_its_template(rest: Lab, template: bool) -> None:
    mine, other = await rest.started(), await rest.started()
    path = "/v1/generate/media/{generation_id}"
    await rest.arm(BROKE, match={"route": path if template else path.format(generation_id=mine)})
    failed = [(await rest.status(job_id)).failed for job_id in (mine, other)]
    assert failed == [True, template]


@pytest.mark.parametrize("field", ["operation", "tool"])
async def test_a_rule_for_what_does_not_exist_is_refused(rest: Lab, field: str) -> None:
    body = {"do": BROKE, "match": {field: "generate_medai"}}
    answer = await rest.wire.rest("POST", "/_sim/faults", body)
    (problem,) = answer.json()["detail"]
    assert (answer.status_code, problem["loc"]) == (422, ["body", "match", field])
    assert "expected one of" in problem["msg"]


async def test_a_rule_that_cannot_be_read_is_refused(rest: Lab) -> None:
    answer = await rest.wire.rest("POST", "/_sim/faults", {"do": {"kind": "slow", "factor": 0}})
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["body", "do"])


async def test_spent_rules_make_room_for_new_ones(rest: Lab) -> None:
    book = rest.wire.simulator.provider.worlds
    await rest.arm("fail", times=1)
    await rest.started()
    await rest.arm("fail", for_seconds=1)
    await rest.advance(2)
    for _ in range(FAULTS_MOST - 2):
        await rest.arm("stuck", match={"account": "nobody"})
    assert len(book.all()[0].lab.faults.all()) == FAULTS_MOST
    await rest.arm("stuck", match={"account": "nobody"})
    await rest.arm("stuck", match={"account": "nobody"})
    answer = await rest.wire.rest("POST", "/_sim/faults", {"do": {"kind": "stuck"}})
    assert (answer.status_code, len(book.all()[0].lab.faults.all())) == (400, FAULTS_MOST)


async def test_rules_are_listed_removed_one_by_one_and_all_at_once(rest: Lab) -> None:
    first, second = await rest.arm("stuck"), await rest.arm("fail")
    assert (await rest.sim(f"/faults/{first}", method="DELETE")) == {"removed": 1}
    assert [fault["id"] for fault in (await rest.sim("/faults"))["faults"]] == [second]
    assert (await rest.sim("/faults", method="DELETE")) == {"removed": 1}
    gone = await rest.wire.rest("DELETE", f"/_sim/faults/{second}")
    assert (gone.status_code, (await rest.start()).told) == (404, "")


async def test_faults_of_one_world_leave_the_others_alone(rest: Lab) -> None:
    await rest.arm(BROKE)
    other = await rest.wire.rest("GET", "/v1/balance", key="sk_test_other")
    assert ((await rest.call("get_balance", {})).failed, other.status_code) == (True, 200)


async def test_a_reset_ends_every_fault(rest: Lab) -> None:
    await rest.arm(BROKE)
    await rest.sim("/reset", {})
    assert not (await rest.start()).failed
