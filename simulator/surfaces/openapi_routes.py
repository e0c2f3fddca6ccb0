"""The two documents: the data plane's with its routes that are no operations, and the control
plane's."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from simulator.domain.evidence import DOCUMENTED, OBSERVED
from simulator.engine.answers import ModelRow, UploadAnswer
from simulator.engine.operations import OPERATIONS, Operation
from simulator.engine.worlds import NAME
from simulator.surfaces.openapi import KEY_SCHEMES, REFERENCE, About, Extra, Json, openapi
from simulator.surfaces.openapi_watching import watching

EXAMPLES = Path(__file__).parent / "pages" / "examples.json"
"""Recorded answers: ``answers`` by operation, ``refusals`` by code."""

BASE_IN_EXAMPLES = "http://127.0.0.1:4747"

_EVERY_ROUTE = (400, 421, 431, 500)
_WITH_KEY = (401, 403, 429, 503, 507)
_TEXT: Mapping[str, Any] = {"type": "string"}
_JSON = "application/json"
_CACHED: Mapping[str, Any] = {
    "ETag": {"description": "For If-None-Match.", "required": True, "schema": _TEXT}
}

UPLOAD = Extra(
    name="upload_media",
    method="POST",
    path="/v1/upload/media",
    summary="Upload source files",
    description="One or more files in parts named file. The answer's URLs go into"
    " source_media_urls; a file is measured, so its length and size are known to the rules.",
    tag="upload",
    answer={_JSON: {"schema": {"$ref": REFERENCE + "UploadAnswer"}}},
    statuses=tuple(sorted({*_EVERY_ROUTE, *_WITH_KEY, 408, 413, 415, 422})),
    strength=OBSERVED,
    source="page: REST API; clients of the API",
    scopes=("generate:media",),
    bucket="upload",
    parameters=(
        {
            "name": "bucket",
            "in": "query",
            "required": False,
            "description": "Clients send media-inputs; any name will do.",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
        },
    ),
    request_body={
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {
                            "description": "Images (jpg, png, webp), videos (mp4, mov, webm) or"
                            " audio (mp3, wav, m4a), at most 500 MB each.",
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        }
                    },
                    "required": ["file"],
                }
            }
        },
    },
    shapes=(UploadAnswer,),
)

_stream = partial(
    Extra,
    method="GET",
    description="Server-sent events: heartbeat while it runs, one result whose data is the status"
    " answer, or error with a message; then the stream closes.",
    tag="generate",
    answer={"text/event-stream": {}},  # a schema would be of the text, and says less than it
    statuses=tuple(sorted({*_EVERY_ROUTE, *_WITH_KEY, 404})),
    strength=OBSERVED,
    source="clients of the API",
    bucket="read",
    parameters=(
        {
            "name": "generation_id",
            "in": "path",
            "required": True,
            "description": "The id of a start's answer.",
            "schema": {"type": "string", "minLength": 1},
        },
    ),
)
STREAMS: tuple[Extra, ...] = (
    _stream(
        name="stream_generation",
        path="/v1/generate/media/{generation_id}/stream",
        summary="Follow a generation",
        scopes=("read:generations", "generate:media"),
    ),
    _stream(
        name="stream_music",
        path="/v1/generate/music/{generation_id}/stream",
        summary="Follow music",
        scopes=("read:generations", "generate:music"),
    ),
)

_open = partial(
    Extra,
    method="GET",
    tag="documentation",
    statuses=_EVERY_ROUTE,
    strength=DOCUMENTED,
    source="docs: llms.txt",
    secured=False,
    headers=_CACHED,
)
_ROWS: Mapping[str, Any] = {"type": "array", "items": {"$ref": REFERENCE + "ModelRow"}}
_MODELS: Mapping[str, Any] = {
    "type": "object",
    "properties": {"models": _ROWS, "total_count": {"type": "integer"}},
    "required": ["models", "total_count"],
}

DOCUMENTATION: tuple[Extra, ...] = (
    _open(
        name="get_health",
        path="/health",
        summary="Whether it answers",
        description="Needs no key.",
        answer={
            _JSON: {
                "schema": {
                    "type": "object",
                    "properties": {"status": {"const": "healthy"}},
                    "required": ["status"],
                    "additionalProperties": False,
                },
                "example": {"status": "healthy"},
            }
        },
    ),
    _open(
        name="get_openapi",
        path="/openapi.json",
        summary="This document",
        description="Needs no key.",
        answer={_JSON: {"schema": {"type": "object", "required": ["openapi", "paths"]}}},
    ),
    _open(
        name="get_docs",
        path="/docs",
        summary="The reference as a page",
        description="Works offline and without scripts.",
        answer={"text/html": {"schema": _TEXT}},
    ),
    _open(
        name="get_docs_openapi",
        path="/docs/openapi",
        summary="The reference again",
        description="The provider shows its OpenAPI document here; this leads to /docs.",
        answer={},
        status=307,
        headers={"Location": {"required": True, "schema": {"const": "/docs"}}},
    ),
    _open(
        name="get_docs_models",
        path="/docs/models.json",
        summary="Every model, without a key",
        description="The rows of GET /v1/models.",
        answer={_JSON: {"schema": _MODELS}},
        shapes=(ModelRow,),
    ),
    _open(
        name="get_docs_model",
        path="/docs/models/{model_id}.json",
        summary="One model, or a family's",
        description="A model's row; for a family's name, or the beginning of one, all its rows.",
        answer={
            _JSON: {
                "schema": {
                    "anyOf": [{"$ref": REFERENCE + "ModelRow"}, _MODELS],
                }
            }
        },
        statuses=tuple(sorted((*_EVERY_ROUTE, 404))),
        parameters=(
            {
                "name": "model_id",
                "in": "path",
                "required": True,
                "description": "For example nano-banana, or seedance-2 for a family.",
                "schema": {"type": "string", "minLength": 1},
            },
        ),
    ),
    _open(
        name="get_llms_txt",
        path="/llms.txt",
        summary="The same for language models",
        description="What this is, keys, scopes, routes and rules of use, as plain text.",
        answer={"text/plain": {"schema": _TEXT}},
    ),
)

EXTRAS: tuple[Extra, ...] = (UPLOAD, *STREAMS, *DOCUMENTATION)

_TAGS: Mapping[str, str] = {
    "models": "What can be asked for, and what it costs.",
    "generate": "Start, price, follow.",
    "account": "Credits, and what was made with them.",
    "upload": "Files of one's own as source media.",
    "documentation": "Open to anybody, without a key.",
}
_DESCRIPTION = (
    "A simulator of the Kubeez media-generation API: an independent project that nobody at Kubeez"
    " made or endorses. No model runs behind it and nobody is charged: its credits are play money."
    " Each route says with `x-strength` how sure it is: documented by the provider, observed in"
    " live data and in clients, or assumed. HEAD works wherever GET does; any other method is 405"
    " with Allow."
)


_NAMESPACE: Mapping[str, Any] = {
    "name": "X-Sim-Namespace",
    "in": "header",
    "required": False,
    "description": "The namespace to act on.",
    "schema": {"type": "string", "pattern": f"^(?:{NAME.pattern})$"},
}


def data_plane_document(base_url: str, version: str) -> Json:
    """What ``/openapi.json`` serves."""
    recorded = read_examples(base_url)
    about = About(
        title="mediasim",
        version=version,
        description=_DESCRIPTION,
        server_url=base_url,
        tags=_TAGS,
    )
    return openapi(
        OPERATIONS,
        about,
        extras=EXTRAS,
        examples=recorded["answers"],
        refusal_examples=recorded["refusals"],
    )


def control_plane_document(operations: Sequence[Operation], base_url: str, version: str) -> Json:
    """What ``/_sim/openapi.json`` serves. A POST without a body is one with ``{}``."""
    about = About(
        title="mediasim control plane",
        version=version,
        description="Moves a simulator's clock, looks into its ledger, sets what goes wrong. A"
        " call acts on the namespace in X-Sim-Namespace, else on that of the key sent, else on"
        " default. With --admin-token, calls bear that token.",
        server_url=base_url,
        schemes={"admin": KEY_SCHEMES["bearer"], "apiKey": KEY_SCHEMES["apiKey"]},
        body_required=False,
        key_required=False,
        parameters=(_NAMESPACE,),
    )
    extras = watching(_NAMESPACE)
    return openapi(operations, about, extras=extras, statuses=control_plane_statuses)


def control_plane_statuses(operation: Operation) -> tuple[int, ...]:
    """The statuses of a control call's refusals."""
    found = {*_EVERY_ROUTE, 401, 403, 503, 507}
    if operation.method == "POST":
        found |= {408, 413, 415}
    if msgspec.structs.fields(operation.body):
        found |= {404, 422}
        if operation.method == "POST":
            found.add(409)
    return tuple(sorted(found))


def read_examples(base_url: str) -> dict[str, Any]:
    """The recorded examples, as a simulator at ``base_url`` would have given them."""
    text = EXAMPLES.read_text(encoding="utf-8").replace(BASE_IN_EXAMPLES, base_url)
    examples: dict[str, Any] = msgspec.json.decode(text)
    return examples
