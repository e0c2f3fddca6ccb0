"""The command line. Every command is a function that reads its options and calls its module in
``commands``, imported only then: help must not wait for what it does not use."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from simulator.console import INTERRUPTED, OK, CommandFailed, complain, say

HELP = """An open-source simulator of the Kubeez media-generation API: REST and MCP, paid in
credits. Independent of Kubeez.

Begin with `mediasim demo`, which shows it at work in a few seconds, or with `mediasim serve`."""

STATUSES = """Exit status: 0 fine, 1 a check failed, 2 wrong use or bad configuration, 3 could not
start (port, state file), 4 target unreachable, 130 interrupted."""

VARIABLES = """Each option has its variable: --port-file is MEDIASIM_PORT_FILE. Lists stand between
commas, switches are true or false. What the command line says goes first."""

app = typer.Typer(
    help=HELP,
    epilog=STATUSES,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # laying help out with it takes longer than all the rest
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Policies = Annotated[
    list[str] | None,
    typer.Option("--policy", metavar="NAME=VALUE", help="Another plausible reading; repeatable."),
]
Text = str | None


def main() -> None:
    """Runs a command and ends the process with its exit status."""
    sys.exit(run())


def run(argv: Sequence[str] | None = None) -> int:
    """Runs a command; the exit status."""
    try:
        app(None if argv is None else list(argv), prog_name="mediasim")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else OK
    except CommandFailed as error:
        complain(str(error))
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _version(wanted: bool) -> None:
    if wanted:
        from simulator.version import installed_version  # noqa: PLC0415 - only when asked

        say(f"mediasim {installed_version()}")
        raise typer.Exit


@app.callback()
def mediasim(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and exit.")
    ] = False,
) -> None:
    """What stands before every command."""


@app.command(epilog=VARIABLES, short_help="Run the simulator.")
def serve(  # noqa: PLR0913, PLR0917 - typer reads the options from the arguments
    ctx: typer.Context,
    host: Annotated[
        Text, typer.Option(metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
    ] = None,
    port: Annotated[
        Text, typer.Option(metavar="N", help="Port; 0 takes any free one.  [4747]")
    ] = None,
    port_file: Annotated[
        Text, typer.Option(metavar="FILE", help="Holds the port while it answers.")
    ] = None,
    state: Annotated[
        Text, typer.Option(metavar=":memory:|FILE", help="Where state lives.  [:memory:]")
    ] = None,
    reset_state: Annotated[
        bool | None, typer.Option("--reset-state", help="Move the state file aside, start afresh.")
    ] = None,
    durability: Annotated[
        Text,
        typer.Option(
            metavar="process|full",
            help="full: state survives a loss of power too, at a price in speed.  [process]",
        ),
    ] = None,
    seed: Annotated[
        Text, typer.Option(metavar="N", help="What all ids and pictures come from.  [0]")
    ] = None,
    speed: Annotated[
        Text, typer.Option(metavar="N", help="Simulated seconds per real second.  [10]")
    ] = None,
    frozen: Annotated[
        bool | None, typer.Option("--frozen", help="Start with the clock stopped.")
    ] = None,
    credits: Annotated[
        Text, typer.Option(metavar="N", help="Credits of a new account.  [10000]")
    ] = None,
    accounts: Annotated[
        Text, typer.Option(metavar="FILE.toml", help="Accounts: key, credits, scopes.")
    ] = None,
    no_auto_keys: Annotated[
        bool | None, typer.Option("--no-auto-keys", help="Only the keys in --accounts are known.")
    ] = None,
    allow_live_keys: Annotated[
        bool | None, typer.Option("--allow-live-keys", help="Take keys that look live.")
    ] = None,
    limits: Annotated[
        bool | None, typer.Option("--limits/--no-limits", help="Rate and concurrency limits.  [on]")
    ] = None,
    magic: Annotated[
        bool | None, typer.Option("--magic/--no-magic", help="Faults named in prompts.  [on]")
    ] = None,
    public_url: Annotated[
        Text, typer.Option(metavar="URL", help="What callers reach it by, if not the address.")
    ] = None,
    admin_token: Annotated[
        Text,
        typer.Option(
            metavar="TOKEN",
            help="What control calls must bear. Other users see options; use the variable.",
        ),
    ] = None,
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="A web page that may call it; repeatable."),
    ] = None,
    policy: Policies = None,
    mcp_fixtures: Annotated[
        bool | None,
        typer.Option("--mcp-fixtures", help="Add what the MCP conformance suite looks for."),
    ] = None,
    workers: Annotated[Text, typer.Option(metavar="N", help="Processes; 1 as yet.  [1]")] = None,
    log_format: Annotated[Text, typer.Option(metavar="text|json", help="[text]")] = None,
    log_level: Annotated[
        Text, typer.Option(metavar="debug|info|warning|error", help="[info]")
    ] = None,
) -> None:
    """Run the simulator on one port: the provider's API, its files, docs, and control under /_sim.

    When it accepts connections, one line of JSON on standard output says where. Logs go to
    standard error.
    """
    from simulator.commands.serve import serve as run_it  # noqa: PLC0415 - for this command only

    raise typer.Exit(run_it({name.replace("_", "-"): value for name, value in ctx.params.items()}))


@app.command(short_help="Show it at work, in a few seconds.")
def demo(
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Where the files go.")
    ] = "mediasim-output",
    speed: Annotated[float, typer.Option(help="Simulated seconds per real second.")] = 30.0,
    as_json: Json = False,
) -> None:
    """Show it at work: a picture, a video made from it, a refusal, and the ledger of it all."""
    from simulator.commands.demo import demo as run_it  # noqa: PLC0415 - for this command only

    raise typer.Exit(run_it(out, speed, as_json=as_json))


@app.command(short_help="List the models and their prices.")
def models(
    model_type: Annotated[
        Text, typer.Option("--type", metavar="TYPE", help="image, video, music, speech, …")
    ] = None,
    policy: Policies = None,
    as_json: Json = False,
) -> None:
    """List the catalogue: what each model makes, takes and costs."""
    from simulator.commands.models import models as run_it  # noqa: PLC0415 - for this command only

    raise typer.Exit(run_it(model_type, policy or [], as_json=as_json))


@app.command(short_help="Say what a request would cost, and why.")
def price(  # noqa: PLR0913, PLR0917 - typer reads the options from the arguments
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    generation_type: Annotated[
        Text, typer.Option(metavar="TYPE", help="text-to-video, …  [the model's first]")
    ] = None,
    duration: Annotated[
        Text, typer.Option(metavar="LENGTH", help="For example 5s.  [the model's first]")
    ] = None,
    sound: Annotated[bool, typer.Option("--sound", help="With generated sound.")] = False,
    resolution: Annotated[
        Text, typer.Option(metavar="TIER", help="1K, 2K or 4K.  [the model's first]")
    ] = None,
    quality: Annotated[
        Text, typer.Option(metavar="QUALITY", help="For example fast.  [the model's own]")
    ] = None,
    aspect_ratio: Annotated[Text, typer.Option(metavar="RATIO", help="For example 16:9.")] = None,
    image: Annotated[
        int | None, typer.Option(min=0, max=99, help="Source images.  [as few as needed]")
    ] = None,
    video: Annotated[
        int | None, typer.Option(min=0, max=99, help="Source videos.  [as few as needed]")
    ] = None,
    audio: Annotated[
        int | None, typer.Option(min=0, max=99, help="Source audio clips.  [as few as needed]")
    ] = None,
    policy: Policies = None,
    as_json: Json = False,
) -> None:
    """Say what a request would cost, by which price row and formula, or why it would be refused."""
    from simulator.commands import price as command  # noqa: PLC0415 - for this command only

    question = command.Question(
        model=model,
        generation_type=generation_type,
        duration=duration,
        sound=sound,
        resolution=resolution,
        quality=quality,
        aspect_ratio=aspect_ratio,
        sources={"image": image, "video": video, "audio": audio},
        policies=tuple(policy or ()),
    )
    raise typer.Exit(command.price(question, as_json=as_json))


@app.command(short_help="List every behaviour with its source.")
def rulings(
    strength: Annotated[
        Text, typer.Option(metavar="STRENGTH", help="Only documented, observed or assumed ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List every behaviour with its strength and source, and the policy that changes it."""
    from simulator.commands.rulings import rulings as run_it  # noqa: PLC0415 - for this command only

    raise typer.Exit(run_it(strength, as_json=as_json))


