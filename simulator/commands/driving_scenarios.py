"""``mediasim scenarios``."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from simulator.commands.driving_tables import show_facts, show_table
from simulator.commands.driving_target import Driver, driven
from simulator.console import FAILED, WRONG_USE, CommandFailed, say, say_json

if TYPE_CHECKING:
    from simulator.client import ControlClient
    from simulator.engine.controls.scenarios import (
        PlayedView,
        ScenarioAnswer,
        ScenarioView,
    )

_CONFLICT = 409

_name = click.argument("name", metavar="NAME")


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario over one surface. ``result`` None: it can't be played here, and ``reason`` why."""

    name: str
    surface: str
    result: "PlayedView | None"
    reason: str = ""

    def verdict(self) -> str:
        if self.result is None:
            return f"not played: {self.reason}"
        return "as it says" if self.result.holds else "otherwise"

    def problems(self) -> Iterator[str]:
        if self.result is None:
            return
        for step in self.result.steps:
            for problem in step.problems:
                yield f"step {step.number}, {step.does}: {problem}"
        for problem in self.result.ledger.problems:
            yield f"ledger: {problem}"


@click.group(invoke_without_command=True)
@driven
def scenarios(driver: Driver) -> None:
    """List named situations; put one into a world, or play it as a client would."""
    driver.tell(driver.client.scenarios.all(), _show_all)


@scenarios.command()
@_name
@driven
def show(driver: Driver, name: str) -> None:
    """Say what a situation is about, and what is in the ledger at its end."""
    (one,) = _chosen(driver.client.scenarios.all(), [name])
    if driver.as_json:
        say_json(_as_plain(one))
        return
    show_facts(
        (
            ("name", f"{one.name} ({one.topic})"),
            ("title", one.title),
            ("says", one.says),
            ("client", one.client),
            ("rests on", f"{one.strength}: {one.source}"),
            *(("step", step) for step in one.play),
            *(
                ("ledger", f"{row.kind} {row.credits:g} {row.account}")
                for row in one.ledger.entries
            ),
        )
    )


@scenarios.command()
@_name
@driven
def put(driver: Driver, name: str) -> None:
    """Put a situation into the world, for a client of yours to meet."""
    driver.tell(driver.client.scenarios.put(name), _show_put)


@scenarios.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every one that can be played there.")
@click.option("--surface", type=click.Choice(["rest", "mcp"]), help="Only over one.  [both]")
@driven
def run(driver: Driver, names: Sequence[str], everything: bool, surface: str | None) -> None:
    """Play situations as a client would, each in a world of its own that is emptied first; the
    status is 1 when one is not as it says. Without --url (or its variable) they are played on a
    simulator of the command's own, which has what each of them needs."""
    if everything == bool(names):
        raise CommandFailed(WRONG_USE, "expected names of scenarios, or --all")
    if _is_addressed():
        known = driver.client.scenarios.all()
        chosen = known if everything else _chosen(known, names)
        played = list(_played(chosen, surface, lambda one: driver.client))
    else:
        played = _played_here([] if everything else names, surface)
    if driver.as_json:
        say_json(_as_plain(played))
    else:
        _show_played(played)
    held = [everything if one.result is None else one.result.holds for one in played]
    if not all(held):
        raise click.exceptions.Exit(FAILED)


def _is_addressed() -> bool:
    """Whether somebody said where a simulator is."""
    from simulator.settings import environment  # noqa: PLC0415 - help does without

    given = click.get_current_context().obj
    return "url" in given or bool(environment({"url": "URL"}))


def _played_here(names: Sequence[str], surface: str | None) -> list[Played]:
    """On simulators of our own; without names all of them."""
    from simulator.commands.own_simulators import (  # noqa: PLC0415 - loads the server
        OwnSimulators,
    )

    with OwnSimulators() as own:
        known = own.client({}).scenarios.all()
        chosen = _chosen(known, names) if names else known
        return list(_played(chosen, surface, lambda one: own.client(one.arm["policies"])))


def _chosen(known: "Sequence[ScenarioView]", names: Sequence[str]) -> "list[ScenarioView]":
    by_name = {one.name: one for one in known}
    for name in names:
        if name not in by_name:
            raise CommandFailed(WRONG_USE, f"{name}: no scenario of this name")
    return [by_name[name] for name in names]


def _played(
    chosen: "Sequence[ScenarioView]",
    surface: str | None,
    client_of: "Callable[[ScenarioView], ControlClient]",
) -> Iterator[Played]:
    from simulator.client import ControlError  # noqa: PLC0415 - help does without

    for scenario in chosen:
        for way in scenario.surfaces:
            if surface not in (None, way):
                continue
            world = client_of(scenario).within(f"play-{scenario.name}-{way}")
            world.reset()
            try:
                yield Played(scenario.name, way, world.scenarios.play(scenario.name, way).played)
            except ControlError as error:
                if error.status != _CONFLICT:
                    raise
                yield Played(scenario.name, way, None, error.detail)


def _as_plain(shown: object) -> object:
    import msgspec  # noqa: PLC0415 - help does without

    return msgspec.to_builtins(shown)


def _show_all(known: "list[ScenarioView]") -> None:
    rows = [(one.name, one.topic, ", ".join(one.surfaces), one.title) for one in known]
    show_table(("name", "about", "over", "what happens"), rows, "no scenarios")


def _show_put(answer: "ScenarioAnswer") -> None:
    armed = answer.armed
    show_facts(
        (
            ("scenario", f"{answer.name}, in {answer.namespace}"),
            ("client", answer.client),
            *(("key", f"{one.key}, {one.credits:g} credits") for one in armed.accounts),
            *(("fault", one) for one in armed.faults),
            *(("queue", one) for one in armed.queues),
            *(("breakpoint", one) for one in armed.breakpoints),
        )
    )


def _show_played(played: Sequence[Played]) -> None:
    rows = [(one.name, one.surface, one.verdict()) for one in played]
    show_table(("name", "over", "went"), rows, "nothing was played")
    for one in played:
        for problem in one.problems():
            say(f"{one.name} over {one.surface}, {problem}")
