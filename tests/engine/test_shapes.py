"""Bodies and fields: a good value, or Malformed with every problem; never anything else."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.domain.errors import Malformed
from simulator.engine.bodies import CostBody, GenerationsQuery, MediaBody
from simulator.engine.controls.queues import QueueBody
from simulator.engine.products.dialogue import DialogueBody
from simulator.engine.shapes import from_fields, from_json

DECODER = msgspec.json.Decoder(MediaBody)
GOOD: dict[str, Any] = {"prompt": "x", "model": "m"}


def body(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def raw(field: bytes) -> bytes:
    return b'{"prompt": "x", "model": "m", ' + field + b"}"


def problems(data: bytes) -> list[dict[str, Any]]:
    with pytest.raises(Malformed) as malformed:
        from_json(DECODER, data)
    return malformed.value.problems


def test_a_good_body_becomes_a_request() -> None:
    assert from_json(DECODER, body(seed=7)) == MediaBody(prompt="x", model="m", seed=7)


def test_unknown_fields_are_ignored() -> None:
    assert from_json(DECODER, body(colour="red")) == from_json(DECODER, body())


def test_a_shape_may_refuse_fields_that_it_lacks() -> None:
    with pytest.raises(Malformed) as malformed:
        from_fields(QueueBody, {"model": "m", "z": 1, "a": 2}, "body", strict=True)
    assert [problem["loc"] for problem in malformed.value.problems] == [
        ["body", "a"],
        ["body", "z"],
    ]


def test_every_problem_of_a_body_is_told_at_once() -> None:
    wrong = {"prompt": 7, "sound": "yes", "turbo": 7, "source_media_urls": ["a", 2], "quality": []}
    assert problems(json.dumps(wrong).encode()) == [
        {
            "loc": ["body", "prompt"],
            "msg": "Expected `str`, got `int`",
            "type": "invalid",
        },
        {"loc": ["body", "model"], "msg": "Field required", "type": "missing"},
        {
            "loc": ["body", "source_media_urls", 1],
            "msg": "Expected `str`, got `int`",
            "type": "invalid",
        },
        {
            "loc": ["body", "quality"],
            "msg": "Expected `str | null`, got `array`",
            "type": "invalid",
        },
        {
            "loc": ["body", "sound"],
            "msg": "Expected `bool | null`, got `str`",
            "type": "invalid",
        },
        {
            "loc": ["body", "turbo"],
            "msg": "Expected `bool | null`, got `int`",
            "type": "invalid",
        },
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("seed", True), ("sound", 1), ("seed", 1.5), ("seed", "7"), ("seed", 2**32), ("prompt", "")],
)
def test_a_value_of_the_wrong_type_or_size_is_not_coerced(field: str, value: object) -> None:
    assert problems(body(**{field: value}))[0]["loc"] == ["body", field]


@pytest.mark.parametrize("value", [0, 2**32 - 1, None])
def test_a_seed_may_have_32_bits(value: int | None) -> None:
    assert from_json(DECODER, body(seed=value)).seed == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"prompt": "\xff", "model": "m"}',
        b'{"prompt": "\\ud800", "model": "m"}',
        b'{"prompt": "\\udc00x", "model": "m"}',
        b"{'prompt': 'x'}",
        raw(b'"duration": NaN'),
        raw(b'"duration": Infinity'),
        raw(b'"duration": 1e999'),
        raw(b'"duration": ' + b"9" * 5_000),
        raw(b'"duration": ' + b"[" * 100_000),
        raw(b'"prompt": "x",'),
        body() + b"x",
    ],
    ids=lambda data: repr(data[:40]),
)
def test_what_is_no_json_is_one_problem(data: bytes) -> None:
    assert [problem["type"] for problem in problems(data)] == ["json_invalid"]


@pytest.mark.parametrize(
    "deep",
    [
        b'"duration": ' + b"[" * 5_000 + b"]" * 5_000,
        b'"unknown": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
    ids=["arrays", "objects"],
)
def test_a_deep_body_is_a_request_or_one_problem(deep: bytes) -> None:
    """How deep is too deep differs from one Python to the next; the surfaces stop at 64."""
    problems: list[dict[str, object]] = []
    try:
        from_json(DECODER, raw(deep))
    except Malformed as malformed:
        problems = malformed.problems
    assert len(problems) <= 1


@pytest.mark.parametrize("data", [b"null", b"[]", b'"x"', b"7", b"true"])
def test_a_body_must_be_an_object(data: bytes) -> None:
    assert problems(data) == [{"loc": ["body"], "msg": "expected a JSON object", "type": "invalid"}]


def test_of_duplicate_keys_the_last_counts() -> None:
    data = b'{"prompt": 7, "prompt": "x", "model": "a", "model": "m"}'
    assert from_json(DECODER, data) == MediaBody(**GOOD)


def test_numbers_of_any_size_are_left_to_the_rules() -> None:
    for digits in (str(2**63), str(2**64), "-1", "1e300", "0." + "3" * 400):
        assert from_json(DECODER, raw(b'"duration": ' + digits.encode())).duration is not None


def test_a_prompt_may_hold_any_character() -> None:
    prompt = "\0\N{CLAPPER BOARD}\u2028\ufffe\x7f"
    assert from_json(DECODER, body(prompt=prompt)).prompt == prompt


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
NAMES = st.sampled_from([field.name for field in msgspec.structs.fields(MediaBody)]) | st.text()


def outcome(read: Callable[[], MediaBody]) -> list[dict[str, Any]] | bytes:
    """The request as bytes, or the problems."""
    try:
        return msgspec.json.encode(read())
    except Malformed as malformed:
        return malformed.problems


@given(st.dictionaries(NAMES, NESTED))
def test_any_fields_are_a_request_or_malformed(fields: dict[str, Any]) -> None:
    for data in (fields, {**GOOD, **fields}):
        found = outcome(partial(from_fields, MediaBody, data, "arguments", strict=True))
        assert found
        if isinstance(found, list):
            assert {problem["loc"][0] for problem in found} == {"arguments"}


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_request_or_malformed(data: bytes) -> None:
    assert outcome(partial(from_json, DECODER, data))


UNWRITABLE = {
    "half a pair": "\ud800",
    "in a list": ["https://e.com/\udfff"],
    "in an object": {"a": "\ud800"},
    "5,000 digits": 10**5_000,
}


@pytest.mark.parametrize("value", UNWRITABLE.values(), ids=UNWRITABLE)
@pytest.mark.parametrize("name", ["prompt", "source_media_urls", "duration", "unknown"])
def test_fields_that_no_json_can_hold_are_malformed(name: str, value: object) -> None:
    with pytest.raises(Malformed) as malformed:
        from_fields(MediaBody, {**GOOD, name: value}, "arguments", strict=True)
    assert malformed.value.problems[0]["loc"] == ["arguments", name]


def test_a_query_reads_texts_as_numbers() -> None:
    query = from_fields(GenerationsQuery, {"limit": "3", "status": "failed"}, "query", strict=False)
    assert (query.limit, query.status) == (3, "failed")
    with pytest.raises(Malformed) as malformed:
        from_fields(GenerationsQuery, {"limit": "3.5", "status": "done"}, "query", strict=False)
    assert [problem["loc"] for problem in malformed.value.problems] == [
        ["query", "status"],
        ["query", "limit"],
    ]


def test_a_place_deep_in_a_field_is_told_as_a_path() -> None:
    found = problems(body(source_media_urls=["a", "b", None]))
    assert found[0]["loc"] == ["body", "source_media_urls", 2]


def test_a_price_needs_a_model_and_nothing_else() -> None:
    decoder = msgspec.json.Decoder(CostBody)
    assert from_json(decoder, b'{"model": "m"}').ask().model == "m"
    with pytest.raises(Malformed) as malformed:
        from_json(decoder, b"{}")
    assert malformed.value.problems == [
        {"loc": ["body", "model"], "msg": "Field required", "type": "missing"}
    ]


@pytest.mark.ruling("normal.unknown-fields")
def test_null_is_as_good_as_left_out_where_a_field_may_be_left_out() -> None:
    optional = {f.name: None for f in msgspec.structs.fields(MediaBody) if f.name not in GOOD}
    assert from_json(DECODER, body(**optional)).ask() == from_json(DECODER, body()).ask()


def test_one_source_url_may_come_without_its_list() -> None:
    assert from_json(DECODER, body(source_media_urls="u")).ask().source_media_urls == ("u",)
    assert from_json(DECODER, body(source_media_urls=["u", "v"])).ask().source_media_urls == (
        "u",
        "v",
    )


def test_a_part_of_a_list_that_lacks_a_field_is_named_with_it() -> None:
    with pytest.raises(Malformed) as raised:
        from_json(msgspec.json.Decoder(DialogueBody), b'{"dialogue": [{"text": "a"}, {}]}')
    assert raised.value.problems == [
        {"loc": ["body", "dialogue", 1, "text"], "msg": "Field required", "type": "missing"}
    ]
