"""``mediasim conduct``: how the clients of a world behaved, as a report and as a gate."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.commands.driving_target import Driver, driven
from simulator.console import FAILED, WRONG_USE, CommandFailed, complain, say

if TYPE_CHECKING:
    from simulator.engine.controls.conduct import ConductAnswer

FORMATS = ("text", "json", "junit")
ANY = "any"


@click.command(short_help="Say how the clients behaved.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--out", metavar="FILE", help="Write it there.  [standard output]")
@click.option(
    "--fail-on",
    metavar="RULE,...|any",
    default="",
    help="1 when one of these rules, or any, was broken.",
)
@driven
def conduct(driver: Driver, form: str, out: str | None, fail_on: str) -> None:
    """Say what the clients of a world did that the provider advises against, and what it cost.

    It judges the calls that the journal still holds: polls in haste, starts made twice, files
    nobody fetched. With --fail-on the exit status is 1 when one of the rules was broken.
    """
    answer = driver.client.conduct()
    wanted = _wanted(fail_on, [rule.id for rule in answer.rules])
    _write(_rendered(answer, "json" if driver.as_json else form), out)
    broken = [rule.id for rule in answer.rules if rule.findings and rule.id in wanted]
    for name in broken:
        complain(f"broken: {name}")
    if broken:
        raise click.exceptions.Exit(FAILED)


def _wanted(fail_on: str, known: list[str]) -> Iterable[str]:
    """Raises CommandFailed for a rule that is none."""
    names = [name.strip() for name in fail_on.split(",") if name.strip()]
    if ANY in names:
        return known
    for name in names:
        if name not in known:
            expected = ", ".join((*known, ANY))
            raise CommandFailed(WRONG_USE, f"--fail-on: unknown rule {name!r}, expected {expected}")
    return names


def _rendered(answer: "ConductAnswer", form: str) -> str:
    """The report in one of ``FORMATS``."""
    if form == "json":
        import msgspec  # noqa: PLC0415 - help does without

        return msgspec.json.format(msgspec.json.encode(answer), indent=2).decode() + "\n"
    from simulator.commands import conduct_files  # noqa: PLC0415 - help does without

    return conduct_files.as_junit(answer) if form == "junit" else conduct_files.as_text(answer)


def _write(text: str, out: str | None) -> None:
    if out is None:
        say(text.rstrip("\n"))
        return
    try:
        Path(out).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandFailed(WRONG_USE, f"{out}: {error.strerror or error}") from error
