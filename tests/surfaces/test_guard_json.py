"""How deep a body nests, and how it is read: neither ends in anything but a clean refusal."""

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from simulator.surfaces.guard import (
    BodyRefused,
    GuardLimits,
    check_json_depth,
    read_json_body,
)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


def slow_depth(body: bytes) -> int:
    """The definition, byte by byte."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            in_string = escaped or byte != ord('"')
            escaped = not escaped and byte == ord("\\")
        elif byte == ord('"'):
            in_string, escaped = True, False
        elif byte in b"[{":
            depth += 1
            deepest = max(depth, deepest)
        elif byte in b"]}":
            depth -= 1
    return deepest


def refused_for(body: bytes) -> BodyRefused:
    with pytest.raises(BodyRefused) as caught:
        check_json_depth(body)
    return caught.value


def test_a_depth_of_64_is_read() -> None:
    check_json_depth(nested(64))


@pytest.mark.parametrize(
    "body",
    [
        nested(65),
        nested(33, b'{"a":[', b"]}"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b'"]",' * 70 + nested(64) + b"]",
    ],
    ids=["lists", "mixed", "open lists", "open objects", "after closing brackets in strings"],
)
def test_a_depth_over_64_is_refused(body: bytes) -> None:
    refusal = refused_for(body)
    assert (refusal.status, "nested" in refusal.detail) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b'["' + b"[" * 1000 + b'"]',
        b'["\\"' + b"[" * 1000 + b'"]',
        b'["\\\\", "' + b"{" * 1000 + b'"]',
        b"[" + b"[],{}," * 1000 + b"1]",
    ],
    ids=["in a string", "after an escaped quote", "after an escaped backslash", "side by side"],
)
def test_brackets_that_do_not_nest_are_not_counted(body: bytes) -> None:
    check_json_depth(body)


@given(st.text(alphabet='[]{}"\\a ', max_size=60).map(str.encode))
@example(b'"\\')
@example(b'[["]"[')
def test_depth_is_what_the_definition_says(body: bytes) -> None:
    deep = slow_depth(body) > 3
    if deep:
        with pytest.raises(BodyRefused):
            check_json_depth(body, max_depth=3)
    else:
        check_json_depth(body, max_depth=3)


def test_a_string_without_end_hides_what_follows() -> None:
    check_json_depth(b'"' + b'\\"[' * 300_000)


def receiving(*messages: Message) -> Receive:
    left = iter(messages)

    async def receive() -> Message:
        return next(left)

    return receive


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_parts_is_joined() -> None:
    receive = receiving(part(b"ab", more=True), part(b"", more=True), part(b"c"))
    assert await read_json_body(receive, GuardLimits()) == b"abc"


async def test_reading_stops_at_the_cap() -> None:
    receive = receiving(part(b"abc", more=True), part(b"de", more=True))
    with pytest.raises(BodyRefused) as caught:
        await read_json_body(receive, GuardLimits(max_json_bytes=4))
    assert caught.value.status == 413


async def test_a_caller_that_hangs_up_is_told_apart_from_a_short_body() -> None:
    receive = receiving(part(b"abc", more=True), {"type": "http.disconnect"})
    with pytest.raises(ClientDisconnect):
        await read_json_body(receive, GuardLimits())


def test_a_small_body_is_checked_without_a_copy() -> None:
    body = b'{"prompt": "' + b"x" * 500_000 + b'"}'
    tracemalloc.start()
    check_json_depth(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000
