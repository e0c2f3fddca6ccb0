"""The table of mutants, and the bench that they are made on."""

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from simulator.app import build
from simulator.engine import prices
from simulator.mutants.bench import Bench, Mutant
from simulator.mutants.table import MUTANTS, NONE, find
from simulator.settings import Settings

LEAST: Mapping[str, int] = {
    "authorisation": 6,
    "schema": 9,
    "validation": 16,
    "billing": 16,
    "life cycle": 9,
    "MCP": 7,
    "concurrency": 5,
}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.undo()


def test_there_are_enough_mutants_of_every_kind() -> None:
    counted: Counter[str] = Counter(each.kind for each in MUTANTS)
    assert {kind: counted[kind] for kind in LEAST if counted[kind] < LEAST[kind]} == {}


def test_no_two_mutants_share_a_name() -> None:
    names = [each.name for each in (NONE, *MUTANTS)]
    assert sorted(names) == sorted(set(names))


def test_a_mutant_that_is_none_is_told() -> None:
    with pytest.raises(LookupError, match="there is no mutant 'nobody'"):
        find("nobody")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_finds_its_places_and_is_not_reached_before_a_call(
    bench: Bench, mutant: Mutant
) -> None:
    mutant.apply(bench)
    assert bench.reached == 0


def test_a_row_that_is_none_is_an_error(bench: Bench) -> None:
    bench.row("no-such-model", prompt_max=1)
    with pytest.raises(LookupError, match="no row no-such-model"):
        build(Settings())


def test_a_change_is_there_until_it_is_undone(bench: Bench) -> None:
    before = prices.repriced
    bench.put("simulator.engine.prices.repriced", "another")
    changed: object = prices.repriced
    bench.undo()
    assert (changed, prices.repriced) == ("another", before)


def test_a_change_that_makes_no_difference_is_not_counted(bench: Bench) -> None:
    assert bench.counted(lambda value: value, 5) == 5
    assert bench.reached == 0


def test_a_change_that_makes_a_difference_is_counted(bench: Bench) -> None:
    assert bench.counted(lambda value: value + 1, 5) == 6
    assert bench.reached == 1


def test_a_place_that_is_none_is_an_error(bench: Bench) -> None:
    with pytest.raises(AttributeError):
        bench.put("simulator.engine.provider.no_such_function", None)


def test_a_rule_that_is_none_is_an_error(bench: Bench) -> None:
    with pytest.raises(LookupError, match=r"no rule media\.nothing"):
        bench.without_rule("media.nothing", "simulator.engine.provider.MEDIA_RULES")
