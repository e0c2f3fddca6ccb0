"""MCP as a protocol, in each era that a target has."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.check import Check, expect, same
from contracts.lanes.looking import answered, field, operations
from contracts.talk import jsonrpc
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply, parsed
from contracts.talk.jsonrpc import ERAS, REVISIONS, SESSION, STATELESS, texts_of

METHOD_NOT_FOUND = -32_601
OLDER = "2025-06-18"
PARAMETERS = (
    "prompt",
    "model",
    "generation_type",
    "negative_prompt",
    "source_media_urls",
    "aspect_ratio",
    "duration",
    "quality",
    "resolution",
    "sound",
    "seed",
)
"""The page's, of ``generate_media``."""
SKILLS = ("media-upload", "billing-confirmation", "polling", "model-selection")
MADE_UP = "0123456789abcdef0123456789abcdef"
FAMILY: Mapping[str, Any] = {"prompt": "x", "model": "seedance-2-fast"}


async def the_handshake_is_made(backend: Backend, surface: str) -> None:
    reply = await backend.mcp.initialize()
    told = answered(reply, "an answer to initialize")
    same(REVISIONS[SESSION], told.get("protocolVersion"), "protocolVersion")
    field(field(told, "serverInfo", dict), "name", str)
    field(field(told, "capabilities", dict), "tools", dict)
    ready = await backend.mcp.initialized(session=reply.headers.get("mcp-session-id", ""))
    same(202, ready.status, "status of the client's notification")


async def an_older_client_is_answered(backend: Backend, surface: str) -> None:
    params = {**jsonrpc.initialize_params(), "protocolVersion": OLDER}
    posted = await backend.mcp.post(
        jsonrpc.request("initialize", params, 1), call="initialize", again=True
    )
    told = answered(jsonrpc.rpc_reply(posted, 1), "an answer to initialize")
    version = field(told, "protocolVersion", str)
    expect(version <= REVISIONS[SESSION], "a revision of the session era", version)


async def a_session_that_never_was_is_refused(backend: Backend, surface: str) -> None:
    headers = await backend.mcp.session()
    if "Mcp-Session-Id" not in headers:
        return  # a server without sessions has none to refuse
    headers = {**headers, "Mcp-Session-Id": MADE_UP}
    content = jsonrpc.request("tools/list", {}, 1)
    reply = await backend.mcp.post(content, headers=headers, call="tools/list", again=True)
    expect(reply.status == 404, "404 for a session id that was never given", reply)


async def a_session_needs_the_key(backend: Backend, surface: str) -> None:
    headers = await backend.mcp.session()
    for who in ("none", "bad"):
        content = jsonrpc.request("tools/call", {"name": "get_balance", "arguments": {}}, 1)
        reply = await backend.mcp.post(
            content, headers=headers, who=who, call="get_balance", again=True
        )
        expect(reply.status == 401, f"401 within a session, with {who} for a key", reply)


async def a_ping_is_answered(backend: Backend, surface: str) -> None:
    reply = await backend.mcp.rpc("ping", era=SESSION, again=True)
    same({}, answered(reply, "an answer to ping"))


async def a_server_can_be_discovered(backend: Backend, surface: str) -> None:
    reply = await backend.mcp.rpc("server/discover", era=STATELESS, again=True)
    told = answered(reply, "an answer to server/discover")
    versions = field(told, "supportedVersions", list)
    expect(REVISIONS[STATELESS] in versions, f"{REVISIONS[STATELESS]} among versions", versions)
    field(field(told, "capabilities", dict), "tools", dict)


async def headers_and_body_agree(backend: Backend, surface: str) -> None:
    meta = {"_meta": dict(jsonrpc.META)}
    call = {"name": "get_balance", "arguments": {}, **meta}
    wrong: tuple[tuple[str, Mapping[str, Any], str, str], ...] = (
        ("tools/list", meta, "resources/list", ""),
        ("tools/call", call, "tools/call", "get_models"),
    )
    for method, params, told, name in wrong:
        content = jsonrpc.request(method, params, 1)
        headers = jsonrpc.stateless_headers(told, name)
        reply = await backend.mcp.post(content, headers=headers, call=method, again=True)
        wanted = f"400 for {method} under headers of {told} {name}".rstrip()
        expect(reply.status == 400, wanted, reply)


