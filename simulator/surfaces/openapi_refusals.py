"""Refusals as OpenAPI tells them: the body of each code, and the answer of each status."""

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.domain.errors import REFUSAL_STATUS

Json = dict[str, Any]

_TEXT: Mapping[str, Any] = {"type": "string"}
_WHOLE: Mapping[str, Any] = {"type": "integer"}
_NUMBER: Mapping[str, Any] = {"type": "number"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}}
_KIND: Mapping[str, Any] = {"type": "string", "enum": ["image", "video", "audio"]}
_COUNTS: Mapping[str, Any] = {"max": _WHOLE, "count": _WHOLE}
_SECONDS: Mapping[str, Any] = {"max_seconds": _WHOLE, "seconds": _NUMBER}
_ALLOWED: Mapping[str, Any] = {"allowed": _TEXTS}

FIELDS: Mapping[str, Mapping[str, Any]] = {
    "model_not_found": {"model": _TEXT},
    "variant_required": {"family": _TEXT, "available_variants": _TEXTS, "hint": _TEXT},
    "unsupported_generation_type": {"generation_type": _TEXT, "allowed": _TEXTS},
    "prompt_too_long": {"max_characters": _WHOLE, "characters": _WHOLE},
    "missing_source_media": {"kind": _KIND, "required": _WHOLE},
    "unexpected_source_media": {"kind": _KIND},
    "unsupported_media_type": {
        "index": _WHOLE,
        "field": _TEXT,
        "extension": _TEXT,
        "allowed": _TEXTS,
        "max_bytes": _WHOLE,
    },
    "too_many_images": _COUNTS,
    "too_many_videos": _COUNTS,
    "too_many_audios": _COUNTS,
    "too_few_images": {"min": _WHOLE, "count": _WHOLE},
    "reference_video_not_allowed": {},
    "reference_video_too_long": _SECONDS,
    "reference_audio_too_long": _SECONDS,
    "invalid_kling_elements": {"index": {"type": ["integer", "null"]}, "reason": _TEXT},
    "invalid_duration": _ALLOWED,
    "invalid_aspect_ratio": _ALLOWED,
    "aspect_ratio_incompatible_with_high_res": _ALLOWED,
    "invalid_quality": _ALLOWED,
    "invalid_resolution": _ALLOWED,
    "invalid_music_mode": {"missing": _TEXT},
    "invalid_vocal_gender": _ALLOWED,
    "invalid_music_text": {},
    "dialogue_too_short": {"min_characters": _WHOLE, "characters": _WHOLE},
    "dialogue_too_long": {"max_characters": _WHOLE, "characters": _WHOLE},
    "invalid_voice": {"index": _WHOLE, "allowed": _TEXTS},
    "invalid_variant_count": {"min": _WHOLE, "max": _WHOLE},
    "media_too_long": _SECONDS,
    "idempotency_key_reused": {"generation_id": _TEXT},
    "rate_limit_exceeded": {"bucket": _TEXT, "limit": _WHOLE, "retry_after_seconds": _WHOLE},
    "concurrency_limit_exceeded": {"bucket": _TEXT, "limit": _WHOLE},
    "insufficient_credits": {"required_credits": _NUMBER, "available_credits": _NUMBER},
}
"""What each refusal's body holds beside ``error`` and ``message``. A code without a row here may
hold anything; one with a row holds nothing else."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "unexpected_source_media": ("kind",),
    "unsupported_media_type": ("index", "field", "allowed", "max_bytes"),
}

_REFUSED, _START_LIMITED = "Refused", "StartLimited"

_DETAILS: Mapping[int, tuple[str, str]] = {
    400: (
        "BadRequest",
        "The request can't be read: not HTTP, nested too deeply, or a name that is none.",
    ),
    401: ("Unauthorized", "No key came, or one that belongs to no account."),
    403: ("Forbidden", "The key lacks the scope, or a web page of another origin is asking."),
    404: ("NotFound", "There is nothing here for this account."),
    408: ("RequestTimeout", "The body did not arrive in time."),
    409: ("Conflict", "The state does not allow it."),
    413: ("ContentTooLarge", "The body is too large."),
    415: ("UnsupportedContent", "The body is not of the type that this route reads."),
    421: ("MisdirectedRequest", "The Host header names another server."),
    431: ("HeadersTooLarge", "The request's head is too large."),
    500: ("InternalError", "The simulator failed; the detail says nothing more, its log does."),
    503: ("Full", "There are as many namespaces or accounts as there may be."),
    507: ("StorageFull", "The state can't be written; nothing was held."),
}
"""Name and reason of each status whose body is ``{"detail": text}``."""

_BEFORE_THE_APP = (400, 408, 431)
"""The connection itself may give these, before a request has an id."""


def refusal_name(code: str) -> str:
    """The name of a code's schema: ``prompt_too_long`` is ``PromptTooLong``."""
    return "".join(word.capitalize() for word in code.split("_"))


