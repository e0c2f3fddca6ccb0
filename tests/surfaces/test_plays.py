"""What a played client makes of what it sees, and what it misses."""

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.engine.scenarios import Expect, Step, Surface
from simulator.surfaces.connection import ConnectionDropped
from simulator.surfaces.plays.judging import problems
from simulator.surfaces.plays.seen import Sight, of_file, of_rest, of_stream, of_tool, of_tools
from simulator.surfaces.plays.wire import Reply, ask

BODY = {"a": {"b": [{"c": 1}]}, "none": None, "yes": True, "names": ["x", "y"]}
SIGHT = Sight(
    "200",
    BODY,
    {"content-type": "image/png", "retry-after": "5", "x-sim-fault": "fault-1,fault-9"},
    size=10,
    events=("result",),
)
MANY = Sight("200", several=(Sight("200"), Sight("404"), Sight("404")))


def missed(expect: Expect, sight: Sight = SIGHT, surface: Surface = "rest") -> list[str]:
    return problems(Step("start", expect=expect), sight, lambda value: value, surface, ["fault-9"])


@pytest.mark.parametrize(
    "expect",
    [
        Expect(),
        Expect(outcome="200"),
        Expect(fields={"a.b.0.c": 1, "none": "@null", "yes": True, "a": "@set"}),
        Expect(differs={"a.b.0.c": 2}),
        Expect(headers={"retry-after": "5"}),
        Expect(text='"c":1'),
        Expect(told=True),
        Expect(bytes_least=10, whole=True, kind="image/"),
        Expect(events=["result"]),
        Expect(has=["x"], lacks=["z"]),
    ],
)
def test_what_is_as_expected_is_no_problem(expect: Expect) -> None:
    assert missed(expect) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        (Expect(outcome="402"), "outcome 200, expected 402"),
        (Expect(fields={"a.b.0.c": 2}), "a.b.0.c: 1, expected 2"),
        (Expect(fields={"a.b.1.c": 1}), "a.b.1.c: not there, expected 1"),
        (Expect(fields={"a.x": "@null"}), "a.x: not there, expected '@null'"),
        (Expect(fields={"none": "@set"}), "none: None, expected '@set'"),
        (Expect(fields={"yes": 1}), "yes: True, expected 1"),
        (Expect(differs={"a.b.0.c": 1}), "a.b.0.c: 1, expected another than that"),
        (Expect(differs={"z": 1}), "z: not there, expected another than that"),
        (Expect(headers={"retry-after": "6"}), "retry-after: 5, expected 6"),
        (Expect(text="lighthouse"), "'lighthouse' is nowhere in"),
        (Expect(told=False), "X-Sim-Fault names a fault of the scenario: fault-1, fault-9"),
        (Expect(bytes_least=11), "10 bytes, expected at least 11"),
        (Expect(whole=False), "whole: True, expected False"),
        (Expect(kind="text/"), "content type 'image/png', expected 'text/'"),
        (Expect(events=[]), "events ['result'], expected []"),
        (Expect(has=["z"]), "z is not listed"),
        (Expect(lacks=["x"]), "x is listed"),
    ],
)
def test_what_is_otherwise_is_told(expect: Expect, said: str) -> None:
    (problem,) = missed(expect)
    assert problem.startswith(said)


def test_of_many_calls_each_outcome_is_counted() -> None:
    assert missed(Expect(counts={"200": 1, "404": 2}), MANY) == []
    assert missed(Expect(counts={"200": 3}), MANY) == [
        "outcomes {'200': 1, '404': 2}, expected {'200': 3}"
    ]


def test_a_fault_of_somebody_else_is_none_of_the_scenarios() -> None:
    sight = Sight(headers={"x-sim-fault": "fault-2"})
    assert missed(Expect(told=False), sight) == []
    (problem,) = missed(Expect(told=True), sight)
    assert problem == "X-Sim-Fault names no fault of the scenario: fault-2"


def test_a_refusal_without_a_code_has_no_status_over_mcp() -> None:
    denied = Sight("denied")
    assert missed(Expect(outcome="404"), denied, "mcp") == []
    assert missed(Expect(outcome="404"), denied, "rest") != []
    assert missed(Expect(outcome="insufficient_credits"), denied, "mcp") != []


