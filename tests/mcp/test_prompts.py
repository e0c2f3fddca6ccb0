"""Prompts: listed with their arguments, filled with plain text, refused as the protocol says."""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest

from simulator.surfaces.mcp_prompts import PROMPTS, TEXTS, VALUE_MOST, filled
from simulator.surfaces.tools import TOOLS, input_schema
from tests.mcp.wire import LEGACY, Wire, in_session, initialize, request, wired

IMAGE = {"description": "A lighthouse at dusk"}
NAMES = [prompt.name for prompt in PROMPTS]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as wire:
        yield wire


async def got(wire: Wire, name: str, arguments: Any = None) -> httpx2.Response:
    given = {} if arguments is None else {"arguments": arguments}
    return await wire.rpc("prompts/get", {"name": name, **given}, name=name)


async def words(wire: Wire, name: str, arguments: Mapping[str, str]) -> str:
    (message,) = (await got(wire, name, arguments)).json()["result"]["messages"]
    assert message["role"] == "user"
    text: str = message["content"]["text"]
    return text


async def error(wire: Wire, name: str, arguments: Any = None) -> tuple[int, str]:
    told = (await got(wire, name, arguments)).json()["error"]
    return told["code"], told["message"]


async def test_each_is_listed_with_a_title_and_described_arguments(wire: Wire) -> None:
    prompts = (await wire.rpc("prompts/list")).json()["result"]["prompts"]
    assert [prompt["name"] for prompt in prompts] == NAMES
    for prompt in prompts:
        assert prompt["title"]
        assert prompt["description"]
        assert all(argument["description"] for argument in prompt["arguments"])
        assert any(argument["required"] for argument in prompt["arguments"])


async def test_both_eras_declare_prompts(wire: Wire) -> None:
    initialized = await wire.post(initialize(LEGACY))
    discovered = await wire.rpc("server/discover")
    for answer in (initialized, discovered):
        assert "prompts" in answer.json()["result"]["capabilities"]


async def test_a_session_gets_the_words_that_the_stateless_revision_gets(wire: Wire) -> None:
    body = request("prompts/get", {"name": "make-image", "arguments": IMAGE})
    answer = await wire.post(body, in_session(await wire.opened()))
    (message,) = answer.json()["result"]["messages"]
    assert message["content"]["text"] == await words(wire, "make-image", IMAGE)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_has_a_place_for_each_argument_and_no_other(name: str) -> None:
    prompt = next(prompt for prompt in PROMPTS if prompt.name == name)
    places = re.findall(r"\{\{(\w+)\}\}", (TEXTS / f"{name}.md").read_text("utf-8"))
    assert sorted(places) == sorted(argument.name for argument in prompt.arguments)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_names_only_what_there_is(name: str) -> None:
    """Tools, their arguments, the fields of their answers, and words that the texts explain."""
    text = (TEXTS / f"{name}.md").read_text("utf-8")
    arguments = {field for tool in TOOLS.values() for field in input_schema(tool)["properties"]}
    fields = {field for tool in TOOLS.values() for field in tool.answer.__struct_fields__}
    told = {
        word for word in re.findall(r"`([a-z]+_[a-z_]+)`", text) if word not in arguments | fields
    }
    tools = {word for word in told if word in TOOLS}
    assert tools
    assert told - tools <= KNOWN


KNOWN = {
    "available_variants",
    "concurrency_limit_exceeded",
    "generation_types",
    "insufficient_credits",
    "model_not_found",
    "rate_limit_exceeded",
    "retry_after_seconds",
    "variant_required",
}
"""Fields of a model's row and of refusals, and refusals' codes."""


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_given_is_in_the_words_and_what_is_not_leaves_nothing(
    wire: Wire, name: str
) -> None:
    prompt = next(prompt for prompt in PROMPTS if prompt.name == name)
    every = {argument.name: f"<{argument.name}>" for argument in prompt.arguments}
    least = {a.name: every[a.name] for a in prompt.arguments if a.required}
    full, short = await words(wire, name, every), await words(wire, name, least)
    assert [value for value in every.values() if value not in full] == []
    assert [value for value in every.values() if value in short] == list(least.values())
    assert "{{" not in full + short
    assert "\n\n\n" not in full + short


async def test_a_value_is_text_and_nothing_in_it_is_filled(wire: Wire) -> None:
    value = "{{model}} {{description}} \\1 %s {0}\n\n# é\u2028"
    text = await words(wire, "make-image", {"description": value, "model": "imagen-4"})
    assert value in text


def test_a_line_without_its_value_goes_and_takes_its_paragraph_with_it() -> None:
    text = "one\n\ntwo {{a}}\n\nthree\nfour {{b}}"
    assert filled(text, {}) == "one\n\nthree"
    assert filled(text, {"a": "", "b": "B"}) == "one\n\nthree\nfour B"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("no-such-prompt", {}, "Unknown prompt: no-such-prompt"),
        ("x" * 5_000, {}, "Unknown prompt: " + "x" * 100),
        ("make-image", None, "Missing argument: description"),
        ("make-image", {"description": " \n"}, "Missing argument: description"),
        ("make-image", {**IMAGE, "colour": "red"}, "Unknown argument: colour"),
        ("make-image", {"description": "x" * (VALUE_MOST + 1)}, "longer than 4000"),
    ],
    ids=["unknown", "long name", "none given", "blank", "unknown argument", "too long"],
)
async def test_a_wrong_request_is_told_why(
    wire: Wire, name: str, arguments: Mapping[str, str] | None, told: str
) -> None:
    code, message = await error(wire, name, arguments)
    assert code == -32_602
    assert message.startswith(told) or told in message
    assert len(message) < 300


@pytest.mark.parametrize("arguments", [{"description": 4}, {"description": None}, [], "text"])
async def test_arguments_that_are_no_texts_are_a_protocol_error(
    wire: Wire, arguments: object
) -> None:
    code, _ = await error(wire, "make-image", arguments)
    assert code == -32_602


async def test_a_value_may_be_as_long_as_is_said(wire: Wire) -> None:
    value = "x" * VALUE_MOST
    assert value in await words(wire, "make-image", {"description": value})


async def test_prompts_are_the_same_bytes_each_time() -> None:
    async with wired() as one, wired(seed=7) as other:
        lists = [(await wire.rpc("prompts/list")).content for wire in (one, one, other)]
    assert len(set(lists)) == 1
