"""Who may do what: every route, every tool and every control call, against every wrong caller.

The routes are those of the served documents and the tools those of ``tools/list``, so what is added
and not told here fails a test.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest

from simulator.engine.operations import OPERATIONS, UNROUTED
from simulator.surfaces import rest
from simulator.surfaces.control import DOCUMENT_PATH
from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from simulator.surfaces.rest import STREAMS, UPLOAD_PATH
from simulator.surfaces.router import Router
from simulator.surfaces.watching import EVENTS_PATH, METRICS_PATH
from tests.mcp.wire import LEGACY, Wire, in_session, request, wired

OWNER, STRANGER, NEIGHBOUR = "sk_test_w", "sk_test_other", "sk_test_w.other"
ADMIN = "an-admin-token"
FOREIGN_WORLD, SAME_WORLD = "another world's", "another account's"

ROUTES: Mapping[tuple[str, str], str] = {
    **{(each.method, each.path): " or ".join(each.scopes) for each in OPERATIONS},
    **{("GET", followed.path): " or ".join(followed.scopes) for followed in STREAMS},
    ("POST", UPLOAD_PATH): "generate:media",
}
"""Each route of the data plane that needs a key, and the scope it names."""

OPEN = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/openapi"),
    ("GET", "/docs/models.json"),
    ("GET", "/docs/models/{model_id}.json"),
    ("GET", "/llms.txt"),
}
"""What anybody may read: it tells of no world."""

TOOLS: Mapping[str, str] = {
    each.name: " or ".join(each.scopes) for each in (*OPERATIONS, *UNROUTED)
}

WRONG_KEYS = {
    "no key": None,
    "an empty key": "",
    "a word": "letmein",
    "an unknown prefix": "sk_prod_w",
    "a name with a slash": "sk_test_w/../other",
    "a live key": "sk_live_0123456789abcdef",
    "a key with another's account": "sk_test_w.nobody..other",
}
LOOKED_UP = {
    "get_generation_status": ("generate_media", "generation_id"),
    "get_music_status": ("generate_music", "generation_id"),
    "get_separation_status": ("generate_separation", "separation_id"),
    "get_upload_session": ("get_upload_url", "token"),
}
"""Tools that take an id: which tool makes such a thing, and the id's name in its answer."""

EXAMPLES = {each.name: dict(each.example) for each in (*OPERATIONS, *UNROUTED)}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as wire:
        yield wire


@pytest.fixture
async def guarded() -> AsyncIterator[Wire]:
    async with wired(admin_token=ADMIN) as wire:
        yield wire


def filled(path: str, value: str = "nobodys") -> str:
    """A path whose fields hold ``value``."""
    return "/".join(value if part.startswith("{") else part for part in path.split("/"))


def body_of(method: str, path: str) -> dict[str, Any] | None:
    """A JSON body where the route takes one."""
    return {} if method == "POST" and path != UPLOAD_PATH else None


async def without_scopes(wire: Wire) -> str:
    key = "sk_test_w.bare"
    body = {"key": key, "scopes": []}
    answer = await wire.rest("POST", "/_sim/accounts", body, None, X_Sim_Namespace="w")
    assert answer.status_code == 200
    return key


async def made(wire: Wire, tool: str) -> str:
    """The id of something that the owner made, so that the tool could find it."""
    maker, name = LOOKED_UP[tool]
    answer = await wire.tool(maker, EXAMPLES[maker], OWNER)
    return str(answer.content[name])


async def test_the_matrix_knows_every_route_that_needs_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routed: list[tuple[str, str]] = []

    def recorded(routes: Iterable[tuple[str, str, Any]]) -> Router[Any]:
        known = list(routes)
        routed.extend((method, path) for method, path, _ in known)
        return Router(known)

    monkeypatch.setattr(rest, "Router", recorded)
    async with wired():
        assert set(routed) == set(ROUTES)


async def test_the_matrix_knows_every_route_that_is_told(wire: Wire) -> None:
    document = (await wire.rest("GET", "/openapi.json", key=None)).json()
    served = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    told = {(m, path) for m, path in served if not path.startswith("/media/")}
    assert told == {*ROUTES, *OPEN}


