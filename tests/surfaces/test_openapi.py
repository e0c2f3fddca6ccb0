"""The OpenAPI documents: valid, complete, and the same bytes always."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from msgspec import Struct
from openapi_spec_validator import validate

from simulator.domain.errors import REFUSAL_STATUS
from simulator.engine.bodies import MediaBody
from simulator.engine.operations import OPERATIONS
from simulator.surfaces import rest
from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from simulator.surfaces.openapi import About, openapi, tidy
from simulator.surfaces.openapi_refusals import FIELDS
from simulator.surfaces.openapi_routes import (
    DOCUMENTATION,
    control_plane_document,
    data_plane_document,
)
from simulator.surfaces.router import Router
from simulator.surfaces.watching import EVENTS_PATH, METRICS_PATH
from tests.surfaces.inprocess import simulated
from tests.surfaces.openapi_checks import resolved

BASE = "http://127.0.0.1:4747"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MAKE_BOTH = (
    "import msgspec, sys;"
    "from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS;"
    "from simulator.surfaces.openapi_routes import *;"
    "sys.stdout.buffer.write(msgspec.json.encode(["
    "data_plane_document('http://a', '1'),"
    "control_plane_document(CONTROL_OPERATIONS, 'http://a', '1')]))"
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return data_plane_document(BASE, "0.1.0")


@pytest.fixture(scope="module")
def control_document() -> dict[str, Any]:
    return control_plane_document(CONTROL_OPERATIONS, BASE, "0.1.0")


def routes(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }


def references(part: object) -> Iterator[str]:
    """Every $ref anywhere in a document."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_the_data_planes_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_the_control_planes_document_is_valid(control_document: dict[str, Any]) -> None:
    validate(control_document)


async def test_the_document_tells_every_route_that_is_served_and_no_other(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[str, str]] = []

    def recording(given: Iterable[tuple[str, str, Any]]) -> Router[Any]:
        known = list(given)
        served.extend((method, path) for method, path, _ in known)
        return Router(known)

    monkeypatch.setattr(rest, "Router", recording)
    async with simulated():
        pass
    assert routes(document) == {*served, *((each.method, each.path) for each in DOCUMENTATION)}


async def test_whatever_the_document_leaves_out_is_405_with_allow(
    document: dict[str, Any],
) -> None:
    wrong = []
    async with simulated(limits=False) as client:
        for path, methods in document["paths"].items():
            told = {method.upper() for method in methods}
            told |= {"HEAD"} if "GET" in told else set()
            for method in set(METHODS) - told:
                answer = await client.send(method, path.replace("{model_id}", "nano-banana"))
                allowed = set(answer.headers.get("allow", "").split(", "))
                if answer.status_code != 405 or allowed != told:
                    wrong.append(f"{method} {path}: {answer.status_code} {allowed}")
    assert wrong == []


def test_the_control_planes_document_tells_every_control_operation(
    control_document: dict[str, Any],
) -> None:
    watched = {("GET", METRICS_PATH), ("GET", EVENTS_PATH)}
    assert routes(control_document) == {(op.method, op.path) for op in CONTROL_OPERATIONS} | watched


@pytest.mark.parametrize("name", ["document", "control_document"])
def test_every_reference_leads_somewhere(name: str, request: pytest.FixtureRequest) -> None:
    whole = request.getfixturevalue(name)
    found = [each for each in references(whole) if not resolved(whole, {"$ref": each})]
    assert found == []


def test_every_shape_in_the_document_is_used(document: dict[str, Any]) -> None:
    used = set(references(document))
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert sorted(schemas - used) == []