async def the_tools_are_listed(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        names = set(await _tools(backend, era))
        wanted = {operation.name for operation in operations(backend, "mcp")}
        same([], sorted(wanted - names), f"no documented tool missing in the {era} era:")


async def the_parameters_are_declared(backend: Backend, surface: str) -> None:
    tools = await _tools(backend)
    for name in ("generate_media", "get_generation_status"):
        expect(name in tools, f"the tool {name}", sorted(tools))
    schema = field(tools["generate_media"], "inputSchema", dict)
    known = field(schema, "properties", dict)
    same([], sorted(set(PARAMETERS) - set(known)), "no parameter missing:")
    required = field(schema, "required", list)
    same([], sorted({"prompt", "model"} - set(required)), "prompt and model required; missing:")
    status = field(tools["get_generation_status"], "inputSchema", dict)
    expect("generation_id" in field(status, "required", list), "generation_id required", status)


async def the_tools_have_schemas(backend: Backend, surface: str) -> None:
    for name, tool in (await _tools(backend)).items():
        field(tool, "description", str)
        schema = field(tool, "inputSchema", dict)
        same("object", schema.get("type"), f"{name}: a schema of type")


async def an_answer_is_told_twice(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        for name in ("get_balance", "get_generations"):
            reply = await backend.mcp.call(name, era=era, again=True)
            _told_twice(answered(reply, f"an answer of {name}"), is_error=False)


async def a_refusal_is_a_result(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        reply = await backend.mcp.call("generate_media", FAMILY, era=era)
        result = answered(reply, "a tool's result, also of a refusal")
        _told_twice(result, is_error=True)
        same("variant_required", field(result, "structuredContent", dict).get("error"), "error")


async def a_tool_that_is_none_is_an_error(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        reply = await backend.mcp.tool("no_such_tool", era=era, again=True)
        expect(reply.refused, "an error for a tool that is none", reply)


async def a_method_that_is_none_is_an_error(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        reply = await backend.mcp.rpc("no/such-method", era=era, again=True)
        error = reply.fields.get("rpc_error")
        code = error.get("code") if isinstance(error, dict) else None
        same(METHOD_NOT_FOUND, code, "error code")


async def what_is_no_json_is_refused(backend: Backend, surface: str) -> None:
    for content in (b"{", b"hello", b""):
        reply = await backend.mcp.post(content, call="no JSON", again=True)
        expect(reply.status == 400, "400 for a body that is no JSON", reply)


async def an_answer_bears_its_requests_id(backend: Backend, surface: str) -> None:
    for era in _eras(backend):
        for number in (41, "forty-one"):
            reply = await _listed_as(backend, era, number)
            kind = reply.headers.get("content-type", "")
            message = jsonrpc.message_of(reply.content, kind, number)
            got = message.get("id") if isinstance(message, dict) else message
            same(number, got, "id")


async def the_eras_agree(backend: Backend, surface: str) -> None:
    one, other = [await _tools(backend, era) for era in ERAS]
    same(sorted(one), sorted(other), "the same tools:")
    for name in ("get_balance", "get_generations"):
        replies = [await backend.mcp.tool(name, era=era, again=True) for era in ERAS]
        same(replies[0].body, replies[1].body, f"the same answer of {name}:")


async def the_skills_can_be_read(backend: Backend, surface: str) -> None:
    reply = await backend.mcp.rpc("resources/list", again=True)
    rows = field(answered(reply, "the list of resources"), "resources", list)
    names = {str(row.get("uri", "")).rpartition("/")[2] for row in rows}
    same([], sorted(set(SKILLS) - names), "no skill missing:")
    for name in SKILLS:
        uri = f"kubeez://skills/{name}"
        read = await backend.mcp.rpc("resources/read", {"uri": uri}, name=uri, again=True)
        contents = field(answered(read, f"the text of {uri}"), "contents", list)
        expect(contents and contents[0].get("text"), "a text that is not empty", contents)


def _eras(backend: Backend) -> Iterable[str]:
    return [era for era in ERAS if backend.has(f"mcp-{era}")]


async def _tools(backend: Backend, era: str = "") -> Mapping[str, Mapping[str, Any]]:
    """All pages of the list, by name. Raises Broken."""
    found: dict[str, Mapping[str, Any]] = {}
    cursor: Mapping[str, Any] = {}
    for _ in range(50):
        reply = await backend.mcp.rpc("tools/list", cursor, era=era, again=True)
        told = answered(reply, "the list of tools")
        for tool in field(told, "tools", list):
            expect(isinstance(tool, dict), "a tool that is an object", tool)
            found[field(tool, "name", str)] = tool
        if not told.get("nextCursor"):
            break
        cursor = {"cursor": told["nextCursor"]}
    return found


async def _listed_as(backend: Backend, era: str, number: int | str) -> Reply:
    params: Mapping[str, Any] = {"_meta": dict(jsonrpc.META)} if era == STATELESS else {}
    if era == STATELESS:
        headers = jsonrpc.stateless_headers("tools/list", "")
    else:
        headers = await backend.mcp.session()
    content = jsonrpc.request("tools/list", params, number)
    return await backend.mcp.post(content, headers=headers, call="tools/list", again=True)


def _told_twice(result: Mapping[str, Any], *, is_error: bool) -> None:
    content = field(result, "structuredContent", dict)
    texts = texts_of(result)
    expect(texts and parsed(texts[0].encode()) == content, f"the text {content}", texts)
    same(is_error, result.get("isError", False), "isError")


def _check(requirement: str, function: Any) -> Check:
    return Check((requirement,), function, ("mcp",))


CHECKS: tuple[Check, ...] = (
    _check("mcp:handshake", the_handshake_is_made),
    _check("mcp:older-revision", an_older_client_is_answered),
    _check("mcp:unknown-session", a_session_that_never_was_is_refused),
    _check("mcp:session-needs-key", a_session_needs_the_key),
    _check("mcp:ping", a_ping_is_answered),
    _check("mcp:discover", a_server_can_be_discovered),
    _check("mcp:headers-agree", headers_and_body_agree),
    _check("mcp:tools", the_tools_are_listed),
    _check("mcp:tool-parameters", the_parameters_are_declared),
    _check("mcp:tool-schemas", the_tools_have_schemas),
    _check("mcp:structured", an_answer_is_told_twice),
    _check("mcp:refusals", a_refusal_is_a_result),
    _check("mcp:unknown-tool", a_tool_that_is_none_is_an_error),
    _check("mcp:unknown-method", a_method_that_is_none_is_an_error),
    _check("mcp:not-json", what_is_no_json_is_refused),
    _check("mcp:request-ids", an_answer_bears_its_requests_id),
    _check("mcp:eras-agree", the_eras_agree),
    _check("mcp:resources", the_skills_can_be_read),
)
