"""A failure as calls that can be played again: what is sent, what is kept of an answer for later
calls, and which facts show that the backend is still broken."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contracts.replays import answers
from contracts.replays.crowd import is_refused
from contracts.replays.heard import (
    LOOKS,
    PLACES,
    STATES,
    UNKNOWN,
    Heard,
    Leaf,
    Path,
    crowds,
    file_leaves,
    world_of,
)
from contracts.replays.needs import is_start, needed, repeated
from contracts.talk.codes import SHORT
from contracts.talk.wire import BEARER

SHORTEST_KEPT = 8
LAST_JUDGED = 8
FACTS_MOST = 40
_READS = ("GET", "HEAD")
_OWN_HEADERS = frozenset({"authorization", "x-api-key"})
_VOLATILE = re.compile(r"(^|_)(id|at|now|url|urls|token|key|message|detail|request_id)$|time")
_TAKEN = re.compile(r"(^|_)(ids?|urls?|tokens?|keys?|cursor)$")
_KEY_IN_URL = re.compile(r"([?&][\w-]*key[\w-]*=)\[hidden\]")
_HEADERS_LOOKED_AT = ("content-type", "www-authenticate", "allow")
BOUNDARY_END = "\r\n--mediasim-contract-part--\r\n"


@dataclass(frozen=True, slots=True)
class Story:
    """What a replay says of itself."""

    requirement: str
    surface: str
    says: str
    source: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Script:
    """``steps``: as ``player`` plays them. ``rest``, ``mcp``: where they were recorded;
    ``key_env``, ``second_key_env``: names of variables. ``simulated``: they were recorded on a
    simulator, whose keys are free. ``poll_s``: between two looks at a job.
    ``shortened``: played again, and nothing can be left out."""

    story: Story
    steps: tuple[Mapping[str, Any], ...]
    rest: str
    mcp: str
    key_env: str
    second_key_env: str
    simulated: bool
    poll_s: float = 0.5
    shortened: bool = False

    @property
    def calls(self) -> tuple[Mapping[str, Any], ...]:
        """Without what prepares a world or opens a session."""
        return tuple(
            each
            for each in self.steps
            if not each["setup"] and each["call"] not in ("initialize", "notifications/initialized")
        )


@dataclass(slots=True)
class _Names:
    """Values of answers that later requests repeat."""

    values: dict[str, str] = field(default_factory=dict)

    def put_into(self, text: str) -> str:
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, "${" + self.values[value] + "}")
        return text


def steps_of(
    heard: Sequence[Heard], decisive: Sequence[Leaf], rest_url: str, *, worlds: bool
) -> tuple[Mapping[str, Any], ...]:
    """``decisive``: what shows the failure; empty: whatever the last answers say, but for what is
    new each time. Only in worlds do answers come again so exactly that several can be asked for."""
    names = _Names({rest_url: "url"} if rest_url else {})
    world = world_of(heard)
    if worlds and world:
        names.values[world] = "world"
    shown = decisive or _last_said(heard, LAST_JUDGED if worlds else 1)
    sent = [_sent_text(each) for each in heard]
    together = crowds(heard)
    needs = needed(heard, decisive) | repeated(heard, shown)
    steps = []
    for index, each in enumerate(heard):
        step = _step(index, each, names)
        step["crowd"] = next((crowd.start + 1 for crowd in together if index in crowd), 0)
        if worlds and each.exchange.base:
            # A simulator's key is no secret, and whether it may stand in a URL is judged.
            step["path"] = _KEY_IN_URL.sub(r"\1sk_test_${world}", step["path"])
        step["take"] = _taken(index, each, "".join(sent[index + 1 :]), names)
        # Of several at once each may be answered in another way the next time.
        loose = any(crowd.start <= index for crowd in together)
        step["facts"] = _facts(index, shown, heard, names, worlds=worlds, loose=loose)
        step["needed"] = index in needs
        step["about"] = _rows(index, shown, heard, names)
        step["needs"] = [] if worlds else _conditions(index, shown, heard, facts=step["facts"])
        step["watch"] = "" if worlds else _watched(each, step["facts"])
        steps.append(step)
    return tuple(steps)


def with_steps(script: Script, steps: Sequence[Mapping[str, Any]]) -> Script:
    """The same failure by fewer calls."""
    return replace(script, steps=tuple(steps), shortened=True)


def without_soft(script: Script) -> Script:
    """For one that was never played again: nobody knows what of it comes again."""
    steps = [
        {**step, "facts": [fact for fact in step["facts"] if not fact.get("soft")]}
        for step in script.steps
    ]
    return replace(script, steps=tuple(steps))


def _step(index: int, heard: Heard, names: _Names) -> dict[str, Any]:
    told = heard.exchange
    kept = {k: names.put_into(v) for k, v in told.headers if k.lower() not in _OWN_HEADERS}
    return {
        "number": index + 1,
        "surface": told.surface,
        "call": told.call,
        "who": told.who.removesuffix(BEARER),
        "bearer": told.who.endswith(BEARER),
        "world": told.world,
        "setup": told.setup,
        "control": told.surface == "control",
        "again": told.surface == "control" or told.method in _READS,
        "method": told.method,
        "base": told.base,
        "path": names.put_into(told.path),
        "headers": kept,
        **_body(heard, names),
    }


def _body(heard: Heard, names: _Names) -> dict[str, Any]:
    """As text where it is text; a file that was cut is filled with zeros up to its length."""
    sent, missing = heard.exchange.sent, heard.exchange.sent_bytes - len(heard.exchange.sent)
    try:
        text = sent.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if missing <= 0 and (text or not sent) and "\x00" not in text:
        return {"body": names.put_into(text), "body_base64": "", "zeros": 0, "tail": ""}
    tail = BOUNDARY_END if missing > len(BOUNDARY_END) else ""
    zeros = max(missing - len(tail), 0)
    encoded = b64encode(sent).decode("ascii")
    return {"body": "", "body_base64": encoded, "zeros": zeros, "tail": tail}


def _sent_text(heard: Heard) -> str:
    told = heard.exchange
    values = " ".join(value for _, value in told.headers)
    return f"{told.path} {values} {told.sent.decode('utf-8', 'replace')}\n"


def _taken(index: int, heard: Heard, later: str, names: _Names) -> list[dict[str, Any]]:
    """What later requests repeat of this answer; from then on it has a name."""
    found: list[dict[str, Any]] = []
    session = dict(heard.exchange.answer_headers).get("mcp-session-id", "")
    candidates: list[tuple[Path, Any]] = [(("header", "mcp-session-id"), session)]
    candidates += texts(heard.answer["body"], ("body",))
    for path, value in candidates:
        if len(value) < SHORTEST_KEPT or value in names.values or value not in later:
            continue
        names.values[value] = f"kept_{index + 1}_{len(found) + 1}"
        found.append({"name": names.values[value], "at": list(path)})
    return found


def texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in a JSON value that is an id or a URL: what only an answer can tell."""
    if isinstance(value, dict):
        # What a tool tells twice is taken where it is easier to read.
        names = ["structuredContent"] if "structuredContent" in value else list(value)
        for name in names:
            yield from texts(value[name], (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*path, index))
    elif isinstance(value, str):
        name = next((each for each in reversed(path) if isinstance(each, str)), "")
        if _TAKEN.search(name) or value.startswith(("http://", "https://")):
            yield path, value


