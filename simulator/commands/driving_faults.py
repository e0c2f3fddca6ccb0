"""``mediasim faults``."""

from typing import TYPE_CHECKING, Any

import click

from simulator.commands.driving_tables import show_table
from simulator.commands.driving_target import Driver, driven, named_value
from simulator.commands.driving_world import seconds_of
from simulator.console import WRONG_USE, CommandFailed, say, say_json

if TYPE_CHECKING:
    from simulator.engine.controls.faults import FaultView

_MATCHED = ("operation", "route", "tool", "model", "account")


@click.group(invoke_without_command=True)
@driven
def faults(driver: Driver) -> None:
    """Say what shall go wrong, for which calls, how often. Without a command: list what is armed,
    with what is left of it."""
    driver.tell(driver.client.faults.all(), _show)


@faults.command()
@click.argument("what", metavar="KIND[=VALUE][;NAME=VALUE...]")
@click.option("--operation", metavar="NAME", help="Only of one operation: generate_media, …")
@click.option("--route", metavar="PATH", help="Only over REST, on this path or its template.")
@click.option("--tool", metavar="NAME", help="Only over MCP, of this tool.")
@click.option("--model", metavar="MODEL", help="Only of one model.")
@click.option("--account", metavar="NAME", help="Only of one account.")
@click.option("--field", "fields", metavar="NAME=VALUE", multiple=True, help="Only with it.")
@click.option("--times", metavar="N", type=int, help="How many calls.  [all]")
@click.option("--skip", metavar="N", type=int, default=0, help="How many pass first.  [0]")
@click.option("--probability", metavar="P", type=float, default=1.0, help="Of each call.  [1]")
@click.option("--for", "length", metavar="LENGTH", help="How long, by the world's clock: 30s, …")
@click.option("--after", "begins", metavar="LENGTH", help="From when on, by the world's clock.")
@driven
def arm(driver: Driver, what: str, **given: Any) -> None:
    """Arm a fault for calls to come: `fail=content_policy`, `slow=3`, `status=503;detail=busy`.

    `mediasim faults kinds` lists what there is.
    """
    effect = _effect(what)
    match = {name: given[name] for name in _MATCHED if given[name] is not None}
    if given["fields"]:
        match["fields"] = dict(named_value("--field ", text) for text in given["fields"])
    armed = driver.client.faults.arm(
        **effect,
        match=match,
        times=given["times"],
        skip=given["skip"],
        probability=given["probability"],
        for_seconds=_seconds(given["length"]),
        after_seconds=_seconds(given["begins"]),
    )
    driver.tell([armed], _show)


@faults.command()
@click.argument("fault_id", metavar="ID")
@driven
def remove(driver: Driver, fault_id: str) -> None:
    """Remove one."""
    driver.client.faults.remove(fault_id)
    driver.tell(fault_id, lambda gone: say(f"removed: {gone}"))


@faults.command()
@driven
def clear(driver: Driver) -> None:
    """Remove all."""
    driver.tell(driver.client.faults.clear(), lambda count: say(f"removed: {count}"))


@faults.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def kinds(as_json: bool) -> None:
    """List what can go wrong, with what each kind takes."""
    from simulator.domain.effects import KINDS  # noqa: PLC0415 - help does without

    if as_json:
        say_json(
            [
                {
                    "kind": kind.name,
                    "layer": kind.layer,
                    "says": kind.says,
                    "parameters": [param.name for param in kind.params],
                }
                for kind in KINDS
            ]
        )
        return
    rows = [
        (kind.name, kind.layer, ", ".join(param.name for param in kind.params), kind.says)
        for kind in KINDS
    ]
    show_table(("kind", "layer", "takes", "what happens"), rows, "")


def _effect(text: str) -> dict[str, Any]:
    """``kind`` and its parameters. Raises CommandFailed."""
    from simulator.domain.effects import BadEffect, effect_from_text  # noqa: PLC0415 - as above

    try:
        return effect_from_text(text).as_dict()
    except BadEffect as error:
        raise CommandFailed(WRONG_USE, f"{text}: {error}") from error


def _seconds(length: str | None) -> float | None:
    return None if length is None else seconds_of(length)


def _show(armed: "list[FaultView]") -> None:
    show_table(
        ("id", "does", "to", ">fired", ">left", "until"),
        (
            (
                fault.id,
                _written(fault.do),
                _matched(fault),
                fault.fired,
                "all" if fault.left is None else fault.left,
                fault.ends_at or "",
            )
            for fault in armed
        ),
        "no faults",
    )


def _written(effect: dict[str, Any]) -> str:
    parameters = ", ".join(f"{name} {value}" for name, value in effect.items() if name != "kind")
    return f"{effect['kind']} ({parameters})" if parameters else str(effect["kind"])


def _matched(fault: "FaultView") -> str:
    match = fault.match
    pairs = [
        ("operation", match.operation),
        ("route", match.route),
        ("tool", match.tool),
        ("model", match.model),
        ("account", match.account),
        *match.fields.items(),
    ]
    return ", ".join(f"{name} {value}" for name, value in pairs if value is not None) or "all calls"
