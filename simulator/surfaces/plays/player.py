"""Plays a scenario: its steps one after another, then the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import to_builtins
from starlette.types import ASGIApp

from simulator.engine.control import Control
from simulator.engine.controls import scenarios as topic
from simulator.engine.scenarios import Arm, Ending, Scenario, Step, Surface
from simulator.engine.worlds import World
from simulator.surfaces.plays.client import Client
from simulator.surfaces.plays.judging import at, problems
from simulator.surfaces.plays.seen import OK, Sight

_STARTS = "generate_media"
_SHOWN_BYTES = 400


class Unplayable(Exception):
    """A step that cannot be done, because an earlier one did not give what it needs."""


@dataclass(slots=True)
class Scene:
    """A scenario on its way. ``seen``: answers by the names of their steps; ``going``: calls that
    are not waited for yet."""

    control: Control
    world: World
    arm: Arm
    armed: topic.ArmedView
    client: Client
    since: topic.Baseline
    seen: dict[str, Sight] = field(default_factory=dict)
    going: dict[str, "asyncio.Task[Sight]"] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def value(self, given: Any) -> Any:
        """A text that stands for something else, as what it stands for; anything else as it is."""
        if isinstance(given, dict):
            return {name: self.value(part) for name, part in given.items()}
        if isinstance(given, list):
            return [self.value(part) for part in given]
        if not isinstance(given, str):
            return given
        if given.startswith("@of:"):
            name, _, path = given.removeprefix("@of:").partition(".")
            return self.part(name, path)
        if given.startswith("@prompt:"):
            return "x" * int(given.removeprefix("@prompt:"))
        return given

    def part(self, name: str, path: str) -> Any:
        """A field of an earlier answer. Raises Unplayable."""
        try:
            return at(self.seen[name].body, path)
        except KeyError:
            raise Unplayable(f"{name} has no {path}") from None

    def job(self, step: Step) -> str:
        """The id of the generation that a step means."""
        name, _, path = step.job.partition(".")
        return str(self.part(name, f"{path}.generation_id".lstrip(".")))

    def headers(self, step: Step) -> dict[str, str]:
        return {"x-api-key": topic.key_of(self.world, step.account), **step.headers}


class Player:
    """``app``: the whole of it, behind its guard; ``host`` what it answers to; ``token`` the
    control plane's."""

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        self._app = app
        self._host = host
        self._token = token

    async def play(
        self,
        control: Control,
        world: World,
        scenario: Scenario,
        surface: Surface,
        armed: topic.ArmedView,
    ) -> topic.PlayedView:
        """Does every step, unless one cannot be done, and looks into the ledger."""
        client = Client(self._app, self._host, world.name, surface, self._token)
        since = await topic.baseline(control, world, scenario.arm)
        scene = Scene(control, world, scenario.arm, armed, client, since)
        scene.faults += [*armed.faults, "header", f"scenario:{scenario.name}", *armed.breakpoints]
        views: list[topic.StepView] = []
        try:
            for number, step in enumerate(scenario.play, 1):
                views.append(await _played(scene, number, step, surface))
                if views[-1].problems:
                    break
        finally:
            for task in scene.going.values():
                task.cancel()
            await asyncio.gather(*scene.going.values(), return_exceptions=True)
        ledger = _compared(scenario.ledger, await topic.ending(control, world, scene.since))
        whole = len(views) == len(scenario.play)
        holds = whole and not ledger.problems and not any(view.problems for view in views)
        return topic.PlayedView(surface, holds, views, ledger)


async def _played(scene: Scene, number: int, step: Step, surface: Surface) -> topic.StepView:
    expected: dict[str, Any] = to_builtins(step.expect)
    does = topic.described(step)
    try:
        if step.later:
            scene.going[step.name] = asyncio.ensure_future(_DOES[step.do](scene, step))
            return topic.StepView(number, does, expected, {"outcome": "on its way"}, [])
        sight = await _DOES[step.do](scene, step)
        if step.name:
            scene.seen[step.name] = sight
        wrong = problems(step, sight, scene.value, surface, scene.faults)
    except Unplayable as error:
        return topic.StepView(number, does, expected, {}, [str(error)])
    return topic.StepView(number, does, expected, _got(sight), wrong)


def _got(sight: Sight) -> dict[str, Any]:
    if sight.several:
        return {"outcomes": [each.outcome for each in sight.several]}
    shown: dict[str, Any] = {"outcome": sight.outcome, "bytes": sight.size}
    if sight.told:
        shown["faults"] = list(sight.told)
    if sight.events:
        shown["events"] = list(sight.events)
    if sight.size <= _SHOWN_BYTES and sight.body is not None:
        shown["body"] = sight.body
    return shown


def _compared(expected: Ending, got: Ending) -> topic.LedgerView:
    wrong = []
    rows = [
        [f"{row.account} {row.kind} {row.credits:g}" for row in end.entries]
        for end in (expected, got)
    ]
    if rows[0] != rows[1]:
        wrong.append(f"entries {rows[1]}, expected {rows[0]}")
    for name, amounts in expected.balances.items():
        if got.balances[name] != amounts:
            found, wanted = to_builtins(got.balances[name]), to_builtins(amounts)
            wrong.append(f"balance of {name} {found}, expected {wanted}")
    return topic.LedgerView(expected, got, wrong)


