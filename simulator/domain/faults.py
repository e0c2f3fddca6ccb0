"""A fault as a value: what it matches, what it does, how often and until when; and a job's fate.

The effects of one request come, in this order, from its ``X-Sim-Fault`` and ``X-Sim-Scenario``
headers, from the words in its prompt, and from the rules set beforehand, the oldest first. Of two
effects of one kind the first counts, and of two that exclude each other; the others add up.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from simulator.domain.effects import RIVALS, BadEffect, Effect, Layer, effect_from_text
from simulator.domain.evidence import ASSUMED, Ruling

RULINGS = (
    Ruling(
        "faults.magic-words",
        ASSUMED,
        "mediasim's own",
        "[sim:kind=value] in a prompt asks for a fault of any kind, such as [sim:fail=reason],"
        " [sim:stuck] or [sim:slow=factor] (off with --no-magic).",
    ),
    Ruling(
        "faults.priority",
        ASSUMED,
        "mediasim's own",
        "A request's faults come from its headers, then from its prompt, then from rules, the"
        " oldest first; of two of a kind the first counts, as of two that exclude each other.",
    ),
    Ruling(
        "faults.exact",
        ASSUMED,
        "mediasim's own",
        "A rule counts the calls that it changed: a start that is refused for another reason gives"
        " its faults back, and what cannot touch a call is not taken.",
    ),
    Ruling(
        "faults.order",
        ASSUMED,
        "mediasim's own",
        "Faults of the wire come after the key, its scope, the rate limit and the body's shape,"
        " over REST and MCP alike; an outage also takes every other MCP message.",
    ),
    Ruling(
        "faults.told",
        ASSUMED,
        "mediasim's own",
        "An answer that faults made names them in X-Sim-Fault, and so does every later look at a"
        " job that their effect shows in.",
    ),
    Ruling(
        "faults.hang-up",
        ASSUMED,
        "mediasim's own",
        "A caller who hangs up while parked at a breakpoint is gone: nothing more is done for that"
        " request.",
    ),
)

_MAGIC = re.compile(r"\[sim:([a-z_]{1,32}(?:[=;][A-Za-z0-9_.;=/ -]{0,128})?)\]")


@dataclass(frozen=True, slots=True)
class JobFault:
    """A job's fate. ``fail`` is the reason given; ``at`` the fraction of the processing time at
    which it fails; ``slow`` stretches the whole timetable; ``stuck`` never ends. ``hidden_ms``:
    how long its id is unknown; ``files_late_ms``: how long after its end its files come."""

    fail: str | None = None
    at: Fraction = Fraction(1, 2)
    slow: Fraction = Fraction(1)
    stuck: bool = False
    hidden_ms: int = 0
    files_late_ms: int = 0
    optimization_failed: bool = False
    broken_file: str | None = None


HEALTHY = JobFault()


@dataclass(frozen=True, slots=True)
class Call:
    """A request as faults see it. ``surface``: rest, mcp or files; ``route`` is the path's
    template and ``path`` the path itself, both empty for MCP; ``fields`` what was sent, with the
    defaults; ``model`` what that came to."""

    operation: str
    surface: str
    route: str
    account: str
    model: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a fault touches; None: any. ``route`` is a path or its template, over REST only;
    ``tool`` a name, over MCP only; ``operation`` a name over both. ``fields`` are compared with
    what was sent, dots leading into objects."""

    operation: str | None = None
    route: str | None = None
    tool: str | None = None
    model: str | None = None
    account: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    def fits(self, call: Call) -> bool:
        return (
            self.operation in (None, call.operation)
            and self._is_route(call)
            and (self.tool is None or (call.surface == "mcp" and self.tool == call.operation))
            and self.model in (None, call.model, call.fields.get("model"))
            and self.account in (None, call.account)
            and all(_same(_sent(call.fields, name), value) for name, value in self.fields.items())
        )

    def _is_route(self, call: Call) -> bool:
        if self.route is None:
            return True
        return call.surface != "mcp" and self.route in (call.route, call.path)


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule: ``effect`` for what ``match`` fits, from ``from_ms`` until before ``until_ms`` of
    the world's clock. The first ``skip`` fitting calls pass, then it takes ``times`` of them (None:
    all), each with ``probability``."""

    id: str
    number: int
    match: Match
    effect: Effect
    times: int | None = None
    skip: int = 0
    probability: Fraction = Fraction(1)
    from_ms: int | None = None
    until_ms: int | None = None

    def awake(self, now_ms: int) -> bool:
        return (self.from_ms is None or now_ms >= self.from_ms) and not self.over(now_ms)

    def over(self, now_ms: int) -> bool:
        return self.until_ms is not None and now_ms >= self.until_ms


@dataclass(frozen=True, slots=True)
class Fired:
    """An effect that takes place, and the id of what asked for it."""

    id: str
    effect: Effect


_RIVALRY: Mapping[str, str] = {kind: min(rivals) for rivals in RIVALS for kind in rivals}
_UNHEARD = frozenset({"truncate", "malformed", "content_type", "drip", "oversized"})
_NOT_DONE = frozenset({"status", "rate_limited", "outage", "tool_vanished", "lost_session"})


def that_take_place(fired: Iterable[Fired]) -> tuple[Fired, ...]:
    """Of two effects of a kind, or of rivals, the earlier; and none that nobody would notice: of an
    answer that is lost, or of a tool's that is never made."""
    kept: dict[str, Fired] = {}
    for one in fired:
        kept.setdefault(_RIVALRY.get(one.effect.kind, one.effect.kind), one)
    kinds = {one.effect.kind for one in kept.values()}
    unheard: Collection[str] = _UNHEARD if "drop" in kinds else ()
    unmade = ("oversized", "schema_changed") if kinds & _NOT_DONE else ()
    return tuple(one for one in kept.values() if one.effect.kind not in (*unheard, *unmade))