@app.command(short_help="Look for what keeps it from running.")
def doctor(
    state: Annotated[Text, typer.Option(metavar="FILE", help="A state file to look at.")] = None,
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="The port that should be free.")
    ] = 4747,
    as_json: Json = False,
) -> None:
    """Check versions, the port, a state file (without touching it) and optional parts."""
    from simulator.commands.doctor import doctor as run_it  # noqa: PLC0415 - for this command only

    raise typer.Exit(run_it(state, port, as_json=as_json))


@app.command(short_help="The tools over stdio, for a local agent.")
def mcp(
    url: Annotated[
        Text, typer.Option(metavar="URL", help="A running simulator.  [one of its own]")
    ] = None,
    key: Annotated[
        Text,
        typer.Option(metavar="KEY", help="Whose calls they are.  [sk_test_default]"),
    ] = None,
    seed: Annotated[
        Text, typer.Option(metavar="N", help="What all ids and pictures come from.  [0]")
    ] = None,
    speed: Annotated[
        Text, typer.Option(metavar="N", help="Simulated seconds per real second.  [10]")
    ] = None,
    credits: Annotated[
        Text, typer.Option(metavar="N", help="Credits of a new account.  [10000]")
    ] = None,
) -> None:
    """Speak MCP over standard input and output until the input ends; logs go to standard error.

    Without --url it runs a simulator of its own, which also answers over HTTP on a free port of
    this machine: the files that its answers name are there.
    """
    from simulator.commands.mcp import mcp as run_it  # noqa: PLC0415 - for this command only

    given = {"seed": seed, "speed": speed, "credits": credits}
    raise typer.Exit(run_it(url, key, given))
