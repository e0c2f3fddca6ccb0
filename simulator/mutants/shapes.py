"""Schema: statuses, fields and their types, of what is taken and of what is told."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import structs
from starlette.types import Scope

from simulator.domain.errors import Denial, Malformed
from simulator.engine.provider import NO_SUCH_GENERATION
from simulator.mutants.bench import Bench, Mutant
from simulator.mutants.wire import Answer, answered_with, parsed, renamed

PROVIDER = "simulator.engine.provider"
STATUS = f"{PROVIDER}.status_answer"


def _path(path: str) -> Callable[[Scope], bool]:
    return lambda scope: bool(scope["path"] == path)


def _told(bench: Bench, wants: Callable[[Scope], bool], change: Callable[[Answer], Answer]) -> None:
    bench.around(answered_with(wants, lambda scope, asked, told: bench.counted(change, told)))


def count_too_high(bench: Bench) -> None:
    bench.answer(
        lambda told: structs.replace(told, total_count=told.total_count + 1),
        f"{PROVIDER}.ModelsAnswer",
    )


def balance_as_text(bench: Bench) -> None:
    bench.answer(
        lambda told: structs.replace(told, credits=str(told.credits)), f"{PROVIDER}.BalanceAnswer"
    )


def start_without_estimate(bench: Bench) -> None:
    bench.answer(
        lambda told: structs.replace(told, estimated_time_seconds=None), f"{PROVIDER}.start_answer"
    )


def status_in_other_words(bench: Bench) -> None:
    def change(told: Any) -> Any:
        words = {"processing": "running"}
        return structs.replace(told, status=words.get(told.status, told.status))

    bench.answer(change, STATUS)


def size_left_out(bench: Bench) -> None:
    bench.answer(
        lambda told: structs.replace(told, width=None, height=None),
        "simulator.engine.answers.output_answer",
    )


def problem_without_place(bench: Bench) -> None:
    bench.answer(lambda told: {**told, "loc": told["loc"][:1]}, "simulator.engine.shapes._problem")


def code_elsewhere(bench: Bench) -> None:
    def change(told: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"code" if name == "error" else name: value for name, value in told.items()}

    bench.answer(change, "simulator.domain.errors.Rejection.body")


def unknown_fields_refused(bench: Bench) -> None:
    def change(decode: Callable[..., Any]) -> Callable[..., Any]:
        def decodes(decoder: Any, body: bytes) -> Any:
            known = {each.encode_name for each in structs.fields(decoder.type)}
            given = parsed(body)
            for name in sorted(given.keys() - known) if isinstance(given, dict) else ():
                bench.hit()
                raise Malformed([{"loc": ["body", name], "msg": "unknown", "type": "extra"}])
            return decode(decoder, body)

        return decodes

    bench.wrap(change, "simulator.surfaces.rest.from_json")


def _lenient(bench: Bench, mend: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Bodies are mended before they are read, on both surfaces."""

    def from_json(decode: Callable[..., Any]) -> Callable[..., Any]:
        def decodes(decoder: Any, body: bytes) -> Any:
            given = parsed(body)
            if isinstance(given, dict) and "model" in given:
                body = json.dumps(bench.counted(mend, given)).encode()
            return decode(decoder, body)

        return decodes

    def from_fields(convert: Callable[..., Any]) -> Callable[..., Any]:
        def converts(shape: Any, fields: Any, where: str, strict: bool) -> Any:
            mended = bench.counted(mend, fields) if "model" in fields else fields
            return convert(shape, mended, where, strict)

        return converts

    bench.wrap(from_json, "simulator.surfaces.rest.from_json")
    bench.wrap(from_fields, "simulator.surfaces.tools.from_fields")


