"""What would have let a check pass, found offline in the answers that it had."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.check import Check, Function, expect
from contracts.replays.bench import Bench
from contracts.replays.heard import Heard, Leaf
from contracts.replays.symptom import decisive
from contracts.talk.backend import Backend
from contracts.talk.exchange import Exchange
from contracts.target import Target

STATUS, START = "get_generation_status", "generate_media"
PLACE = "http://127.0.0.1:9"


def polled(**fields: Any) -> Heard:
    return told_over("GET", STATUS, "/v1/generate/media/j", fields)


def told_over(method: str, call: str, path: str, fields: Mapping[str, Any]) -> Heard:
    exchange = Exchange(0, "rest", call, "main", method, "rest", path, status=200)
    return Heard(exchange, json.dumps(fields).encode())


async def shown_by(heard: Sequence[Heard], function: Function) -> dict[tuple[Any, ...], Leaf]:
    """The decisive values of a check with these answers, by their paths."""
    target = Target(PLACE, mcp_url="", features=frozenset())
    bench = Bench(Check(("one",), function), "rest", "one", heard, target, "session")
    return {(leaf.index, *leaf.path): leaf for leaf in await decisive(bench)}


async def test_a_field_that_is_missing_everywhere_shows_it() -> None:
    async def check(backend: Backend, surface: str) -> None:
        for seen in [await backend.poll("j") for _ in range(3)]:
            expect(isinstance(seen.get("width"), int), "width of type int", seen)
            expect(isinstance(seen.get("height"), int), "height of type int", seen)

    shown = await shown_by([polled(status="completed") for _ in range(3)], check)
    assert shown[2, "body", "width"].value == "[missing]"


async def test_a_list_that_should_be_empty_shows_it_by_its_length() -> None:
    async def check(backend: Backend, surface: str) -> None:
        for seen in [await backend.poll("j") for _ in range(2)]:
            expect(not seen["outputs"], "no outputs", seen["outputs"])

    heard = [polled(status="processing", outputs=[{"id": "a"}]) for _ in range(2)]
    shown = await shown_by(heard, check)
    assert (1, "body", "outputs", "#length") in shown


async def test_an_answer_that_should_be_like_another_shows_it_beside_that_one() -> None:
    async def check(backend: Backend, surface: str) -> None:
        one, other = [await backend.poll("j") for _ in range(2)]
        expect(one["note"] == other["note"], "the same", other)

    shown = await shown_by([polled(status="a", note=each) for each in ("x y", "z z")], check)
    assert shown[1, "body", "note"].unlike == (0, ("body", "note"))


async def test_who_is_put_off_and_asks_again_was_not_content() -> None:
    """A refused look that is repeated is no proof of anything."""

    async def check(backend: Backend, surface: str) -> None:
        seen = await backend.wait_finished("j")
        expect(None, "a song", seen)

    shown = await shown_by([polled(status="completed")], check)
    assert (0, "status") not in shown


async def test_a_value_that_lets_a_check_end_shows_it_before_one_that_keeps_it_waiting() -> None:
    async def check(backend: Backend, surface: str) -> None:
        seen = await backend.wait_finished("j")
        expect(seen["audio_url"], "an address to listen at", seen["audio_url"])

    shown = await shown_by([polled(status="completed", audio_url=None)], check)
    assert (0, "body", "audio_url") in shown


async def test_the_starts_that_should_have_been_refused_tell_what_should_be_left() -> None:
    started = {"generation_id": "j", "status": "pending", "estimated_cost_credits": 7}
    starts = [told_over("POST", START, "/v1/generate/media", started) for _ in range(3)]
    heard = [
        told_over("GET", "get_balance", "/v1/balance", {"credits": 7}),
        starts[0],
        *(Heard(replace(each.exchange, beside=True), each.content) for each in starts[1:]),
        told_over("GET", "get_balance", "/v1/balance", {"credits": -14}),
    ]
    heard = [Heard(replace(each.exchange, sent=b"{}"), each.content) for each in heard]

    async def check(backend: Backend, surface: str) -> None:
        before = await backend.balance()
        replies = await asyncio.gather(*(backend.call(START, {}) for _ in range(3)))
        after = await backend.balance()
        accepted = [reply for reply in replies if not reply.refused]
        expect(len(accepted) <= before // 7, "one start", f"{len(accepted)} starts")
        expect(after == before - 7 * len(accepted), "the rest", after)

    shown = await shown_by(heard, check)
    assert [(leaf.value, leaf.ought) for leaf in shown.values()] == [(-14, 0)]
