"""Whatever a target's own OpenAPI document allows to be sent: what comes back is in the document.

Schemathesis draws the requests and judges the answers; they are sent as every other one, so that
keys, recording and the guard are what they are elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx2

from contracts.check import Broken, CannotTell, Check, DoesNotApply, Judgement, expect
from contracts.lanes.searching import Extent, Watch, search
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply
from contracts.talk.operations import OPERATIONS
from contracts.talk.wire import Withheld

if TYPE_CHECKING:
    from schemathesis import Case, Response

DOCUMENT = "schema:document"
CRASHES = "schema:no-server-error"
STATUSES = "schema:statuses"
TYPES = "schema:content-types"
BODIES = "schema:bodies"
LAWS = (CRASHES, STATUSES, TYPES, BODIES)

EXTENT = Extent(examples=15, requests=150)
OUTSIDE = Extent(examples=4, requests=20, shrinks=False)
"""Where others pay for the traffic."""

PLACE = "/openapi.json"
BASE = "http://target"
MINUTE_S = 61
SENT_HEADERS = frozenset({"content-type"})
"""The others are the caller's business: keys, and on a simulator orders to misbehave."""


async def the_document_is_kept(backend: Backend, surface: str) -> Sequence[Judgement]:
    """Every operation of the document, one after the other."""
    document = await _document(backend)
    found: dict[str, Judgement] = {}
    for operation in _operations(document, backend):
        left = [law for law in LAWS if law not in found]
        if not left:
            break
        for each in await _tried(backend, operation, left):
            if each.broken is not None:
                found[each.requirement] = each
    return [Judgement(DOCUMENT), *(found.get(law, Judgement(law)) for law in LAWS)]


async def _document(backend: Backend) -> Mapping[str, Any]:
    """Raises Broken, DoesNotApply."""
    reply = await backend.request("GET", PLACE, who="none")
    if reply.status == 404:
        raise DoesNotApply("the target serves no OpenAPI document")
    version = str(reply.fields.get("openapi", ""))
    expect(version.startswith("3."), "an OpenAPI document of version 3", reply)
    expect(reply.fields.get("paths"), "paths in the OpenAPI document", reply)
    return reply.fields


def _operations(document: Mapping[str, Any], backend: Backend) -> Sequence[Any]:
    """Schemathesis's operations; where requests may cost, only the provider's that are free. Raises
    Broken when the document can't be read."""
    import schemathesis  # noqa: PLC0415 - loading it costs a second, which only this lane needs
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415 - the same
    from schemathesis.core.result import Err  # noqa: PLC0415 - the same

    # A configuration of its own: a schemathesis.toml somewhere above is none of this suite's.
    schema = schemathesis.openapi.from_dict(dict(document), config=SchemathesisConfig())
    found = []
    for result in schema.get_all_operations():
        if isinstance(result, Err):
            raise Broken("an OpenAPI document that can be read", result.err())
        operation = result.ok()
        if backend.target.has_worlds or (operation.method.upper(), operation.path) in _FREE:
            found.append(operation)
    return sorted(found, key=lambda each: (each.path, each.method))


_FREE = frozenset(
    (each.method, each.path)
    for each in OPERATIONS
    if each.path and not each.starts and (each.reads or each.method == "GET")
)


async def _tried(backend: Backend, operation: Any, laws: Sequence[str]) -> Sequence[Judgement]:
    from schemathesis.generation import GenerationMode  # noqa: PLC0415 - as above

    counted = operation.method.upper() == "POST"

    async def play(case: Any, watch: Watch) -> None:
        if counted and backend.has("control"):
            await backend.advance(MINUTE_S)  # else the rate limit is all that answers
        try:
            reply, response = await _sent(backend, case)
        except (Withheld, httpx2.InvalidURL):
            return
        for law, problem in _problems(case, response):
            watch.hold(
                law, not problem, f"what {PLACE} says of {operation.label}: {problem}", reply
            )

    if backend.target.has_worlds:
        await backend.prepare(credits=100_000)
    drawn = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    extent = EXTENT if backend.target.has_worlds else OUTSIDE
    return await search(backend, laws, drawn, play, extent)


async def _sent(backend: Backend, case: "Case[Any]") -> "tuple[Reply, Response]":
    """A drawn request as it would travel, but for its key."""
    import requests  # noqa: PLC0415 - comes with schemathesis
    import schemathesis  # noqa: PLC0415 - as above

    prepared = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
    body = prepared.body or b""
    content = body.encode() if isinstance(body, str) else body
    if not isinstance(content, bytes):
        raise CannotTell(f"a body of {type(content).__name__} can't be sent")
    headers = {name: str(value) for name, value in prepared.headers.items() if _goes(name)}
    reply = await backend.request(
        case.method.upper(),
        prepared.path_url,
        content=content,
        headers=headers,
        call=f"{case.method.upper()} {case.operation.path}",
        again=True,
    )
    told = {name: [value] for name, value in reply.headers.items()}
    response = schemathesis.Response(reply.status, told, reply.content, prepared, 0.0, verify=False)
    return reply, response


def _problems(case: "Case[Any]", response: "Response") -> Sequence[tuple[str, str]]:
    """Each law with what Schemathesis says is wrong, "" for nothing."""
    from schemathesis.core.failures import Failure, FailureGroup  # noqa: PLC0415 - as above
    from schemathesis.specs.openapi import checks  # noqa: PLC0415 - as above

    asked = (
        (STATUSES, checks.status_code_conformance),
        (TYPES, checks.content_type_conformance),
        (BODIES, checks.response_schema_conformance),
    )
    found = [(CRASHES, f"a status of {response.status_code}" * (response.status_code >= 500))]
    for law, check in asked:
        try:
            case.validate_response(response, checks=[check])
        except FailureGroup as group:
            text = "; ".join(f"{each}" for each in group.exceptions)
            found.append((law, " ".join(text.split())[:300]))
        except Failure as failure:
            found.append((law, " ".join(str(failure).split())[:300]))
        else:
            found.append((law, ""))
    return found


def _goes(name: str) -> bool:
    return name.lower() in SENT_HEADERS


CHECKS: tuple[Check, ...] = (Check((DOCUMENT, *LAWS), the_document_is_kept, ("rest",)),)
