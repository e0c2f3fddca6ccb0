"""What a step saw against what it must see."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from simulator.engine.scenarios import Expect, Step, Surface
from simulator.surfaces.plays.seen import DENIED, OK, Sight

ANYTHING, NOTHING = "@set", "@null"
_WITHOUT_CODE = frozenset({"403", "404", "409", "422", "500"})
"""Statuses of refusals that have no code of their own: over MCP they have no status either."""

_MISSING = object()

Resolve = Callable[[Any], Any]


def at(body: Any, path: str) -> Any:
    """The value at a dotted path of objects and lists. Raises KeyError."""
    for part in path.split("."):
        if isinstance(body, Mapping) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            raise KeyError(path)
    return body


def problems(
    step: Step, sight: Sight, resolve: Resolve, surface: Surface, armed: Collection[str]
) -> list[str]:
    """Everything that is not as expected; ``armed``: the ids of the scenario's faults."""
    expect = step.expect
    found = [*_outcome(expect, sight, surface), *_fields(expect, sight, resolve)]
    found += _headers(expect, sight, surface)
    text = msgspec.json.encode(sight.body).decode()
    if expect.text is not None and expect.text not in text:
        found.append(f"{expect.text!r} is nowhere in {text[:200]}")
    if expect.told is not None and expect.told != bool(set(sight.told) & set(armed)):
        said = "no fault of the scenario" if expect.told else "a fault of the scenario"
        found.append(f"X-Sim-Fault names {said}: {', '.join(sight.told) or 'nothing'}")
    if expect.bytes_least is not None and sight.size < expect.bytes_least:
        found.append(f"{sight.size} bytes, expected at least {expect.bytes_least}")
    if expect.whole is not None and expect.whole != sight.whole:
        found.append(f"whole: {sight.whole}, expected {expect.whole}")
    if expect.events is not None and list(sight.events) != expect.events:
        found.append(f"events {list(sight.events)}, expected {expect.events}")
    names = sight.body.get("names", []) if isinstance(sight.body, dict) else []
    found += [f"{name} is not listed" for name in expect.has if name not in names]
    found += [f"{name} is listed" for name in expect.lacks if name in names]
    return found


def _outcome(expect: Expect, sight: Sight, surface: Surface) -> list[str]:
    if expect.counts is not None:
        counted = Counter(_plain(each.outcome, surface) for each in sight.several)
        wanted = Counter[str]()
        for outcome, times in expect.counts.items():
            wanted[_plain(outcome, surface)] += times
        if counted != wanted:
            return [f"outcomes {dict(counted)}, expected {dict(wanted)}"]
        return []
    wanted_one = OK if expect.outcome is None else expect.outcome
    if _plain(sight.outcome, surface) != _plain(wanted_one, surface):
        return [f"outcome {sight.outcome}, expected {wanted_one}"]
    return []


def _plain(outcome: str, surface: Surface) -> str:
    return DENIED if surface == "mcp" and outcome in _WITHOUT_CODE else outcome


def _fields(expect: Expect, sight: Sight, resolve: Resolve) -> list[str]:
    found = []
    for path, wanted in expect.fields.items():
        got = _value(sight.body, path)
        if not _fits(got, resolve(wanted)):
            found.append(f"{path}: {_shown(got)}, expected {_shown(resolve(wanted))}")
    for path, unwanted in expect.differs.items():
        got = _value(sight.body, path)
        if got is _MISSING or got == resolve(unwanted):
            found.append(f"{path}: {_shown(got)}, expected another than that")
    return found


def _headers(expect: Expect, sight: Sight, surface: Surface) -> list[str]:
    found = []
    if surface == "rest":
        for name, wanted in expect.headers.items():
            if sight.headers.get(name) != wanted:
                found.append(f"{name}: {sight.headers.get(name)}, expected {wanted}")
    kind = sight.headers.get("content-type", "")
    if expect.kind is not None and not kind.startswith(expect.kind):
        found.append(f"content type {kind!r}, expected {expect.kind!r}")
    return found


def _value(body: Any, path: str) -> Any:
    try:
        return at(body, path)
    except KeyError:
        return _MISSING


def _fits(got: Any, wanted: Any) -> bool:
    if wanted == ANYTHING:
        return got is not _MISSING and got is not None
    if wanted == NOTHING:
        return got is None
    return bool(got == wanted) and isinstance(got, bool) == isinstance(wanted, bool)


def _shown(value: Any) -> str:
    return "not there" if value is _MISSING else repr(value)[:120]
