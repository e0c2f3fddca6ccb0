"""Scenarios: listing them, putting one into a world, and playing it there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from simulator.domain.errors import Denial
from simulator.engine.bodies import Nothing
from simulator.engine.control import Control
from simulator.engine.control_shapes import LedgerQuery
from simulator.engine.controls import faults, queues
from simulator.engine.scenarios import Amounts, Arm, Ending, Row, Scenario, Step, Surface
from simulator.engine.scenarios_load import Library
from simulator.engine.worlds import World

_SHOWN_MOST = 120
_HOLD_S = 30.0


class PlayBody(Struct, frozen=True):
    name: str
    play: Annotated[
        bool, Meta(description="Also do what the client does; else only put it into the world.")
    ] = False
    surface: Annotated[Surface, Meta(description="How the played client calls.")] = "rest"


class ScenarioView(Struct, frozen=True):
    """A situation with all its texts."""

    name: str
    topic: str
    title: str
    says: Annotated[str, Meta(description="What happens, and why it matters to a client.")]
    client: Annotated[str, Meta(description="What a client does to see it.")]
    strength: str
    source: str
    request: Annotated[str, Meta(description="What X-Sim-Scenario does to one request, if any.")]
    surfaces: list[Surface]
    arm: Annotated[dict[str, Any], Meta(description="What is put into the world.")]
    play: Annotated[list[str], Meta(description="The steps of a client that shows it.")]
    ledger: Annotated[Ending, Meta(description="Every entry since the arming, and the balances.")]


class ScenariosAnswer(Struct, frozen=True):
    scenarios: list[ScenarioView]


class HolderView(Struct, frozen=True):
    account: str
    key: Annotated[str, Meta(description="What to send as X-API-Key.")]
    credits: float
    scopes: list[str]


class ArmedView(Struct, frozen=True):
    """What was put into the world, by the ids under which it can be removed."""

    accounts: list[HolderView]
    faults: list[str]
    queues: list[str]
    breakpoints: list[str]


class StepView(Struct, frozen=True):
    """A step that was played. ``problems`` empty: as expected."""

    number: int
    does: str
    expected: dict[str, Any]
    got: dict[str, Any]
    problems: list[str]


class LedgerView(Struct, frozen=True):
    """What the scenario says is in the ledger, and what is."""

    expected: Ending
    got: Ending
    problems: list[str]


class PlayedView(Struct, frozen=True):
    """``holds``: every step and the ledger are as the scenario says."""

    surface: Surface
    holds: bool
    steps: list[StepView]
    ledger: LedgerView


class ScenarioAnswer(Struct, frozen=True):
    name: str
    namespace: str
    client: Annotated[str, Meta(description="What a client now does to see it.")]
    armed: ArmedView
    played: PlayedView | None = None


Play = Callable[[Control, World, Scenario, Surface, ArmedView], Awaitable[PlayedView]]
"""Does what a scenario's client does, and looks what became of it."""


