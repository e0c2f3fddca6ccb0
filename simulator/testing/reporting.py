"""The report of a test run: what each test spent on what, and how its client behaved."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from simulator.client import ControlClient
from simulator.commands.cost_files import as_csv, as_json
from simulator.commands.cost_page import as_html
from simulator.commands.cost_views import view
from simulator.domain.costs import DIMENSIONS, Report, Row, merged
from simulator.engine.controls.conduct import ConductAnswer
from simulator.engine.controls.costs import CostsAnswer, answer_of, report_of

FILES = ("costs.json", "costs.csv", "costs.html", "conduct.json")


class Story(Struct, frozen=True):
    """What became of a test's world. ``test``: its node id."""

    test: str
    costs: CostsAnswer
    conduct: ConductAnswer


class Lapses(Struct, frozen=True):
    """How a test's client behaved, where there is something to say."""

    test: str
    conduct: ConductAnswer


class ConductReport(Struct, frozen=True):
    """``conduct.json``: the tests in which a client did what the provider advises against."""

    format: Literal["mediasim-conduct-by-test"]
    version: Literal[1]
    tests: list[Lapses]


def story_of(control: ControlClient, node_id: str) -> str:
    """As JSON; empty when nobody called the provider."""
    conduct = control.conduct()
    costs = control.costs(*DIMENSIONS)
    if not conduct.calls and not costs.rows:
        return ""
    report, place = report_of(costs), DIMENSIONS.index("test")
    rows = tuple(
        Row((*row.key[:place], node_id, *row.key[place + 1 :]), row.amounts) for row in report.rows
    )
    named = answer_of(Report(report.group, rows), costs.namespaces)
    return msgspec.json.encode(Story(node_id, named, conduct)).decode()


def write_report(folder: Path, texts: Iterable[str]) -> str:
    """Writes FILES into ``folder``, which is made when it is new, and says in a line what is in
    them. ``texts``: of ``story_of``. Raises OSError."""
    stories = [msgspec.json.decode(text, type=Story) for text in texts if text]
    stories.sort(key=lambda story: story.test)
    costs = _costs(stories)
    shown = view(costs, ("test",), None, ())
    found = [_lapses(story) for story in stories if not story.conduct.ok]
    conduct = msgspec.json.encode(ConductReport("mediasim-conduct-by-test", 1, found))
    conduct_text = msgspec.json.format(conduct, indent=2).decode() + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    written = (as_json(shown), as_csv(shown), as_html(shown), conduct_text)
    for name, text in zip(FILES, written, strict=True):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    spent = f"{costs.total.captured:g} credits captured, {costs.total.open:g} still held"
    return f"{len(stories)} tests, {spent}, lapses in {len(found)} of them: {folder}"


def _lapses(story: Story) -> Lapses:
    told = [rule for rule in story.conduct.rules if rule.findings]
    return Lapses(story.test, msgspec.structs.replace(story.conduct, rules=told))


def _costs(stories: Sequence[Story]) -> CostsAnswer:
    whole = merged(DIMENSIONS, (report_of(story.costs) for story in stories))
    return answer_of(whole, sorted({name for story in stories for name in story.costs.namespaces}))
