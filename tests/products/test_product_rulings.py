"""The rulings of the products: each cited by a golden case where it can be, none that is gone."""

import re
from types import ModuleType

import pytest

from simulator.domain import sessions
from simulator.domain.rules import Rule, ads, music, sound, speech
from simulator.engine.rulings import all_rulings
from tests.golden import CASES

SOURCES = re.findall(
    r'^source = "(.*)"$',
    "\n".join(file.read_text("utf-8") for file in sorted((CASES / "products").glob("*.toml"))),
    re.MULTILINE,
)
CITED = {
    name
    for source in SOURCES
    for part in source.split("; ")
    if part.startswith("ruling: ")
    for name in part.removeprefix("ruling: ").split(", ")
}


def test_every_ruling_that_a_case_cites_is_there() -> None:
    assert sorted(CITED - {ruling.id for ruling in all_rulings()}) == []


@pytest.mark.parametrize("module", [music, speech, ads, sound], ids=lambda module: module.__name__)
def test_every_refusal_of_a_product_is_shown_by_a_golden_case(module: ModuleType) -> None:
    tables = [value for value in vars(module).values() if isinstance(value, tuple)]
    rules = {each.id for table in tables for each in table if isinstance(each, Rule)}
    assert rules
    assert sorted(rules - CITED) == []


@pytest.mark.parametrize("module", [music, speech, ads, sound, sessions])
def test_every_ruling_of_a_product_is_told(module: ModuleType) -> None:
    told = {ruling.id for ruling in all_rulings()}
    assert {ruling.id for ruling in module.RULINGS} <= told
