"""The command line. Every command is a function that takes its options and calls its module in
``commands``, imported only then: help must not wait for what it does not use."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from simulator.commands.later import Later
from simulator.console import FAILED, INTERRUPTED, OK, CommandFailed, complain, say

HELP = """An open-source simulator of the Kubeez media-generation API: REST and MCP, paid in
credits. Independent of Kubeez.

Begin with `mediasim demo`, which shows it at work in a few seconds, or with `mediasim serve`."""

STATUSES = """Exit status: 0 fine, 1 a check failed, 2 wrong use or bad configuration, 3 could not
start (port, state file), 4 target unreachable, 130 interrupted."""

VARIABLES = """Each option has its variable: --port-file is MEDIASIM_PORT_FILE. Lists stand between
commas, switches are true or false. What the command line says goes first."""

_SOURCES = click.IntRange(0, 99)

Parameter = Callable[[Callable[..., None]], Callable[..., None]]


def main() -> None:
    """Runs a command and ends the process with its exit status."""
    sys.exit(run())


def run(argv: Sequence[str] | None = None) -> int:
    """Runs a command; the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        group = _group(arguments)
        with group.make_context("mediasim", arguments) as context:
            group.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CommandFailed as error:
        complain(str(error))
        return error.status
    except BrokenPipeError:
        # Nobody reads on: neither may Python's last flush fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _group(arguments: Sequence[str]) -> click.Group:
    """With the commands of other packages, unless one of ours is meant."""
    if arguments and arguments[0] in mediasim.commands:
        return mediasim
    from simulator.commands.guests import with_guests  # noqa: PLC0415 - for its reading of metadata

    return with_guests(mediasim)


def _text(name: str, shape: str, told: str = "") -> Parameter:
    """An option whose text its command reads."""
    return click.option(name, metavar=shape, help=told)


def _switch(name: str, told: str) -> Parameter:
    """None when not given: its variable may have it."""
    return click.option(name, is_flag=True, default=None, help=told)


def _texts(name: str, shape: str, told: str) -> Parameter:
    return click.option(name, metavar=shape, multiple=True, help=told)


def _as_json() -> Parameter:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _policies() -> Parameter:
    return _texts("--policy", "NAME=VALUE", "Another plausible reading; repeatable.")


