"""``mediasim jobs`` and ``mediasim ledger``."""

from typing import TYPE_CHECKING

import click

from simulator.commands.driving_tables import short_time, show_facts, show_table
from simulator.commands.driving_target import Driver, driven
from simulator.console import FAILED, say

if TYPE_CHECKING:
    from simulator.engine.control_shapes import JobView, LedgerAnswer, VerifyAnswer


@click.command()
@click.argument("generation_id", metavar="[ID]", required=False)
@click.option("--status", metavar="STATUS", help="Only those that are pending, queued, …")
@click.option("--account", metavar="NAME", help="Only those of one account.")
@click.option("--model", metavar="MODEL", help="Only those of one model.")
@driven
def jobs(driver: Driver, generation_id: str | None, **only: str | None) -> None:
    """List a world's jobs; with ID show that one with its timetable, price row and formula."""
    if generation_id is not None:
        driver.tell(driver.client.job(generation_id), _show_job)
    else:
        driver.tell(driver.client.jobs(**only), _show_jobs)


@click.command()
@click.option("--generation", metavar="ID", help="Only the entries of one generation.")
@click.option("--account", metavar="NAME", help="Only one account.")
@click.option("--verify", is_flag=True, help="Check its laws; 1 when one is broken.")
@driven
def ledger(driver: Driver, generation: str | None, account: str | None, verify: bool) -> None:
    """Show every entry of a world's ledger and the balance they make, or check its laws."""
    if not verify:
        driver.tell(driver.client.ledger(generation, account), _show_ledger)
        return
    verdict = driver.client.verify_ledger()
    driver.tell(verdict, _show_verdict)
    if not verdict.ok:
        raise click.exceptions.Exit(FAILED)


def _show_jobs(jobs: "list[JobView]") -> None:
    show_table(
        ("id", "status", ">%", "model", ">credits", "account", "created", "ends"),
        (
            (
                job.id,
                job.status,
                job.progress,
                job.model,
                job.credits,
                job.account,
                short_time(job.timetable.created_at),
                short_time(job.timetable.done_at or "never"),
            )
            for job in jobs
        ),
        "no jobs",
    )


def _show_job(job: "JobView") -> None:
    times = job.timetable
    show_facts(
        (
            ("id", job.id),
            ("status", f"{job.status}, {job.progress} %"),
            ("outcome", job.outcome),
            ("model", f"{job.model}, {job.generation_type}"),
            ("prompt", job.prompt),
            ("account", job.account),
            ("credits", f"{job.credits}: {job.formula}"),
            ("price row", job.price_row),
            ("seed", job.seed),
            ("created", times.created_at),
            ("queued", times.queued_at),
            ("processing", times.processing_at),
            ("done", times.done_at or "never"),
            *(("parameter", f"{name} = {value}") for name, value in job.parameters.items()),
            *(("fault", fault) for fault in job.faults),
            *(("output", output) for output in job.outputs),
        )
    )


def _show_ledger(ledger: "LedgerAnswer") -> None:
    show_table(
        (">entry", "kind", ">credits", "account", "at", "generation", "row", "why"),
        (
            (
                entry.id,
                entry.kind,
                entry.credits,
                entry.account,
                short_time(entry.at),
                entry.generation_id,
                entry.price_row,
                ": ".join(part for part in (entry.reason, entry.formula) if part),
            )
            for entry in ledger.entries
        ),
        "no entries",
    )
    balance = ledger.balance
    say(f"{balance.available} available, {balance.held} held, {balance.spent} spent")


def _show_verdict(verdict: "VerifyAnswer") -> None:
    say(f"{verdict.entries} entries: {'every law holds' if verdict.ok else 'violated'}")
    for violation in verdict.violations:
        say(f"  {violation}")
