"""``mediasim requests``."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from simulator.commands.driving_tables import short_time, show_facts, show_table
from simulator.commands.driving_target import Driver, driven, named_value
from simulator.console import FAILED, WRONG_USE, CommandFailed, say

if TYPE_CHECKING:
    from simulator.engine.controls.journal import (
        RequestsAnswer,
        RequestView,
        VerifyRequestsAnswer,
    )

_SHOWN = 50
_COUNT = click.IntRange(0)


@click.group(invoke_without_command=True)
@click.option("--operation", metavar="NAME", help="Only of one operation: generate_media, …")
@click.option("--surface", metavar="NAME", help="Only over rest, mcp, files or control.")
@click.option("--status", metavar="N", type=int, help="Only with one status; 0: it broke.")
@click.option("--account", metavar="NAME", help="Only of one account.")
@click.option("--model", metavar="MODEL", help="Only of one model.")
@click.option("--generation", "generation_id", metavar="ID", help="Only about one generation.")
@click.option("--error", metavar="CODE", help="Only refused for one reason.")
@click.option("--since", metavar="TIME", help="Only from then on, by the world's clock.")
@click.option("--after", "cursor", metavar="N", type=_COUNT, help="The first that follow N.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 500), default=_SHOWN, show_default=True
)
@driven
def requests(driver: Driver, cursor: int | None, limit: int, **only: Any) -> None:
    """Show what was called in a world: the last calls, or those that follow a number. With a
    command: one call as a whole, a check, an empty journal."""
    newest_first = cursor is None
    page = driver.client.journal.page(
        cursor=cursor or 0, limit=limit, newest_first=newest_first, **only
    )
    driver.tell(page, lambda told: _show(told, newest_first=newest_first))


@requests.command()
@click.argument("number", metavar="N", type=click.IntRange(1))
@driven
def show(driver: Driver, number: int) -> None:
    """Show the call of number N as a whole."""
    page = driver.client.journal.page(cursor=number - 1, limit=1)
    if not page.requests or page.requests[0].seq != number:
        raise CommandFailed(WRONG_USE, f"there is no call {number} in the journal")
    driver.tell(page.requests[0], _show_one)


@requests.command()
@click.argument("matcher", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--exactly", metavar="N", type=_COUNT)
@click.option("--at-least", metavar="N", type=_COUNT, help="[1, if nothing is said]")
@click.option("--at-most", metavar="N", type=_COUNT)
@click.option("--never", is_flag=True)
@click.option("--within", metavar="SECONDS", type=float, help="From the first to the last.")
@driven
def verify(driver: Driver, matcher: Sequence[str], within: float | None, **times: Any) -> None:
    """Check how often calls came that fit: operation=generate_media request.model=nano-banana,
    `request.prompt={"contains": "dawn"}`. The status is 1 when it was otherwise."""
    wanted = dict(named_value("", text) for text in matcher)
    verdict = driver.client.journal.verify(wanted, within_seconds=within, **times)
    driver.tell(verdict, _show_verdict)
    if not verdict.ok:
        raise click.exceptions.Exit(FAILED)


@requests.command()
@driven
def clear(driver: Driver) -> None:
    """Empty the journal."""
    driver.tell(driver.client.journal.clear(), lambda count: say(f"removed: {count}"))


def _show(page: "RequestsAnswer", *, newest_first: bool) -> None:
    calls = list(reversed(page.requests)) if newest_first else page.requests
    show_table(
        (">number", "at", "surface", "call", "account", ">status", "told", ">ms"),
        (
            (
                call.seq,
                short_time(call.at),
                call.surface,
                call.operation or f"{call.method} {call.path}",
                call.account,
                call.status or "broke",
                _told(call),
                f"{call.took_us / 1000:.1f}",
            )
            for call in calls
        ),
        "no calls",
    )
    if page.dropped:
        say(f"{page.dropped} older calls are no longer kept")


def _told(call: "RequestView") -> str:
    """What is most worth telling of an answer."""
    parts = [call.error, call.model, *call.faults, call.generation_id]
    return " ".join(part for part in parts if part)


def _show_one(call: "RequestView") -> None:
    rule = call.rule
    show_facts(
        (
            ("number", call.seq),
            ("at", f"{call.at}, took {call.took_us / 1000:.1f} ms"),
            ("call", f"{call.method} {call.path}{'?' if call.query else ''}{call.query}"),
            ("operation", f"{call.operation} over {call.surface}"),
            ("account", call.account),
            *(("header", f"{name}: {value}") for name, value in call.headers.items()),
            ("request", _body(call.request)),
            ("status", call.status or "the connection broke"),
            ("answer", _body(call.answer)),
            ("refused by", None if rule is None else f"{rule.id} ({rule.strength})"),
            *(("fault", fault) for fault in call.faults),
            *(("ledger", f"{row.id} {row.kind} {row.credits}") for row in call.ledger),
        )
    )


def _body(body: object) -> str | None:
    if body is None or body == "":
        return None
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _show_verdict(verdict: "VerifyRequestsAnswer") -> None:
    say(f"{verdict.count} calls fit: {verdict.why}")
    for near in verdict.near_misses:
        say(f"  near: {near.seq} {near.operation}")
        for one in near.differences:
            say(f"    {one.field}: expected {one.expected}, got {one.got}")
