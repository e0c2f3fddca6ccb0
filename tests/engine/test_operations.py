"""The list of calls, and the list of rulings, are whole and agree with themselves."""

import re

import msgspec
import pytest

from simulator.domain.limits import CALLS_A_MINUTE
from simulator.engine.operations import OPERATIONS
from simulator.engine.rulings import all_rulings
from simulator.engine.worlds import SCOPES
from tests.rulings import all_rulings as rulings_of_the_domain

EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def test_every_call_has_a_name_and_a_place_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    places = [(each.method, each.path) for each in OPERATIONS if each.path]
    assert sorted(names) == sorted(set(names))
    assert sorted(places) == sorted(set(places))


@EACH
def test_a_call_counts_against_a_limit_and_asks_for_scopes_that_exist(operation) -> None:  # type: ignore[no-untyped-def]  # an operation
    assert operation.bucket is None or operation.bucket in CALLS_A_MINUTE
    assert set(operation.scopes) <= set(SCOPES)


@EACH
def test_the_fields_of_a_path_are_fields_of_the_body(operation) -> None:  # type: ignore[no-untyped-def]  # an operation
    fields = {field.encode_name for field in msgspec.structs.fields(operation.body)}
    assert set(operation.path_fields) <= fields
    assert list(operation.path_fields) == re.findall(r"\{(\w+)\}", operation.path or "")


@EACH
def test_an_example_has_the_shape_that_it_is_an_example_of(operation) -> None:  # type: ignore[no-untyped-def]  # an operation
    if operation.example:
        assert isinstance(msgspec.convert(operation.example, operation.body), operation.body)
        fields = {field.encode_name for field in msgspec.structs.fields(operation.body)}
        assert set(operation.example) <= fields


def test_what_only_looks_is_told_from_what_starts_something() -> None:
    starts = {each.name for each in OPERATIONS if not each.reads}
    assert {"generate_media", "generate_music", "create_ad_copy"} <= starts
    assert not starts & {"get_models", "get_balance", "estimate_generation_cost"}


def test_every_ruling_of_the_domain_is_shown() -> None:
    shown = [ruling.id for ruling in all_rulings()]
    assert sorted({ruling.id for ruling in rulings_of_the_domain()} - set(shown)) == []
    assert sorted(shown) == sorted(set(shown))
