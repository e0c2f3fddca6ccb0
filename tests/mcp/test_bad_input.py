"""Whatever arrives at the endpoint gets the protocol's answer, never a 5xx, and costs nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.types import Message

from tests.mcp.wire import (
    ACCEPT,
    KEY,
    LEGACY,
    META,
    MODERN,
    Wire,
    in_session,
    initialize,
    request,
    wired,
)

IMAGE = {"prompt": "XX", "model": "nano-banana"}
CALL = request("tools/call", {"name": "generate_media", "arguments": IMAGE, "_meta": META})
IN_MODERN = {
    "MCP-Protocol-Version": MODERN,
    "Mcp-Method": "tools/call",
    "Mcp-Name": "generate_media",
}
DIGITS = b"9" * 5_000

NO_JSON = {
    "nothing": b"",
    "half an object": CALL[:-1],
    "two objects": CALL + CALL,
    "5,000 digits": CALL.replace(b'"XX"', DIGITS),
    "5,000 digits as an id": CALL.replace(b'"id":1', b'"id":' + DIGITS),
    "NaN": CALL.replace(b'"XX"', b"NaN"),
    "1e999": CALL.replace(b'"XX"', b"1e999"),
    "half a surrogate pair": CALL.replace(b"XX", b"\\ud800"),
    "half a surrogate pair as a key": CALL.replace(b'"prompt"', b'"\\ud800":1,"prompt"'),
    "half a surrogate pair as a method": CALL.replace(b"tools/call", b"\\ud800"),
    "no UTF-8": CALL.replace(b"XX", b"\xff"),
    "UTF-16": CALL.decode().encode("utf-16"),
    "a control character": CALL.replace(b"XX", b"\n"),
}
NO_MESSAGE = {
    "a list": b"[]",
    "a batch": b"[" + CALL + b"]",
    "a text": b'"tools/call"',
    "null": b"null",
    "no version": CALL.replace(b'"jsonrpc":"2.0",', b""),
    "version 1.0": CALL.replace(b'"2.0"', b'"1.0"'),
    "no method": CALL.replace(b'"method":"tools/call",', b""),
    "params as a list": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[1]}',
}
WRONG_PARAMS: dict[str, Any] = {
    "no name": {"arguments": IMAGE},
    "a number as name": {"name": 4, "arguments": IMAGE},
    "a list as arguments": {"name": "generate_media", "arguments": [IMAGE]},
    "a text as arguments": {"name": "generate_media", "arguments": "XX"},
    "an unknown tool": {"name": "generate_money", "arguments": IMAGE},
}
WITHOUT_ANSWER = {
    "a call without an id": CALL.replace(b'"id":1,', b""),
    "cancelling what never was": request("notifications/cancelled", {"requestId": 99}).replace(
        b'"id":1,', b""
    ),
    "an unknown notification": b'{"jsonrpc":"2.0","method":"notifications/fly"}',
}


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """Nothing that is sent to it may change the world's ledger, jobs or accounts."""
    async with wired() as wire:
        await wire.tool("get_balance", {})
        before = await wire.state()
        yield wire
        assert await wire.state() == before


async def in_both(wire: Wire, body: bytes) -> list[httpx2.Response]:
    """What the stateless revision answers, and what a session of an older one does."""
    session = await wire.opened()
    return [await wire.post(body, IN_MODERN), await wire.post(body, in_session(session))]


@pytest.mark.parametrize("name", sorted(NO_JSON))
async def test_what_is_no_json_is_a_parse_error(wire: Wire, name: str) -> None:
    for answer in await in_both(wire, NO_JSON[name]):
        message = answer.json()
        assert (answer.status_code, message["error"]["code"]) == (400, -32_700)
        assert (message["jsonrpc"], message["id"]) == ("2.0", None)


@pytest.mark.parametrize("name", sorted(NO_MESSAGE))
async def test_what_is_no_message_is_an_invalid_request(wire: Wire, name: str) -> None:
    for answer in await in_both(wire, NO_MESSAGE[name]):
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in (-32_600, -32_602)


