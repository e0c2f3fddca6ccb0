"""Every answer of a tour through the API keeps the document's word, and the examples are true."""

import asyncio
from typing import Any

import pytest

from simulator.domain.errors import REFUSAL_STATUS
from simulator.engine.operations import OPERATIONS
from simulator.surfaces.openapi_routes import BASE_IN_EXAMPLES, data_plane_document, read_examples
from tests.surfaces.openapi_checks import problems, resolved
from tests.surfaces.openapi_tour import Exchange, every_route, recorded, tour

AGAIN = "the simulator answers differently by now: python -m tests.surfaces.openapi_tour"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return data_plane_document("http://testserver", "0.1.0")


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return asyncio.run(tour())


def test_every_answer_is_what_the_document_declares(
    document: dict[str, Any], exchanges: list[Exchange]
) -> None:
    assert [problem for each in exchanges for problem in problems(document, each)] == []


def test_the_tour_does_every_route_once(exchanges: list[Exchange]) -> None:
    done = {(each.method, each.path) for each in exchanges if each.answer.status_code < 400}
    assert sorted(set(every_route()) - done) == []


def test_the_tour_meets_every_refusal(exchanges: list[Exchange]) -> None:
    met = {
        each.body["error"]: each.answer.status_code
        for each in exchanges
        if isinstance(each.body, dict) and "error" in each.body
    }
    assert met == dict(REFUSAL_STATUS)


def test_the_tour_meets_every_status_that_needs_no_broken_connection(
    document: dict[str, Any], exchanges: list[Exchange]
) -> None:
    declared = {
        int(status)
        for methods in document["paths"].values()
        for item in methods.values()
        for status in item["responses"]
    }
    met = {each.answer.status_code for each in exchanges}
    assert declared - met == {404, 408, 431, 500, 503, 507}


@pytest.mark.parametrize("kind", ["answers", "refusals"])
def test_the_recorded_examples_are_true(kind: str, exchanges: list[Exchange]) -> None:
    today, known = recorded(exchanges)[kind], read_examples(BASE_IN_EXAMPLES)[kind]
    assert [name for name in today if today[name] != known.get(name)] == [], AGAIN
    assert list(known) == list(today), AGAIN


def test_every_operation_and_every_refusal_has_an_example() -> None:
    examples = read_examples(BASE_IN_EXAMPLES)
    assert set(examples["refusals"]) == set(REFUSAL_STATUS), AGAIN
    assert {operation.name for operation in OPERATIONS} <= set(examples["answers"]), AGAIN


def test_the_document_shows_the_examples(document: dict[str, Any]) -> None:
    shown: set[str] = set()
    for response in document["components"]["responses"].values():
        for content in response["content"].values():
            shown |= set(content.get("examples", ()))
    assert shown == set(REFUSAL_STATUS)
    for operation in OPERATIONS:
        item = document["paths"][operation.path][operation.method.lower()]
        answer = resolved(document, item["responses"]["200"])
        assert "example" in answer["content"]["application/json"]


def test_examples_name_the_address_that_the_document_is_served_at(
    document: dict[str, Any],
) -> None:
    answer = document["paths"]["/v1/upload/media"]["post"]["responses"]["200"]
    example = answer["content"]["application/json"]["example"]
    assert example["url"].startswith("http://testserver/media/")
