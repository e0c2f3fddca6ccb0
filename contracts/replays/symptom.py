"""What of a failing check's answers shows the failure: the check is judged again, offline, on its
recorded answers with one value altered at a time."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from time import monotonic
from typing import Any

from contracts.replays import answers
from contracts.replays.bench import HOLDS, MOVED, WAITS, Bench, Verdict
from contracts.replays.crowd import in_the_crowd, with_id
from contracts.replays.heard import (
    TEXT,
    UNKNOWN,
    Heard,
    Leaf,
    Path,
    altered,
    file_leaves,
    leaves,
    walk,
)

JUDGE_S, FOUND_S = 6.0, 2.0
LEAVES_MOST = 500
SWAPS_MOST = 60
NAMES_MOST, ELSEWHERE_MOST = 6, 6
RESET = "POST reset"
STAGES = ("completed", "failed", "processing", "queued", "pending", "none of them")
STATUSES = (200, 400, 401, 402, 403, 404, 405, 415, 422, 429)
_STATES = (("body", "status"), ("body", "result", "structuredContent", "status"))
_WORD = re.compile(r"[A-Za-z][\w:-]+|-?\d+(?:\.\d+)?")
_MEDIA_TYPE = re.compile(r"content-type|json|\w/|event-stream", re.IGNORECASE)
_NAME = re.compile(r"[a-z]\w*")


async def decisive(bench: Bench) -> tuple[Leaf, ...]:
    """The values without which the check would have passed; empty when that can't be told."""
    heard = bench.heard
    recorded = await bench.judged({})
    if recorded is None or recorded == HOLDS:
        return ()
    found = await in_the_crowd(bench) or await _one_by_one(bench, recorded)
    last = len(heard) - 1
    # A check that ends at a file has looked into it.
    found += [leaf for leaf in file_leaves(last, heard[last].answer) if leaf not in found]
    if found and max(leaf.index for leaf in found) < last:
        # What came last, and made the check fail, may only be wrong beside another answer.
        found += [leaf for leaf in await compared(bench) if leaf.index == last]
    if found:
        return (*_states(heard, found), *found)
    return await _in_turn(bench, heard) or await compared(bench)


async def _one_by_one(bench: Bench, recorded: Verdict) -> list[Leaf]:
    """Each value by itself, and wherever it stands in the answers to the same call; what is named
    in what was expected before all others."""
    until = monotonic() + JUDGE_S
    words = _words(recorded[1])
    tried = [
        leaf
        for leaf in (*leaves(bench.heard)[:LEAVES_MOST], *_left_out(bench.heard, words))
        if leaf.path[0] != "header" or _MEDIA_TYPE.search(recorded[1])
    ]
    tried += _listed(bench.heard, words)
    named = [leaf for leaf in tried if leaf.path[-1] in (*words, "#length")]
    found: dict[Verdict, list[Leaf]] = {HOLDS: [], MOVED: [], WAITS: []}
    for some in (named, tried):
        for places in (*([leaf] for leaf in some), *_alike(bench.heard, some)):
            if monotonic() > until:
                break
            came, value = await _repaired(bench, recorded, places, words)
            if came is not None:
                found[came].append(replace(places[0], ought=value))
                until = min(until, monotonic() + FOUND_S)
        if any(found.values()):
            break
    return found[HOLDS] or found[MOVED] or found[WAITS]


async def _repaired(
    bench: Bench, recorded: Verdict, places: Sequence[Leaf], words: Sequence[str]
) -> tuple[Verdict | None, Any]:
    """HOLDS, MOVED or WAITS with the value that brings it about at these places; the first of them
    if it can be had."""
    leaf, came, ought = places[0], None, UNKNOWN
    if leaf.path == ("status",) and leaf.value == 200 and _is_mcp(bench.heard[leaf.index]):
        return None, UNKNOWN  # a refusal over MCP has the status 200 as well
    for value in (*_others(leaf, words), *_fitting(bench, leaf)):
        changed = {
            each.index: altered(bench.heard[each.index], each.path, value) for each in places
        }
        verdict = await bench.judged(changed)
        if verdict == HOLDS:
            return HOLDS, value
        if verdict == WAITS and leaf.path != ("status",):  # who is put off only asks again
            came, ought = came or WAITS, value
        elif came != MOVED and verdict is not None:
            moved = _goes_on(recorded, verdict, leaf.path[-1], value)
            came, ought = (MOVED, value) if moved else (came, ought)
    return came, ought