@dataclass(frozen=True, slots=True)
class Playhouse:
    """The scenarios, and who plays them."""

    library: Library
    play: Play


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the ledger stood when the scenario was armed: its entries, and what each account held
    and had spent."""

    entries: int
    moved: dict[str, tuple[float, float]]


async def scenarios(control: Control, world: World, body: Nothing) -> ScenariosAnswer:
    """Every named situation, with what it rests on and what is in the ledger at its end."""
    return ScenariosAnswer([view(one) for one in _house(control).library.scenarios().all()])


async def put(control: Control, world: World, body: PlayBody) -> ScenarioAnswer:
    """Puts a situation into the namespace: accounts with their credits and scopes, faults, queues,
    breakpoints. With play it also does what the client does, through the whole app, compares each
    answer and the ledger with what the scenario says, and takes away what it armed; the clock is
    stopped for that and stays so. What the namespace held before may get in the way: take a fresh
    one."""
    house = _house(control)
    scenario = house.library.scenarios().get(body.name)
    if scenario is None:
        raise Denial(404, "There is no scenario of this name; GET /_sim/scenarios lists them.")
    _check_start(control, scenario.arm)
    if body.play and body.surface not in scenario.surfaces:
        raise Denial(409, f"This scenario cannot be played over {body.surface}.")
    if scenario.arm.frozen or body.play:
        await control.freeze(world, Nothing())
    armed = await _armed(control, world, scenario.arm)
    played = None
    if body.play:
        try:
            played = await house.play(control, world, scenario, body.surface, armed)
        finally:
            _disarm(world, armed)
    return ScenarioAnswer(scenario.name, world.name, scenario.client, armed, played)


async def put_accounts(control: Control, world: World, arm: Arm) -> list[HolderView]:
    """Gives each account the credits and scopes of the situation."""
    shown = []
    for name, holder in arm.accounts.items():
        millicredits = round(holder.credits * 1000)
        await control.worlds.put_account(world, name, holder.scopes, millicredits)
        shown.append(HolderView(name, key_of(world, name), holder.credits, holder.scopes))
    return shown


def key_of(world: World, account: str) -> str:
    """The key of an account."""
    return f"sk_test_{world.name}" + ("" if account == "main" else f".{account}")


async def baseline(control: Control, world: World, arm: Arm) -> Baseline:
    """How the ledger stands now."""
    entries = (await control.ledger(world, LedgerQuery())).entries
    moved = {}
    for name in arm.accounts:
        balance = (await control.ledger(world, LedgerQuery(account=name))).balance
        moved[name] = (balance.held, balance.spent)
    return Baseline(len(entries), moved)


async def ending(control: Control, world: World, since: Baseline) -> Ending:
    """What has been added to the ledger since."""
    entries = (await control.ledger(world, LedgerQuery())).entries[since.entries :]
    rows = [Row(entry.kind, entry.credits, entry.account) for entry in entries]
    balances = {}
    for name, (held, spent) in since.moved.items():
        now = (await control.ledger(world, LedgerQuery(account=name))).balance
        balances[name] = Amounts(now.available, now.held - held, now.spent - spent)
    return Ending(balances, rows)


def _house(control: Control) -> Playhouse:
    if control.playhouse is None:
        raise Denial(404, "There are no scenarios here.")
    return control.playhouse


def view(scenario: Scenario) -> ScenarioView:
    """A scenario as callers see it."""
    return ScenarioView(
        name=scenario.name,
        topic=scenario.topic,
        title=scenario.title,
        says=scenario.says,
        client=scenario.client,
        strength=scenario.strength.value,
        source=scenario.source,
        request=scenario.request,
        surfaces=scenario.surfaces,
        arm=to_builtins(scenario.arm),
        play=[described(step) for step in scenario.play],
        ledger=scenario.ledger,
    )


def described(step: Step) -> str:
    """A step in one line: what is done, by whom and with what."""
    given: dict[str, Any] = to_builtins(step)
    words = [f"{given.pop('do')}"]
    given.pop("expect", None)
    words += [f"{name}={_short(value)}" for name, value in given.items()]
    return " ".join(words)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN_MOST else text[:_SHOWN_MOST] + "…"


def _check_start(control: Control, arm: Arm) -> None:
    """Raises Denial 409 where the simulator was started otherwise than the situation needs."""
    options = control.provider.options
    chosen = options.policies.as_dict()
    for name, value in arm.policies.items():
        if chosen[name] != value:
            raise Denial(409, f"This scenario needs a simulator with --policy {name}={value}.")
    if arm.limits and not options.limits:
        raise Denial(409, "This scenario needs a simulator with limits.")


async def _armed(control: Control, world: World, arm: Arm) -> ArmedView:
    accounts = await put_accounts(control, world, arm)
    ids = [(await faults.arm(control, world, fault)).id for fault in arm.faults]
    models = [(await queues.set_queue(control, world, queue)).model for queue in arm.queues]
    points = [
        world.lab.breakpoints.add(one.point, one.match.match(), one.times, _HOLD_S, "continue").id
        for one in arm.breakpoints
    ]
    return ArmedView(accounts, ids, models, points)


def _disarm(world: World, armed: ArmedView) -> None:
    """Takes away what is left of it; a reset may have come before."""
    lab = world.lab
    for fault_id in armed.faults:
        lab.faults.remove(fault_id)
    for model in armed.queues:
        lab.queues.pop(model, None)
    for point in lab.breakpoints.all():
        if point.id in armed.breakpoints:
            lab.breakpoints.remove(point.id)
