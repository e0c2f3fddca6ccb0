"""The wire: statuses, error bodies, and the shapes of what is read."""

from collections.abc import Mapping
from typing import Any

from contracts.check import Check, expect, same
from contracts.lanes.looking import (
    IMAGE,
    NO_ID,
    NUMBER,
    answered,
    field,
    http_status,
    jobs,
    operations,
)
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply
from contracts.talk.operations import BY_NAME

FAMILY = "seedance-2-fast"
VARIANTS = (
    "seedance-2-fast-480p",
    "seedance-2-fast-720p",
    "seedance-2-fast-480p-video-ref",
    "seedance-2-fast-720p-video-ref",
)
OPEN = ("/health", "/openapi.json", "/docs", "/llms.txt", "/docs/models.json")
MODEL_TYPES = ("image", "video", "music")
ROWS_MOST = 25


async def documents_are_open(backend: Backend, surface: str) -> None:
    for path in OPEN:
        reply = await backend.request("GET", path, who="none")
        expect(reply.status == 200 and reply.content, f"200 for {path} without a key", reply.status)


async def health_is_told(backend: Backend, surface: str) -> None:
    reply = await backend.request("GET", "/health", who="none")
    same({"status": "healthy"}, reply.body)


async def models_are_rows(backend: Backend, surface: str) -> None:
    told = answered(await backend.call("get_models", surface=surface), "the list of models")
    rows = field(told, "models", list)
    same(len(rows), told.get("total_count"), "total_count")
    expect(rows, "some models", rows)
    for row in rows:
        expect(isinstance(row, dict), "a row that is an object", row)
        for name in ("model_id", "display_name", "model_type", "provider"):
            field(row, name, str)
        for name in ("generation_types", "input_media_types"):
            field(row, name, list)
        field(row, "requires_input_media", bool)
        field(row, "capabilities", dict)
        field(row, "cost_per_generation", (*NUMBER, type(None)))


async def models_can_be_asked_by_type(backend: Backend, surface: str) -> None:
    for model_type in MODEL_TYPES if backend.has("music") else MODEL_TYPES[:2]:
        reply = await backend.call("get_models", {"model_type": model_type}, surface=surface)
        rows = field(answered(reply, f"the {model_type} models"), "models", list)
        kinds = sorted({str(row.get("model_type")) for row in rows})
        same([model_type], kinds, "only the type that was asked for:")


async def a_balance_is_a_number(backend: Backend, surface: str) -> None:
    reply = await backend.call("get_balance", surface=surface)
    credits = field(answered(reply, "a balance"), "credits", NUMBER)
    expect(credits >= 0, "credits of 0 or more", credits)


async def generations_are_listed(backend: Backend, surface: str) -> None:
    for limit in ({}, {"limit": 1_000}):
        reply = await backend.call("get_generations", limit, surface=surface)
        rows = field(answered(reply, "the list of generations"), "generations", list)
        expect(len(rows) <= ROWS_MOST, f"at most {ROWS_MOST} rows", len(rows))


async def a_time_is_estimated(backend: Backend, surface: str) -> None:
    known = len(await jobs(backend))
    reply = await backend.call("get_generation_estimate", {"model": "nano-banana"}, surface=surface)
    told = answered(reply, "an estimate")
    expect(field(told, "estimated_time_seconds", NUMBER) > 0, "seconds above 0", told)
    same(known, len(await jobs(backend)), "no new job:")


async def a_cost_is_estimated(backend: Backend, surface: str) -> None:
    before = await backend.balance()
    reply = await backend.call("estimate_generation_cost", IMAGE, surface=surface)
    told = answered(reply, "an estimate")
    expect(field(told, "credits", NUMBER) > 0, "credits above 0", told)
    same(before, await backend.balance(), "the balance as it was")


async def answers_are_json(backend: Backend, surface: str) -> None:
    for path, who in (("/v1/balance", "main"), ("/v1/balance", "none"), ("/v1/nothing", "main")):
        reply = await backend.request("GET", path, who=who)
        kind = reply.headers.get("content-type", "")
        wanted = f"application/json from {path}"
        expect(kind.startswith("application/json"), wanted, repr(kind))
        expect(isinstance(reply.body, dict), "a JSON object", reply)


async def an_unknown_path_is_not_found(backend: Backend, surface: str) -> None:
    for path in ("/v1/nothing", "/v1/generate", "/v1/models/x/y"):
        reply = await backend.request("GET", path)
        http_status(reply, 404)
        field(reply.fields, "detail", str)


async def a_method_that_is_none_is_refused(backend: Backend, surface: str) -> None:
    for method, path in (("PUT", "/v1/balance"), ("DELETE", "/v1/models"), ("POST", "/v1/models")):
        http_status(await backend.request(method, path, again=True), 405)


