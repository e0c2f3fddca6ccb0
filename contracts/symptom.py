"""What of a failing check's answers shows the failure: the check is judged again, offline, on its
recorded answers with one value altered at a time."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import monotonic
from typing import Any, cast

from contracts import answers
from contracts.backend import Backend
from contracts.check import Broken, Check
from contracts.exchange import Exchange, Reply, parsed
from contracts.keys import Keys
from contracts.plan import Item
from contracts.target import Target
from contracts.wire import Log, Sent, Trouble, Wire

JUDGE_S = 2.0
ONCE_S = 0.5
LEAVES_MOST = 500
SWAPS_MOST = 60
STATUSES = (200, 400, 401, 402, 403, 404, 405, 415, 422, 429)
Path = tuple[Any, ...]
Verdict = tuple[str, str]
"""Where a check failed and what it expected; two empty texts: it did not."""
_STATES = (("body", "status"), ("body", "result", "structuredContent", "status"))
HOLDS: Verdict = ("", "")
_WORD = re.compile(r"[A-Za-z][\w:-]+|-?\d+(?:\.\d+)?")


class Diverged(Exception):
    """The check went another way than when it was recorded."""


class PastTheEnd(Exception):
    """The check went on where it had failed when it was recorded."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One request of a check with its whole answer."""

    exchange: Exchange
    content: bytes

    @property
    def answer(self) -> Mapping[str, Any]:
        """In the form in which a replay looks at it."""
        told = self.exchange
        return answers.answer_of(told.status, dict(told.answer_headers), self.content)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in the answer to the request at ``index``."""

    index: int
    path: Path
    value: Any


class Recording:
    """Sends as ``inner`` does and keeps whole answers, of which the log has the beginnings."""

    def __init__(self, inner: Wire) -> None:
        self._inner = inner
        self.heard: list[Heard] = []

    async def send(self, sent: Sent, keys: Keys, log: Log) -> Reply:
        """As ``Wire.send``."""
        reply = await self._inner.send(sent, keys, log)
        self.heard.append(Heard(log.exchanges[-1], reply.content))
        return reply


class Cassette:
    """Answers each request with the recorded one of its turn, some values altered."""

    def __init__(self, heard: Sequence[Heard], altered: Mapping[int, Heard] | None = None) -> None:
        self._heard = heard
        self._altered = altered or {}
        self._next = 0

    @property
    def left(self) -> int:
        """How many recorded requests were not made."""
        return len(self._heard) - self._next

    async def send(self, sent: Sent, keys: Keys, log: Log) -> Reply:
        """Raises Diverged, PastTheEnd."""
        if not self.left:
            raise PastTheEnd
        index, self._next = self._next, self._next + 1
        told = self._altered.get(index) or self._heard[index]
        if (told.exchange.method, told.exchange.call) != (sent.method, sent.call):
            raise Diverged(f"{sent.call} where {told.exchange.call} was recorded")
        log.exchanges.append(told.exchange)
        headers = dict(told.exchange.answer_headers)
        status, content = told.exchange.status, told.content
        return Reply(status, parsed(content), headers, status >= 400, content)


def world_of(heard: Sequence[Heard]) -> str:
    """The name of the world of a recorded check; "" where worlds can't be had."""
    names = [dict(each.exchange.headers).get("X-Sim-Namespace", "") for each in heard]
    return min((name for name in names if name), key=len, default="")


async def decisive(
    item: Item, requirement: str, heard: Sequence[Heard], target: Target, era: str
) -> tuple[Leaf, ...]:
    """The values without which the check would have passed; empty when that can't be told."""
    bench = _Bench(item.check, item.surface, requirement, heard, target, era)
    recorded = await bench.judged({})
    if recorded is None or recorded == HOLDS:
        return ()
    until = monotonic() + JUDGE_S
    found: list[Leaf] = []
    words = _words(recorded[1])
    for leaf in leaves(heard)[:LEAVES_MOST]:
        if (
            leaf == Leaf(leaf.index, ("status",), 200)
            and heard[leaf.index].exchange.surface == "mcp"
        ):
            continue  # a refusal over MCP has the status 200 as well
        for value in _others(leaf, words):
            if monotonic() > until:
                break
            altered = _altered(heard[leaf.index], leaf.path, value)
            if await bench.judged({leaf.index: altered}) == HOLDS:
                found.append(leaf)
                break
    last = len(heard) - 1
    # A check that ends at a file has looked into it.
    found += [leaf for leaf in file_leaves(last, heard[last].answer) if leaf not in found]
    if found:
        return (*_states(heard, found), *found)
    return await _in_turn(bench, heard) or await _in_place_of(bench, heard)


def _states(heard: Sequence[Heard], found: Sequence[Leaf]) -> Iterator[Leaf]:
    """How far the jobs were whose answers show something: what is wrong while a job runs may be
    right when it has ended."""
    shown = {leaf.index for leaf in found}
    for leaf in leaves(heard):
        if leaf.index in shown and leaf.path in _STATES and leaf not in found:
            yield leaf


async def _in_place_of(bench: "_Bench", heard: Sequence[Heard]) -> tuple[Leaf, ...]:
    """Two answers of which one would do in place of the other: what differs between them."""
    judged = [index for index, each in enumerate(heard) if not each.exchange.setup]
    tried = 0
    for index in reversed(judged):
        for other in judged:
            told, instead = heard[index], heard[other]
            if other == index or told.exchange.call != instead.exchange.call or tried > SWAPS_MOST:
                continue
            tried += 1
            if await bench.judged({index: instead}) == HOLDS:
                return (*_differing(told, index, instead), *_differing(instead, other, told))
    return ()


