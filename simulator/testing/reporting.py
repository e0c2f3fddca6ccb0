"""The cost report of a test run: what each test spent, on which models."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from simulator.client import ControlClient
from simulator.commands.cost_files import as_csv, as_json
from simulator.commands.cost_page import as_html
from simulator.commands.cost_views import view
from simulator.domain.costs import DIMENSIONS, Report, Row, merged
from simulator.engine.controls.costs import CostsAnswer, answer_of, report_of

FILES = ("costs.json", "costs.csv", "costs.html")


def costs_of(control: ControlClient, node_id: str) -> str:
    """What a test's world spent, as JSON; empty when it is nothing."""
    answer = control.costs(*DIMENSIONS)
    if not answer.rows:
        return ""
    report, place = report_of(answer), DIMENSIONS.index("test")
    rows = tuple(
        Row((*row.key[:place], node_id, *row.key[place + 1 :]), row.amounts) for row in report.rows
    )
    named = answer_of(Report(report.group, rows), answer.namespaces)
    return msgspec.json.encode(named).decode()


def write_report(folder: Path, texts: Iterable[str]) -> None:
    """Writes FILES into ``folder``, which is made when it is new. ``texts``: of ``costs_of``.
    Raises OSError."""
    answers = [msgspec.json.decode(text, type=CostsAnswer) for text in texts if text]
    whole = merged(DIMENSIONS, (report_of(answer) for answer in answers))
    names = sorted({name for answer in answers for name in answer.namespaces})
    shown = view(answer_of(whole, names), ("test",), None, ())
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(FILES, (as_json(shown), as_csv(shown), as_html(shown)), strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="")
