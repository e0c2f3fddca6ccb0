"""The rows of requirements beside the golden cases, and beside their README's table of the page."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache

import pytest

from contracts.cases import GoldenCase, load_cases
from contracts.data import fixtures_folder
from contracts.lanes import LANES, load_checks
from contracts.requirements import Requirement, load_requirements
from contracts.sections import PAGE, place
from tests.surfaces.inprocess import simulated

README = fixtures_folder() / "requirements" / "README.md"
HEADING = re.compile(r"^### (page: .+)$", re.MULTILINE)
STATEMENT = re.compile(r"^\| (?!statement \||---)(.+?) \| (.+?) \|$", re.MULTILINE)
LEFT_OUT = "left out: "


@cache
def all_rows() -> tuple[Requirement, ...]:
    return load_requirements()


@cache
def rules() -> tuple[Requirement, ...]:
    return tuple(row for row in all_rows() if row.lane == "rules")


@cache
def cases() -> dict[str, GoldenCase]:
    return dict(load_cases())


def statements() -> Iterator[tuple[str, str]]:
    """Each statement of the page with what holds it."""
    table = README.read_text("utf-8").partition("statement by statement")[2]
    yield from STATEMENT.findall(table)


def named_by(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_there_are_requirements_and_their_ids_say_what_they_are_about() -> None:
    assert len(rules()) > 250
    shaped = re.compile(r"[a-z]+(?::[A-Za-z0-9._-]+){1,3}")
    assert [row.id for row in all_rows() if not shaped.fullmatch(row.id)] == []


def test_every_golden_case_belongs_to_a_requirement() -> None:
    held = {name for row in all_rows() for name in row.cases}
    assert sorted(set(cases()) - held) == []


def test_every_case_that_a_requirement_names_is_a_golden_case() -> None:
    assert [(row.id, name) for row in all_rows() for name in row.cases if name not in cases()] == []


def test_every_requirement_has_golden_cases_or_a_check_in_code() -> None:
    checks = [check for lane in LANES for check in load_checks(lane, all_rows())]
    looked_at = {name for check in checks for name in check.requirements}
    mine = {lane.name for lane in LANES}
    assert [row.id for row in all_rows() if row.lane in mine and row.id not in looked_at] == []


def test_what_is_not_judged_by_a_check_in_code_has_cases_that_show_it() -> None:
    (lane,) = [lane for lane in LANES if lane.name == "rules"]
    coded = {
        name
        for check in load_checks(lane, [row for row in rules() if not row.cases])
        for name in check.requirements
    }
    assert [row.id for row in rules() if not row.cases and row.id not in coded] == []
    assert [row.id for row in rules() if row.cases and row.id in coded] == []


def test_sections_of_the_page_are_told_in_the_order_of_the_readme() -> None:
    told = [f"page: {name}" for name in PAGE]
    assert told[0] == "page: Media tools", "what the page says of itself has no statements"
    assert told[1:] == HEADING.findall(README.read_text("utf-8"))


def test_rulings_are_told_last_and_the_page_first() -> None:
    sections = sorted({row.section for row in all_rows()}, key=place)
    kinds = [section.partition(":")[0] for section in sections]
    first_ruling = kinds.index("ruling")
    assert set(kinds[first_ruling:]) == {"ruling"}
    assert kinds[: kinds.count("page")] == ["page"] * kinds.count("page")


async def test_every_section_is_one_that_the_readme_lists() -> None:
    text = README.read_text("utf-8")
    sources = text.partition("## Sources other than the page")[2].partition("##")[0]
    async with simulated() as client:
        rulings = (await client.get("/_sim/rulings")).json()["rulings"]
    known = {
        *HEADING.findall(text),
        *named_by(sources),
        *(f"ruling: {each['id']}" for each in rulings),
    }
    assert sorted({row.section for row in rules()} - known) == []


def test_every_requirement_that_the_table_names_is_there() -> None:
    ids = [row.id for row in all_rows()]
    named = {name for _, cell in statements() if LEFT_OUT not in cell for name in named_by(cell)}
    unknown = [name for name in named if not any(fnmatchcase(each, name) for each in ids)]
    assert sorted(unknown) == []


def test_every_requirement_of_the_page_stands_in_the_table() -> None:
    named = {name for _, cell in statements() for name in named_by(cell)}
    mine = [row for row in rules() if row.section.startswith("page: ")]
    missing = [row.id for row in mine if not any(fnmatchcase(row.id, name) for name in named)]
    assert missing == []


def test_nineteen_of_twenty_statements_of_the_page_are_requirements_as_the_readme_counts() -> None:
    cells = [cell for _, cell in statements()]
    left = [cell for cell in cells if cell.startswith(LEFT_OUT)]
    held = len(cells) - len(left)
    assert held / len(cells) >= 0.95
    counted = f"{len(cells)} statements, {held} of them held by requirements, {len(left)} left out"
    assert counted in README.read_text("utf-8")
    assert [cell for cell in left if len(cell) < len(LEFT_OUT) + 15] == []


@pytest.mark.parametrize("facet", ["price", "refusal"])
def test_a_documented_row_judges_only_what_its_cases_have_from_a_document(facet: str) -> None:
    weak = [
        (row.id, name)
        for row in rules()
        if row.strength == "documented" and (facet in row.judges or not row.judges)
        for name in row.cases
        if cases()[name].strength != "documented"
        and (cases()[name].accepted is None) == (facet == "refusal")
    ]
    assert weak == []


def test_a_row_that_must_be_refused_has_only_refused_cases() -> None:
    wrong = [
        row.id
        for row in rules()
        if row.cases
        and (row.cost == "refused") != all(cases()[name].accepted is None for name in row.cases)
    ]
    assert wrong == []


def test_a_billable_row_may_cost_what_its_cases_cost_together() -> None:
    for row in rules():
        if row.cost == "billable" and row.cases:
            accepted = [cases()[name].accepted or {} for name in row.cases]
            assert row.worst_case_credits == sum(each.get("credits", 0) for each in accepted)


def test_what_could_be_left_out_is_named_exactly_where_it_is_judged() -> None:
    assert [row.id for row in rules() if ("unchanged" in row.judges) != bool(row.parameters)] == []
    unused = [
        (row.id, name)
        for row in rules()
        for name in row.parameters
        if not any(name in cases()[each].request for each in row.cases)
    ]
    assert unused == []
