"""An OpenAPI 3.1 document from the one list of operations, for the data plane or the control plane.

The same operations give the same bytes: nothing here depends on time, randomness or hashing order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct

from simulator.domain.evidence import Strength
from simulator.domain.limits import CALLS_A_MINUTE
from simulator.engine.operations import Operation
from simulator.surfaces.openapi_refusals import (
    answer_headers,
    refusal_response,
    refusal_responses,
    refusal_schemas,
)

Json = dict[str, Any]
REFERENCE = "#/components/schemas/"

KEY_SCHEMES: Mapping[str, Json] = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
"""The two headers in which a key travels; either will do."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A route that is no operation. ``answer`` maps media types to what OpenAPI says of them;
    ``statuses`` are those of its refusals; ``parameters`` and ``request_body`` are OpenAPI's;
    ``shapes`` are those that any of them refers to."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    answer: Mapping[str, Mapping[str, Any]]
    statuses: tuple[int, ...]
    strength: Strength
    source: str
    secured: bool = True
    scopes: tuple[str, ...] = ()
    bucket: str | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    request_body: Mapping[str, Any] | None = None
    status: int = 200
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shapes: tuple[type[Struct], ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of the whole. ``prefix`` goes before each operation's path;
    ``schemes`` are OpenAPI's security schemes, any one of which opens a secured route.
    ``body_required`` False: a POST without a body is one with ``{}``. ``key_required`` False: a
    secured route opens without any, too. ``parameters`` are OpenAPI's, of every operation."""

    title: str
    version: str
    description: str
    server_url: str
    prefix: str = ""
    schemes: Mapping[str, Json] = field(default_factory=lambda: KEY_SCHEMES)
    tags: Mapping[str, str] = field(default_factory=dict)
    body_required: bool = True
    key_required: bool = True
    parameters: tuple[Mapping[str, Any], ...] = ()


def data_plane_statuses(operation: Operation) -> tuple[int, ...]:
    """The statuses of an operation's refusals, those of the guard and of the server included."""
    found = {400, 401, 403, 421, 431, 500, 503, 507}
    if operation.method == "POST":
        found |= {408, 413, 415}
    if msgspec.structs.fields(operation.body):
        found.add(422)
    if operation.looks_up or operation.path_fields:
        found.add(404)
    if operation.bucket is not None:
        found.add(429)
    if starts_job(operation):
        found.add(402)
    return tuple(sorted(found))


def starts_job(operation: Operation) -> bool:
    """Whether a call can hold credits: it counts against a bucket of its own, not the readers'."""
    return operation.refuses and operation.bucket not in (None, "read")


def openapi(
    operations: Sequence[Operation],
    about: About,
    *,
    extras: Sequence[Extra] = (),
    statuses: Callable[[Operation], Iterable[int]] = data_plane_statuses,
    examples: Mapping[str, Any] | None = None,
    refusal_examples: Mapping[str, Any] | None = None,
) -> Json:
    """The document. ``examples`` are answers by the operation's name, ``refusal_examples`` bodies
    by refusal code; what has none gets none."""
    recorded = examples or {}
    shapes = [shape for operation in operations for shape in (operation.body, operation.answer)]
    shapes += [shape for extra in extras for shape in extra.shapes]
    _, raw = msgspec.json.schema_components(shapes, ref_template=REFERENCE + "{name}")
    schemas = {name: tidy(schema) for name, schema in raw.items()}
    bodies = {name: schema for name, schema in schemas.items() if _is_body(name, operations)}
    paths: dict[str, Json] = {}
    for operation in operations:
        item = _operation(operation, about, bodies, tuple(statuses(operation)))
        _add_answer(item, operation, recorded, _links(operation, operations))
        paths.setdefault(about.prefix + operation.path, {})[operation.method.lower()] = item
    for extra in extras:
        paths.setdefault(extra.path, {})[extra.method.lower()] = _extra(extra, about, recorded)
    _check_names(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": about.version,
            "description": about.description,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": about.server_url}],
        "security": [
            *([] if about.key_required else [{}]),
            *({name: []} for name in about.schemes),
        ],
        "tags": _tags(paths, about.tags),
        "paths": paths,
        "components": {
            "schemas": {**_published(schemas, operations), **refusal_schemas()},
            "responses": refusal_responses(refusal_examples or {}),
            "securitySchemes": dict(about.schemes),
        },
    }


def tidy(schema: Any) -> Any:
    """A schema as msgspec writes it, in fewer words: a description stands outside of ``anyOf``, a
    null is one more type, an integer or a number is a number, and an enum names its type."""
    if isinstance(schema, list):
        return [tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: tidy(value) for key, value in schema.items()}
    if schema.get("required") == []:
        del schema["required"]
    # A null, or a text shorter than the field takes, stands for "left out": nobody can send it.
    if schema.get("default", 0) is None or (schema.get("default") == "" and "minLength" in schema):
        del schema["default"]
    if "enum" in schema and "type" not in schema:
        schema["type"] = "string"
    return _tidy_union(schema) if "anyOf" in schema else schema


def _tidy_union(schema: Json) -> Json:
    options = schema["anyOf"]
    types = [option.get("type") for option in options]
    if "number" in types:
        options = [option for option in options if option != {"type": "integer"}]
    rest = [option for option in options if option != {"type": "null"}]
    nullable = len(rest) < len(options)
    outer = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(rest) != 1 or not isinstance(rest[0].get("type"), str):
        return _flat({**outer, "anyOf": options})
    merged = {**rest[0], **outer}
    if nullable:
        merged["type"] = [merged["type"], "null"]
        if "enum" in merged:
            merged["enum"] = [*merged["enum"], None]
    return merged


def _flat(schema: Json) -> Json:
    """A union within a union is one union; the inner one's description becomes the outer one's."""
    flat: Json = {key: value for key, value in schema.items() if key != "anyOf"}
    options: list[Json] = []
    for option in schema["anyOf"]:
        if "anyOf" in option:
            options += option["anyOf"]
            flat = {**{key: value for key, value in option.items() if key != "anyOf"}, **flat}
        else:
            options.append(option)
    return {**flat, "anyOf": options}


def _is_body(name: str, operations: Sequence[Operation]) -> bool:
    return any(operation.body.__name__ == name for operation in operations)


def _published(schemas: Mapping[str, Json], operations: Sequence[Operation]) -> dict[str, Json]:
    """All but the shapes of queries and paths, which are written out as parameters."""
    sent = {op.body.__name__ for op in operations if op.method not in _BODILESS}
    return {
        name: schema
        for name, schema in schemas.items()
        if name in sent or not _is_body(name, operations)
    }


_BODILESS = ("GET", "DELETE")


def _operation(
    operation: Operation, about: About, bodies: Mapping[str, Json], statuses: tuple[int, ...]
) -> Json:
    fields = bodies[operation.body.__name__].get("properties", {})
    required = set(bodies[operation.body.__name__].get("required", ()))
    item: Json = {
        "operationId": operation.name,
        "tags": [tag_of(about.prefix + operation.path)],
        "summary": operation.summary,
        "description": _description(operation.description, operation.scopes, operation.bucket),
    }
    parameters = [
        _parameter(name, "path", fields.get(name, {"type": "string", "minLength": 1}), True)
        for name in operation.path_fields
    ]
    left = {name: schema for name, schema in fields.items() if name not in operation.path_fields}
    if operation.method in _BODILESS:
        parameters += [
            _parameter(name, "query", schema, name in required) for name, schema in left.items()
        ]
    parameters += [dict(parameter) for parameter in about.parameters]
    if parameters:
        item["parameters"] = parameters
    if operation.method not in _BODILESS and left:
        item["requestBody"] = _request_body(operation, about, left, required)
    item["responses"] = {str(status): _refused(status, operation) for status in statuses}
    return {
        **item,
        "x-strength": operation.strength.value,
        "x-source": operation.source,
        "x-scopes": list(operation.scopes),
        "x-bucket": operation.bucket,
    }


def _request_body(
    operation: Operation, about: About, left: Mapping[str, Json], required: set[str]
) -> Json:
    schema: Json = {"$ref": REFERENCE + operation.body.__name__}
    if operation.path_fields:
        names = [name for name in left if name in required]
        schema = {"type": "object", "properties": dict(left)}
        if names:
            schema["required"] = names
    content: Json = {"schema": schema}
    if operation.example:
        content["example"] = dict(operation.example)
    needed = about.body_required or bool(required - set(operation.path_fields))
    return {"required": needed, "content": {"application/json": content}}


def _parameter(name: str, where: str, schema: Json, required: bool) -> Json:
    """A text has no null, so a parameter's type has none either."""
    plain = dict(schema)
    description = plain.pop("description", None)
    if isinstance(plain.get("type"), list):
        plain["type"] = next(each for each in plain["type"] if each != "null")
    if "enum" in plain:
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    parameter: Json = {"name": name, "in": where, "required": required, "schema": plain}
    if description:
        parameter["description"] = description
    return parameter


def _description(text: str, scopes: Sequence[str], bucket: str | None) -> str:
    parts = [text]
    if scopes:
        parts.append(f"Needs the scope {' or '.join(scopes)}.")
    if bucket is not None and bucket in CALLS_A_MINUTE:
        parts.append(f"At most {CALLS_A_MINUTE[bucket]} {bucket} calls a minute and account.")
    return " ".join(parts)


def _refused(status: int, operation: Operation) -> Json:
    return refusal_response(status, refuses=operation.refuses, starts=starts_job(operation))


def _add_answer(
    item: Json, operation: Operation, recorded: Mapping[str, Any], links: Mapping[str, Json]
) -> None:
    content: Json = {"schema": {"$ref": REFERENCE + operation.answer.__name__}}
    if operation.name in recorded:
        content["example"] = recorded[operation.name]
    answer: Json = {
        "description": operation.summary + ".",
        "headers": answer_headers(),
        "content": {"application/json": content},
    }
    if links:
        answer["links"] = dict(links)
    item["responses"] = {"200": answer, **item["responses"]}


def _links(operation: Operation, operations: Sequence[Operation]) -> dict[str, Json]:
    """From a start to the look-up one segment below it, by the id in the answer."""
    fields = {each.encode_name for each in msgspec.structs.fields(operation.answer)}
    return {
        other.name: {
            "operationId": other.name,
            "parameters": {other.path_fields[0]: f"$response.body#/{other.path_fields[0]}"},
        }
        for other in operations
        if operation.method == "POST"
        and len(other.path_fields) == 1
        and other.path == f"{operation.path}/{{{other.path_fields[0]}}}"
        and other.path_fields[0] in fields
    }


def _extra(extra: Extra, about: About, recorded: Mapping[str, Any]) -> Json:
    content = {media_type: dict(said) for media_type, said in extra.answer.items()}
    if extra.name in recorded:
        next(iter(content.values()))["example"] = recorded[extra.name]
    answer: Json = {
        "description": extra.summary + ".",
        "headers": {**answer_headers(), **extra.headers},
    }
    if content:
        answer["content"] = content
    item: Json = {
        "operationId": extra.name,
        "tags": [extra.tag],
        "summary": extra.summary,
        "description": _description(extra.description, extra.scopes, extra.bucket),
    }
    if not extra.secured:
        item["security"] = []
    if extra.parameters:
        item["parameters"] = [dict(parameter) for parameter in extra.parameters]
    if extra.request_body is not None:
        item["requestBody"] = dict(extra.request_body)
    refusals = {
        str(status): refusal_response(status, refuses=False, starts=False)
        for status in extra.statuses
    }
    return {
        **item,
        "responses": {str(extra.status): answer, **refusals},
        "x-strength": extra.strength.value,
        "x-source": extra.source,
        "x-scopes": list(extra.scopes),
        "x-bucket": extra.bucket,
    }


_ACCOUNT = ("balance", "generations")


def tag_of(path: str) -> str:
    """``/v1/generate/media`` is told under ``generate``; what looks into an account, together."""
    segment = path.split("/")[2]
    return "account" if segment in _ACCOUNT else segment


def _tags(paths: Mapping[str, Json], described: Mapping[str, str]) -> list[Json]:
    used = dict.fromkeys(
        tag for methods in paths.values() for item in methods.values() for tag in item["tags"]
    )
    return [{"name": tag, "description": described.get(tag, "")} for tag in used]


def _check_names(paths: Mapping[str, Json]) -> None:
    """Two routes of one name would overwrite each other in whatever is made of the document."""
    names = [item["operationId"] for methods in paths.values() for item in methods.values()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two routes are named {', '.join(twice)}")