async def _call(scene: Scene, step: Step) -> Sight:
    name = step.operation or _OPERATION[step.do]
    fields = scene.value(step.body)
    if name in _DESCRIBED:
        fields = {**_IMAGE, **fields}
    if step.do == "poll":
        field_name = "separation_id" if name == "get_separation_status" else "generation_id"
        fields = {field_name: scene.job(step), **fields}
    headers = scene.headers(step)
    if step.session:
        return await scene.client.tool(name, fields, headers, step.patience_s, session=True)
    return await scene.client.operation(name, fields, headers, step.patience_s)


async def _together(scene: Scene, step: Step) -> Sight:
    several = await asyncio.gather(*(_call(scene, step) for _ in range(step.count)))
    return Sight(OK, [each.body for each in several], several=tuple(several))


async def _join(scene: Scene, step: Step) -> Sight:
    return await scene.going.pop(step.name)


async def _download(scene: Scene, step: Step) -> Sight:
    return await scene.client.download(scene.value(step.url), step.headers, step.patience_s)


async def _stream(scene: Scene, step: Step) -> Sight:
    headers = scene.headers(step)
    return await scene.client.stream(step.operation, scene.job(step), headers, step.patience_s)


async def _upload(scene: Scene, step: Step) -> Sight:
    return await scene.client.upload(step.body, scene.headers(step))


async def _tools(scene: Scene, step: Step) -> Sight:
    return await scene.client.tools(scene.headers(step))


async def _open(scene: Scene, step: Step) -> Sight:
    return await scene.client.open_session(scene.headers(step))


async def _advance(scene: Scene, step: Step) -> Sight:
    body: dict[str, Any] = {}
    if step.job:
        until = {"generation_id": scene.job(step), "status": step.until or "completed"}
        body = {"until": until}
    elif step.until == "next_minute":
        now_ms = await scene.control.worlds.now(scene.world)
        body = {"seconds": (60_000 - now_ms % 60_000) / 1000}
    else:
        body = {"seconds": step.seconds} if step.until is None else {"until": step.until}
    return await scene.client.control("POST", "/clock/advance", body)


async def _account(scene: Scene, step: Step) -> Sight:
    key = topic.key_of(scene.world, step.account)
    body = {"key": key, "credits": step.credits, "scopes": step.scopes}
    return await scene.client.control("POST", "/accounts", body)


async def _arm(scene: Scene, step: Step) -> Sight:
    sight = await scene.client.control("POST", "/faults", to_builtins(step.fault))
    if sight.outcome == OK:
        scene.faults.append(sight.body["id"])
        scene.armed.faults.append(sight.body["id"])
    return sight


async def _disarm(scene: Scene, step: Step) -> Sight:
    return await scene.client.control("DELETE", "/faults")


async def _job(scene: Scene, step: Step) -> Sight:
    return await scene.client.control("GET", f"/jobs/{scene.job(step)}")


async def _reset(scene: Scene, step: Step) -> Sight:
    """The accounts are given what the situation gave them; the ledger counts from there."""
    sight = await scene.client.control("POST", "/reset")
    await topic.put_accounts(scene.control, scene.world, scene.arm)
    scene.since = await topic.baseline(scene.control, scene.world, scene.arm)
    return sight


async def _wait(scene: Scene, step: Step) -> Sight:
    point = scene.armed.breakpoints[step.breakpoint]
    body = {"parked": step.count, "seconds": step.patience_s}
    sight = await scene.client.control("POST", f"/breakpoints/{point}/wait", body)
    parked = len(sight.body["parked"]) if sight.outcome == OK else 0
    return sight if parked == step.count else replace(sight, outcome=f"{parked} parked")


async def _release(scene: Scene, step: Step) -> Sight:
    point = scene.armed.breakpoints[step.breakpoint]
    body = {"outcome": step.outcome, "count": step.count}
    return await scene.client.control("POST", f"/breakpoints/{point}/release", body)


_DESCRIBED = frozenset({_STARTS, "estimate_generation_cost"})
_IMAGE: Mapping[str, Any] = {"model": "nano-banana", "prompt": "A lighthouse at dusk"}
"""What is started or priced where a step says nothing else."""

_OPERATION: Mapping[str, str] = {
    "start": _STARTS,
    "together": _STARTS,
    "quote": "estimate_generation_cost",
    "poll": "get_generation_status",
    "balance": "get_balance",
    "history": "get_generations",
    "models": "get_models",
}

_DOES: Mapping[str, Callable[[Scene, Step], Awaitable[Sight]]] = {
    **dict.fromkeys(("start", "quote", "poll", "balance", "history", "models"), _call),
    "together": _together,
    "join": _join,
    "download": _download,
    "stream": _stream,
    "upload": _upload,
    "tools": _tools,
    "open": _open,
    "advance": _advance,
    "account": _account,
    "arm": _arm,
    "disarm": _disarm,
    "job": _job,
    "reset": _reset,
    "wait": _wait,
    "release": _release,
}
