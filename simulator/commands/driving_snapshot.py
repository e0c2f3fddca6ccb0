"""``mediasim snapshot``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.commands.driving_tables import short_time, show_table
from simulator.commands.driving_target import Driver, driven
from simulator.console import WRONG_USE, CommandFailed, say

if TYPE_CHECKING:
    from simulator.engine.controls.snapshots import RestoredAnswer, SnapshotView

_name = click.argument("name", metavar="NAME")


@click.group(invoke_without_command=True)
@driven
def snapshot(driver: Driver) -> None:
    """Save a world under a name, put it back, or move it as a file. Without a command: list what
    is kept."""
    driver.tell(driver.client.snapshots.all(), _show_all)


@snapshot.command()
@_name
@click.option("--replace", is_flag=True, help="Even if there is one of this name.")
@driven
def save(driver: Driver, name: str, replace: bool) -> None:
    """Keep the whole world as it is: jobs, ledger, accounts, clock, uploads, faults."""
    driver.tell(driver.client.snapshots.save(name, replace=replace), _show_saved)


@snapshot.command()
@_name
@driven
def restore(driver: Driver, name: str) -> None:
    """Put it in the place of all that the world has."""
    driver.tell(driver.client.snapshots.restore(name), _show_restored)


@snapshot.command()
@_name
@click.argument("into", metavar="NAMESPACE")
@driven
def fork(driver: Driver, name: str, into: str) -> None:
    """Put it in the place of all that another world has."""
    driver.tell(driver.client.snapshots.fork(name, into), _show_restored)


@snapshot.command()
@_name
@click.option("--out", metavar="FILE", help="Write it there.  [standard output]")
@driven
def download(driver: Driver, name: str, out: str | None) -> None:
    """Write it as a file, which `load` and `serve --snapshot` take."""
    content = driver.client.snapshots.download(name)
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        Path(out).write_bytes(content)
    except OSError as error:
        raise CommandFailed(WRONG_USE, f"{out}: {error.strerror or error}") from error
    say(f"{out}: {len(content) / 1000:.1f} kB")


@snapshot.command()
@_name
@click.argument("file", metavar="FILE")
@driven
def load(driver: Driver, name: str, file: str) -> None:
    """Keep a downloaded file under a name, to be restored or forked."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise CommandFailed(WRONG_USE, f"{file}: {error.strerror or error}") from error
    driver.tell(driver.client.snapshots.load(name, content), _show_saved)


@snapshot.command()
@_name
@driven
def delete(driver: Driver, name: str) -> None:
    """Delete it."""
    driver.tell(driver.client.snapshots.delete(name), lambda gone: say(f"deleted: {gone.name}"))


def _show_all(kept: "list[SnapshotView]") -> None:
    show_table(
        ("name", ">jobs", ">kB", "saved at"),
        ((one.name, one.jobs, f"{one.bytes / 1000:.1f}", short_time(one.saved_at)) for one in kept),
        "no snapshots",
    )


def _show_saved(one: "SnapshotView") -> None:
    say(f"{one.name}: {one.jobs} jobs, {one.bytes / 1000:.1f} kB, at {one.saved_at}")


def _show_restored(answer: "RestoredAnswer") -> None:
    say(f"{answer.namespace} is as {answer.snapshot.name} was: {answer.clock.now}")
