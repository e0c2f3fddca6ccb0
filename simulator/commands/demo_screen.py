"""How the demo looks: on a terminal with moving bars, elsewhere as plain lines."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 110
_STYLES: Mapping[str, str] = {
    "grant": "cyan",
    "hold": "yellow",
    "capture": "green",
    "release": "magenta",
    "adjust": "cyan",
}

Fields = Mapping[str, Any]


class Screen:
    """Shows the demo's steps. Without a console it shows nothing."""

    def __init__(self, console: "Console | None") -> None:
        self._console = console

    def begin(self, url: str, speed: float) -> None:
        self._line(f"[bold]mediasim[/bold] answers at [cyan]{url}[/cyan]")
        self._line(f"[dim]its clock runs at {speed:g} simulated seconds a second[/dim]")

    def step(
        self, number: str, title: str, surface: str, arguments: Fields, note: str = ""
    ) -> None:
        said = " · ".join(
            _said(name, value)
            for name, value in arguments.items()
            if name not in ("prompt", "source_media_urls")
        )
        self._line()
        self._line(f"[bold]{number}  {title}[/bold]  [dim]generate_media over {surface}[/dim]")
        self._line(f"   {_raw(said)}")
        self._line(f"   [dim]“{_raw(arguments['prompt'])}”[/dim]")
        if note:
            self._line(f"   [dim]{_raw(note)}[/dim]")

    def started(self, start: Fields) -> None:
        self._line(
            f"   accepted: {start['estimated_cost_credits']} credits are held,"
            f" about {start['estimated_time_seconds']} s to go"
        )

    def follow(self, states: Iterable[Fields]) -> Fields:
        """Shows each state of a generation as it comes; the last one."""
        if self._console is not None and self._console.is_terminal:
            return self._moving(self._console, states)
        last: Fields = {}
        for state in states:
            if _moment(state) != _moment(last):
                self._line(f"   {state['status']:<10} {state['progress']:>3} %")
            last = state
        return last

    def _moving(self, console: "Console", states: Iterable[Fields]) -> Fields:
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - tty only

        bar = Progress(
            TextColumn("   {task.description:<10}"),
            BarColumn(bar_width=40),
            TextColumn("{task.completed:>3.0f} %"),
            console=console,
        )
        last: Fields = {}
        with bar:
            task = bar.add_task("pending", total=100)
            for last in states:
                bar.update(task, description=last["status"], completed=last["progress"])
        return last

    def saved(self, path: Path, size_bytes: int, output: Fields, credits: float) -> None:
        facts = [f"{output['width']} x {output['height']}"]
        if output["duration"] is not None:
            facts.append(f"{output['duration']} s")
        facts.append(f"{size_bytes / 1000:.1f} kB")
        self._line(f"   [green]saved[/green] [bold]{_raw(path)}[/bold]  {', '.join(facts)}")
        self._line(f"   [dim]{credits} credits were captured[/dim]")

    def refused(self, status: int | str, body: Fields, before: int, after: int) -> None:
        self._line(f"   [yellow]{status} {body.get('error')}[/yellow]")
        self._line(f"   {_raw(body.get('message'))}")
        self._line(
            f"   [dim]the ledger had {before} entries and has {after}: it cost nothing[/dim]"
        )

    def ledger(self, ledger: Fields, verified: Fields) -> None:
        from rich.table import Table  # noqa: PLC0415 - JSON does without

        self._line()
        if self._console is None:
            return
        wide = self._console.width >= _WIDE
        self._line("[bold]The ledger[/bold]")
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("entry", justify="right")
        table.add_column("kind")
        table.add_column("credits", justify="right")
        table.add_column("model" if wide else "model, and its price row", no_wrap=True)
        if wide:
            table.add_column("row", no_wrap=True)
        table.add_column("why")
        for entry in ledger["entries"]:
            table.add_row(*_cells(entry, wide))
        self._console.print(table)
        balance = ledger["balance"]
        self._line()
        self._line(
            f"[bold]{balance['available']}[/bold] available, [bold]{balance['held']}[/bold] held,"
            f" [bold]{balance['spent']}[/bold] spent"
        )
        ok = "[green]verified[/green]" if verified["ok"] else "[red]violated[/red]"
        laws = "; ".join(verified["violations"]) or "no law of the ledger is broken"
        self._line(f"{ok}: {verified['entries']} entries, {laws}")

    def end(self) -> None:
        self._line()
        self._line("Go on: [bold]mediasim serve[/bold]")
        self._line("   and point a client at http://127.0.0.1:4747, an agent at")
        self._line("   http://127.0.0.1:4747/mcp, with the key sk_test_default")

    def _line(self, markup: str = "") -> None:
        if self._console is None:
            return
        text = markup.lstrip()
        if not self._console.is_terminal or text == markup:
            self._console.print(markup, soft_wrap=not self._console.is_terminal)
            return
        from rich.padding import Padding  # noqa: PLC0415 - terminals only

        indent = len(markup) - len(text)
        self._console.print(Padding(text, (0, 0, 0, indent), expand=False))


def _said(name: str, value: object) -> str:
    if value is True:
        return f"with {name}"
    return str(value)


def _cells(entry: Fields, wide: bool) -> list[str]:
    model, row = entry["model"] or "", entry["price_row"] or ""
    why = entry["reason"]
    if entry["formula"] is not None:
        why = f"{why}: {entry['formula']}"
    kind = f"[{_STYLES.get(entry['kind'], '')}]{entry['kind']}[/]"
    cells = [str(entry["id"]), kind, str(entry["credits"])]
    if wide:
        return [*cells, model, row, _raw(why)]
    return [*cells, model if row in (model, "") else f"{model}\n{row}", _raw(why)]


def _moment(state: Fields) -> tuple[object, int]:
    """Changes with the status and with each quarter of the progress."""
    return state.get("status"), state.get("progress", 0) // 25


def _raw(value: object) -> str:
    """Text in which nothing counts as markup."""
    from rich.markup import escape  # noqa: PLC0415 - JSON does without

    return escape(str(value))