def _facts(
    index: int,
    shown: Sequence[Leaf],
    heard: Sequence[Heard],
    names: _Names,
    *,
    worlds: bool,
    loose: bool,
) -> list[dict[str, Any]]:
    """``loose``: a value need not be the same again, but as wrong as it was."""
    found: list[dict[str, Any]] = []
    for leaf in shown:
        if leaf.index != index or (leaf.soft and not worlds):
            continue  # where worlds can't be had, nothing is played again before it is told
        relative = not (worlds or _in_crowd(leaf, heard))
        earlier = _earlier(leaf, heard) if relative else None
        like = leaf.unlike or (None if worlds else _state_like(leaf, heard))
        fact: dict[str, Any] = {"at": list(leaf.path), "is": leaf.value}
        if earlier is not None:
            fact["since"] = [earlier.index + 1, list(earlier.path)]
            fact["is"] = leaf.value - earlier.value
        elif leaf.falls:
            fact = {"at": list(leaf.path), "falls": True}
        elif like is not None:
            fact = {"at": list(leaf.path), "unlike": [like[0] + 1, list(like[1])]}
        elif loose and leaf.ought != UNKNOWN:
            fact = {"at": list(leaf.path), **_wrong(leaf)}
        elif isinstance(leaf.value, str):
            fact["is"] = names.put_into(leaf.value)
        elif relative and _is_balance(leaf, heard):
            continue  # the first of several: the later ones are told from it
        found.append({**fact, "soft": True} if leaf.soft else fact)
    return found


def _state_like(leaf: Leaf, heard: Sequence[Heard]) -> tuple[int, Path] | None:
    """Where the state that a running job ought to be in was told before, last: how far it is by
    itself depends on when it is looked at."""
    if leaf.path[-1] != "status" or leaf.value not in answers.RUNNING:
        return None
    for index in range(leaf.index - 1, -1, -1):
        for path in STATES:
            if answers.at(heard[index].answer, path) == leaf.ought:
                return index, path
    return None


def _wrong(leaf: Leaf) -> dict[str, Any]:
    """On which side of what it should be a value is."""
    if answers.is_number(leaf.value) and answers.is_number(leaf.ought):
        return {"above" if leaf.value > leaf.ought else "below": leaf.ought}
    return {"not": leaf.ought}


