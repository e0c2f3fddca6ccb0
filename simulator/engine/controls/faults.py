"""Faults set beforehand: arming, listing and removing them."""

from fractions import Fraction
from typing import Annotated, Any

from msgspec import Meta, Struct

from simulator.domain.effects import BadEffect, Effect, effect_of
from simulator.domain.errors import Denial, Malformed
from simulator.domain.faults import Fault, Match
from simulator.domain.times import rfc3339
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.faultbook import Armed
from simulator.engine.operations import OPERATIONS, UNROUTED
from simulator.engine.worlds import World

TOOLS = tuple(operation.name for operation in (*OPERATIONS, *UNROUTED))
CALLS = (*TOOLS, "upload_media", "download_file", "follow_generation", "follow_music")
"""The names of all calls that faults and breakpoints can be for."""

SECONDS_MOST = 1e9
Seconds = Annotated[float, Meta(gt=0, le=SECONDS_MOST)]


class MatchBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which calls; what is left out matches every one."""

    operation: (
        Annotated[str, Meta(description="Such as generate_media, over REST and MCP.")] | None
    ) = None
    route: Annotated[str, Meta(description="A path or its template, over REST only.")] | None = None
    tool: Annotated[str, Meta(description="A tool's name, over MCP only.")] | None = None
    model: str | None = None
    account: str | None = None
    fields: Annotated[
        dict[str, Any], Meta(description="Fields of the request, dots leading into objects.")
    ] = {}

    def match(self) -> Match:
        """Raises Malformed for names that no call has: such a rule would wait for ever."""
        _check("operation", self.operation, CALLS)
        _check("tool", self.tool, TOOLS)
        return Match(
            self.operation, self.route, self.tool, self.model, self.account, dict(self.fields)
        )


class FaultBody(Struct, frozen=True, forbid_unknown_fields=True):
    do: Annotated[
        dict[str, Any], Meta(description='What goes wrong: {"kind": ..., and its parameters}.')
    ]
    match: MatchBody = MatchBody()
    times: Annotated[int, Meta(ge=1, description="How many calls; left out: all.")] | None = None
    skip: Annotated[int, Meta(ge=0, description="How many fitting calls pass first.")] = 0
    probability: Annotated[
        float, Meta(gt=0, le=1, description="Of each call, drawn from the world's seed.")
    ] = 1.0
    for_seconds: Annotated[Seconds, Meta(description="How long, by the world's clock.")] | None = (
        None
    )
    after_seconds: (
        Annotated[Seconds, Meta(description="From when on, by the world's clock.")] | None
    ) = None


class FaultId(Struct, frozen=True):
    id: str


class FaultView(Struct, frozen=True):
    id: str
    do: dict[str, Any]
    match: MatchBody
    times: int | None
    left: Annotated[int | None, Meta(description="How many calls it will still take.")]
    fired: int
    fitted: Annotated[int, Meta(description="Calls that its match fitted.")]
    skip: int
    probability: float
    begins_at: str | None
    ends_at: str | None


class FaultsAnswer(Struct, frozen=True):
    faults: list[FaultView]


class Removed(Struct, frozen=True):
    removed: int


async def faults(control: Control, world: World, body: Nothing) -> FaultsAnswer:
    """Every armed fault, in the order of their priority, with what is left of it."""
    return FaultsAnswer([view(armed) for armed in world.lab.faults.all()])


async def arm(control: Control, world: World, body: FaultBody) -> FaultView:
    """Arms a fault for calls to come. It ends after its times, with its seconds, by its id, or with
    a reset."""
    now_ms = await control.worlds.now(world)
    return view(world.lab.faults.add(fault_of(body, now_ms), now_ms))


async def disarm(control: Control, world: World, body: FaultId) -> Removed:
    """Removes one fault."""
    if not world.lab.faults.remove(body.id):
        raise Denial(404, "There is no fault with this id in this namespace.")
    return Removed(1)


async def disarm_all(control: Control, world: World, body: Nothing) -> Removed:
    """Removes every fault."""
    return Removed(world.lab.faults.clear())


def fault_of(body: FaultBody, now_ms: int) -> Fault:
    """The rule that a body describes, at an instant. Raises Malformed."""
    try:
        effect = effect_of(body.do)
    except BadEffect as error:
        raise Malformed([{"loc": ["body", "do"], "msg": str(error), "type": "invalid"}]) from None
    from_ms = None if body.after_seconds is None else now_ms + round(body.after_seconds * 1000)
    begins_ms = now_ms if from_ms is None else from_ms
    until_ms = None if body.for_seconds is None else begins_ms + round(body.for_seconds * 1000)
    return Fault(
        id="",
        number=0,
        match=body.match.match(),
        effect=effect,
        times=body.times,
        skip=body.skip,
        probability=Fraction(body.probability).limit_denominator(1_000_000),
        from_ms=from_ms,
        until_ms=until_ms,
    )


def _check(field: str, name: str | None, known: tuple[str, ...]) -> None:
    if name is None or name in known:
        return
    text = f"unknown {field} {name[:80]!r}, expected one of {', '.join(known)}"
    raise Malformed([{"loc": ["body", "match", field], "msg": text, "type": "invalid"}])


def view(armed: Armed) -> FaultView:
    """An armed fault as callers see it."""
    fault, match = armed.fault, armed.fault.match
    effect: Effect = fault.effect
    return FaultView(
        id=fault.id,
        do=effect.as_dict(),
        match=MatchBody(
            match.operation,
            match.route,
            match.tool,
            match.model,
            match.account,
            dict(match.fields),
        ),
        times=fault.times,
        left=armed.left,
        fired=armed.fired,
        fitted=armed.fitted,
        skip=fault.skip,
        probability=float(fault.probability),
        begins_at=None if fault.from_ms is None else rfc3339(fault.from_ms),
        ends_at=None if fault.until_ms is None else rfc3339(fault.until_ms),
    )