def find(fired: Iterable[Fired], kind: str) -> Effect | None:
    """The effect of that kind, if it takes place."""
    return next((one.effect for one in fired if one.effect.kind == kind), None)


def of_layers(fired: Iterable[Fired], layers: Collection[Layer]) -> tuple[Fired, ...]:
    """Those whose effects belong to one of ``layers``."""
    return tuple(one for one in fired if one.effect.layer in layers)


def from_prompt(prompt: str) -> tuple[Effect, ...]:
    """What a prompt's magic words ask for; words it can't read are ordinary text."""
    found = []
    for words in _MAGIC.findall(prompt) if "[sim:" in prompt else ():
        try:
            found.append(effect_from_text(words))
        except BadEffect:
            continue
    return tuple(found)


def job_fault(effects: Iterable[Effect]) -> JobFault:
    """The fate that effects of the job's layer add up to."""
    by_kind: dict[str, Effect] = {}
    for effect in effects:
        by_kind.setdefault(effect.kind, effect)
    fail, at = None, Fraction(1, 2)
    if "moderation" in by_kind:
        before = by_kind["moderation"].word("stage") == "before"
        fail, at = "moderation", Fraction(0 if before else 1)
    elif "fail" in by_kind:
        fail = by_kind["fail"].word("reason")
        at = _number(by_kind, "fail", "at", at)
    return JobFault(
        fail=fail,
        at=at,
        slow=_number(by_kind, "slow", "factor", Fraction(1)),
        stuck="stuck" in by_kind,
        hidden_ms=int(_number(by_kind, "late_visibility", "seconds", Fraction(0)) * 1000),
        files_late_ms=int(_number(by_kind, "late_cdn", "seconds", Fraction(0)) * 1000),
        optimization_failed="optimization_failed" in by_kind,
        broken_file=by_kind["broken_file"].word("how") if "broken_file" in by_kind else None,
    )


def _number(by_kind: Mapping[str, Effect], kind: str, name: str, default: Fraction) -> Fraction:
    found = by_kind[kind].number(name) if kind in by_kind else None
    return default if found is None else found


def _same(sent: object, wanted: object) -> bool:
    """As JSON: true is no 1."""
    return isinstance(sent, bool) == isinstance(wanted, bool) and sent == wanted


def _sent(fields: Mapping[str, object], name: str) -> object:
    value: object = fields
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