def any_type_taken(bench: Bench) -> None:
    def mend(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        prompt = fields.get("prompt")
        taken = prompt if prompt is None else str(prompt)
        return {**fields, "prompt": taken} if "prompt" in fields else fields

    _lenient(bench, mend)


def prompt_not_needed(bench: Bench) -> None:
    _lenient(bench, lambda fields: {"prompt": "Something", **fields})


def unknown_id_is_bad_request(bench: Bench) -> None:
    def change(make: Callable[..., Denial]) -> Callable[..., Denial]:
        def makes(status: int, detail: str, *more: Any) -> Denial:
            if detail == NO_SUCH_GENERATION:
                bench.hit()
                status = 400
            return make(status, detail, *more)

        return makes

    bench.wrap(change, f"{PROVIDER}.Denial")


def unknown_path_answered(bench: Bench) -> None:
    _told(bench, _path("/v1/nothing"), lambda told: told.told(b'{"detail": "nothing"}', 200))


def refusals_as_text(bench: Bench) -> None:
    def change(told: Answer) -> Answer:
        return told if told.status < 400 else renamed(told, b"content-type", b"text/plain")

    _told(bench, lambda scope: scope["path"].startswith("/v1/"), change)


def health_in_other_words(bench: Bench) -> None:
    _told(bench, _path("/health"), lambda told: told.told(b'{"status": "ok"}'))


def documents_need_a_key(bench: Bench) -> None:
    _told(bench, _path("/llms.txt"), lambda told: told.told(b"{}", 401))


def wrong_method_not_found(bench: Bench) -> None:
    def change(told: Answer) -> Answer:
        return told.told(told.body, 404) if told.status == 405 else told

    _told(bench, lambda scope: scope["method"] in ("PUT", "DELETE", "POST"), change)


def models_of_all_types(bench: Bench) -> None:
    def change(listed: Callable[..., Any]) -> Callable[..., Any]:
        def lists(catalog: Any, model_type: str | None = None) -> Any:
            if model_type is not None:
                bench.hit()
            return listed(catalog)

        return lists

    bench.wrap(change, "simulator.domain.catalog.Catalog.listed")


def no_json_taken_as_empty(bench: Bench) -> None:
    def change(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        def reads(body: bytes) -> Any:
            try:
                return read(body)
            except Malformed:
                bench.hit()
                return msgspec.json.decode(b'{"prompt": "x", "model": "nano-banana"}')

        return reads

    bench.wrap(change, "simulator.engine.shapes.read_object")


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "count-too-high",
        "schema",
        "The number of models is one more than there are.",
        "wire:models",
        count_too_high,
    ),
    Mutant(
        "balance-as-text",
        "schema",
        "The balance is a text of digits.",
        "wire:balance",
        balance_as_text,
    ),
    Mutant(
        "start-without-estimate",
        "schema",
        "A start does not tell how long it will take.",
        "lifecycle:start",
        start_without_estimate,
    ),
    Mutant(
        "status-in-other-words",
        "schema",
        "A job that is processing is told to be running.",
        "lifecycle:status",
        status_in_other_words,
    ),
    Mutant(
        "size-left-out",
        "schema",
        "Outputs do not tell their width and height.",
        "lifecycle:outputs",
        size_left_out,
    ),
    Mutant(
        "problem-without-place",
        "schema",
        "A 422 does not name the field that is wrong.",
        "wire:missing-fields",
        problem_without_place,
    ),
    Mutant(
        "code-elsewhere",
        "schema",
        "A refusal's code stands in a field of another name.",
        "wire:refusal-body",
        code_elsewhere,
    ),
    Mutant(
        "unknown-fields-refused",
        "schema",
        "A field that the route does not know is refused.",
        "ignored:unknown",
        unknown_fields_refused,
    ),
    Mutant(
        "any-type-taken",
        "schema",
        "A prompt that is a number or a list is made a text.",
        "wire:wrong-types",
        any_type_taken,
    ),
    Mutant(
        "prompt-not-needed",
        "schema",
        "A start without a prompt is given one.",
        "wire:required-fields",
        prompt_not_needed,
    ),
    Mutant(
        "unknown-id-is-bad-request",
        "schema",
        "An id that is none is 400 instead of 404.",
        "wire:unknown-id",
        unknown_id_is_bad_request,
    ),
    Mutant(
        "unknown-path-answered",
        "schema",
        "A path that is none is answered with 200.",
        "wire:unknown-path",
        unknown_path_answered,
    ),
    Mutant(
        "refusals-as-text",
        "schema",
        "Refusals do not say that they are JSON.",
        "wire:json",
        refusals_as_text,
    ),
    Mutant(
        "health-in-other-words",
        "schema",
        "Health is told in another word.",
        "wire:health",
        health_in_other_words,
    ),
    Mutant(
        "documents-need-a-key",
        "schema",
        "A document for agents is not open to all.",
        "wire:open-documents",
        documents_need_a_key,
    ),
    Mutant(
        "wrong-method-not-found",
        "schema",
        "A method that a route lacks is 404.",
        "wire:wrong-method",
        wrong_method_not_found,
    ),
    Mutant(
        "models-of-all-types",
        "schema",
        "The list of models takes no notice of the type that was asked for.",
        "wire:models-by-type",
        models_of_all_types,
    ),
    Mutant(
        "no-json-taken-as-empty",
        "schema",
        "A body that is no JSON starts something all the same.",
        "wire:not-json",
        no_json_taken_as_empty,
    ),
)