def test_every_path_field_is_a_parameter(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for item in methods.values():
            told = {p["name"] for p in item.get("parameters", ()) if p["in"] == "path"}
            assert {part.partition("}")[0] for part in path.split("{")[1:]} == told


def test_both_documents_are_the_same_bytes_in_every_process() -> None:
    made = {
        subprocess.run(
            [sys.executable, "-c", MAKE_BOTH],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert len(json.loads(made.pop())) == 2


def test_importing_the_documents_makes_neither() -> None:
    code = (
        "import sys, simulator.surfaces.openapi as o;"
        "o.openapi = lambda *a, **k: sys.exit('made at import');"
        "import simulator.surfaces.openapi_routes, simulator.surfaces.docs;"
        "sys.exit(3 if 'jinja2' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "."}, check=False)
    assert done.returncode == 0


def test_the_error_of_a_400_is_one_of_the_codes_of_400(document: dict[str, Any]) -> None:
    union = document["components"]["schemas"]["Refusal"]
    assert list(union["discriminator"]["mapping"]) == [
        code for code, status in REFUSAL_STATUS.items() if status == 400
    ]


def test_each_refusal_names_its_own_code(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    told = [
        schema["properties"]["error"]["const"]
        for schema in schemas.values()
        if "error" in schema.get("properties", {})
    ]
    assert told == list(REFUSAL_STATUS)


def test_the_fields_of_every_refusal_are_told() -> None:
    assert set(FIELDS) == set(REFUSAL_STATUS)


def test_each_operation_says_how_sure_it_is_and_by_which_source(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for item in methods.values():
            assert item["x-strength"] in ("documented", "observed", "assumed")
            assert item["x-source"]


def test_a_rate_limit_says_when_to_come_back(document: dict[str, Any]) -> None:
    headers = document["components"]["responses"]["RateLimited"]["headers"]
    assert headers["Retry-After"]["required"] is True


def test_only_a_call_that_starts_a_job_can_lack_credits(document: dict[str, Any]) -> None:
    told = {
        item["operationId"]
        for methods in document["paths"].values()
        for item in methods.values()
        if "402" in item["responses"]
    }
    starts = {op.name for op in OPERATIONS if op.path.startswith("/v1/generate/") and op.example}
    assert "generate_media" in told
    assert told <= starts - {"get_generation_estimate", "estimate_generation_cost"}


def test_a_start_leads_to_its_status(document: dict[str, Any]) -> None:
    started = document["paths"]["/v1/generate/media"]["post"]["responses"]["200"]
    assert started["links"]["get_generation_status"]["parameters"] == {
        "generation_id": "$response.body#/generation_id"
    }


def test_the_documentation_needs_no_key(document: dict[str, Any]) -> None:
    open_paths = {
        path
        for path, methods in document["paths"].items()
        for item in methods.values()
        if item.get("security") == []
    }
    assert open_paths == {each.path for each in DOCUMENTATION}


def test_path_fields_leave_the_body_of_a_control_call(control_document: dict[str, Any]) -> None:
    call = control_document["paths"]["/_sim/accounts/{account}/credits"]["post"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    told = [parameter["name"] for parameter in call["parameters"] if parameter["in"] == "path"]
    assert told == ["account"]
    assert "account" not in schema["properties"]
    assert schema["required"] == ["credits"]


def test_every_control_call_may_name_its_namespace_and_needs_no_key(
    control_document: dict[str, Any],
) -> None:
    assert {} in control_document["security"]
    for methods in control_document["paths"].values():
        for item in methods.values():
            assert "X-Sim-Namespace" in [each["name"] for each in item["parameters"]]


def test_two_routes_of_one_name_are_refused() -> None:
    twice = (OPERATIONS[0], OPERATIONS[0])
    about = About("t", "1", "d", BASE)
    document = openapi(twice, about)  # one path, so one item
    assert list(document["paths"]) == ["/v1/models"]
    with pytest.raises(ValueError, match="two routes are named get_models"):
        openapi(OPERATIONS, about, extras=[same_name(DOCUMENTATION[0])])


def same_name(extra: Any) -> Any:
    return type(extra)(
        **{**{name: getattr(extra, name) for name in extra.__slots__}, "name": "get_models"}
    )


TIDY: dict[str, tuple[object, object]] = {
    "a null is one more type": (
        {"anyOf": [{"type": "string", "description": "d"}, {"type": "null"}], "default": None},
        {"type": ["string", "null"], "description": "d"},
    ),
    "an integer or a number is a number": (
        {"anyOf": [{"type": "integer"}, {"type": "number"}]},
        {"type": "number"},
    ),
    "a nullable enum holds null": (
        {"anyOf": [{"enum": ["a"]}, {"type": "null"}]},
        {"type": ["string", "null"], "enum": ["a", None]},
    ),
    "a reference stays in its union": (
        {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
        {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
    ),
    "a nullable union holds null": (
        {
            "anyOf": [
                {"description": "d", "anyOf": [{"$ref": "#/x"}, {"enum": ["a"]}]},
                {"type": "null"},
            ]
        },
        {
            "description": "d",
            "anyOf": [{"$ref": "#/x"}, {"enum": ["a"], "type": "string"}, {"type": "null"}],
        },
    ),
    "nothing required is not said": ({"type": "object", "required": []}, {"type": "object"}),
    "a default that counts stays": ({"default": 25}, {"default": 25}),
    "a default that may not be sent goes": (
        {"type": "string", "minLength": 1, "default": ""},
        {"type": "string", "minLength": 1},
    ),
}


@pytest.mark.parametrize("name", TIDY)
def test_a_schema_is_told_in_few_words(name: str) -> None:
    given, wanted = TIDY[name]
    assert tidy(given) == wanted


def test_every_field_of_a_body_is_told_with_its_meaning(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["MediaBody"]["properties"]
    assert list(properties) == list(MediaBody.__struct_fields__)
    assert [name for name, schema in properties.items() if not schema.get("description")] == []


def shapes_of(call: Callable[[Any], type[Struct]]) -> set[str]:
    return {call(operation).__name__ for operation in OPERATIONS}


def test_every_answer_is_told_by_the_shape_that_makes_it(document: dict[str, Any]) -> None:
    assert shapes_of(lambda operation: operation.answer) <= set(document["components"]["schemas"])
