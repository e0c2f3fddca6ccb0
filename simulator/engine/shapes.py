"""Bytes or fields -> a request of a declared shape, or Malformed with every problem in it."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import NODEFAULT, Struct, ValidationError

from simulator.domain.errors import Malformed

S = TypeVar("S", bound=Struct)

_MISSING = re.compile(r"Object missing required field `(.+)`")  # how msgspec says it of a part


def from_json(decoder: "msgspec.json.Decoder[S]", body: bytes) -> S:
    """Decodes at once what is right; only a wrong body is looked at field by field."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        shape: type[S] = decoder.type
        return from_fields(shape, read_object(body), "body", strict=True)


def from_fields(shape: type[S], fields: Mapping[str, Any], where: str, strict: bool) -> S:
    """``where`` begins each problem's location. ``strict`` False reads texts as numbers, as a
    query needs. Fields that the shape lacks are ignored, as the provider does."""
    problems = _unwritable(fields, where)
    try:
        found = msgspec.convert(fields, shape, strict=strict)
    except ValidationError:
        problems += _problems(shape, fields, where, strict)
        raise Malformed(problems) from None
    if problems:
        raise Malformed(problems)
    return found


def _unwritable(fields: Mapping[str, Any], where: str) -> list[dict[str, object]]:
    """Every field that no JSON can hold, such as half a surrogate pair: it could not be kept."""
    problems: list[dict[str, object]] = []
    for name, value in fields.items():
        try:
            msgspec.json.encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            problems.append(_problem([where, name], str(error), "invalid"))
    return problems


def _problems(
    shape: type[Struct], fields: Mapping[str, Any], where: str, strict: bool
) -> list[dict[str, object]]:
    """Every field that is missing, wrong or not known, where the decoder tells only the first."""
    problems: list[dict[str, object]] = []
    known = msgspec.structs.fields(shape)
    if shape.__struct_config__.forbid_unknown_fields:
        expected = ", ".join(field.encode_name for field in known)
        for name in fields.keys() - {field.encode_name for field in known}:
            text = f"unknown field, expected one of {expected}"
            problems.append(_problem([where, name[:100]], text, "extra"))
        problems.sort(key=str)
    for field in known:
        name = field.encode_name
        if name not in fields:
            if field.default is NODEFAULT and field.default_factory is NODEFAULT:
                problems.append(_problem([where, name], "Field required", "missing"))
            continue
        try:
            msgspec.convert(fields[name], field.type, strict=strict)
        except ValidationError as error:
            text, path = _split(str(error))
            missing = _MISSING.fullmatch(text)
            if missing is not None:
                problems.append(
                    _problem([where, name, *path, missing[1]], "Field required", "missing")
                )
            else:
                problems.append(_problem([where, name, *path], text, "invalid"))
    return problems


def read_object(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a body; Malformed when it is no JSON, or no object."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Malformed([_problem(["body"], f"no valid JSON: {error}", "json_invalid")]) from error
    if not isinstance(value, dict):
        raise Malformed([_problem(["body"], "expected a JSON object", "invalid")])
    return value


def _problem(loc: list[str | int], msg: str, kind: str) -> dict[str, object]:
    return {"loc": loc, "msg": msg, "type": kind}


def _split(text: str) -> tuple[str, list[str | int]]:
    """msgspec names the place of a problem as ``... - at `$[0].name` ``; apart, text and path."""
    message, found, place = text.partition(" - at `$")
    if not found:
        return text, []
    parts = place.rstrip("`").replace("]", "").replace("[", ".").split(".")
    return message, [
        int(part) if part.isdecimal() else part for part in parts if part not in ("", "...")
    ]
