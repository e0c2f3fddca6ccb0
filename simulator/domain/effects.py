"""Kinds of faults as data: what each does, at which layer, and the numbers and words it takes.

An effect is written ``kind``, ``kind=value`` or ``kind=value;name=value`` in a header or a prompt,
and ``{"kind": ..., name: value}`` in a rule. Both are read by the same table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

Layer = Literal["job", "wire", "stream", "mcp", "billing"]
Value = str | Fraction

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_TEXT_MOST = 200
_NUMBER_MOST = 1e12


class BadEffect(ValueError):
    """What was wrong with a fault, and what was expected."""


@dataclass(frozen=True, slots=True)
class Param:
    """``choices``: a word of these; ``word``: any word; ``text``: any short text; otherwise a
    number from ``least`` to ``most``, ``whole`` or with a fraction. ``default`` None: it may be
    left out; ``needed``: it may not."""

    name: str
    says: str
    least: int = 0
    most: int = 0
    whole: bool = False
    word: bool = False
    text: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """The first of ``params`` is the one that ``kind=value`` sets."""

    name: str
    layer: Layer
    says: str
    params: tuple[Param, ...] = ()


_CODE = Param("code", "HTTP status", 400, 599, whole=True)
_SECONDS = Param("seconds", "seconds of the world's clock", 0, 86_400, needed=True)

KINDS: tuple[Kind, ...] = (
    Kind(
        "fail",
        "job",
        "The job fails for a reason, at a fraction of its processing time.",
        (
            Param("reason", "told in error_message", word=True, default="unspecified"),
            Param("at", "fraction of the processing time", 0, 1, default="0.5"),
        ),
    ),
    Kind(
        "moderation",
        "job",
        "The job fails by moderation: of its prompt before the work, or of its result after it.",
        (Param("stage", "before or after the work", choices=("before", "after"), default="after"),),
    ),
    Kind("stuck", "job", "The job never ends."),
    Kind(
        "slow",
        "job",
        "Every step of the job takes so many times as long.",
        (Param("factor", "times as long", 0, 10_000, needed=True),),
    ),
    Kind("late_visibility", "job", "Its id answers 404 for a while.", (_SECONDS,)),
    Kind("late_cdn", "job", "Completed, but its files come later.", (_SECONDS,)),
    Kind("optimization_failed", "job", "Completed, but without the optimized copy."),
    Kind(
        "broken_file",
        "job",
        "Completed, but the file is not what it should be.",
        (
            Param(
                "how",
                "404, another type than its name says, cut in half, or a trickle",
                choices=("missing", "wrong_type", "truncated", "slow"),
                default="missing",
            ),
        ),
    ),
    Kind(
        "delay",
        "wire",
        "All is done, and the answer waits: as long as said, evenly spread up to to_ms, or"
        " lognormal around ms.",
        (
            Param("ms", "real milliseconds; the median if sigma is given", 0, 60_000, needed=True),
            Param("to_ms", "the most, if spread evenly", 0, 60_000),
            Param("sigma", "of the lognormal", 0, 3),
        ),
    ),
    Kind(
        "status",
        "wire",
        "The answer is this status; nothing was done.",
        (_CODE, Param("detail", "told in the body", text=True, default="A fault was asked for.")),
    ),
    Kind(
        "drop",
        "wire",
        "The connection breaks, before anything is done or after all of it was.",
        (
            Param(
                "when", "before or after the commit", choices=("before", "after"), default="after"
            ),
        ),
    ),
    Kind(
        "truncate",
        "wire",
        "The answer breaks off in the middle.",
        (Param("keep", "fraction of the bytes that arrive", 0, 1, default="0.5"),),
    ),
    Kind("malformed", "wire", "All is done, and the body is no JSON."),
    Kind(
        "content_type",
        "wire",
        "All is done, and the answer calls itself something else.",
        (Param("value", "media type", text=True, default="text/html"),),
    ),
    Kind(
        "drip",
        "wire",
        "The body comes in small pieces.",
        (
            Param("bytes", "in a piece", 1, 65_536, whole=True, default="16"),
            Param("every_ms", "real milliseconds between pieces", 0, 10_000, default="50"),
        ),
    ),
    Kind(
        "rate_limited",
        "wire",
        "429 with Retry-After; nothing was done.",
        (Param("retry_after", "seconds", 0, 86_400, whole=True, default="30"),),
    ),
    Kind(
        "outage",
        "wire",
        "503 to whatever it matches; give it for_seconds for a window.",
        (Param("retry_after", "seconds, if told", 0, 86_400, whole=True),),
    ),
    Kind(
        "stream_cut",
        "stream",
        "The event stream ends in the middle, after so many events.",
        (Param("after", "events", 0, 1_000, whole=True, default="0"),),
    ),
    Kind("stream_silent", "stream", "The event stream stays open and says nothing."),
    Kind(
        "stream_error",
        "stream",
        "The event stream ends with an error event.",
        (Param("message", "told in the event", text=True, default="The stream failed."),),
    ),
    Kind("tool_vanished", "mcp", "The tool is not listed, and calling it says it is unknown."),
    Kind("schema_changed", "mcp", "The tool asks for one more argument than it did."),
    Kind("lost_session", "mcp", "The session is unknown, as after a restart."),
    Kind(
        "oversized",
        "mcp",
        "The tool's answer carries so many bytes more.",
        (Param("bytes", "of padding", 1, 8_000_000, whole=True, default="1000000"),),
    ),
    Kind("insufficient", "billing", "Refused for want of credits, although they are there."),
    Kind(
        "price",
        "billing",
        "Another price, for quotes and starts alike; with after_seconds it comes between them.",
        (
            Param("factor", "times the catalogue's price", 0, 1_000),
            Param("credits", "instead of the catalogue's price", 0, 1_000_000),
        ),
    ),
    Kind(
        "stale_estimate",
        "billing",
        "A quote tells so many times the price; a start holds the true one.",
        (Param("factor", "times the price", 0, 1_000, default="0.5"),),
    ),
)

_BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}

RIVALS: tuple[frozenset[str], ...] = (
    frozenset({"fail", "moderation", "stuck"}),
    frozenset({"status", "rate_limited", "outage", "drop", "tool_vanished", "lost_session"}),
    frozenset({"stream_cut", "stream_silent", "stream_error"}),
)
"""Only one of each group can befall a request: a job has one end, and a call one answer."""


def kinds_of(*layers: Layer) -> frozenset[str]:
    """The names of the kinds that belong to any of ``layers``."""
    return frozenset(kind.name for kind in KINDS if kind.layer in layers)


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that goes wrong. ``values`` holds what was given and every default."""

    kind: str
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def layer(self) -> Layer:
        return _BY_NAME[self.kind].layer

    def number(self, name: str) -> Fraction | None:
        value = self.values.get(name)
        return value if isinstance(value, Fraction) else None

    def word(self, name: str) -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def as_dict(self) -> dict[str, object]:
        """As JSON: numbers as numbers, whole ones without a point."""
        return {"kind": self.kind, **{name: _shown(value) for name, value in self.values.items()}}


