"""Keys: who is let in, by which header, to which calls."""

from contracts.check import Check, expect, same
from contracts.lanes.looking import answered, arguments, jobs, operations
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply
from contracts.talk.jsonrpc import STATELESS, request, rpc_reply, stateless_headers
from contracts.talk.keys import NO_KEY
from contracts.talk.operations import SCOPES, Operation

CREDITS = 1_000


async def it_answers(backend: Backend, surface: str) -> None:
    """Anything that a caller with a key may expect of an API that is up."""
    if surface == "mcp":
        reply = await backend.mcp.rpc("tools/list", again=True)
    else:
        reply = await backend.call("get_models")
    answered(reply, "an answer to a caller with a key")


async def a_key_opens_its_account(backend: Backend, surface: str) -> None:
    await backend.balance(surface=surface)


async def a_key_may_come_as_bearer(backend: Backend, surface: str) -> None:
    plain = await backend.balance(surface=surface)
    same(plain, await backend.balance(surface=surface, who="main-bearer"), "the same balance")


async def no_key_opens_nothing(backend: Backend, surface: str) -> None:
    await _closed_to(backend, surface, "none")


async def a_bad_key_opens_nothing(backend: Backend, surface: str) -> None:
    await _closed_to(backend, surface, "bad")
    await _closed_to(backend, surface, "bad-bearer")


async def no_key_starts_nothing(backend: Backend, surface: str) -> None:
    await _starts_nothing(backend, surface, "none")


async def a_bad_key_starts_nothing(backend: Backend, surface: str) -> None:
    await _starts_nothing(backend, surface, "bad")


async def a_refusal_says_how_to_send_a_key(backend: Backend, surface: str) -> None:
    reply = await backend.call("get_balance", surface=surface, who="none")
    challenge = reply.headers.get("www-authenticate", "")
    expect(challenge.lower().startswith("bearer"), "WWW-Authenticate: Bearer", repr(challenge))
    expect(isinstance(reply.fields.get("detail"), str), "a text in detail", reply)


async def a_key_in_the_url_is_not_looked_at(backend: Backend, surface: str) -> None:
    """Only where keys are for testing: what stands in a URL is logged."""
    key = f"sk_test_{backend.name}"
    for name in ("api_key", "key", "X-API-Key", "access_token", "token"):
        reply = await backend.request("GET", f"/v1/balance?{name}={key}", who="none")
        expect(reply.status == 401, f"401 for a key in ?{name}=", reply)


async def a_key_needs_the_scope(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if not operation.scopes:
            continue
        left = [scope for scope in SCOPES if scope not in operation.scopes]
        await backend.set_credits(CREDITS, scopes=left)
        reply = await _tried(backend, surface, operation, "main")
        wanted = f"403 for {operation.name} with a key that may only {', '.join(left)}"
        expect(reply.refused and _says_scope(reply, operation), wanted, reply)


async def one_scope_of_several_suffices(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.starts:
            continue  # what it costs to be let in there is shown by the life cycle
        for scope in operation.scopes or SCOPES[:1]:
            await backend.set_credits(CREDITS, scopes=[scope])
            reply = await _tried(backend, surface, operation, "main")
            # An id that is none is looked for, and not found, by who is let in.
            let_in = not reply.refused or not _says_scope(reply, operation)
            expect(let_in, f"{operation.name} with the scope {scope}", reply)


async def _closed_to(backend: Backend, surface: str, who: str) -> None:
    for operation in operations(backend, surface):
        if not operation.starts:
            await _unauthorized(backend, surface, operation, who)
    if surface == "mcp":
        for method in ("tools/list", "initialize", "resources/list"):
            reply = await _raw(backend, method, who)
            expect(reply.status == 401, f"401 for {method} of a caller with {_key(who)}", reply)


async def _starts_nothing(backend: Backend, surface: str, who: str) -> None:
    before, known = await backend.balance(), len(await jobs(backend))
    for operation in operations(backend, surface):
        if operation.starts:
            await _unauthorized(backend, surface, operation, who)
    same(before, await backend.balance(), "the balance as it was")
    same(known, len(await jobs(backend)), "no new job:")


async def _unauthorized(backend: Backend, surface: str, operation: Operation, who: str) -> None:
    reply = await _tried(backend, surface, operation, who)
    expect(reply.status == 401, f"401 for {operation.name} of a caller with {_key(who)}", reply)


async def _tried(backend: Backend, surface: str, operation: Operation, who: str) -> Reply:
    """Sent again if no answer comes: it is refused, or at worst a look."""
    if surface == "rest":
        return await backend.call(operation.name, arguments(operation), who=who)
    if who == "main":
        return await backend.mcp.tool(operation.name, arguments(operation), again=True)
    # Within the session of a caller who may, so that nothing but the key is wrong.
    params = {"name": operation.name, "arguments": dict(arguments(operation))}
    return await _raw(backend, "tools/call", who, params, operation.name)


async def _raw(
    backend: Backend, method: str, who: str, params: object = None, name: str = ""
) -> Reply:
    stateless = backend.era == STATELESS
    if stateless:
        headers = stateless_headers(method, name)
    else:
        headers = {} if method == "initialize" else await backend.mcp.session()
    content = request(method, params if isinstance(params, dict) else {}, 1)
    posted = await backend.mcp.post(content, headers=headers, who=who, call=method, again=True)
    return rpc_reply(posted, 1)


def _says_scope(reply: Reply, operation: Operation) -> bool:
    """Whether a refusal is for want of a scope: over MCP only its words can tell."""
    if reply.surface == "rest":
        return reply.status == 403
    said = str(reply.body)
    return reply.status == 403 or any(scope in said for scope in operation.scopes)


def _key(who: str) -> str:
    return "no key" if who == "none" else f"the key {NO_KEY}"


CHECKS: tuple[Check, ...] = (
    Check(("access:reachable",), it_answers),
    Check(("access:key",), a_key_opens_its_account),
    Check(("access:key-as-bearer",), a_key_may_come_as_bearer),
    Check(("access:no-key",), no_key_opens_nothing),
    Check(("access:bad-key",), a_bad_key_opens_nothing),
    Check(("access:no-key-start",), no_key_starts_nothing),
    Check(("access:bad-key-start",), a_bad_key_starts_nothing),
    Check(("access:challenge",), a_refusal_says_how_to_send_a_key, ("rest",)),
    Check(("access:key-in-url",), a_key_in_the_url_is_not_looked_at, ("rest",)),
    Check(("access:scope",), a_key_needs_the_scope),
    Check(("access:scope-suffices",), one_scope_of_several_suffices),
)
