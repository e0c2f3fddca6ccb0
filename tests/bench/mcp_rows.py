"""Calls of one tool over ``/mcp``, side by side with the SDK's own server and an empty tool."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping

from tests.bench.figures import Figure
from tests.bench.load import KEY, NUMBER, load
from tests.bench.mcp_peer import TOOL
from tests.bench.processes import MEMORY, SDK, Server, cores, cpu_seconds, running

PATH = "/mcp"
CONNECTIONS = 16
GOAL = 0.8
STATELESS, SESSIONS = "2026-07-28", "2025-11-25"
HEADERS = {
    "X-API-Key": KEY,
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
}
ME = {"name": "bench", "version": "1"}

Posted = tuple[str, ...]
Begin = Callable[[Server], Posted]


def calls(rounds: int, seconds: int) -> Iterator[Figure]:
    """Many short turns, because a busy machine's moods last longer than one."""
    for era, begin in ((STATELESS, stateless), (SESSIONS, in_session)):
        theirs, ours = _turns(begin, rounds, seconds)
        what = f"{TOOL} over MCP, {era}"
        yield Figure(f"{what}: the SDK alone, CPU per call", "us", theirs)
        yield Figure(f"{what}: ours", "us", ours)
        shares = tuple(a / b for a, b in zip(theirs, ours, strict=True))
        yield Figure(f"{what}: SDK's CPU / ours", "", shares, GOAL, at_least=True)


def stateless(server: Server) -> Posted:
    """The call of the revision without sessions, to be posted to any server."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": ME,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    told = {"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": TOOL}
    return _posted({"_meta": meta}, told)


def in_session(server: Server) -> Posted:
    """The call of the newest revision with sessions, in one that is opened for it."""
    connection = http.client.HTTPConnection(*server.address)
    asked = {"protocolVersion": SESSIONS, "capabilities": {}, "clientInfo": ME}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": asked}
    answer = _asked(connection, message, {})
    told = {"MCP-Protocol-Version": SESSIONS, "Mcp-Session-Id": answer["mcp-session-id"] or ""}
    _asked(connection, {"jsonrpc": "2.0", "method": "notifications/initialized"}, told)
    connection.close()
    return _posted({}, told)


def _posted(more: Mapping[str, object], told: Mapping[str, str]) -> Posted:
    params = {"name": TOOL, "arguments": {}, **more}
    body = {"jsonrpc": "2.0", "id": NUMBER, "method": "tools/call", "params": params}
    headers = [word for pair in {**HEADERS, **told}.items() for word in pair]
    return (PATH, json.dumps(body), *headers)


def _asked(
    connection: http.client.HTTPConnection, message: object, told: Mapping[str, str]
) -> http.client.HTTPMessage:
    connection.request("POST", PATH, json.dumps(message), {**HEADERS, **told})
    response = connection.getresponse()
    text = response.read()
    if response.status >= http.client.MULTIPLE_CHOICES:
        raise RuntimeError(f"{PATH} answered {response.status} {text[:200]!r}")
    return response.headers


def _turns(begin: Begin, rounds: int, seconds: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Microseconds of processor time per call: the SDK's, then ours."""
    server_core, load_core = cores()
    theirs: list[float] = []
    ours: list[float] = []
    with running(SDK, server_core) as sdk, running(MEMORY, server_core) as simulator:
        posted = [(sdk, begin(sdk), theirs), (simulator, begin(simulator), ours)]
        in_session(simulator)  # the first call of all loads the SDK
        for server, words, _ in posted:
            load(server, CONNECTIONS, 1, load_core, words)
        for _ in range(rounds):
            for server, words, spent in posted:
                before = cpu_seconds(server.pid)
                loaded = load(server, CONNECTIONS, seconds, load_core, words)
                spent.append((cpu_seconds(server.pid) - before) / loaded.requests * 1e6)
    return tuple(theirs), tuple(ours)