def codes(status: int) -> list[str]:
    """The refusals of one status, in the order in which they are looked for."""
    return [code for code, its in REFUSAL_STATUS.items() if its == status]


def refusal_schemas() -> dict[str, Json]:
    """A schema for each code, their union, and the two other bodies of a refusal."""
    problem = {
        "type": "object",
        "properties": {
            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
            "msg": _TEXT,
            "type": _TEXT,
        },
        "required": ["loc", "msg", "type"],
        "additionalProperties": False,
    }
    return {
        **{refusal_name(code): _refusal_schema(code) for code in REFUSAL_STATUS},
        "Refusal": _union(codes(400)),
        "Detail": {
            "title": "Detail",
            "type": "object",
            "properties": {"detail": _TEXT, "request_id": _TEXT},
            "required": ["detail"],
            "additionalProperties": False,
        },
        "Problems": {
            "title": "Problems",
            "type": "object",
            "properties": {"detail": {"type": "array", "items": problem, "minItems": 1}},
            "required": ["detail"],
            "additionalProperties": False,
        },
    }


def _refusal_schema(code: str) -> Json:
    fields = FIELDS.get(code, {})
    optional = OPTIONAL.get(code, ())
    schema: Json = {
        "title": refusal_name(code),
        "type": "object",
        "properties": {"error": {"const": code}, "message": _TEXT, **fields},
        "required": ["error", "message", *(name for name in fields if name not in optional)],
    }
    if code in FIELDS:
        schema["additionalProperties"] = False
    return schema


def _union(those: Iterable[str]) -> Json:
    references = {code: f"#/components/schemas/{refusal_name(code)}" for code in those}
    return {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "error", "mapping": references},
    }


def answer_headers(status: int = 200) -> dict[str, Json]:
    """The headers of every answer."""
    request_id: Json = {
        "description": "Names this answer in the simulator's log and journal.",
        "schema": _TEXT,
    }
    if status not in _BEFORE_THE_APP:
        request_id["required"] = True
    return {
        "X-Sim": {
            "description": "1: this came from a simulator, never from the provider.",
            "required": True,
            "schema": {"type": "string", "const": "1"},
        },
        "X-Request-Id": request_id,
    }


def refusal_response(status: int, *, refuses: bool, starts: bool) -> Json:
    """A reference to the answer of one status. ``refuses``: business rules can refuse this call
    with 400. ``starts``: it starts a job, so the number of jobs at once can refuse it with 429."""
    named = {402: "InsufficientCredits", 422: "Malformed"}
    if status == 400 and refuses:
        name = _REFUSED
    elif status == 429:
        name = _START_LIMITED if starts else "RateLimited"
    else:
        name = named.get(status) or _DETAILS[status][0]
    return {"$ref": f"#/components/responses/{name}"}


def refusal_responses(examples: Mapping[str, Any]) -> dict[str, Json]:
    """Every answer that ``refusal_response`` refers to, with the examples of its codes."""
    rate, at_once = "rate_limit_exceeded", "concurrency_limit_exceeded"
    retry = {
        "description": "Seconds until the next minute of the world's clock begins.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 60},
    }
    answers = {
        name: _response(status, reason, {"$ref": "#/components/schemas/Detail"})
        for status, (name, reason) in _DETAILS.items()
    }
    answers["Unauthorized"]["headers"]["WWW-Authenticate"] = {
        "description": "How to send a key.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    }
    answers[_REFUSED] = _response(
        400,
        "A rule refused the request: nothing was held. The first rule that holds is the answer.",
        {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Refusal", "Detail")]},
        {code: examples[code] for code in codes(400) if code in examples},
    )
    answers["InsufficientCredits"] = _response(
        402,
        "The account has fewer credits available than this costs: nothing was held.",
        {"$ref": "#/components/schemas/InsufficientCredits"},
        {code: examples[code] for code in codes(402) if code in examples},
    )
    answers["Malformed"] = _response(
        422,
        "The request has the wrong shape; every problem is listed.",
        {"$ref": "#/components/schemas/Problems"},
    )
    answers["RateLimited"] = _response(
        429,
        "Too many calls in this minute.",
        {"$ref": f"#/components/schemas/{refusal_name(rate)}"},
        {code: examples[code] for code in (rate,) if code in examples},
        {"Retry-After": {**retry, "required": True}},
    )
    answers[_START_LIMITED] = _response(
        429,
        "Too many calls in this minute, or too many jobs at once.",
        _union((rate, at_once)),
        {code: examples[code] for code in (rate, at_once) if code in examples},
        {"Retry-After": retry},
    )
    return answers


def _response(
    status: int,
    reason: str,
    schema: Mapping[str, Any],
    examples: Mapping[str, Any] | None = None,
    headers: Mapping[str, Mapping[str, Any]] | None = None,
) -> Json:
    content: Json = {"schema": schema}
    if examples:
        content["examples"] = {code: {"value": value} for code, value in examples.items()}
    return {
        "description": reason,
        "headers": {**answer_headers(status), **(headers or {})},
        "content": {"application/json": content},
    }