async def test_the_matrix_knows_every_tool(wire: Wire) -> None:
    listed = (await wire.rpc("tools/list")).json()["result"]["tools"]
    assert {tool["name"] for tool in listed} == set(TOOLS)


async def test_the_matrix_knows_every_control_call(wire: Wire) -> None:
    document = (await wire.rest("GET", DOCUMENT_PATH, key=None)).json()
    served = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    others = {("GET", path) for path in (DOCUMENT_PATH, METRICS_PATH, EVENTS_PATH)}
    assert served - others == {(e.method, e.path) for e in CONTROL_OPERATIONS}


def test_every_tool_with_an_id_is_tried_with_foreign_ones() -> None:
    takes_ids = {each.name for each in (*OPERATIONS, *UNROUTED) if each.looks_up}
    assert takes_ids == set(LOOKED_UP)


@pytest.mark.parametrize("wrong", sorted(WRONG_KEYS))
async def test_no_route_answers_a_wrong_key(wire: Wire, wrong: str) -> None:
    for method, path in ROUTES:
        answer = await wire.rest(method, filled(path), body_of(method, path), WRONG_KEYS[wrong])
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"] == "Bearer"
        assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("wrong", sorted(WRONG_KEYS))
async def test_no_tool_and_no_other_call_of_mcp_answers_a_wrong_key(wire: Wire, wrong: str) -> None:
    answers = [await wire.called(tool, EXAMPLES[tool], WRONG_KEYS[wrong]) for tool in TOOLS]
    answers += [
        await wire.rpc(method, key=WRONG_KEYS[wrong])
        for method in ("tools/list", "resources/list", "server/discover", "initialize")
    ]
    answers += [
        await wire.http.request(method, "/mcp", headers={"X-API-Key": WRONG_KEYS[wrong] or ""})
        for method in ("GET", "DELETE")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


@pytest.mark.parametrize("wrong", sorted(WRONG_KEYS))
async def test_no_wrong_key_opens_a_session_or_enters_one(wire: Wire, wrong: str) -> None:
    session = await wire.opened(OWNER)
    call = request("tools/call", {"name": "get_balance", "arguments": {}})
    answer = await wire.post(call, in_session(session), WRONG_KEYS[wrong])
    assert answer.status_code == 401


async def test_a_key_in_the_url_is_no_key(wire: Wire) -> None:
    for path in ("/v1/balance", "/mcp"):
        answer = await wire.rest("GET", f"{path}?api_key={OWNER}&X-API-Key={OWNER}", key=None)
        assert answer.status_code == 401


async def test_every_route_names_the_scope_that_is_missing(wire: Wire) -> None:
    key = await without_scopes(wire)
    for (method, path), scopes in ROUTES.items():
        answer = await wire.rest(method, filled(path), body_of(method, path), key)
        assert (answer.status_code == 403) == bool(scopes), (method, path, answer.text)
        if scopes:
            assert answer.json() == {"detail": f"This key lacks the scope {scopes}."}


async def test_every_tool_names_the_scope_that_is_missing(wire: Wire) -> None:
    key = await without_scopes(wire)
    before = await wire.state()
    for tool, scopes in TOOLS.items():
        answer = await wire.tool(tool, EXAMPLES[tool], key)
        told = answer.content == {"detail": f"This key lacks the scope {scopes}."}
        assert told == bool(scopes), tool
        assert answer.is_error or not scopes
    assert await wire.state() == before


@pytest.mark.parametrize("tool", sorted(LOOKED_UP))
@pytest.mark.parametrize(
    ("caller", "whose"), [(STRANGER, FOREIGN_WORLD), (NEIGHBOUR, SAME_WORLD)], ids=["world", "acc"]
)
async def test_a_foreign_id_and_an_unknown_one_are_the_same_to_a_tool(
    wire: Wire, tool: str, caller: str, whose: str
) -> None:
    foreign = await made(wire, tool)
    name = "token" if tool == "get_upload_session" else LOOKED_UP[tool][1]
    theirs = await wire.tool(tool, {name: foreign}, caller)
    nobodys = await wire.tool(tool, {name: "nobodys"}, caller)
    assert theirs.is_error, whose
    assert theirs == nobodys
    assert not (await wire.tool(tool, {name: foreign}, OWNER)).is_error


@pytest.mark.parametrize("caller", [STRANGER, NEIGHBOUR])
async def test_a_foreign_id_and_an_unknown_one_are_the_same_to_a_route(
    wire: Wire, caller: str
) -> None:
    foreign = [await made(wire, tool) for tool in sorted(LOOKED_UP)]
    with_ids = [(method, path) for method, path in ROUTES if "{" in path]
    assert len(with_ids) == 5
    for method, path in with_ids:
        nobodys = await wire.rest(method, filled(path), key=caller)
        assert nobodys.status_code == 404
        for job_id in foreign:
            theirs = await wire.rest(method, filled(path, job_id), key=caller)
            assert (theirs.status_code, theirs.content) == (404, nobodys.content)


async def test_nothing_of_another_world_or_account_is_listed_or_counted(wire: Wire) -> None:
    for tool in sorted(LOOKED_UP):
        await made(wire, tool)
    for key in (STRANGER, NEIGHBOUR):
        assert (await wire.tool("get_generations", {}, key)).content["generations"] == []
        assert (await wire.tool("get_balance", {}, key)).content["credits"] == 10_000


@pytest.mark.parametrize("key", [OWNER, STRANGER, f"Bearer {OWNER}", None])
async def test_no_key_of_a_world_does_what_needs_the_admin_token(
    guarded: Wire, key: str | None
) -> None:
    for operation in CONTROL_OPERATIONS:
        body: Any = {} if operation.method == "POST" else None
        for headers in ({}, {"Authorization": f"Bearer {key}"}, {"X_Sim_Namespace": "w"}):
            answer = await guarded.rest(
                operation.method, filled(operation.path), body, key, **headers
            )
            assert answer.status_code == 401, operation.name
    for path in (DOCUMENT_PATH, METRICS_PATH, EVENTS_PATH):
        assert (await guarded.rest("GET", path, key=key)).status_code == 401, path


async def test_the_admin_token_is_no_key_of_any_world(guarded: Wire) -> None:
    bearer = {"Authorization": f"Bearer {ADMIN}"}
    assert (await guarded.rest("GET", "/_sim/info", key=None, **bearer)).status_code == 200
    for method, path in ROUTES:
        answer = await guarded.rest(method, filled(path), body_of(method, path), None, **bearer)
        assert answer.status_code == 401, path
    assert (await guarded.rpc("tools/list", key=None, headers=bearer)).status_code == 401


async def test_control_of_one_world_touches_no_other(wire: Wire) -> None:
    """Without an admin token a key chooses the world that a control call acts on."""
    await made(wire, "get_generation_status")
    before = await wire.state("w")
    for operation in CONTROL_OPERATIONS:
        body: Any = {"seconds": 9_999} if operation.method == "POST" else None
        await wire.rest(operation.method, filled(operation.path), body, STRANGER)
    assert await wire.state("w") == before


async def test_a_session_acts_for_the_key_of_each_request(wire: Wire) -> None:
    session = await wire.opened(OWNER)
    start = {"name": "generate_media", "arguments": EXAMPLES["generate_media"]}
    await wire.post(request("tools/call", start), in_session(session), STRANGER)
    assert (await wire.tool("get_generations", {}, OWNER)).content["generations"] == []
    assert len((await wire.tool("get_generations", {}, STRANGER)).content["generations"]) == 1


async def test_a_session_may_be_entered_with_any_revision_but_never_without_a_key(
    wire: Wire,
) -> None:
    session = await wire.opened(OWNER, LEGACY)
    answer = await wire.http.post(
        "/mcp",
        content=request("tools/list"),
        headers={"Content-Type": "application/json", **in_session(session)},
    )
    assert answer.status_code == 401
    assert json.loads(answer.content)["detail"].startswith("An API key is missing.")
