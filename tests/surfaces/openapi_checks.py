"""An answer against what an OpenAPI document says of it."""

from typing import Any

import jsonschema_rs

from tests.surfaces.openapi_tour import Exchange

Json = dict[str, Any]


def resolved(document: Json, said: Json) -> Json:
    """What a reference refers to; anything else as it is."""
    if "$ref" not in said:
        return said
    _, _, kind, name = said["$ref"].split("/")
    found: Json = document["components"][kind][name]
    return found


def problems(document: Json, exchange: Exchange) -> list[str]:
    """Everything in an answer that the document does not say; empty when it keeps its word."""
    said = document["paths"][exchange.path][exchange.method.lower()]["responses"]
    status = str(exchange.answer.status_code)
    if status not in said:
        return [f"{exchange.name}: this status is not declared"]
    response = resolved(document, said[status])
    found = [
        f"{exchange.name}: the header {name} is missing"
        for name, header in response.get("headers", {}).items()
        if header.get("required") and name not in exchange.answer.headers
    ]
    content = response.get("content", {})
    if not content:
        return found
    media_type = exchange.answer.headers.get("content-type", "").partition(";")[0]
    if media_type not in content:
        return [*found, f"{exchange.name}: {media_type!r} is not declared"]
    schema = {**content[media_type].get("schema", {}), "components": document["components"]}
    errors = jsonschema_rs.validator_for(schema).iter_errors(exchange.body)
    return [*found, *(f"{exchange.name}: {error.message}" for error in errors)]
