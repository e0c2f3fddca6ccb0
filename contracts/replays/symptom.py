"""What of a failing check's answers shows the failure: the check is judged again, offline, on its
recorded answers with one value altered at a time."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from time import monotonic
from typing import Any

from contracts.replays import answers
from contracts.replays.bench import HOLDS, MOVED, WAITS, Bench, Verdict
from contracts.replays.crowd import asked, in_the_crowd, with_id
from contracts.replays.heard import (
    LOOKS,
    STATES,
    TEXT,
    UNKNOWN,
    Heard,
    Leaf,
    Path,
    altered,
    file_leaves,
    leaves,
)
from contracts.replays.likeliest import (
    JUDGE_S,
    NAMES_MOST,
    STAGES,
    is_among,
    likeliest,
    tells_number,
    words_of,
)

FOUND_S = 2.0
SWAPS_MOST = 60
ELSEWHERE_MOST = 6
RESET = "POST reset"
STATUSES = (200, 400, 401, 402, 403, 404, 405, 415, 422, 429)


async def decisive(bench: Bench) -> tuple[Leaf, ...]:
    """The values without which the check would have passed; empty when that can't be told."""
    heard = bench.heard
    recorded = await bench.judged({})
    if recorded is None or recorded == HOLDS:
        return ()
    if not bench.target.has_worlds:  # by a clock that nobody moves, one look may miss it
        fallen = await _fallen(bench)
        if fallen:
            return fallen
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
    """Each value by itself, and wherever it stands in the answers to the same call, the likeliest
    first."""
    until = monotonic() + JUDGE_S
    words = words_of(recorded[1])
    found: dict[Verdict, list[Leaf]] = {HOLDS: [], MOVED: [], WAITS: []}
    for some, most_s in likeliest(bench, recorded[1], words):
        enough = min(until, monotonic() + most_s)
        for places in some:
            if monotonic() > enough:
                break
            came, value = await _repaired(bench, recorded, places, words)
            if came is not None:
                found[came].append(replace(places[0], ought=value))
            if came in (HOLDS, MOVED):
                enough = min(enough, monotonic() + FOUND_S)
        if found[HOLDS] or found[MOVED]:
            break  # who only waits may have another reason
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
    """Whether the field of this name was wrong, or one that lacked this value, and something that
    is looked at later is now."""
    words, words_now = words_of(recorded[1]), words_of(verdict[1])
    named = name in words and name not in words_now
    wanted = is_among(value, words)
    if verdict == WAITS or not (named or wanted):
        return False
    for one, other in zip(recorded[0].split(">"), verdict[0].split(">"), strict=False):
        if one != other:
            (file, _, line), (file_now, _, line_now) = one.rpartition(":"), other.rpartition(":")
            return file == file_now and int(line) < int(line_now)
    return named  # the same line may have looked at another answer


def _is_mcp(heard: Heard) -> bool:
    return heard.exchange.surface == "mcp"


def _states(heard: Sequence[Heard], found: Sequence[Leaf]) -> Iterator[Leaf]:
    """How far the jobs were whose answers show something: what is wrong while a job runs may be
    right when it has ended."""
    shown = {leaf.index for leaf in found}
    for leaf in leaves(heard):
        if leaf.index in shown and leaf.path in STATES and leaf not in found:
            yield leaf


async def compared(bench: Bench) -> tuple[Leaf, ...]:
    """Two answers of which one would do in place of the other: what differs between them."""
    heard = bench.heard
    judged = [index for index, each in enumerate(heard) if not each.exchange.setup]
    tried = 0
    for index in reversed(judged):
        for other in sorted(judged, key=lambda each: abs(each - index)):
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
                yield replace(leaf, unlike=(other, leaf.path))
            else:
                yield Leaf(other, leaf.path, like, unlike=(index, leaf.path))


async def _in_turn(bench: Bench, heard: Sequence[Heard]) -> tuple[Leaf, ...]:
    """Values of one field over several looks at it, of which not one alone is wrong: where they
    change."""
    series: dict[tuple[int, str, Path], list[Leaf]] = {}
    resets = [index for index, each in enumerate(heard) if each.exchange.call == RESET]
    for leaf in leaves(heard):
        counts = leaf.path in STATES or answers.is_number(leaf.value)
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


async def _fallen(bench: Bench) -> tuple[Leaf, ...]:
    """A number that became less over the looks at one job, with which nothing else is wrong."""
    heard = bench.heard
    series: dict[tuple[str, Path], list[Leaf]] = {}
    for leaf in reversed(leaves(heard)):
        told = heard[leaf.index].exchange
        if told.call in LOOKS and leaf.path[0] == "body" and answers.is_number(leaf.value):
            series.setdefault((asked(heard[leaf.index]), leaf.path), []).append(leaf)
    for looks in series.values():
        fell = [other for one, other in pairwise(looks) if one.value > other.value]
        values = sorted(leaf.value for leaf in looks)
        changed = {
            leaf.index: altered(heard[leaf.index], leaf.path, value)
            for leaf, value in zip(looks, values, strict=True)
        }
        if fell and await bench.holds(changed):
            return (replace(fell[-1], falls=True),)
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
        yield from (
            float(each) if "." in each else int(each) for each in words if tells_number(each)
        )
        yield from (value + 1, value - 1, 0, 99, 100, None)
    elif leaf.path in STATES or (leaf.path[-1] == "status" and value in STAGES):
        yield from (each for each in STAGES if each != value)
    elif isinstance(value, str) and value != answers.MISSING:
        yield from (each for each in words if not tells_number(each) and each != value)
        yield from (float(value) if tells_number(value) else 1, "", None, 1, True, [], {})
    else:
        yield from (word for word in words[:NAMES_MOST] if not tells_number(word))
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
