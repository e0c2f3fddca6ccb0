"""What of a failing check's answers shows the failure: the check is judged again, offline, on its
recorded answers with one value altered at a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from time import monotonic
from typing import Any

from contracts import answers
from contracts.bench import HOLDS, WAITS, Bench
from contracts.crowd import in_the_crowd
from contracts.heard import UNKNOWN, Heard, Leaf, Path, altered, file_leaves, leaves, walk

JUDGE_S = 3.0
LEAVES_MOST = 500
SWAPS_MOST = 60
NAMES_MOST = 6
RESET = "POST reset"
STAGES = ("completed", "failed", "processing", "queued", "pending", "none of them")
STATUSES = (200, 400, 401, 402, 403, 404, 405, 415, 422, 429)
_STATES = (("body", "status"), ("body", "result", "structuredContent", "status"))
_WORD = re.compile(r"[A-Za-z][\w:-]+|-?\d+(?:\.\d+)?")
_NAME = re.compile(r"[a-z]\w*")


async def decisive(bench: Bench) -> tuple[Leaf, ...]:
    """The values without which the check would have passed; empty when that can't be told."""
    heard = bench.heard
    recorded = await bench.judged({})
    if recorded is None or recorded == HOLDS:
        return ()
    found = await in_the_crowd(bench) or await _one_by_one(bench, _words(recorded[1]))
    last = len(heard) - 1
    # A check that ends at a file has looked into it.
    found += [leaf for leaf in file_leaves(last, heard[last].answer) if leaf not in found]
    if found:
        return (*_states(heard, found), *found)
    return await _in_turn(bench, heard) or await _in_place_of(bench, heard)


async def _one_by_one(bench: Bench, words: Sequence[str]) -> list[Leaf]:
    """Each value by itself; then wherever it stands in the answers to the same call."""
    until = monotonic() + JUDGE_S
    sure: list[Leaf] = []
    perhaps: list[Leaf] = []
    tried = [*leaves(bench.heard)[:LEAVES_MOST], *_left_out(bench.heard, words)]
    for alike in (False, True):
        for leaf in tried:
            places = _alike(leaf, tried) if alike else [leaf]
            if monotonic() > until or (alike and (len(places) < 2 or places[0] != leaf)):
                continue
            verdict, value = await _altered_verdict(bench, leaf, places, words)
            if verdict is not None:
                shown = Leaf(leaf.index, leaf.path, leaf.value, ought=value)
                (sure if verdict == HOLDS else perhaps).append(shown)
        if sure:
            break
    return sure or perhaps


async def _altered_verdict(
    bench: Bench, leaf: Leaf, places: Sequence[Leaf], words: Sequence[str]
) -> tuple[tuple[str, str] | None, Any]:
    """HOLDS or WAITS with the value that brings it about."""
    if leaf.path == ("status",) and leaf.value == 200 and _is_mcp(bench.heard[leaf.index]):
        return None, UNKNOWN  # a refusal over MCP has the status 200 as well
    waits = UNKNOWN
    for value in _others(leaf, words):
        changed = {
            each.index: altered(bench.heard[each.index], each.path, value) for each in places
        }
        verdict = await bench.judged(changed)
        if verdict == HOLDS:
            return HOLDS, value
        if verdict == WAITS and leaf.path != ("status",):  # who is put off only asks again
            waits = value
    return (None, UNKNOWN) if waits == UNKNOWN else (WAITS, waits)


def _is_mcp(heard: Heard) -> bool:
    return heard.exchange.surface == "mcp"


def _alike(leaf: Leaf, tried: Sequence[Leaf]) -> list[Leaf]:
    """The same value at the same place of one answer after the other; the last one's first."""
    return [each for each in tried if (each.path, each.value) == (leaf.path, leaf.value)]


def _left_out(heard: Sequence[Heard], words: Sequence[str]) -> Iterator[Leaf]:
    """Fields that are named in what was expected, where an object lacks them."""
    names = [word for word in words if _NAME.fullmatch(word)][:NAMES_MOST]
    for index in range(len(heard) - 1, -1, -1):
        if heard[index].exchange.setup:
            continue
        answer = heard[index].answer
        objects = dict.fromkeys(path[:-1] for path, _ in walk(answer["body"], ("body",)))
        for place in objects:
            inside = answers.at(answer, place)
            for name in names:
                if isinstance(inside, dict) and name not in inside:
                    yield Leaf(index, (*place, name), answers.MISSING)


def _states(heard: Sequence[Heard], found: Sequence[Leaf]) -> Iterator[Leaf]:
    """How far the jobs were whose answers show something: what is wrong while a job runs may be
    right when it has ended."""
    shown = {leaf.index for leaf in found}
    for leaf in leaves(heard):
        if leaf.index in shown and leaf.path in _STATES and leaf not in found:
            yield leaf


