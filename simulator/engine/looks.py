"""A call of the journal with what its bodies say, without credentials."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from simulator.domain.matching import Seen
from simulator.domain.redaction import redacted, redacted_query, redacted_value, without_tail
from simulator.engine.journal import Entry

_HEADS_OF_JSON = (b"{", b"[")


class Look(Struct, frozen=True):
    """A call with what its bodies say. Nothing but numbers is to be shown of ``entry``."""

    entry: Entry
    operation: str
    path: str
    query: str
    headers: dict[str, str]
    request: Any
    answer: Any
    error: str | None
    model: str | None
    generation_id: str | None

    def seen(self) -> Seen:
        """As matchers see it."""
        entry = self.entry
        return Seen(
            entry.seq,
            entry.at_ms,
            {
                "seq": entry.seq,
                "surface": entry.surface,
                "method": entry.method,
                "path": self.path,
                "operation": self.operation,
                "account": entry.account,
                "model": self.model,
                "status": entry.status,
                "error": self.error,
                "generation_id": self.generation_id,
                "headers": self.headers,
                "request": self.request,
                "answer": self.answer,
            },
        )


def look(entry: Entry, secrets: tuple[str, ...] = ()) -> Look:
    """What a call's bodies say, without credentials and ``secrets``."""
    request = _json(entry.request, entry.request_bytes, secrets)
    answer = _json(entry.answer, entry.answer_bytes, secrets)
    if entry.surface == "mcp" and entry.operation:
        request = _inner(request, "params", "arguments")
        answer = _inner(answer, "result", "structuredContent", default=answer)
    if not entry.request and entry.query:
        request = _query(entry)
    request, answer = redacted_value(request, secrets), redacted_value(answer, secrets)
    path = redacted(entry.path, secrets)
    model = request.get("model") if isinstance(request, Mapping) else None
    error = answer.get("error") if isinstance(answer, Mapping) else None
    return Look(
        entry,
        redacted(entry.operation, secrets),
        path,
        redacted_query(entry.query.decode("latin-1"), secrets),
        _headers(entry, secrets),
        request,
        answer,
        error if isinstance(error, str) else None,
        model if isinstance(model, str) else None,
        _generation_id(entry.surface, path, request, answer),
    )


def _json(body: bytes, whole_bytes: int, secrets: tuple[str, ...]) -> Any:
    if not body:
        return None
    if body.lstrip()[:1] in _HEADS_OF_JSON:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            pass  # cut, or never was any
    text = body.decode("utf-8", "replace")
    return text if len(body) == whole_bytes else without_tail(text, secrets)


def _inner(value: Any, *names: str, default: Any = None) -> Any:
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value


def _query(entry: Entry) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in entry.query.decode("latin-1").split("&")]
    return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}


def _generation_id(surface: str, path: str, request: Any, answer: Any) -> str | None:
    for body in (answer, request):
        if isinstance(body, Mapping) and isinstance(body.get("generation_id"), str):
            found: str = body["generation_id"]
            return found
    parts = path.split("/")
    if surface == "files":
        return parts[3] if len(parts) == 5 and parts[3] != "uploads" else None
    in_path = path.startswith("/v1/generate/") and len(parts) >= 5
    return parts[4] if in_path else None


def _headers(entry: Entry, secrets: tuple[str, ...]) -> dict[str, str]:
    return {
        name.decode("latin-1"): redacted(value.decode("latin-1"), secrets)
        for name, value in entry.headers
    }
