"""A call of the journal with what its bodies say, without credentials."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from simulator.domain.matching import Seen
from simulator.domain.redaction import redacted, redacted_value
from simulator.engine.journal import Entry

_HEADS_OF_JSON = (b"{", b"[")


class Look(Struct, frozen=True):
    """A call with what its bodies say."""

    entry: Entry
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
                "path": entry.path,
                "operation": entry.operation,
                "account": entry.account,
                "model": self.model,
                "status": entry.status,
                "error": self.error,
                "generation_id": self.generation_id,
                "headers": headers_of(entry),
                "request": self.request,
                "answer": self.answer,
            },
        )


def look(entry: Entry) -> Look:
    """What a call's bodies say, without credentials."""
    request, answer = _json(entry.request), _json(entry.answer)
    if entry.surface == "mcp" and entry.operation:
        request = _inner(request, "params", "arguments")
        answer = _inner(answer, "result", "structuredContent", default=answer)
    if not entry.request and entry.query:
        request = _query(entry)
    model = request.get("model") if isinstance(request, Mapping) else None
    error = answer.get("error") if isinstance(answer, Mapping) else None
    return Look(
        entry,
        redacted_value(request),
        redacted_value(answer),
        error if isinstance(error, str) else None,
        model if isinstance(model, str) else None,
        _generation_id(entry, request, answer),
    )


def _json(body: bytes) -> Any:
    if not body:
        return None
    if body.lstrip()[:1] in _HEADS_OF_JSON:
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            pass  # cut, or never was any
    return body.decode("utf-8", "replace")


def _inner(value: Any, *names: str, default: Any = None) -> Any:
    for name in names:
        if not isinstance(value, Mapping) or name not in value:
            return default
        value = value[name]
    return value


def _query(entry: Entry) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in entry.query.decode("latin-1").split("&")]
    return {name: value for name, _, value in pairs}


def _generation_id(entry: Entry, request: Any, answer: Any) -> str | None:
    for body in (answer, request):
        if isinstance(body, Mapping) and isinstance(body.get("generation_id"), str):
            found: str = body["generation_id"]
            return found
    parts = entry.path.split("/")
    if entry.surface == "files":
        return parts[3] if len(parts) == 5 and parts[3] != "uploads" else None
    in_path = entry.path.startswith("/v1/generate/") and len(parts) >= 5
    return parts[4] if in_path else None


def headers_of(entry: Entry) -> dict[str, str]:
    """Those that are kept, by name."""
    return {
        name.decode("latin-1"): redacted(value.decode("latin-1")) for name, value in entry.headers
    }