@pytest.mark.parametrize("name", sorted(WRONG_PARAMS))
async def test_wrong_parameters_are_a_protocol_error(wire: Wire, name: str) -> None:
    params = {**WRONG_PARAMS[name], "_meta": META}
    tool = {"Mcp-Name": str(params.get("name", ""))}
    modern = await wire.post(request("tools/call", params), {**IN_MODERN, **tool})
    session = await wire.opened()
    legacy = await wire.post(request("tools/call", params), in_session(session))
    assert modern.status_code == 400
    assert legacy.status_code == 200
    assert modern.json()["error"]["code"] in (-32_602, -32_020)
    assert legacy.json()["error"]["code"] == -32_602


@pytest.mark.parametrize("name", sorted(WITHOUT_ANSWER))
async def test_what_asks_for_no_answer_gets_none_and_does_nothing(wire: Wire, name: str) -> None:
    for answer in await in_both(wire, WITHOUT_ANSWER[name]):
        assert (answer.status_code, answer.content) == (202, b"")


async def test_an_unknown_method_is_not_found(wire: Wire) -> None:
    session = await wire.opened()
    modern = await wire.rpc("tools/fly")
    legacy = await wire.post(request("tools/fly"), in_session(session))
    assert [a.json()["error"]["code"] for a in (modern, legacy)] == [-32_601, -32_601]


async def test_arguments_of_a_wrong_type_are_told_field_by_field(wire: Wire) -> None:
    answer = await wire.tool("generate_media", {"prompt": 4, "sound": "yes"})
    assert answer.is_error
    assert [problem["loc"] for problem in answer.content["detail"]] == [
        ["body", "prompt"],
        ["body", "model"],
        ["body", "sound"],
    ]


async def test_a_body_over_a_mebibyte_is_refused_before_it_is_parsed(wire: Wire) -> None:
    for answer in await in_both(wire, CALL.replace(b"XX", b"X" * 1_048_577)):
        assert answer.status_code == 413


async def test_deep_nesting_is_refused(wire: Wire) -> None:
    for answer in await in_both(wire, CALL.replace(b'"XX"', b"[" * 100_000 + b"]" * 100_000)):
        assert answer.status_code == 400


@pytest.mark.parametrize("accept", ["", "text/html", "text/event-stream"])
async def test_a_client_that_takes_no_json_is_told_so(wire: Wire, accept: str) -> None:
    for headers in (IN_MODERN, {}):
        answer = await wire.post(CALL, {**headers, "Accept": accept})
        assert answer.status_code == 406


async def test_a_body_that_says_it_is_no_json_is_refused(wire: Wire) -> None:
    answer = await wire.post(CALL, {**IN_MODERN, "Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize("version", ["1999-01-01", "2026-07-29", "x" * 5_000, "latest"])
async def test_an_unknown_revision_is_refused_with_those_that_are_known(
    wire: Wire, version: str
) -> None:
    meta = {**META, "io.modelcontextprotocol/protocolVersion": version}
    headers = {"MCP-Protocol-Version": version, "Mcp-Method": "tools/list"}
    answer = await wire.post(request("tools/list", {"_meta": meta}), headers)
    assert answer.status_code == 400
    assert MODERN in json.dumps(answer.json()["error"]["data"])


@pytest.mark.parametrize("version", ["1999-01-01", "2099-01-01", ""])
async def test_a_handshake_of_an_unknown_revision_is_answered_with_the_newest_known(
    wire: Wire, version: str
) -> None:
    answer = await wire.post(initialize(version))
    assert answer.json()["result"]["protocolVersion"] == LEGACY


@pytest.mark.parametrize("header", ["Mcp-Method", "Mcp-Name", "MCP-Protocol-Version"])
async def test_headers_that_contradict_the_body_are_refused(wire: Wire, header: str) -> None:
    wrong = {**IN_MODERN, header: "2026-07-29" if "Protocol" in header else "get_balance"}
    answer = await wire.post(CALL, wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in (-32_020, -32_022, -32_004)


async def test_blanks_around_a_header_are_no_part_of_it(wire: Wire) -> None:
    body = request("tools/call", {"name": "get_balance", "arguments": {}, "_meta": META})
    answer = await wire.post(body, {**IN_MODERN, "Mcp-Name": "  get_balance \t"})
    assert answer.status_code == 200


async def test_a_second_handshake_harms_nothing(wire: Wire) -> None:
    session = await wire.opened()
    again = await wire.post(initialize(), in_session(session))
    listed = await wire.post(request("tools/list"), in_session(session))
    assert again.status_code < 500
    assert listed.json()["result"]["tools"]


async def test_a_session_that_has_ended_or_never_was_is_not_found(wire: Wire) -> None:
    session = await wire.opened()
    ended = await wire.http.request(
        "DELETE", "/mcp", headers={"X-API-Key": KEY, **in_session(session)}
    )
    assert ended.status_code == 200
    for dead in (session, "nobodys", "x" * 5_000):
        answer = await wire.post(request("tools/list"), in_session(dead))
        assert answer.status_code == 404


async def test_without_a_session_only_a_handshake_is_answered(wire: Wire) -> None:
    answer = await wire.post(request("tools/list"), {"MCP-Protocol-Version": LEGACY})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:4747"}, 421),
    ],
)
async def test_foreign_origins_and_hosts_are_refused(
    wire: Wire, headers: dict[str, str], status: int
) -> None:
    for body in (CALL, initialize()):
        assert (await wire.post(body, {**IN_MODERN, **headers})).status_code == status


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "OPTIONS"])
async def test_other_methods_are_405_with_allow(wire: Wire, method: str) -> None:
    answer = await wire.http.request(method, "/mcp", headers={"X-API-Key": KEY})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, POST"


