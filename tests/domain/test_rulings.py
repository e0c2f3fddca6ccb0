"""Every ruling has an id, a source, and a test that names it with ``pytest.mark.ruling``."""

import ast
import re
from pathlib import Path

from simulator.domain.evidence import Strength
from tests.rulings import all_rulings

TESTS = Path(__file__).parents[1]
ID = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*")


def named_ids() -> set[str]:
    """The ids in the markers of every test, read from the files."""
    return {
        node.args[0].value
        for file in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "ruling"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_every_ruling_is_named_by_a_test() -> None:
    assert sorted({ruling.id for ruling in all_rulings()} - named_ids()) == []


def test_no_test_of_the_domain_names_a_ruling_that_is_gone() -> None:
    rooms = {ruling.id.partition(".")[0] for ruling in all_rulings()}
    named = {name for name in named_ids() if name.partition(".")[0] in rooms}
    assert sorted(named - {ruling.id for ruling in all_rulings()}) == []


def test_ids_of_rulings_are_unique_and_look_alike() -> None:
    ids = [ruling.id for ruling in all_rulings()]
    assert [each for each in ids if not ID.fullmatch(each)] == []
    assert sorted(ids) == sorted(set(ids))


def test_every_ruling_says_what_holds_and_where_it_stands() -> None:
    for ruling in all_rulings():
        assert isinstance(ruling.strength, Strength), ruling
        assert ruling.says.endswith("."), ruling
        assert ruling.source, ruling


def test_the_rulings_of_every_room_of_the_domain_are_found() -> None:
    rooms = {ruling.id.partition(".")[0] for ruling in all_rulings()}
    assert rooms >= {"media", "models", "inputs", "normal", "pricing", "limits", "jobs", "ledger"}
