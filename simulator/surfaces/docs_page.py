"""The reference page: the OpenAPI document, the catalogue and the rulings, laid out for people."""

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.evidence import Ruling
from simulator.domain.limits import CALLS_A_MINUTE, JOBS_AT_ONCE
from simulator.domain.policies import CHOICES
from simulator.engine.answers import ModelRow
from simulator.engine.provider import Provider
from simulator.engine.rulings import all_rulings
from simulator.engine.worlds import SCOPES
from simulator.surfaces.openapi import REFERENCE, Json
from simulator.surfaces.openapi_refusals import FIELDS
from simulator.surfaces.openapi_routes import read_examples

KEY = "sk_test_default"
_TYPE_NAMES: Mapping[str, str] = {
    "image": "Images",
    "video": "Videos",
    "music": "Music",
    "speech": "Speech",
    "separation": "Separation",
    "other": "Other",
}
_KINDS = ("image", "video", "audio")
_ANY_CALL = ("408", "413", "415", "421", "431", "500", "503", "507")
"""Statuses that say nothing of the call: the page tells them once, not at every route."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of a path, a query or a body."""

    name: str
    where: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Route:
    """One operation as the page tells it."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    strength: str
    source: str
    open: bool
    parameters: tuple[Parameter, ...]
    statuses: tuple[tuple[str, str], ...]
    curl: str
    answer: str


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A refusal with the names of its fields, and a recorded answer as an example."""

    code: str
    status: int
    fields: str
    message: str
    answer: str


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A model's row in the words of the table."""

    id: str
    name: str
    provider: str
    modes: tuple[tuple[str, str], ...]
    price: str
    note: str
    length: str
    ratios: str
    options: str
    prompt: str
    usage: str
    strength: str
    source: str


def reference(provider: Provider, document: Json, rows: Sequence[ModelRow], templates: Path) -> str:
    """The page as HTML. ``templates`` is where ``reference.html`` lies."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    base = provider.urls.base
    return environment.get_template("reference.html").render(
        base=base,
        key=KEY,
        version=document["info"]["version"],
        scopes=SCOPES,
        groups=list(_groups(document, base)),
        statuses=_statuses(document),
        refusals=list(_refusals(read_examples(base)["refusals"])),
        calls=CALLS_A_MINUTE,
        jobs=JOBS_AT_ONCE,
        shelves=list(_shelves(rows)),
        model_count=len(rows),
        rulings=list(_rulings(all_rulings())),
        ruling_counts=_counts(all_rulings()),
        policies=provider.options.policies.as_dict(),
        choices=CHOICES,
    )


def _groups(document: Json, base: str) -> Iterable[tuple[str, str, list[Route]]]:
    """Tags with their routes, in the document's order."""
    for tag in document["tags"]:
        routes = [
            _route(document, method, path, item, base)
            for path, methods in document["paths"].items()
            for method, item in methods.items()
            if tag["name"] in item["tags"]
        ]
        yield tag["name"], tag["description"], routes


def _route(document: Json, method: str, path: str, item: Json, base: str) -> Route:
    answer = next(iter(item["responses"].values()))
    content: Json = next(iter(answer.get("content", {}).values()), {})
    statuses = tuple(
        (status, _resolve(document, said)["description"])
        for status, said in item["responses"].items()
        if status not in _ANY_CALL
    )
    return Route(
        name=item["operationId"],
        method=method.upper(),
        path=path,
        summary=item["summary"],
        description=item["description"],
        strength=item["x-strength"],
        source=item["x-source"],
        open=item.get("security") == [],
        parameters=tuple(_parameters(document, item)),
        statuses=statuses,
        curl=_curl(method, base + path, item),
        answer=_pretty(content["example"]) if "example" in content else "",
    )


def _resolve(document: Json, said: Json) -> Json:
    """What a reference refers to; anything else as it is."""
    reference = said.get("$ref")
    if reference is None:
        return said
    _, _, kind, name = reference.split("/")
    found: Json = document["components"][kind][name]
    return found


def _parameters(document: Json, item: Json) -> Iterable[Parameter]:
    for each in item.get("parameters", ()):
        yield Parameter(
            each["name"],
            each["in"],
            type_text(each["schema"]),
            each["required"],
            each.get("description", ""),
        )
    for content in item.get("requestBody", {}).get("content", {}).values():
        schema = _resolve(document, content["schema"])
        required = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            description = field.get("description", "")
            yield Parameter(name, "body", type_text(field), name in required, description)


