"""Calls against what a test expects of them: which fit, and what the nearest lack."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONDITIONS = ("equals", "contains", "matches", "present")
NEAREST_MOST = 5
_PATTERN_MOST = 200
_NAME_MOST = 200


class BadMatcher(ValueError):
    """What was wrong with a matcher, and what was expected."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field, dots leading into objects and lists, and what it must be. ``kind``: one of
    CONDITIONS."""

    field: str
    kind: str
    value: object

    def holds(self, found: Mapping[str, object]) -> bool:
        there, value = look_up(found, self.field)
        if self.kind == "present":
            return there == bool(self.value)
        if not there:
            return False
        if self.kind == "equals":
            return _equal(value, self.value)
        if self.kind == "contains":
            return _contains(value, self.value)
        return isinstance(value, str) and re.search(str(self.value), value) is not None

    def says(self) -> str:
        if self.kind == "equals":
            return repr(self.value)
        if self.kind == "present":
            return "present" if self.value else "absent"
        return f"{self.kind} {self.value!r}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which a call is not what was expected."""

    field: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Near:
    """A call that nearly fits; ``seq`` is its number."""

    seq: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as matchers see it: ``fields`` hold its head by name, ``request`` and ``answer``."""

    seq: int
    at_ms: int
    fields: Mapping[str, object]


def conditions(wanted: Mapping[str, object], known: Sequence[str]) -> tuple[Condition, ...]:
    """From ``{"operation": "generate_media", "request.model": {"contains": "kling"}}``. The first
    part of a name is one of ``known``. Raises BadMatcher."""
    made = []
    for name, value in wanted.items():
        if len(name) > _NAME_MOST:
            raise BadMatcher(f"{name[:80]!r}… is longer than {_NAME_MOST} characters")
        if name.split(".")[0] not in known:
            raise BadMatcher(f"unknown field {name[:80]!r}, expected one of {', '.join(known)}")
        made += _conditions_of(name, value)
    return tuple(made)


def matching(calls: Iterable[Seen], wanted: Sequence[Condition]) -> list[Seen]:
    """The calls that fit, in their order."""
    return [call for call in calls if all(one.holds(call.fields) for one in wanted)]


def nearest(calls: Iterable[Seen], wanted: Sequence[Condition]) -> list[Near]:
    """Those that fit in all but the fewest fields, the latest first; none that fits in nothing."""
    ranked = []
    for call in calls:
        missed = [one for one in wanted if not one.holds(call.fields)]
        if missed and len(missed) < max(len(wanted), 2):
            ranked.append((len(missed), -call.seq, call, missed))
    ranked.sort(key=lambda row: row[:2])
    return [
        Near(
            call.seq,
            tuple(
                Difference(one.field, one.says(), _told(call.fields, one.field)) for one in missed
            ),
        )
        for _, _, call, missed in ranked[:NEAREST_MOST]
    ]


def in_order(calls: Sequence[Seen], steps: Sequence[Sequence[Condition]]) -> int:
    """How many of the steps are found one after another, others between them or not."""
    found, start = 0, 0
    for wanted in steps:
        place = next(
            (
                place
                for place in range(start, len(calls))
                if all(one.holds(calls[place].fields) for one in wanted)
            ),
            None,
        )
        if place is None:
            break
        found, start = found + 1, place + 1
    return found


def shortest_ms(calls: Iterable[Seen], steps: Sequence[Sequence[Condition]]) -> int:
    """From the first to the last of those calls that follow one another as the steps say, where
    that is shortest; 0 when no calls do."""
    shortest: int | None = None
    begun: list[int | None] = [None] * len(steps)  # the latest begin of the first n + 1 steps
    for call in calls:
        for place in range(len(steps) - 1, -1, -1):
            if all(one.holds(call.fields) for one in steps[place]):
                begun[place] = begun[place - 1] if place else call.at_ms
                since = begun[-1]
                if place == len(steps) - 1 and since is not None:
                    took = call.at_ms - since
                    shortest = took if shortest is None else min(shortest, took)
    return shortest or 0


def look_up(found: Mapping[str, object], name: str) -> tuple[bool, object]:
    """Whether a field is there, and its value; a field's own name may hold dots."""
    value: object = found
    parts = name.split(".")
    while parts:
        if isinstance(value, Mapping):
            taken = next(
                (size for size in range(len(parts), 0, -1) if ".".join(parts[:size]) in value), 0
            )
            if not taken:
                return False, None
            value, parts = value[".".join(parts[:taken])], parts[taken:]
        elif isinstance(value, list) and parts[0].isdecimal() and int(parts[0]) < len(value):
            value, parts = value[int(parts[0])], parts[1:]
        else:
            return False, None
    return True, value


def _conditions_of(name: str, value: object) -> list[Condition]:
    if not isinstance(value, Mapping) or not value.keys() & set(CONDITIONS):
        return [Condition(name, "equals", value)]
    made = []
    for kind, expected in value.items():
        if kind not in CONDITIONS:
            raise BadMatcher(
                f"{name}: unknown {str(kind)[:80]!r}, expected {' or '.join(CONDITIONS)}"
            )
        if kind == "present" and not isinstance(expected, bool):
            raise BadMatcher(f"{name}: present is true or false, got {str(expected)[:80]!r}")
        if kind == "matches":
            _check_pattern(name, expected)
        made.append(Condition(name, str(kind), expected))
    return made


def _check_pattern(name: str, pattern: object) -> None:
    """Plain patterns only: a repeated group could take for ever."""
    text = pattern if isinstance(pattern, str) else ""
    if not text or len(text) > _PATTERN_MOST or re.search(r"\)\s*[*+{?]|\\[1-9]|\(\?", text):
        expected = f"a pattern of at most {_PATTERN_MOST} characters without repeated groups"
        raise BadMatcher(f"{name}: matches {str(pattern)[:80]!r}, expected {expected}")
    try:
        re.compile(text)
    except re.error as error:
        raise BadMatcher(f"{name}: matches {text[:80]!r}: {error}") from None


def _equal(one: object, other: object) -> bool:
    """As JSON is compared: 1 is 1.0, and true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def _contains(value: object, wanted: object) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    if isinstance(value, list):
        return wanted in value
    return isinstance(value, Mapping) and isinstance(wanted, str) and wanted in value


def _told(fields: Mapping[str, object], name: str) -> str:
    there, value = look_up(fields, name)
    return repr(value)[:200] if there else "absent"
