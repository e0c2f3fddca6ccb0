"""Operations as tools: their schemas, and a call's outcome in the words of REST."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.domain.faults import find
from simulator.engine.asks import Asks
from simulator.engine.operations import OPERATIONS, UNROUTED, Operation
from simulator.engine.provider import Provider
from simulator.engine.shapes import from_fields
from simulator.engine.store.base import StorageFull
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import REFUSALS, rule_of
from simulator.surfaces.auth import check_scope
from simulator.surfaces.staging import perform

TOOLS: Mapping[str, Operation] = {
    operation.name: operation for operation in (*OPERATIONS, *UNROUTED)
}


REFUSED: tuple[Mapping[str, Any], ...] = (
    {
        "type": "object",
        "description": "A business rule refused it; fields that belong to the code follow.",
        "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
        "required": ["error", "message"],
    },
    {
        "type": "object",
        "description": "The call was not allowed, found nothing, or had fields of a wrong shape.",
        "properties": {"detail": {"type": ["string", "array"]}},
        "required": ["detail"],
    },
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool answered: ``content`` is the object that REST would have sent; ``rule`` what
    refused, if anything did."""

    content: dict[str, Any]
    is_error: bool = False
    rule: str = ""


async def admit(provider: Provider, caller: Caller, operation: Operation) -> None:
    """What both surfaces ask before they look at the body: the scope, then the rate limit."""
    check_scope(caller, operation.scopes)
    if operation.bucket is not None:
        await provider.count_call(caller, operation.bucket)


def where_of(operation: Operation) -> str:
    """Where REST finds the fields, which is how a problem's location begins on both surfaces."""
    if operation.method == "POST":
        return "body"
    return "path" if operation.path_fields else "query"


async def call_tool(
    provider: Provider, caller: Caller, operation: Operation, arguments: Mapping[str, Any]
) -> Outcome:
    """One call with its refusals as outcomes; whatever else is raised is a fault of ours."""
    try:
        asks, where = caller.asks, where_of(operation)
        if asks is None or not asks.admitted:
            await admit(provider, caller, operation)
        if asks is not None:
            _check_faults(asks, where)
        body = from_fields(operation.body, arguments, where, strict=True)
        answer = await perform(provider, caller, operation, body)
    except REFUSALS as error:
        return Outcome(_refused(error), is_error=True, rule=rule_of(error))
    content: dict[str, Any] = msgspec.to_builtins(answer)
    return Outcome(content)


ADDED_ARGUMENT = "confirm_changes"
"""What a tool asks for besides, after its schema has changed."""


def _check_faults(asks: Asks, where: str) -> None:
    if asks.refusal is not None:
        raise asks.refusal
    if find(asks.fired, "schema_changed") is not None:
        problem: dict[str, object] = {
            "loc": [where, ADDED_ARGUMENT],
            "msg": "Field required",
            "type": "missing",
        }
        raise Malformed([problem])


def input_schema(operation: Operation) -> dict[str, Any]:
    """The arguments as a JSON Schema object, other shapes inlined under ``$defs``."""
    return _schema(operation.body)


def output_schema(operation: Operation) -> dict[str, Any]:
    """The answer, or a refusal in one of its two forms, as a JSON Schema object: some clients hold
    refusals against it too, and would hide them."""
    answer = _schema(operation.answer)
    shapes = answer.pop("$defs", {})
    either = {"type": "object", "anyOf": [answer, *REFUSED]}
    return {**either, "$defs": shapes} if shapes else either


def _schema(shape: type[msgspec.Struct]) -> dict[str, Any]:
    from simulator.surfaces.openapi import tidy  # noqa: PLC0415 - schemas only; a start needs none

    (_,), components = msgspec.json.schema_components((shape,), ref_template="#/$defs/{name}")
    shapes = {name: tidy(schema) for name, schema in components.items()}
    root: dict[str, Any] = shapes.pop(shape.__name__)
    root.setdefault("properties", {})
    return {**root, "$defs": shapes} if shapes else root


def _refused(error: Exception) -> dict[str, Any]:
    if isinstance(error, Rejection):
        return error.body()
    if isinstance(error, Malformed):
        return {"detail": error.problems}
    if isinstance(error, Denial):
        return {"detail": error.detail}
    if isinstance(error, StorageFull):
        return {"detail": f"The state can't be written: {error}. Nothing was held."}
    raise error