def type_text(schema: Json) -> str:
    """A schema's type in a few words; a null is not worth one, it counts as left out."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REFERENCE)
    if "anyOf" in schema:
        options = [type_text(each) for each in schema["anyOf"] if each != {"type": "null"}]
        return " or ".join(options)
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value is not None)
    types = schema.get("type", "any")
    name = next((each for each in types if each != "null"), "null") if _many(types) else types
    if name == "array":
        inner = type_text(schema.get("items", {}))
        return "files" if schema.get("items", {}).get("format") == "binary" else f"{inner} list"
    if name == "integer" and "maximum" in schema:
        return f"integer, {schema['minimum']} to {schema['maximum']}"
    return str(name)


def _many(types: object) -> bool:
    return isinstance(types, list)


def _curl(method: str, url: str, item: Json) -> str:
    """A command to paste; ids that only an answer knows are shell variables."""
    for each in item.get("parameters", ()):
        if each["in"] == "path":
            shown = "nano-banana" if each["name"] == "model_id" else f"${each['name'].upper()}"
            url = url.replace(f"{{{each['name']}}}", shown)
    streams = "text/event-stream" in item["responses"].get("200", {}).get("content", {})
    lines = [f"curl {'-N' if streams else '-sS'} {url}"]
    if item.get("security") != []:
        lines.append(f"-H 'X-API-Key: {KEY}'")
    content = item.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        lines.append("-F file=@photo.png")
    elif "application/json" in content:
        example = json.dumps(content["application/json"].get("example", {}), ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(example)}"]
    elif method == "post":
        lines.insert(1, "-X POST")
    return " \\\n  ".join(lines)


def _pretty(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, indent=2, ensure_ascii=False)


def _statuses(document: Json) -> list[tuple[str, str]]:
    """Every status of a refusal with what it means, once."""
    meanings: dict[str, str] = {}
    for methods in document["paths"].values():
        for item in methods.values():
            for status, said in item["responses"].items():
                if status[0] in "45":
                    meanings.setdefault(status, _resolve(document, said)["description"])
    meanings["405"] = "Another method is expected: see Allow."
    return sorted(meanings.items())


def _refusals(recorded: Mapping[str, Any]) -> Iterable[RefusalRow]:
    """In the order in which they are looked for: the rate limit first."""
    first = "rate_limit_exceeded"
    for code in (first, *(each for each in REFUSAL_STATUS if each != first)):
        answer = recorded.get(code, {})
        yield RefusalRow(
            code,
            REFUSAL_STATUS[code],
            ", ".join(FIELDS.get(code, {})),
            answer.get("message", ""),
            _pretty(answer) if answer else "",
        )


def _shelves(rows: Sequence[ModelRow]) -> Iterable[tuple[str, str, list[ModelLine]]]:
    for model_type in dict.fromkeys((*_TYPE_NAMES, *(row.model_type for row in rows))):
        lines = [_line(row) for row in rows if row.model_type == model_type]
        if lines:
            yield model_type, _TYPE_NAMES.get(model_type, model_type), lines


def _line(row: ModelRow) -> ModelLine:
    can = row.capabilities
    cost = row.cost_per_generation
    options = [*can.get("resolution_options", ()), *can.get("quality_options", ())]
    if can.get("supports_sound"):
        options.append("sound")
    if can.get("supports_elements"):
        options.append("elements")
    if can.get("supports_negative_prompt"):
        options.append("negative prompt")
    most = can.get("prompt_max_chars")
    return ModelLine(
        id=row.model_id,
        name=row.display_name,
        provider=row.provider,
        modes=tuple(_modes(row.generation_types, can.get("inputs_by_generation_type", {}))),
        price="?" if cost is None else f"{cost:,}",
        note="" if row.cost_note == str(cost) else row.cost_note,
        length=_length(can.get("duration_options", ()), can.get("fixed_duration")),
        ratios=" ".join(can.get("aspect_ratio_options", ())),
        options=", ".join(options),
        prompt="" if most is None else f"{most:,}",
        usage=row.usage_notes,
        strength=row.strength,
        source=row.source,
    )


def _length(options: Sequence[str], fixed: str | None) -> str:
    """``4s to 15s`` for each second between; else the options as they are."""
    seconds = [int(each.removesuffix("s")) for each in options]
    if len(seconds) > 2 and seconds == list(range(seconds[0], seconds[-1] + 1)):
        return f"{seconds[0]} to {seconds[-1]} s"
    return " ".join(options) or fixed or ""


def _modes(
    modes: Sequence[str], inputs: Mapping[str, Mapping[str, Mapping[str, int]]]
) -> Iterable[tuple[str, str]]:
    """Each mode with the files it takes: ``("image-to-image", "1-10 images")``."""
    for mode in modes:
        kinds = inputs.get(mode, {})
        counts = [
            _span(kinds[kind]["min"], kinds[kind]["max"], kind)
            for kind in _KINDS
            if kind in kinds and kinds[kind]["max"]
        ]
        yield mode, ", ".join(counts)


def _span(least: int, most: int, kind: str) -> str:
    count = str(most) if least == most else f"{least}-{most}"
    return f"{count} {kind}{'' if most == 1 else 's'}"


def _rulings(rulings: Iterable[Ruling]) -> Iterable[tuple[str, list[Ruling]]]:
    """Together what an id's first word holds together, in the order of the list."""
    groups: dict[str, list[Ruling]] = {}
    for ruling in rulings:
        groups.setdefault(ruling.id.partition(".")[0], []).append(ruling)
    return groups.items()


def _counts(rulings: Sequence[Ruling]) -> dict[str, int]:
    strengths = [ruling.strength.value for ruling in rulings]
    return {each: strengths.count(each) for each in ("documented", "observed", "assumed")}