def _goes_on(recorded: Verdict, verdict: Verdict, name: object, value: object) -> bool:
    """Whether the field of this name was wrong, or one that lacked this value, and something else
    is now, not earlier."""
    words, words_now = _words(recorded[1]), _words(verdict[1])
    named = name in words and name not in words_now
    if verdict == WAITS or not (named or (value in words and value not in words_now)):
        return False
    for one, other in zip(recorded[0].split(">"), verdict[0].split(">"), strict=False):
        if one != other:
            (file, _, line), (file_now, _, line_now) = one.rpartition(":"), other.rpartition(":")
            return file == file_now and int(line) < int(line_now)
    return named  # the same line may have looked at another answer


def _listed(heard: Sequence[Heard], words: Sequence[str]) -> list[Leaf]:
    """How long lists are that are named in what was expected."""
    found: list[Leaf] = []
    for index in range(len(heard) - 1, -1, -1):
        inside = walk(heard[index].answer["body"], ("body",))
        lists = {path[:at]: None for path, _ in inside for at, each in enumerate(path) if each == 0}
        for path in lists if not heard[index].exchange.setup else ():
            length = answers.at(heard[index].answer, (*path, "#length"))
            if path[-1] in words and answers.is_number(length):
                found.append(Leaf(index, (*path, "#length"), length))
    return found


def _is_mcp(heard: Heard) -> bool:
    return heard.exchange.surface == "mcp"


def _alike(heard: Sequence[Heard], tried: Sequence[Leaf]) -> list[list[Leaf]]:
    """Those with one value at one place of several answers, while the jobs run and at any time; the
    last answer's first."""
    found: dict[str, list[Leaf]] = {}
    for leaf in tried:
        for stage in (answers.is_running(heard[leaf.index].answer["body"]), "any"):
            found.setdefault(repr((leaf.path, leaf.value, stage)), []).append(leaf)
    return [places for places in found.values() if len(places) > 1]


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


async def compared(bench: Bench) -> tuple[Leaf, ...]:
    """Two answers of which one would do in place of the other: what differs between them."""
    heard = bench.heard
    judged = [index for index, each in enumerate(heard) if not each.exchange.setup]
    tried = 0
    for index in reversed(judged):
        for other in judged:
            told, instead = heard[index], heard[other]
            if other == index or told.exchange.call != instead.exchange.call or tried > SWAPS_MOST:
                continue
            tried += 1
            instead = with_id(instead, told)
            if await bench.holds({index: instead}):
                return tuple(_differing(told, index, instead, other))
    return ()


def _differing(told: Heard, index: int, instead: Heard, other: int) -> Iterator[Leaf]:
    for leaf in leaves([instead], index):
        if answers.at(told.answer, leaf.path) == answers.MISSING:
            yield replace(leaf, value=answers.MISSING)
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
        counts = leaf.path in _STATES or answers.is_number(leaf.value)
        if leaf.path[0] == "body" and counts:
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
    if leaf.path[-1] == "#length":
        yield from range(value)
    elif leaf.path == ("status",):
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


def _fitting(bench: Bench, leaf: Leaf) -> Sequence[Any]:
    """A number that other answers tell there, an object in an empty list, an address of the
    target's, the text that tells a tool's object once more."""
    if answers.is_number(leaf.value):
        found = [answers.at(each.answer, leaf.path) for each in bench.heard]
        numbers = [each for each in found if answers.is_number(each) and each != leaf.value]
        return tuple(dict.fromkeys(numbers))[:ELSEWHERE_MOST]
    if leaf.value == []:
        return ([{}],)
    if leaf.path[-3:] == TEXT:
        told = answers.at(bench.heard[leaf.index].answer, (*leaf.path[:-3], "structuredContent"))
        return () if told == answers.MISSING else (json.dumps(told),)
    return (f"{bench.target.rest_url}/file",) if leaf.value is None else ()


def _words(expected: str) -> Sequence[str]:
    """Those of a sentence, each once; the whole of it and what is quoted in it come as well."""
    quoted = re.findall(r"'([^']*)'", expected)
    return tuple(dict.fromkeys([*quoted, *_WORD.findall(expected)]))[:24]


def _number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", word))
