"""``mediasim run``: its options; what it does is in ``run_hosting`` and ``run_child``."""

from collections.abc import Sequence

import click

EPILOG = """The program finds MEDIASIM_URL, MEDIASIM_MCP_URL, MEDIASIM_API_KEY, KUBEEZ_API_URL and
KUBEEZ_API_KEY in its environment. The exit status is the program's; 128 + N when signal N ended it,
127 when there is no such program, 126 when it can't be run."""


@click.command(
    epilog=EPILOG,
    context_settings={"allow_interspersed_args": False},
)
@click.option("--seed", metavar="N", help="What all ids and pictures come from.  [0]")
@click.option("--speed", metavar="N", help="Simulated seconds per real second.  [10]")
@click.option("--frozen", is_flag=True, default=None, help="Start with the clock stopped.")
@click.option("--credits", metavar="N", help="Credits of a new account.  [10000]")
@click.option("--accounts", metavar="FILE.toml", help="Accounts: key, credits, scopes.")
@click.option(
    "--no-auto-keys", is_flag=True, default=None, help="Only the keys in --accounts are known."
)
@click.option("--limits/--no-limits", default=None, help="Rate and concurrency limits.  [on]")
@click.option("--magic/--no-magic", default=None, help="Faults named in prompts.  [on]")
@click.option("--state", metavar=":memory:|FILE", help="Where state lives.  [:memory:]")
@click.option(
    "--reset-state", is_flag=True, default=None, help="Move the state file aside, start afresh."
)
@click.option(
    "--snapshot", metavar="FILE", help="A world to begin with, which CMD's key then names."
)
@click.option(
    "--policy", metavar="NAME=VALUE", multiple=True, help="Another plausible reading; repeatable."
)
@click.option("--log-level", metavar="debug|info|warning|error", help="[warning]")
@click.argument("command", metavar="-- CMD ...", nargs=-1, required=True, type=click.UNPROCESSED)
def run(command: Sequence[str], **given: object) -> None:
    """Start a simulator on a free port, run the program CMD with its address, and stop it when CMD
    ends.

    Signals go on to CMD. The simulator writes nothing on standard output, and on standard error
    only warnings.
    """
    from simulator.commands.run_hosting import run_with  # noqa: PLC0415 - help does without

    options = {name.replace("_", "-"): value for name, value in given.items()}
    raise click.exceptions.Exit(run_with(options, command))
