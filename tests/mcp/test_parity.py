"""A tool and its route are one operation: same answer, code and price, and the same state after."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.domain.policies import choose
from simulator.engine.operations import OPERATIONS, UNROUTED, Operation
from tests.mcp.parity_cases import CASES, NO_REST_SIDE, STARTED, STARTS
from tests.mcp.wire import ToolAnswer, Wire, one_loop, wired

BY_NAME = {operation.name: operation for operation in OPERATIONS}
EVERY_CASE = [(name, case) for name, cases in CASES.items() for case in range(len(cases))]
EXAMPLES = 12

TEXT = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


@dataclass
class Pair:
    """Two simulators of one seed: the first is only told over REST, the second only by tools."""

    by_rest: Wire
    by_tool: Wire
    runner: asyncio.Runner
    worlds: Iterator[int] = field(default_factory=itertools.count)

    def ask(
        self, operation: Operation, arguments: Mapping[str, Any], world: str
    ) -> tuple[httpx2.Response, ToolAnswer]:
        """One request on both surfaces."""
        key = f"sk_test_{world}"
        rest = self.runner.run(over_rest(self.by_rest, operation, arguments, key))
        tool = self.runner.run(self.by_tool.tool(operation.name, arguments, key))
        return rest, tool

    def states(self, world: str) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        rest = self.runner.run(self.by_rest.state(world))
        return rest, self.runner.run(self.by_tool.state(world))

    def compare(self, operation: Operation, arguments: Mapping[str, Any]) -> ToolAnswer:
        """Asks in worlds that nobody has seen, and holds that nothing differs."""
        world = f"w{next(self.worlds)}"
        if operation.name in STARTS:
            start = BY_NAME[STARTS[operation.name]]
            rest, tool = self.ask(start, start.example, world)
            assert tool.text == rest.content
            job_id = next(v for k, v in tool.content.items() if k.endswith("_id"))
            arguments = {k: job_id if v == STARTED else v for k, v in arguments.items()}
        rest, tool = self.ask(operation, arguments, world)
        assert tool.text == rest.content
        assert tool.is_error == (rest.status_code != 200)
        of_rest, of_tool = self.states(world)
        assert of_tool == of_rest
        return tool


async def over_rest(
    wire: Wire, operation: Operation, arguments: Mapping[str, Any], key: str
) -> httpx2.Response:
    """The arguments where the route has its fields: in the body, the path or the query."""
    if operation.method == "POST":
        return await wire.rest("POST", operation.path, dict(arguments), key)
    path, query = operation.path, dict(arguments)
    for name in operation.path_fields:
        path = path.replace(f"{{{name}}}", quote(str(query.pop(name)), safe=""))
    return await wire.rest("GET", f"{path}?{urlencode(query)}", key=key)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with one_loop() as runner:
        stack = AsyncExitStack()

        async def both() -> list[Wire]:
            return [await stack.enter_async_context(wired()) for _ in range(2)]

        by_rest, by_tool = runner.run(both())
        yield Pair(by_rest, by_tool, runner)
        runner.run(stack.aclose())


def test_every_operation_has_parity_cases_and_every_other_tool_says_why_not() -> None:
    assert sorted(CASES) == sorted(BY_NAME)
    assert sorted(NO_REST_SIDE) == sorted(operation.name for operation in UNROUTED)


def test_every_refusal_of_a_start_has_a_parity_case(pair: Pair) -> None:
    refusals = [name for name, operation in BY_NAME.items() if operation.refuses]
    without = [
        name
        for name in refusals
        if not any("error" in pair.compare(BY_NAME[name], case).content for case in CASES[name])
    ]
    assert without == []


@pytest.mark.parametrize(("name", "case"), EVERY_CASE)
def test_a_tool_answers_byte_for_byte_what_its_route_answers(
    pair: Pair, name: str, case: int
) -> None:
    pair.compare(BY_NAME[name], CASES[name][case])


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_tool_and_its_route_agree_on_whatever_is_asked(pair: Pair, name: str) -> None:
    operation = BY_NAME[name]
    # A path and a query hold only texts, so what a query can't tell apart is not asked there.
    values = VALUES if operation.method == "POST" else TEXT.filter(lambda text: "/" not in text)
    fields = operation.body.__struct_fields__
    changes = st.dictionaries(st.sampled_from([*fields, "colour"]), values, max_size=3)

    @settings(max_examples=EXAMPLES)
    @given(case=st.sampled_from(CASES[name]), change=changes)
    def agree(case: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        arguments = {**case, **change}
        if "limit" in change:  # a query's "5" is a number, a tool's is a text
            arguments["limit"] = "many"
        if any(not arguments.get(field) for field in operation.path_fields):
            return  # without its last segment a path is another path
        pair.compare(operation, arguments)

    if fields or operation.method == "POST":
        agree()


@pytest.mark.parametrize("name", [name for name, each in BY_NAME.items() if each.refuses])
def test_too_few_credits_are_the_same_refusal_on_both(pair: Pair, name: str) -> None:
    world = f"poor{next(pair.worlds)}"
    for wire in (pair.by_rest, pair.by_tool):
        body = {"key": f"sk_test_{world}", "credits": 0}
        pair.runner.run(wire.rest("POST", "/_sim/accounts", body, None, X_Sim_Namespace=world))
    rest, tool = pair.ask(BY_NAME[name], BY_NAME[name].example, world)
    assert tool.text == rest.content
    assert (rest.status_code == 402) == (tool.content.get("error") == "insufficient_credits")
    assert (rest.status_code == 402) != BY_NAME[name].reads


@pytest.mark.parametrize("name", [name for name, each in BY_NAME.items() if each.scopes])
def test_a_missing_scope_is_the_same_refusal_on_both(pair: Pair, name: str) -> None:
    world = f"shut{next(pair.worlds)}"
    for wire in (pair.by_rest, pair.by_tool):
        body = {"key": f"sk_test_{world}", "scopes": []}
        pair.runner.run(wire.rest("POST", "/_sim/accounts", body, None, X_Sim_Namespace=world))
    case = next(case for case in CASES[name] if STARTED not in case.values())
    rest, tool = pair.ask(BY_NAME[name], case, world)
    assert rest.status_code == 403
    assert tool.text == rest.content


async def test_calls_over_the_rate_limit_are_the_same_refusal_on_both() -> None:
    bad_ad = {"reference_ad_url": ""}
    async with wired(limits=True) as by_rest, wired(limits=True) as by_tool:
        for call in range(6):
            rest = await by_rest.rest("POST", "/v1/generate/ad-copy", bad_ad)
            tool = await by_tool.tool("create_ad_copy", bad_ad)
            assert tool.text == rest.content
            assert (rest.status_code == 429) == (call == 5)


async def test_routes_and_tools_count_against_one_rate_limit() -> None:
    bad_ad = {"reference_ad_url": ""}
    async with wired(limits=True) as wire:
        for _ in range(5):
            await wire.tool("create_ad_copy", bad_ad)
        assert (await wire.rest("POST", "/v1/generate/ad-copy", bad_ad)).status_code == 429


async def test_one_job_too_many_is_the_same_refusal_on_both() -> None:
    body = {"prompt": "A cat", "model": "nano-banana"}
    async with wired(limits=True) as by_rest, wired(limits=True) as by_tool:
        for call in range(11):
            rest = await by_rest.rest("POST", "/v1/generate/media", body)
            tool = await by_tool.tool("generate_media", body)
            assert tool.text == rest.content
            assert (tool.content.get("error") == "concurrency_limit_exceeded") == (call == 10)
        assert await by_tool.state() == await by_rest.state()


async def test_a_job_that_a_tool_started_is_seen_by_the_route_until_its_files() -> None:
    async with wired() as wire:
        start = await wire.tool("generate_media", {"prompt": "A cat", "model": "nano-banana"})
        path = f"/v1/generate/media/{start.content['id']}"
        assert (await wire.rest("GET", path)).json()["status"] == "pending"
        await wire.advance(3_600)
        job = (await wire.rest("GET", path)).json()
        assert job["status"] == "completed"
        image = await wire.rest("GET", job["outputs"][0]["url"], key=None)
    assert image.content.startswith(b"\x89PNG")


async def test_a_job_that_a_route_started_is_seen_by_the_tool() -> None:
    body = {"prompt": "A cat", "model": "nano-banana"}
    async with wired() as wire:
        start = (await wire.rest("POST", "/v1/generate/media", body)).json()
        await wire.advance(3_600)
        tool = await wire.tool("get_generation_status", {"generation_id": start["id"]})
        listed = await wire.tool("get_generations", {})
    assert tool.content["status"] == "completed"
    assert [row["id"] for row in listed.content["generations"]] == [start["id"]]


@pytest.mark.parametrize("idempotency", ["off", "replay", "reject"])
async def test_an_idempotency_key_means_the_same_on_both(idempotency: str) -> None:

    body = {"prompt": "A cat", "model": "nano-banana"}
    chosen = {"policies": choose([f"idempotency={idempotency}"])}
    async with wired(**chosen) as by_rest, wired(**chosen) as by_tool:
        for _ in range(2):
            rest = await by_rest.rest("POST", "/v1/generate/media", body, Idempotency_Key="k")
            tool = await by_tool.tool("generate_media", body, Idempotency_Key="k")
            assert tool.text == rest.content
        assert await by_tool.state() == await by_rest.state()
