"""Answers on the wire: JSON out, and each kind of refusal in its one form."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Scope, Send

from simulator.domain.errors import Denial, Malformed, Rejection
from simulator.engine.store.base import StorageFull

encode = msgspec.json.Encoder().encode

Header = tuple[bytes, bytes]
JSON: Header = (b"content-type", b"application/json")
SIM: Header = (b"x-sim", b"1")
FAULT = b"x-sim-fault"
NOSNIFF: Header = (b"x-content-type-options", b"nosniff")

REFUSALS = (Rejection, Denial, Malformed, StorageFull)
QUERY_FIELDS_MOST = 50


async def send_json(
    send: Send, status: int, payload: bytes, request_id: str, headers: Iterable[Header] = ()
) -> None:
    """One whole JSON answer."""
    await send(json_head(status, payload, request_id, headers))
    await send({"type": "http.response.body", "body": payload})


def json_head(
    status: int, payload: bytes, request_id: str, headers: Iterable[Header] = ()
) -> dict[str, Any]:
    """The head of a JSON answer, as ASGI sends it."""
    start = [
        JSON,
        (b"content-length", b"%d" % len(payload)),
        SIM,
        (b"x-request-id", request_id.encode("ascii")),
        NOSNIFF,
        *headers,
    ]
    return {"type": "http.response.start", "status": status, "headers": start}


def rule_of(error: Exception) -> str:
    """What refused: a rule's id, else the refusal's code; empty for what no rule decides."""
    return (error.rule or error.code) if isinstance(error, Rejection) else ""


def refusal(error: Exception) -> tuple[int, bytes, tuple[Header, ...]]:
    """Status, body and headers of one of ``REFUSALS``."""
    if isinstance(error, Rejection):
        return error.status, encode(error.body()), _retry_after(error.fields)
    if isinstance(error, Malformed):
        return 422, encode({"detail": error.problems}), ()
    if isinstance(error, Denial):
        headers = tuple((k.encode(), v.encode()) for k, v in error.headers.items())
        return error.status, encode({"detail": error.detail}), headers
    return 507, encode({"detail": f"The state can't be written: {error}. Nothing was held."}), ()


def _retry_after(fields: Mapping[str, object]) -> tuple[Header, ...]:
    seconds = fields.get("retry_after_seconds")
    return () if seconds is None else ((b"retry-after", str(seconds).encode("ascii")),)


def query_fields(scope: Scope) -> dict[str, str]:
    """The query's fields; of a repeated one the last. Malformed when it can't be read."""
    query = scope["query_string"]
    if not query:
        return {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MOST,
        )
    except ValueError as error:
        raise Malformed([{"loc": ["query"], "msg": str(error), "type": "invalid"}]) from error
    for name, value in pairs:
        if value.lower() == "null":  # a query has no null: to leave a field out is to leave it out
            text = "expected a value; leave the field out instead"
            raise Malformed([{"loc": ["query", name], "msg": text, "type": "invalid"}])
    return dict(pairs)


def method_not_allowed(allowed: Iterable[str]) -> Denial:
    """405 with Allow."""
    methods = sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])})
    text = ", ".join(methods)
    return Denial(405, f"Method not allowed here; expected {text}.", {"allow": text})
