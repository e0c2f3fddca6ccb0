"""``mediasim costs``: what was spent on what, compared with another run and held to a budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.commands.driving_target import Driver, driven
from simulator.console import FAILED, WRONG_USE, CommandFailed, complain, say

if TYPE_CHECKING:
    from simulator.commands.cost_views import View

FORMATS = ("text", "json", "csv", "html")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options: files by their paths, budgets and dimensions as they were written."""

    everything: bool
    account: str | None
    by: str
    form: str
    out: str | None
    budgets: Sequence[str]
    compare: str | None
    saved: str | None


@click.command(short_help="Show what was spent, hold it to a budget.")
@click.option("--all", "everything", is_flag=True, help="Every namespace, not only this one.")
@click.option("--account", metavar="NAME", help="Only this account's.")
@click.option(
    "--by",
    metavar="PART,...",
    default="model",
    show_default=True,
    help="Rows by model, test, namespace, account or day. JSON always tells them all.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--out", metavar="FILE", help="Write it there.  [standard output]")
@click.option(
    "--budget",
    "budgets",
    metavar="[PART:NAME=]CREDITS",
    multiple=True,
    help="1 when more is captured or open, in all or of a part: model:ID=200. Repeatable.",
)
@click.option("--compare", metavar="FILE.json", help="Show what changed since that report.")
@click.option("--from", "saved", metavar="FILE.json", help="A saved report, no simulator.")
@driven
def costs(driver: Driver, **asked: Any) -> None:
    """Show the credits that a world held, captured, released, has open and wasted.

    Save one report with --format json --out FILE and give it to --compare after a change. The exit
    status is 1 when a budget is exceeded.
    """
    _tell(driver, Asked(**asked))


def _tell(driver: Driver, asked: Asked) -> None:
    from simulator.commands import cost_files, cost_views  # noqa: PLC0415 - help does without

    limits = cost_files.budgets_of(asked.budgets)
    group = cost_files.group_of(asked.by)
    before = None if asked.compare is None else cost_files.read(asked.compare)
    if asked.saved is not None:
        answer = cost_files.read(asked.saved)
    else:
        answer = cost_files.ask(driver.client, asked.account, everything=asked.everything)
    view = cost_views.view(answer, group, before, limits)
    _write(_rendered(view, "json" if driver.as_json else asked.form), asked.out)
    for text in view.exceeded:
        complain(text)
    if view.exceeded:
        raise click.exceptions.Exit(FAILED)


def _rendered(view: "View", form: str) -> str:
    """The report in one of ``FORMATS``."""
    from simulator.commands import cost_files  # noqa: PLC0415 - help does without

    if form == "json":
        return cost_files.as_json(view)
    if form == "csv":
        return cost_files.as_csv(view)
    if form == "html":
        from simulator.commands.cost_page import as_html  # noqa: PLC0415 - jinja2 takes its time

        return as_html(view)
    return cost_files.as_text(view)


def _write(text: str, out: str | None) -> None:
    if out is None:
        say(text.rstrip("\n"))
        return
    try:
        Path(out).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandFailed(WRONG_USE, f"{out}: {error.strerror or error}") from error