def test_headers_are_looked_at_over_rest_only() -> None:
    assert missed(Expect(headers={"retry-after": "6"}), SIGHT, "mcp") == []


def reply(body: bytes = b"{}", status: int = 200, ended: Any = "whole", **headers: str) -> Reply:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, fields, [body], ended)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (reply(), "200"),
        (reply(b'{"error": "x"}', 402), "x"),
        (reply(b'{"detail": "x"}', 404), "404"),
        (reply(b"[]"), "200"),
        (reply(b"{"), "unreadable"),
        (reply(b"{", ended="dropped"), "cut"),
        (reply(b"", 0, "dropped"), "dropped"),
        (reply(b"", 0, "gave_up"), "gave_up"),
    ],
)
def test_an_answer_over_rest_has_one_outcome(given: Reply, outcome: str) -> None:
    assert of_rest(given).outcome == outcome


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (reply(b'{"result": {"structuredContent": {"a": 1}, "isError": false}}'), "200"),
        (reply(b'{"result": {"structuredContent": {"error": "x"}, "isError": true}}'), "x"),
        (reply(b'{"result": {"structuredContent": {"detail": "x"}, "isError": true}}'), "denied"),
        (reply(b'{"error": {"code": -32602}}', 400), "-32602"),
        (reply(b'{"detail": "busy"}', 503), "503"),
        (reply(b"["), "unreadable"),
        (reply(b"{", ended="dropped"), "cut"),
    ],
)
def test_an_answer_over_mcp_has_one_outcome(given: Reply, outcome: str) -> None:
    assert of_tool(given).outcome == outcome


def test_tools_are_told_with_the_arguments_that_they_need() -> None:
    tools = b'[{"name": "a", "inputSchema": {"required": ["b"]}}, {"name": "c", "inputSchema": {}}]'
    sight = of_tools(reply(b'{"result": {"tools": ' + tools + b"}}"))
    assert sight.body == {"names": ["a", "c"], "required": {"a": ["b"], "c": []}}
    assert of_tools(reply(b"{", ended="dropped")).body == {"names": [], "required": {}}


def test_a_file_is_whole_when_as_much_came_as_was_announced() -> None:
    assert of_file(reply(b"abc", content_length="3")).whole
    assert not of_file(reply(b"abc", content_length="4")).whole
    assert not of_file(reply(b"abc", ended="dropped")).whole
    assert of_file(reply(b"abc", 206)).outcome == "206"


def test_a_stream_is_its_events_and_the_data_of_the_last() -> None:
    sight = of_stream(reply(b'event: heartbeat\ndata: {}\n\nevent: result\ndata: {"a": 1}\n\n'))
    assert (sight.events, sight.body) == (("heartbeat", "result"), {"a": 1})
    assert of_stream(reply(b"", ended="dropped")).outcome == "cut"
    assert of_stream(reply(b'{"detail": "x"}', 404)).outcome == "404"


async def asked(app: ASGIApp, patience_s: float = 5.0) -> Reply:
    return await ask(app, ("POST", "/x", "a=b"), {"X-A": "1"}, b"hello", patience_s)


async def test_an_app_is_asked_as_a_server_would() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["method"], scope["path"], scope["query_string"], scope["headers"]))
        seen.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 201, "headers": [(b"y", b"2")]})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        seen.append((await receive())["type"])

    got = await asked(app)
    headers = [(b"content-length", b"5"), (b"x-a", b"1")]
    assert seen == [("POST", "/x", b"a=b", headers), b"hello", "http.disconnect"]
    assert (got.status, got.headers, got.body, got.ended) == (201, {"y": "2"}, b"ab", "whole")


async def test_who_loses_patience_hangs_up_and_hears_nothing_more() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    got = await asked(app, 0.01)
    assert (got.status, got.ended) == (0, "gave_up")


async def test_a_connection_that_breaks_is_no_error_of_the_client() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ConnectionDropped

    assert (await asked(app)).ended == "dropped"


async def test_what_the_app_raises_is_raised() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asked(app)


async def test_a_cancelled_client_takes_its_request_with_it() -> None:
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.ensure_future(asked(app))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert ended.is_set()