def _earlier(leaf: Leaf, heard: Sequence[Heard]) -> Leaf | None:
    """The balance at first, of an account whose balance nobody can set."""
    if not _is_balance(leaf, heard):
        return None
    who = heard[leaf.index].exchange.who
    for index in range(leaf.index):
        told = Leaf(index, leaf.path, answers.at(heard[index].answer, leaf.path))
        if heard[index].exchange.who == who and _is_balance(told, heard):
            return told
    return None


def _is_balance(leaf: Leaf, heard: Sequence[Heard]) -> bool:
    number = isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool)
    return number and heard[leaf.index].exchange.call == "get_balance" and leaf.path[0] == "body"


def _watched(heard: Heard, facts: Sequence[Mapping[str, Any]]) -> str:
    """Until when a look at a job, whose clock can't be moved, is repeated: until it has ``ended``
    as it had, or until what was ``shown`` comes again; "" for anything else."""
    if heard.exchange.call not in LOOKS or heard.exchange.status != 200:
        return ""
    if not (answers.is_running(heard.answer["body"]) or any("falls" in fact for fact in facts)):
        return "ended"
    return "shown" if facts else ""


def _conditions(
    index: int, shown: Sequence[Leaf], heard: Sequence[Heard], *, facts: Sequence[object]
) -> list[dict[str, Any]]:
    """What must be so on somebody else's account, or nothing can be told: the credits that starts
    at once share, and enough of them, and of a minute's starts, for those that were accepted."""
    told = heard[index]
    found: list[dict[str, Any]] = []
    if is_start(told) and not (facts or told.exchange.beside or is_refused(told)):
        place = PLACES[told.exchange.surface]
        found.append({"at": [*place, "error"], "other_than": SHORT})
        found.append({"at": ["status"], "other_than": answers.PUT_OFF})
    for leaf in shown:
        first = _earlier(leaf, heard) if _in_crowd(leaf, heard) else None
        if first is not None and first.index == index:
            found.append({"at": list(first.path), "is": first.value})
    return found


def _in_crowd(leaf: Leaf, heard: Sequence[Heard]) -> bool:
    """Whether it is what starts at once have left of the credits."""
    return leaf.ought != UNKNOWN and any(crowd.start <= leaf.index for crowd in crowds(heard))


def _rows(
    index: int, shown: Sequence[Leaf], heard: Sequence[Heard], names: _Names
) -> Sequence[str]:
    """Names of the jobs in whose rows of a list something shows."""
    rows = [
        answers.at(heard[index].answer, leaf.path[:-1]) for leaf in shown if leaf.index == index
    ]
    told = [value for row in rows if isinstance(row, dict) for value in row.values()]
    return [
        names.values[value] for value in told if isinstance(value, str) and value in names.values
    ]


def _last_said(heard: Sequence[Heard], count: int) -> list[Leaf]:
    judged = [i for i, each in enumerate(heard) if not each.exchange.setup]
    return [leaf for index in judged[-count:] for leaf in said(index, heard[index].answer)]


def said(index: int, answer: Mapping[str, Any]) -> Iterator[Leaf]:
    """What an answer says; ids, times, addresses and words are soft."""
    yield Leaf(index, ("status",), answer["status"])
    for name in _HEADERS_LOOKED_AT:
        yield Leaf(index, ("header", name), answer["header"].get(name, answers.MISSING))
    if answer["body"] is None and answer["file"] is not None:
        # The bytes of a file are each backend's own.
        yield from file_leaves(index, answer)
        return
    if answer["body"] is None:
        yield Leaf(index, ("bytes",), answer["bytes"])
        yield Leaf(index, ("digest",), answer["digest"])
        return
    parts = [
        leaf
        for path, value in _parts(answer["body"], ("body",))
        for leaf in _leaves_of(index, path, value)
    ]
    if len(parts) > FACTS_MOST:
        whole = ("body", "#digest")
        told = Leaf(index, whole, answers.at(answer, whole), soft=True)
        # What there is comes before what is in it.
        parts.sort(key=lambda leaf: leaf.path[-1] not in ("#keys", "#length", "#kind"))
        parts = [told, *parts[:FACTS_MOST]]
    yield from parts


def _leaves_of(index: int, path: Path, value: Any) -> Iterator[Leaf]:
    """Of what is new each time its type at the least."""
    new = isinstance(path[-1], str) and bool(_VOLATILE.search(path[-1]))
    if new:
        yield Leaf(index, (*path, "#kind"), type(value).__name__)
    yield Leaf(index, path, value, soft=new)


def _parts(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        yield (*path, "#keys"), sorted(value)
        for name, inner in value.items():
            if not (name == "content" and "structuredContent" in value):
                yield from _parts(inner, (*path, name))
    elif isinstance(value, list):
        yield (*path, "#length"), len(value)
        for index, inner in enumerate(value):
            yield from _parts(inner, (*path, index))
    else:
        yield path, value