def _differing(told: Heard, index: int, other: Heard) -> Iterator[Leaf]:
    answer = other.answer
    for leaf in leaves([told], index):
        if answers.at(answer, leaf.path) != leaf.value:
            yield leaf


async def _in_turn(bench: "_Bench", heard: Sequence[Heard]) -> tuple[Leaf, ...]:
    """Values of one field over several looks at it, of which not one alone is wrong: where they
    change."""
    series: dict[tuple[str, Path], list[Leaf]] = {}
    for leaf in leaves(heard):
        if leaf.path[0] == "body" and isinstance(leaf.value, str | int | float | None):
            series.setdefault((heard[leaf.index].exchange.call, leaf.path), []).append(leaf)
    for looks in series.values():
        ordered = looks[::-1]
        told = [leaf.value for leaf in ordered]
        if len(looks) < 3 or all(value == told[0] for value in told):
            continue
        for values in _smoothed(told):
            pairs = zip(ordered, values, strict=True)
            altered = {
                leaf.index: _altered(heard[leaf.index], leaf.path, value) for leaf, value in pairs
            }
            if await bench.judged(altered) == HOLDS:
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


@dataclass(frozen=True, slots=True)
class _Bench:
    check: Check
    surface: str
    requirement: str
    heard: Sequence[Heard]
    target: Target
    era: str

    async def judged(self, altered: Mapping[int, Heard]) -> Verdict | None:
        """None: it can't be told."""
        name = world_of(self.heard)
        cassette = Cassette(self.heard, altered)
        target = replace(self.target, poll_s=0.0)
        # A backend asks of its wire only that it sends.
        wire = cast("Wire", cassette)
        backend = Backend(target, wire, Keys("k", "k2"), era=self.era, name=name)
        try:
            async with asyncio.timeout(ONCE_S):
                if target.has_worlds:
                    await backend.prepare(credits=self.check.credits)
                judged = await self.check.function(backend, self.surface)
        except Broken as broken:
            return _place(broken), broken.expected
        except PastTheEnd:
            # One that judges much at once goes on for other reasons than that it was content.
            return HOLDS if len(self.check.requirements) == 1 else None
        except (Diverged, Trouble, TimeoutError):
            return None
        except Exception:  # noqa: BLE001 - an altered answer may be one that no check foresees
            return None
        for each in judged or ():
            if each.requirement == self.requirement and each.broken is not None:
                wrong = each.broken
                return (_place(wrong), wrong.expected) if isinstance(wrong, Broken) else None
        # One that ends early has not seen what was wrong.
        return None if cassette.left else HOLDS


def leaves(heard: Sequence[Heard], first: int = 0) -> list[Leaf]:
    """Of all answers but those that prepared the world, the last answer's first, and of each the
    outermost. ``first``: the index of the first."""
    found: list[Leaf] = []
    for index in range(len(heard) - 1, -1, -1):
        if not heard[index].exchange.setup:
            answer = heard[index].answer
            at = index + first
            found.append(Leaf(at, ("status",), answer["status"]))
            inside = sorted(_walk(answer["body"], ("body",)), key=lambda pair: len(pair[0]))
            found += [Leaf(at, path, value) for path, value in inside]
            header = answer["header"].get("content-type")
            found.append(Leaf(at, ("header", "content-type"), header))
    return found


def file_leaves(index: int, answer: Mapping[str, Any]) -> Iterator[Leaf]:
    """What a delivered file tells of itself; none of any other answer."""
    for name, value in (answer.get("file") or {}).items():
        yield Leaf(index, ("file", name), value)


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            # The text of a tool's answer repeats its object.
            if not (name == "content" and "structuredContent" in value):
                yield from _walk(inner, (*path, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _walk(inner, (*path, index))
    else:
        yield path, value


def _altered(heard: Heard, path: Path, value: Any) -> Heard:
    if path == ("status",):
        return Heard(replace(heard.exchange, status=value), heard.content)
    if path[0] == "header":
        kept = [pair for pair in heard.exchange.answer_headers if pair[0] != path[1]]
        told = (*kept, (path[1], value))
        return Heard(replace(heard.exchange, answer_headers=told), heard.content)
    body = json.loads(json.dumps(heard.answer["body"]))
    parent = body
    for part in path[1:-1]:
        parent = parent[part]
    if len(path) == 1:
        body = value
    else:
        parent[path[-1]] = value
    content = json.dumps(body).encode()
    if dict(heard.exchange.answer_headers).get("content-type", "").startswith("text/event-stream"):
        content = b"event: message\r\ndata: " + content + b"\r\n\r\n"
    return Heard(heard.exchange, content)


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
    elif isinstance(value, str):
        yield from (each for each in words if not _number(each) and each != value)
        yield from (float(value) if _number(value) else 1, "", None, 1, True, [], {})
    else:
        yield from (0, True, False, "text", [], {})
        yield from (int(each) for each in words if each.isdigit())


def _words(expected: str) -> Sequence[str]:
    """Those of a sentence, each once; the whole of it and what is quoted in it come as well."""
    quoted = re.findall(r"'([^']*)'", expected)
    return tuple(dict.fromkeys([*quoted, *_WORD.findall(expected)]))[:24]


def _number(word: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", word))


def _place(broken: Broken) -> str:
    lines, trace = [], broken.__traceback__
    while trace is not None:
        lines.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return ">".join(lines)