async def a_body_that_is_no_json_is_refused(backend: Backend, surface: str) -> None:
    before = await backend.balance()
    # Where money is at stake, nothing is sent to a start that nobody can tell the price of.
    free = backend.has("control") or not backend.has("time-estimate")
    path = BY_NAME["generate_media" if free else "get_generation_estimate"].path
    for content in (b"{", b"", b"prompt=x", b"[]", b'"x"', b"\xff\xfe"):
        headers = {"Content-Type": "application/json"}
        reply = await backend.request("POST", path, content=content, headers=headers, again=True)
        http_status(reply, 422, 400)
    same(before, await backend.balance(), "the balance as it was")


async def missing_fields_are_told(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.method != "POST" or not operation.required:
            continue
        reply = await backend.call(operation.name, {}, surface=surface)
        http_status(reply, 422)
        problems = field(reply.fields, "detail", list)
        told = [field(each, "loc", list)[-1:] for each in problems if isinstance(each, dict)]
        for each in problems:
            field(each, "msg", str)
        for name in operation.required:
            wanted = f"{operation.name} to tell that {name} is missing"
            expect([name] in told, wanted, reply)


async def required_fields_are_required(backend: Backend, surface: str) -> None:
    for name in ("prompt", "model"):
        body = {key: value for key, value in IMAGE.items() if key != name}
        await _refused(backend, surface, body, f"a start without {name} to be refused", 422, 400)
    if surface == "rest":
        return  # an id is part of the path
    reply = await backend.call("get_generation_status", {}, surface=surface)
    expect(reply.refused or not reply.fields.get("status"), "no status without an id", reply)


async def wrong_types_are_refused(backend: Backend, surface: str) -> None:
    wrong: tuple[tuple[str, Any], ...] = (
        ("prompt", 5),
        ("prompt", ["x"]),
        ("model", {"id": "nano-banana"}),
        ("generation_type", 1),
        ("aspect_ratio", 1.5),
        ("source_media_urls", 7),
        ("sound", "perhaps"),
        ("seed", "first"),
    )
    for name, value in wrong:
        what = f"{name} = {value!r} to be refused"
        await _refused(backend, surface, {**IMAGE, name: value}, what, 422, 400)


async def a_refusal_has_a_code(backend: Backend, surface: str) -> None:
    body = {**IMAGE, "model": FAMILY}
    reply = await _refused(backend, surface, body, "a family label to be refused", 400)
    same("variant_required", reply.fields.get("error"), "error")
    same(FAMILY, reply.fields.get("family"), "family")
    same(sorted(VARIANTS), sorted(field(reply.fields, "available_variants", list)), "variants")
    field(reply.fields, "hint", str)


async def an_unknown_id_is_refused(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.method != "GET" or not operation.path_fields:
            continue
        given = dict.fromkeys(operation.path_fields, NO_ID)
        reply = await backend.call(operation.name, given, surface=surface)
        http_status(reply, 404)
        field(reply.fields, "detail", str)


async def unknown_fields_are_ignored(backend: Backend, surface: str) -> None:
    plain = await backend.call("estimate_generation_cost", IMAGE, surface=surface)
    more = {**IMAGE, "no_such_field": True, "another": {"deep": [1]}}
    reply = await backend.call("estimate_generation_cost", more, surface=surface)
    same(answered(plain, "an estimate"), answered(reply, "an estimate all the same"))


async def _refused(
    backend: Backend, surface: str, body: Mapping[str, Any], what: str, *statuses: int
) -> Reply:
    """A start that must not be accepted, nor cost anything."""
    before = await backend.balance()
    reply = await backend.call("generate_media", body, surface=surface, refused=True)
    expect(reply.refused, what, reply)
    http_status(reply, *statuses)
    same(before, await backend.balance(), "the balance as it was")
    return reply


CHECKS: tuple[Check, ...] = (
    Check(("wire:open-documents",), documents_are_open, ("rest",)),
    Check(("wire:health",), health_is_told, ("rest",)),
    Check(("wire:models",), models_are_rows),
    Check(("wire:models-by-type",), models_can_be_asked_by_type),
    Check(("wire:balance",), a_balance_is_a_number),
    Check(("wire:generations",), generations_are_listed),
    Check(("wire:time-estimate",), a_time_is_estimated),
    Check(("wire:cost-estimate",), a_cost_is_estimated),
    Check(("wire:json",), answers_are_json, ("rest",)),
    Check(("wire:unknown-path",), an_unknown_path_is_not_found, ("rest",)),
    Check(("wire:wrong-method",), a_method_that_is_none_is_refused, ("rest",)),
    Check(("wire:not-json",), a_body_that_is_no_json_is_refused, ("rest",)),
    Check(("wire:missing-fields",), missing_fields_are_told),
    Check(("wire:required-fields",), required_fields_are_required),
    Check(("wire:wrong-types",), wrong_types_are_refused),
    Check(("wire:refusal-body",), a_refusal_has_a_code),
    Check(("wire:unknown-id",), an_unknown_id_is_refused),
    Check(("wire:unknown-fields",), unknown_fields_are_ignored),
)
