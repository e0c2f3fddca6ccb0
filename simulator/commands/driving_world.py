"""``mediasim clock`` and ``mediasim reset``."""

import re
from typing import TYPE_CHECKING

import click

from simulator.commands.driving_target import Driver, driven
from simulator.console import WRONG_USE, CommandFailed, say

if TYPE_CHECKING:
    from simulator.engine.control_shapes import ClockAnswer, ResetAnswer

_UNITS = (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0), ("", 1.0))
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd]?)", re.ASCII)


@click.group(invoke_without_command=True)
@driven
def clock(driver: Driver) -> None:
    """Look at a world's clock, or move it. Without a command: what it shows."""
    driver.tell(driver.client.clock.look(), _show)


@clock.command()
@driven
def freeze(driver: Driver) -> None:
    """Stop it."""
    driver.tell(driver.client.clock.freeze(), _show)


@clock.command()
@driven
def resume(driver: Driver) -> None:
    """Let it run."""
    driver.tell(driver.client.clock.resume(), _show)


@clock.command()
@click.argument("speed", metavar="N", type=float)
@driven
def speed(driver: Driver, speed: float) -> None:
    """Set its speed to N simulated seconds per real second."""
    driver.tell(driver.client.clock.speed(speed), _show)


@clock.command("set")
@click.argument("now", metavar="TIME")
@driven
def set_(driver: Driver, now: str) -> None:
    """Set it forward to TIME, for example 2026-02-01T00:00:00Z."""
    driver.tell(driver.client.clock.set(now), _show)


@clock.command()
@click.argument("length", metavar="LENGTH")
@driven
def advance(driver: Driver, length: str) -> None:
    """Move it on by LENGTH: 30s, 500ms, 1.5m, 2h, 1d; a bare number is seconds."""
    driver.tell(driver.client.clock.advance(seconds_of(length)), _show)


@clock.command("next")
@driven
def next_(driver: Driver) -> None:
    """Move it to the next change of a job."""
    driver.tell(driver.client.clock.advance_to_next_event(), _show)


@clock.command()
@click.argument("generation_id", metavar="ID")
@click.option("--status", metavar="STATUS", default="completed", show_default=True)
@driven
def until(driver: Driver, generation_id: str, status: str) -> None:
    """Move it to the instant at which the generation ID reaches a status."""
    driver.tell(driver.client.clock.advance_until(generation_id, status), _show)


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every namespace, not only this one.")
@click.option("--drop", is_flag=True, help="Give its place back; its name begins as a new one.")
@driven
def reset(driver: Driver, everything: bool, drop: bool) -> None:
    """Empty a world: its accounts, ledger, jobs and uploads. It keeps its seed; the same requests
    give the same answers again."""
    driver.tell(driver.client.reset(everything, drop=drop), _show_reset)


def seconds_of(length: str) -> float:
    """Seconds of ``30s``, ``500ms``, ``1.5m``. Raises CommandFailed."""
    found = _LENGTH.fullmatch(length)
    if found is None:
        text = f"{length!r} is no length of time, expected for example 30s, 500ms, 1.5m, 2h or 1d"
        raise CommandFailed(WRONG_USE, text)
    return float(found[1]) * dict(_UNITS)[found[2]]


def _show(answer: "ClockAnswer") -> None:
    running = f"running, {answer.speed:g} simulated seconds a second"
    say(f"{answer.now}  {answer.mode if answer.mode == 'frozen' else running}")


def _show_reset(answer: "ResetAnswer") -> None:
    count = len(answer.reset)
    names = ", ".join(answer.reset) if count <= 10 else f"{count} namespaces"
    say(f"empty: {names}" if count else "there was nothing to empty")
