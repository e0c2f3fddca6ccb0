"""Starts beside each other of which more or fewer were accepted than should be: which of them would
have to be refused, and what would then be left."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from contracts.replays import answers
from contracts.replays.bench import Bench
from contracts.replays.heard import PLACES, Heard, Leaf, altered, crowds, walk
from contracts.talk.exchange import parsed

CROWD_MOST = 8
_PRICE, _CREDITS = "estimated_cost_credits", "credits"
REFUSAL = {"error": "insufficient_credits", "message": "There are too few credits."}


async def in_the_crowd(bench: Bench) -> list[Leaf]:
    """What is left after the last starts beside each other, and the nearest that should be;
    nothing when no choice of accepted ones would do."""
    heard = bench.heard
    for crowd in reversed(crowds(heard)):
        starts = [index for index in crowd if _price(heard[index]) or is_refused(heard[index])]
        left = [leaf for leaf in _balances(heard, crowd.stop) if leaf.index >= crowd.stop]
        had = [leaf for leaf in _balances(heard, 0) if leaf.index < crowd.start]
        if not 1 < len(starts) <= CROWD_MOST or not left or not had:
            continue
        fine = [after async for after in _fine(bench, starts, had[-1].value, left)]
        value = left[0].value
        if fine and not min(fine) <= value <= max(fine):
            ought = min(fine) if value < min(fine) else max(fine)
            return [replace(left[0], ought=ought)]
    return []


async def _fine(
    bench: Bench, starts: Sequence[int], had: float, left: Sequence[Leaf]
) -> AsyncIterator[float]:
    """What would be left, for every choice of accepted starts that the check is content with."""
    heard = bench.heard
    prices = {asked(heard[index]): _price(heard[index]) for index in starts if _price(heard[index])}
    kinds = {kind: [each for each in starts if asked(heard[each]) == kind] for kind in prices}
    for counts in product(*(range(len(each) + 1) for each in kinds.values())):
        some = zip(kinds.values(), counts, strict=True)
        taken = {index for each, count in some for index in each[:count]}
        after = had - sum(prices[asked(heard[index])] for index in taken)
        changed = {
            index: _accepted(heard, index, starts)
            if index in taken
            else _short(heard, index, starts)
            for index in starts
        }
        changed |= {leaf.index: altered(heard[leaf.index], leaf.path, after) for leaf in left}
        # Jobs that were not accepted are not waited for.
        if await bench.holds(changed, loose=True):
            yield after


def _accepted(heard: Sequence[Heard], index: int, starts: Sequence[int]) -> Heard:
    """As it was, or as an equal one was."""
    if _price(heard[index]):
        return heard[index]
    kind = asked(heard[index])
    like = next(each for each in starts if _price(heard[each]) and asked(heard[each]) == kind)
    return with_id(heard[like], heard[index])


def _short(heard: Sequence[Heard], index: int, starts: Sequence[int]) -> Heard:
    """As it was, or as another was refused, or as one is for which there are too few credits."""
    if is_refused(heard[index]):
        return heard[index]
    like = next((each for each in starts if is_refused(heard[each])), None)
    if like is not None:
        return with_id(heard[like], heard[index])
    told = heard[index]
    if told.exchange.surface == "mcp":
        text = [{"type": "text", "text": json.dumps(REFUSAL)}]
        return altered(
            told,
            ("body", "result"),
            {"isError": True, "structuredContent": REFUSAL, "content": text},
        )
    return altered(altered(told, ("body",), REFUSAL), ("status",), 402)


def with_id(like: Heard, told: Heard) -> Heard:
    """An answer in place of another one, to the request with the other's id."""
    number = answers.at(told.answer, ("body", "id"))
    if told.exchange.surface != "mcp" or number == answers.MISSING:
        return like
    return altered(like, ("body", "id"), number)


def _balances(heard: Sequence[Heard], first: int) -> list[Leaf]:
    return [
        Leaf(index, path, value)
        for index in range(first, len(heard))
        if heard[index].exchange.call == "get_balance" and not heard[index].exchange.setup
        for path, value in walk(heard[index].answer["body"], ("body",))
        if path[-1] == _CREDITS and answers.is_number(value)
    ]


def _price(heard: Heard) -> float:
    """What an accepted start tells; 0 of anything else."""
    for place in PLACES.values():
        found = answers.at(heard.answer, (*place, _PRICE))
        if answers.is_number(found):
            return float(found)
    return 0


def is_refused(heard: Heard) -> bool:
    """Whether an answer is an error of either surface."""
    wrong = any(
        answers.at(heard.answer, (*place, "error")) != answers.MISSING for place in PLACES.values()
    )
    return wrong and heard.exchange.call != "get_balance"


def asked(heard: Heard) -> str:
    """What was asked for, whichever number the request had."""
    told: Any = parsed(heard.exchange.sent)
    if isinstance(told, dict):
        told = {name: value for name, value in told.items() if name != "id"}
    place = f"{heard.exchange.method} {heard.exchange.path} {heard.exchange.who}"
    return f"{place} {json.dumps(told, sort_keys=True)}"