@pytest.mark.parametrize("path", ["/mcp/", "/mcp/x", "/mcpx"])
async def test_there_is_nothing_beside_the_endpoint(wire: Wire, path: str) -> None:
    answer = await wire.http.post(path, json={}, headers={"X-API-Key": KEY, "Accept": ACCEPT})
    assert answer.status_code == 404


async def test_unknown_arguments_are_ignored_as_over_rest() -> None:
    async with wired() as wire:
        answer = await wire.tool("generate_media", {**IMAGE, "colour": "red", "n": [4]})
    assert not answer.is_error


async def test_what_breaks_inside_is_told_as_an_internal_error_without_its_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*arguments: object) -> None:
        raise RuntimeError("a prompt that nobody may read")

    monkeypatch.setattr("simulator.surfaces.tools.admit", broken)
    async with wired() as wire:
        answer = await wire.called("get_balance", {})
    assert answer.json()["error"] == {"code": -32_603, "message": "internal error"}
    logged = capsys.readouterr()
    assert "RuntimeError" in logged.err
    assert "nobody may read" not in logged.err + logged.out


@pytest.mark.parametrize("era", [MODERN, LEGACY])
async def test_a_caller_who_is_gone_leaves_a_job_with_its_hold_or_nothing(era: str) -> None:
    async with wired() as wire:
        headers = IN_MODERN if era == MODERN else in_session(await wire.opened())
        await wire.tool("get_balance", {})
        for steps in range(0, 60, 3):
            await _cut_off(wire, headers, steps)
        for _ in range(20):
            await asyncio.sleep(0)
        verified = (await wire.rest("GET", "/_sim/ledger/verify")).json()
        ledger, jobs, _ = [json.loads(part) for part in await wire.state()]
        answer = await wire.tool("get_balance", {})
    held = [entry for entry in ledger["entries"] if entry["kind"] == "hold"]
    assert verified["ok"]
    assert len(held) == len(jobs["jobs"])
    assert 0 < len(held) < 20  # some were cut off before it, some after
    assert answer.content["credits"] == 10_000 - 7 * len(held)


async def test_a_first_caller_who_is_gone_leaves_the_endpoint_open() -> None:
    async with wired() as wire:
        await _cut_off(wire, IN_MODERN, 3)
        answer = await wire.tool("get_balance", {})
    assert not answer.is_error


async def _cut_off(wire: Wire, headers: dict[str, str], steps: int) -> None:
    """Sends a call and goes away after some turns of the loop, as a server tells it: the request's
    task is cancelled."""
    given = {"content-type": "application/json", "accept": ACCEPT, "x-api-key": KEY, **headers}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    messages = [{"type": "http.request", "body": CALL, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)

    task = asyncio.ensure_future(wire.simulator.app(scope, receive, send))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