async def _in_place_of(bench: Bench, heard: Sequence[Heard]) -> tuple[Leaf, ...]:
    """Two answers of which one would do in place of the other: what differs between them."""
    judged = [index for index, each in enumerate(heard) if not each.exchange.setup]
    tried = 0
    for index in reversed(judged):
        for other in judged:
            told, instead = heard[index], heard[other]
            if other == index or told.exchange.call != instead.exchange.call or tried > SWAPS_MOST:
                continue
            tried += 1
            if await bench.holds({index: instead}):
                return tuple(_differing(told, index, instead, other))
    return ()


def _differing(told: Heard, index: int, instead: Heard, other: int) -> Iterator[Leaf]:
    for leaf in leaves([told], index):
        like = answers.at(instead.answer, leaf.path)
        if like != leaf.value:
            if like == answers.MISSING:
                yield leaf
            elif other < index:
                yield replace(leaf, unlike=other)
            else:
                yield Leaf(other, leaf.path, like, unlike=index)


async def _in_turn(bench: Bench, heard: Sequence[Heard]) -> tuple[Leaf, ...]:
    """Values of one field over several looks at it, of which not one alone is wrong: where they
    change."""
    series: dict[tuple[int, str, Path], list[Leaf]] = {}
    resets = [index for index, each in enumerate(heard) if each.exchange.call == RESET]
    for leaf in leaves(heard):
        ordered = leaf.path in _STATES or answers.is_number(leaf.value)
        if leaf.path[0] == "body" and ordered:
            world = sum(index < leaf.index for index in resets)
            call = heard[leaf.index].exchange.call
            series.setdefault((world, call, leaf.path), []).append(leaf)
    for looks in series.values():
        ordered = looks[::-1]
        told = [leaf.value for leaf in ordered]
        if len(looks) < 3 or all(value == told[0] for value in told):
            continue
        for values in _smoothed(told):
            pairs = zip(ordered, values, strict=True)
            changed = {
                leaf.index: altered(heard[leaf.index], leaf.path, value) for leaf, value in pairs
            }
            if await bench.holds(changed):
                return _changing(ordered, values)
    return ()


def _smoothed(told: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The same series in order; without one of its stretches; as if nothing had ever changed."""
    if all(isinstance(value, int | float) for value in told):
        yield sorted(told)
    starts = [0, *(i for i in range(1, len(told)) if told[i] != told[i - 1]), len(told)]
    for before, start, end in zip(starts, starts[1:], starts[2:], strict=False):
        yield [*told[:start], *([told[before]] * (end - start)), *told[end:]]
    yield [told[-1]] * len(told)


def _changing(looks: Sequence[Leaf], values: Sequence[Any]) -> tuple[Leaf, ...]:
    """A fall where there is one, else the looks at both borders of what had to be altered."""
    pairs = list(pairwise(looks))
    for one, other in pairs:
        numbers = isinstance(one.value, int | float) and isinstance(other.value, int | float)
        if numbers and one.value > other.value:
            return one, other
    wrong = [leaf.value != value for leaf, value in zip(looks, values, strict=True)]
    first, last = wrong.index(True), len(wrong) - 1 - wrong[::-1].index(True)
    borders = {first - 1, first, last, last + 1} & set(range(len(looks)))
    return tuple(looks[index] for index in sorted(borders))


def _others(leaf: Leaf, words: Sequence[str]) -> Iterator[Any]:
    """What could stand there instead: what the check expected, and a few of each kind."""
    value = leaf.value
    if leaf.path == ("status",):
        yield from (each for each in STATUSES if each != value)
    elif leaf.path[0] == "header":
        yield from ("text/event-stream", "application/json", "image/png", "video/mp4")
    elif isinstance(value, bool):
        yield from (not value, None)
    elif isinstance(value, int | float):
        yield from (float(each) if "." in each else int(each) for each in words if _number(each))
        yield from (value + 1, value - 1, 0, 99, 100, None)
    elif leaf.path in _STATES:
        yield from (each for each in STAGES if each != value)
    elif isinstance(value, str) and value != answers.MISSING:
        yield from (each for each in words if not _number(each) and each != value)
        yield from (float(value) if _number(value) else 1, "", None, 1, True, [], {})
    else:
        yield from (word for word in words[:NAMES_MOST] if not _number(word))
        yield from (0, 1, True, False, "text", [], {})
        yield from (int(each) for each in words if each.isdigit())


def _words(expected: str) -> Sequence[str]:
    """Those of a sentence, each once; the whole of it and what is quoted in it come as well."""
    quoted = re.findall(r"'([^']*)'", expected)
    return tuple(dict.fromkeys([*quoted, *_WORD.findall(expected)]))[:24]


def _number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", word))