def _show_version(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from simulator.version import installed_version  # noqa: PLC0415 - only when asked

        say(f"mediasim {installed_version()}")
        context.exit()


@click.group(
    help=HELP,
    epilog=STATUSES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show it and exit.",
)
def mediasim() -> None:
    """What stands before every command."""


@mediasim.command(epilog=VARIABLES, short_help="Run the simulator.")
@_text("--host", "ADDRESS", "Address to listen on.  [127.0.0.1]")
@_text("--port", "N", "Port; 0 takes any free one.  [4747]")
@_text("--port-file", "FILE", "Holds the port while it answers.")
@_text("--state", ":memory:|FILE", "Where state lives.  [:memory:]")
@_switch("--reset-state", "Move the state file aside, start afresh.")
@_text("--snapshot", "FILE", "A world to begin with, under the name that the file gives it.")
@_text(
    "--durability",
    "process|full",
    "full: state survives a loss of power too, at a price in speed.  [process]",
)
@_text("--seed", "N", "What all ids and pictures come from.  [0]")
@_text("--speed", "N", "Simulated seconds per real second.  [10]")
@_switch("--frozen", "Start with the clock stopped.")
@_text("--credits", "N", "Credits of a new account.  [10000]")
@_text("--accounts", "FILE.toml", "Accounts: key, credits, scopes.")
@_switch("--no-auto-keys", "Only the keys in --accounts are known.")
@_switch("--allow-live-keys", "Take keys that look live.")
@_switch("--limits/--no-limits", "Rate and concurrency limits.  [on]")
@_switch("--magic/--no-magic", "Faults named in prompts.  [on]")
@_text("--public-url", "URL", "What callers reach it by, if not the address.")
@_text(
    "--admin-token",
    "TOKEN",
    "What control calls must bear. Other users see options; use the variable.",
)
@_texts("--cors-origin", "ORIGIN", "A web page that may call it; repeatable.")
@_policies()
@_switch("--mcp-fixtures", "Add what the MCP conformance suite looks for.")
@_text("--workers", "N", "Processes; 1 as yet.  [1]")
@_text("--log-format", "text|json", "[text]")
@_text("--log-level", "debug|info|warning|error", "[info]")
def serve(**given: object) -> None:
    """Run the simulator on one port: the provider's API, its files, docs, and control under /_sim.

    When it accepts connections, one line of JSON on standard output says where. Logs go to
    standard error.
    """
    from simulator.commands.serve import serve as run_it  # noqa: PLC0415 - for this command only

    _end(run_it({name.replace("_", "-"): value for name, value in given.items()}))


@mediasim.command(short_help="Show it at work, in a few seconds.")
@click.option(
    "--out",
    metavar="DIR",
    default="mediasim-output",
    show_default=True,
    help="Where the files go.",
)
@click.option("--speed", default=40.0, show_default=True, help="Simulated seconds per real second.")
@_as_json()
def demo(out: str, speed: float, as_json: bool) -> None:
    """Show it at work, over REST and MCP: pictures, videos made from them, refusals, and the ledger
    of it all."""
    from simulator.commands.demo import demo as run_it  # noqa: PLC0415 - for this command only

    _end(run_it(out, speed, as_json=as_json))


@mediasim.command(short_help="List the models and their prices.")
@click.option("--type", "model_type", metavar="TYPE", help="image, video, music, speech, …")
@_policies()
@_as_json()
def models(model_type: str | None, policy: Sequence[str], as_json: bool) -> None:
    """List the catalogue: what each model makes, takes and costs."""
    from simulator.commands.models import models as run_it  # noqa: PLC0415 - for this command only

    _end(run_it(model_type, policy, as_json=as_json))


@mediasim.command(short_help="Say what a request would cost, and why.")
@click.argument("model", metavar="MODEL")
@_text("--generation-type", "TYPE", "text-to-video, …  [the model's first]")
@_text("--duration", "LENGTH", "For example 5s.  [the model's first]")
@click.option("--sound", is_flag=True, help="With generated sound.")
@_text("--resolution", "TIER", "1K, 2K or 4K.  [the model's first]")
@_text("--quality", "QUALITY", "For example fast.  [the model's own]")
@_text("--aspect-ratio", "RATIO", "For example 16:9.")
@click.option("--image", type=_SOURCES, help="Source images.  [as few as needed]")
@click.option("--video", type=_SOURCES, help="Source videos.  [as few as needed]")
@click.option("--audio", type=_SOURCES, help="Source audio clips.  [as few as needed]")
@_policies()
@_as_json()
def price(policy: Sequence[str], as_json: bool, **asked: Any) -> None:
    """Say what a request would cost, by which price row and formula, or why it would be refused."""
    from simulator.commands import price as command  # noqa: PLC0415 - for this command only

    sources = {kind: asked.pop(kind) for kind in ("image", "video", "audio")}
    question = command.Question(**asked, sources=sources, policies=tuple(policy))
    _end(command.price(question, as_json=as_json))


@mediasim.command(short_help="List every behaviour with its source.")
@_text("--strength", "STRENGTH", "Only documented, observed or assumed ones.")
@_as_json()
def rulings(strength: str | None, as_json: bool) -> None:
    """List every behaviour with its strength and source, and the policy that changes it."""
    from simulator.commands.rulings import rulings as run_it  # noqa: PLC0415 - for this command only

    _end(run_it(strength, as_json=as_json))


@mediasim.command(short_help="Look for what keeps it from running.")
@_text("--state", "FILE", "A state file to look at.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=4747,
    show_default=True,
    help="The port that should be free.",
)
@_as_json()
def doctor(state: str | None, port: int, as_json: bool) -> None:
    """Check versions, the port, a state file (without touching it) and optional parts."""
    from simulator.commands.doctor import doctor as run_it  # noqa: PLC0415 - for this command only

    _end(run_it(state, port, as_json=as_json))


@mediasim.command(short_help="The tools over stdio, for a local agent.")
@_text("--url", "URL", "A running simulator.  [one of its own]")
@_text("--key", "KEY", "Whose calls they are.  [sk_test_default]")
@_text("--seed", "N", "What all ids and pictures come from.  [0]")
@_text("--speed", "N", "Simulated seconds per real second.  [10]")
@_text("--credits", "N", "Credits of a new account.  [10000]")
def mcp(url: str | None, key: str | None, **given: object) -> None:
    """Speak MCP over standard input and output until the input ends; logs go to standard error.

    Without --url it runs a simulator of its own, which also answers over HTTP on a free port of
    this machine: the files that its answers name are there.
    """
    from simulator.commands.mcp import mcp as run_it  # noqa: PLC0415 - for this command only

    _end(run_it(url, key, given))


_DRIVING = (
    ("clock", "Look at a world's clock, or move it."),
    ("conduct", "Say how the clients behaved."),
    ("costs", "Show what was spent, hold it to a budget."),
    ("faults", "Say what shall go wrong, for which calls."),
    ("jobs", "List jobs, or show one with its timetable."),
    ("ledger", "Show the ledger and its balance, or check it."),
    ("requests", "Show what was called, or check it."),
    ("reset", "Empty a world, or all of them."),
    ("scenarios", "List named situations, put one into a world."),
    ("snapshot", "Save a world, put it back, move it as a file."),
)


def _driving(name: str) -> click.Command:
    from simulator.commands.driving import driving  # noqa: PLC0415 - for these commands only

    return driving(name)


def _run_command() -> click.Command:
    from simulator.commands.run import run as command  # noqa: PLC0415 - for this command only

    return command


mediasim.add_command(Later("run", "Give a program a simulator while it runs.", _run_command))
for _name, _short in _DRIVING:
    mediasim.add_command(Later(_name, _short, partial(_driving, _name)))


def _end(status: int) -> None:
    raise click.exceptions.Exit(status)
