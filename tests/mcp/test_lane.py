"""The shorter way of our tools' calls says what the SDK's own way says, byte for byte."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from mcp_types import methods
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from simulator.surfaces import mcp_lane
from simulator.surfaces.tools import TOOLS
from tests.mcp.wire import LEGACY, META, MODERN, Wire, in_session, request, wired

CLIENT = "io.modelcontextprotocol/clientInfo"
ME = {"name": "tests", "version": "1"}
GOOD: Mapping[str, Mapping[str, Any]] = {
    name: {"name": name, "arguments": dict(tool.example)} for name, tool in TOOLS.items()
}
OTHER: Mapping[str, Mapping[str, Any]] = {
    "a refusal": {"name": "generate_media", "arguments": {"prompt": "x", "model": "no-such"}},
    "a wrong shape": {"name": "generate_media", "arguments": {"prompt": 4}},
    "nulls": {"name": "generate_media", "arguments": {"prompt": "é\u2028", "seed": None}},
    "no arguments": {"name": "get_balance"},
    "null as arguments": {"name": "get_balance", "arguments": None},
    "a list as arguments": {"name": "get_balance", "arguments": []},
    "a number as name": {"name": 4},
    "no name": {"arguments": {}},
    "an unknown tool": {"name": "generate_money"},
    "a progress token": {"name": "get_balance", "_meta": {"progressToken": "t"}},
    "a token of a wrong shape": {"name": "get_balance", "_meta": {"progressToken": [1]}},
    "a client of a wrong shape": {"name": "get_balance", "_meta": {CLIENT: {"name": 4}}},
    "a client that tells more": {"name": "get_balance", "_meta": {CLIENT: {**ME, "colour": 1}}},
    "what a later revision may add": {"name": "get_balance", "colour": "red"},
}
CALLS = {**GOOD, **OTHER}


@pytest.fixture
async def two() -> AsyncIterator[tuple[Wire, Wire]]:
    """Two simulators that nothing tells apart."""
    async with wired() as one, wired() as other:
        yield one, other


async def said(wire: Wire, params: Mapping[str, Any], revision: str) -> tuple[int, bytes]:
    """Status and body of a call's answer."""
    if revision == MODERN:
        params = {**params, "_meta": {**META, **params.get("_meta", {})}}
        headers = {
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": "tools/call",
            "Mcp-Name": str(params.get("name", "")),
        }
    else:
        headers = in_session(await wire.opened(version=revision), revision)
    answer = await wire.post(request("tools/call", params), headers)
    return answer.status_code, answer.content


@pytest.mark.parametrize("revision", [MODERN, *HANDSHAKE_PROTOCOL_VERSIONS])
async def test_both_ways_say_the_same_bytes(
    two: tuple[Wire, Wire], monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    short = {what: await said(two[0], params, revision) for what, params in CALLS.items()}
    monkeypatch.setattr(mcp_lane, "_REVISIONS", frozenset())
    long = {what: await said(two[1], params, revision) for what, params in CALLS.items()}
    assert [what for what in CALLS if short[what] != long[what]] == []


@pytest.mark.parametrize("revision", [MODERN, *HANDSHAKE_PROTOCOL_VERSIONS])
async def test_only_the_newest_revision_of_either_era_takes_the_shorter_way(
    two: tuple[Wire, Wire], monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    serialized: list[str] = []
    serialize = methods.serialize_server_result

    def watched(method: str, version: str, data: Mapping[str, Any]) -> dict[str, Any]:
        serialized.append(method)
        return serialize(method, version, data)

    monkeypatch.setattr(methods, "serialize_server_result", watched)
    await said(two[0], CALLS["no arguments"], revision)
    assert ("tools/call" in serialized) == (revision not in (MODERN, LEGACY))
