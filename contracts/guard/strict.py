"""JSON that every reader understands alike: what two could read in two ways is not priced."""

import json
from collections.abc import Mapping
from typing import Any, Never


class Ambiguous(Exception):
    """Another reader could see something else in these bytes; the text says why."""


def read_strictly(body: bytes, content_types: tuple[str, ...]) -> Any:
    """The value of a body. Raises Ambiguous for another content type or charset, broken JSON,
    names that differ in case only, and numbers beyond JSON's."""
    for told in content_types:
        _check_content_type(told)
    if len(content_types) > 1:
        raise Ambiguous("it has several content types")
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
    except UnicodeDecodeError as error:
        raise Ambiguous("it is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Ambiguous("it is no JSON") from error


def _check_content_type(told: str) -> None:
    kind, *parameters = (part.strip().lower() for part in told.split(";"))
    plain = all(part in ("", "charset=utf-8", 'charset="utf-8"') for part in parameters)
    if kind != "application/json" or not plain:
        raise Ambiguous("its content type is not application/json in UTF-8")


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    if len({name.casefold() for name, _ in pairs}) < len(pairs):
        raise Ambiguous("a name stands in it twice")
    return dict(pairs)


def _no_constant(name: str) -> Never:
    raise Ambiguous(f"{name} is no number of JSON")
