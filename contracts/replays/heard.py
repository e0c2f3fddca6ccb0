"""What a check was answered, kept whole: for judging it again, offline, on altered answers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from contracts.replays import answers
from contracts.talk.exchange import Exchange, Reply, Trace, parsed
from contracts.talk.keys import Keys
from contracts.talk.wire import Log, Sent, Wire

KEPT_MOST = 400
TEXT = ("content", 0, "text")
UNKNOWN = "[unknown]"
PLACES: Mapping[str, tuple[str, ...]] = {
    "rest": ("body",),
    "mcp": ("body", "result", "structuredContent"),
}
"""Where the object of an answer is, by surface."""

LOOKS = ("get_generation_status", "get_music_status", "get_separation_status")
STATES = tuple((*place, "status") for place in PLACES.values())
Path = tuple[Any, ...]


class Diverged(Exception):
    """The check went another way than when it was recorded."""


class PastTheEnd(Exception):
    """The check went on, with this request, where it had failed when it was recorded."""

    def __init__(self, sent: Sent) -> None:
        super().__init__(sent.call)
        self.sent = sent


@dataclass(frozen=True)
class Heard:
    """One request of a check with its whole answer."""

    exchange: Exchange
    content: bytes

    @cached_property
    def answer(self) -> Mapping[str, Any]:
        """In the form in which a replay looks at it."""
        told = self.exchange
        return answers.answer_of(told.status, dict(told.answer_headers), self.content)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in the answer to the request at ``index``. ``soft``: it may be new each time; when
    it does not come again, it shows nothing. ``ought``: with it the check would have passed, or
    UNKNOWN. ``unlike``: where another answer, by its index, has what it should be like, and is not.
    ``falls``: over the looks at a job it should never have become less."""

    index: int
    path: Path
    value: Any
    soft: bool = False
    ought: Any = UNKNOWN
    unlike: tuple[int, Path] | None = None
    falls: bool = False


class Recording:
    """Sends as ``inner`` does and keeps whole answers, of which the log has the beginnings."""

    def __init__(self, inner: Wire) -> None:
        self._inner = inner
        self._heard: list[Heard] = []

    async def send(self, sent: Sent, keys: Keys, log: Log) -> Reply:
        """As ``Wire.send``."""
        reply = await self._inner.send(sent, keys, log)
        self._heard.append(Heard(log.exchanges[-1], reply.content))
        return reply

    @property
    def heard(self) -> list[Heard]:
        """In the order in which they were sent."""
        return in_order(self._heard)


class Cassette:
    """Answers each request with the recorded one of its turn, some values altered; of those that
    were sent beside each other, with that of the same request. ``loose``: every request with that
    of the same one, whatever was sent between."""

    def __init__(
        self,
        heard: Sequence[Heard],
        altered: Mapping[int, Heard] | None = None,
        *,
        loose: bool = False,
    ) -> None:
        self._heard = heard
        self._loose = loose
        self._altered = altered or {}
        self._waiting = list(range(len(heard)))

    @property
    def left(self) -> int:
        """How many recorded requests were not made."""
        return len(self._waiting)

    async def send(self, sent: Sent, keys: Keys, log: Log) -> Reply:
        """Raises Diverged, PastTheEnd."""
        if not self.left:
            raise PastTheEnd(sent)
        index = self._turn(sent)
        self._waiting.remove(index)
        told = self._altered.get(index) or self._heard[index]
        if (told.exchange.method, told.exchange.call) != (sent.method, sent.call):
            raise Diverged(f"{sent.call} where {told.exchange.call} was recorded")
        log.exchanges.append(told.exchange)
        headers = dict(told.exchange.answer_headers)
        status, content = told.exchange.status, told.content
        return Reply(status, parsed(content), headers, status >= 400, content)

    def _turn(self, sent: Sent) -> int:
        first = self._waiting[0]
        for index in self._waiting:
            told = self._heard[index].exchange
            if index != first and not told.beside and not self._loose:
                break
            if (told.call, told.path, told.sent) == (sent.call, sent.path, sent.body):
                return index
        return first


def in_order(heard: Sequence[Heard]) -> list[Heard]:
    """As they were sent."""
    return sorted(heard, key=lambda each: each.exchange.order)


def heard_in(trace: Trace) -> list[Heard]:
    """The recorded calls that were answered."""
    return in_order([Heard(each, each.answer) for each in trace[-KEPT_MOST:] if each.status])


def crowds(heard: Sequence[Heard]) -> list[range]:
    """Those that were sent beside each other."""
    found: list[range] = []
    for index, each in enumerate(heard):
        if each.exchange.beside and index and not each.exchange.setup:
            start = found.pop().start if found and found[-1].stop == index else index - 1
            found.append(range(start, index + 1))
    return found


def world_of(heard: Sequence[Heard]) -> str:
    """The name of the world of a recorded check; "" where worlds can't be had."""
    names = [dict(each.exchange.headers).get("X-Sim-Namespace", "") for each in heard]
    return min((name for name in names if name), key=len, default="")


def leaves(heard: Sequence[Heard], first: int = 0) -> list[Leaf]:
    """Of all answers but those that prepared the world, the last answer's first, and of each the
    outermost. ``first``: the index of the first."""
    found: list[Leaf] = []
    for index in range(len(heard) - 1, -1, -1):
        if not heard[index].exchange.setup:
            answer = heard[index].answer
            at = index + first
            found.append(Leaf(at, ("status",), answer["status"]))
            inside = sorted(walk(answer["body"], ("body",)), key=lambda pair: len(pair[0]))
            found += [Leaf(at, path, value) for path, value in inside]
            text = ("body", "result", *TEXT)
            if any(path[2:3] == ("structuredContent",) for path, _ in inside):
                found.append(Leaf(at, text, answers.at(answer, text)))
            header = answer["header"].get("content-type")
            found.append(Leaf(at, ("header", "content-type"), header))
    return found


def file_leaves(index: int, answer: Mapping[str, Any]) -> Iterator[Leaf]:
    """What a delivered file tells of itself; none of any other answer."""
    for name, value in (answer.get("file") or {}).items():
        yield Leaf(index, ("file", name), value)


def walk(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value in a JSON value that holds no others."""
    if isinstance(value, dict):
        for name, inner in value.items():
            # The text of a tool's answer repeats its object.
            if not (name == "content" and "structuredContent" in value):
                yield from walk(inner, (*path, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from walk(inner, (*path, index))
    else:
        yield path, value


def altered(heard: Heard, path: Path, value: Any) -> Heard:
    """With another value at a path, or one more."""
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
    if path[-1] == "#length":
        del parent[value:]
    elif len(path) == 1:
        body = value
    else:
        parent[path[-1]] = value
    content = json.dumps(body).encode()
    if dict(heard.exchange.answer_headers).get("content-type", "").startswith("text/event-stream"):
        content = b"event: message\r\ndata: " + content + b"\r\n\r\n"
    return Heard(heard.exchange, content)