def effect_of(fields: Mapping[str, object]) -> Effect:
    """From ``{"kind": ..., name: value}``. Raises BadEffect."""
    kind = _kind(fields.get("kind"))
    given = {name: value for name, value in fields.items() if name != "kind"}
    return _made(kind, given)


def effect_from_text(text: str) -> Effect:
    """From ``kind``, ``kind=value`` or ``kind=value;name=value``. Raises BadEffect."""
    head, *rest = text.split(";")
    name, found, value = head.partition("=")
    kind = _kind(name.strip())
    given: dict[str, object] = {}
    if found:
        if not kind.params:
            raise BadEffect(f"{kind.name} takes no value, got {value.strip()[:80]!r}")
        given[kind.params[0].name] = value.strip()
    for part in rest:
        name, found, value = part.partition("=")
        if not found:
            raise BadEffect(f"expected name=value after {kind.name}, got {part[:80]!r}")
        given[name.strip()] = value.strip()
    return _made(kind, given)


def effects_from_text(text: str) -> tuple[Effect, ...]:
    """Several, parted by commas; of two of a kind the first counts. Raises BadEffect."""
    return tuple(effect_from_text(part.strip()) for part in text.split(",") if part.strip())


def _kind(name: object) -> Kind:
    kind = _BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        expected = ", ".join(_BY_NAME)
        raise BadEffect(f"unknown kind of fault {str(name)[:80]!r}, expected one of {expected}")
    return kind


def _made(kind: Kind, given: Mapping[str, object]) -> Effect:
    known = {param.name: param for param in kind.params}
    for name in given:
        if name not in known:
            expected = ", ".join(known) or "nothing"
            raise BadEffect(f"{kind.name} does not take {name[:80]!r}, expected {expected}")
    values: dict[str, Value] = {}
    for param in kind.params:
        value = given.get(param.name, param.default)
        if value is not None:
            values[param.name] = _read(kind, param, value)
        elif param.needed:
            raise BadEffect(f"{kind.name} needs {param.name}: {param.says}")
    effect = Effect(kind.name, values)
    if kind.name == "price" and len(values) != 1:
        raise BadEffect("price needs either factor or credits")
    if kind.name == "delay":
        _check_delay(effect)
    return effect


def _check_delay(effect: Effect) -> None:
    least, most = effect.number("ms"), effect.number("to_ms")
    if most is not None and least is not None and most < least:
        raise BadEffect(f"delay: to_ms {float(most):g} is less than ms {float(least):g}")
    if most is not None and effect.number("sigma") is not None:
        raise BadEffect("delay is spread evenly up to to_ms or lognormal with sigma, not both")


def _read(kind: Kind, param: Param, value: object) -> Value:
    text = value if isinstance(value, str) else _plain(value)
    if param.choices:
        fits, expected = text in param.choices, " or ".join(param.choices)
    elif param.word:
        fits, expected = _WORD.fullmatch(text) is not None, "letters, digits, _ . and -"
    elif param.text:
        fits = text.isprintable() and text.isascii() and len(text) <= _TEXT_MOST
        expected = f"at most {_TEXT_MOST} printable ASCII characters"
    else:
        return _read_number(kind, param, text)
    if not fits:
        raise BadEffect(f"{kind.name}: {param.name} {text[:80]!r}, expected {expected}")
    return text


def _read_number(kind: Kind, param: Param, text: str) -> Fraction:
    number = Fraction(text) if _NUMBER.fullmatch(text) and text.isascii() else None
    # A factor of nothing would end a job before it began, and a share may well be nothing.
    above = kind.name == "slow"
    shape = "a whole number" if param.whole else "a number"
    expected = f"{shape} {'above' if above else 'from'} {param.least} to {param.most}"
    if (
        number is None
        or not param.least <= number <= param.most
        or (above and number == param.least)
        or (param.whole and number.denominator != 1)
    ):
        raise BadEffect(f"{kind.name}: {param.name} {text[:80]!r}, expected {expected}")
    return number


def _plain(value: object) -> str:
    """A JSON number without an exponent; anything else as a text that no number looks like."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{type(value).__name__}"
    if not abs(value) < _NUMBER_MOST:  # neither is what is no number
        return "too much"
    return format(Decimal(str(value)).normalize(), "f")


def _shown(value: Value) -> object:
    if isinstance(value, str):
        return value
    return value.numerator if value.denominator == 1 else float(value)
