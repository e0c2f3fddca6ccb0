"""The second backend: its mistakes are found by laws, races, isolation and parity, and nothing is
found where there is none."""

from pathlib import Path

import pytest

from contracts.requirements import load_requirements
from contracts.verdicts import Verdict
from tests.contracts.stranger import findings_of

GOOD = (Verdict.PASS, Verdict.NOT_APPLICABLE)

FOUND: tuple[tuple[str, frozenset[str]], ...] = (
    ("no-refund", frozenset({"laws:billing:failed-is-free"})),
    ("poll-advances", frozenset({"laws:time:reading"})),
    ("credits-before-rules", frozenset({"isolation:rules-before-credits"})),
    ("foreign-is-403", frozenset({"isolation:status"})),
    ("early-hundred", frozenset({"laws:lifecycle:hundred-when-completed"})),
    ("credit-race", frozenset({"races:credits", "races:mixed-prices"})),
    ("tool-sound-default", frozenset({"parity:defaults"})),
    (
        "sound-surcharge",
        frozenset({"laws:billing:sound-has-its-row", "laws:billing:ignored-is-free"}),
    ),
)


async def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    lanes = ("laws", "races", "isolation", "parity")
    ids = [row.id for row in load_requirements() if row.lane in lanes]
    findings = await findings_of(tmp_path, (), *ids, seed=3)
    assert [each for each in findings if each.verdict not in GOOD] == []


@pytest.mark.parametrize(("defect", "ids"), FOUND)
async def test_a_mistake_is_found_and_by_nothing_else(
    tmp_path: Path, defect: str, ids: frozenset[str]
) -> None:
    surface = "mcp" if any(each.startswith("parity:") for each in ids) else "rest"
    findings = await findings_of(tmp_path, (defect,), *sorted(ids), surfaces=[surface])
    failed = {each.requirement for each in findings if each.verdict is Verdict.FAIL}
    assert failed == ids
    assert all(each.trace for each in findings if each.verdict is Verdict.FAIL)
