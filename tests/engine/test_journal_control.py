"""What the control plane tells of a journal."""

from typing import Any

import msgspec
import pytest

from simulator.domain.errors import Malformed
from simulator.domain.redaction import HIDDEN
from simulator.domain.times import WORLD_BEGINS_MS, rfc3339
from simulator.engine.bodies import Nothing
from simulator.engine.controls.conduct import conduct
from simulator.engine.controls.journal import (
    RequestsAnswer,
    RequestsQuery,
    RequestView,
    RuleView,
    Times,
    VerifyBody,
    VerifyRequestsAnswer,
    clear,
    requests,
    verify,
)
from simulator.engine.events import Cursor, Feed
from tests.engine.bench_of_calls import SECRET, Bench
from tests.engine.driving import done, leap, start

KEY = "sk_live_canary7"
CANARIES = ("canary", KEY, SECRET)
JOB = "00000000-0000-4000-8000-000000000001"


def told(bench: Bench, **query: Any) -> RequestsAnswer:
    return done(requests(bench.control, bench.world, RequestsQuery(**query)))


def only(bench: Bench, **query: Any) -> RequestView:
    (call,) = told(bench, **query).requests
    return call


def verified(bench: Bench, **body: Any) -> VerifyRequestsAnswer:
    return done(verify(bench.control, bench.world, VerifyBody(**body)))


def numbers(bench: Bench, **query: Any) -> list[int]:
    return [call.seq for call in told(bench, **query).requests]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b" [1]", [1]),
        (b'{"a": ', '{"a": '),
        (b"plain \xff", "plain \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_body_is_told_as_json_where_it_is_any(body: bytes, shown: Any) -> None:
    bench = Bench()
    bench.noted("generate_media", body)
    assert only(bench).request == shown


def test_a_tools_call_is_told_by_its_arguments_and_its_structured_answer() -> None:
    bench = Bench()
    sent = {"method": "tools/call", "params": {"arguments": {"model": "m"}}}
    got = {"result": {"structuredContent": {"error": "e"}}}
    bench.noted("generate_media", sent, got, surface="mcp")
    call = only(bench)
    assert (call.request, call.answer) == ({"model": "m"}, {"error": "e"})
    assert (call.model, call.error) == ("m", "e")


def test_a_tools_answer_that_is_a_refusal_of_the_protocol_is_told_whole() -> None:
    bench = Bench()
    bench.noted("generate_media", {"params": 1}, {"error": {"code": -1}}, surface="mcp")
    call = only(bench)
    assert (call.request, call.answer, call.error) == (None, {"error": {"code": -1}}, None)


def test_other_messages_over_mcp_are_told_as_they_came() -> None:
    bench = Bench()
    bench.noted("", {"method": "ping"}, {"result": {}}, surface="mcp")
    assert only(bench).request == {"method": "ping"}


def test_a_query_is_told_as_what_was_asked() -> None:
    bench = Bench()
    bench.noted("get_generations", query=b"limit=5&model=nano%2Dbanana&odd")
    call = only(bench)
    assert (call.query, call.model) == ("limit=5&model=nano%2Dbanana&odd", "nano-banana")
    assert call.request == {"limit": "5", "model": "nano-banana", "odd": ""}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"answer": {"generation_id": JOB}}, JOB),
        ({"request": {"generation_id": JOB}}, JOB),
        ({"answer": {"generation_id": 5}}, None),
        ({"path": f"/v1/generate/media/{JOB}/stream"}, JOB),
        ({"path": "/v1/generate/media"}, None),
        ({"path": f"/media/w/{JOB}/x.png", "surface": "files"}, JOB),
        ({"path": f"/media/w/uploads/{JOB}.png", "surface": "files"}, None),
        ({"path": "/media/w/x", "surface": "files"}, None),
    ],
)
def test_the_generation_is_found_where_it_stands(fields: dict[str, Any], found: str) -> None:
    bench = Bench()
    bench.noted("any", **fields)
    assert only(bench).generation_id == found


def test_what_was_cut_is_marked() -> None:
    bench = Bench()
    bench.noted("any", b'{"prompt": "aaa', b'{"a": 1}', request_bytes=99)
    bench.noted("download_file", answer_bytes=5_000)
    calls = told(bench).requests
    assert [(call.request_cut, call.answer_cut) for call in calls] == [(True, False), (False, True)]


def test_a_call_is_told_with_the_rows_of_the_ledger_it_is_about() -> None:
    bench = Bench()
    job = start(bench.provider, bench.who)
    other = start(bench.provider, bench.who)
    bench.noted("generate_media", answer={"generation_id": job})
    bench.noted("get_balance")
    assert other != job
    assert [[row.kind for row in call.ledger] for call in told(bench).requests] == [["hold"], []]


def test_calls_about_nothing_need_no_ledger() -> None:
    bench = Bench()
    bench.noted("get_balance")
    assert only(bench).ledger == []


@pytest.mark.parametrize(
    ("rule", "strength"), [("media.high-resolution-aspect", "documented"), ("a-code", None)]
)
def test_what_refused_is_told_with_how_sure_we_are(rule: str, strength: str | None) -> None:
    bench = Bench()
    bench.noted("generate_media", rule=rule)
    found = only(bench).rule
    assert isinstance(found, RuleView)
    assert (found.id, found.strength) == (rule, strength)
    assert (found.source is None) == (strength is None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2]),
        ({"operation": "two"}, [2]),
        ({"surface": "mcp"}, [2]),
        ({"status": 402}, [2]),
        ({"account": "bob"}, [2]),
        ({"model": "m"}, [2]),
        ({"generation_id": JOB}, [2]),
        ({"error": "e"}, [2]),
        ({"since": rfc3339(WORLD_BEGINS_MS + 1_000)}, [2]),
        ({"cursor": 1}, [2]),
        ({"cursor": 2}, []),
        ({"limit": 1}, [1]),
        ({"newest_first": True, "limit": 1}, [2]),
    ],
)
def test_calls_are_chosen(query: dict[str, Any], found: list[int]) -> None:
    bench = Bench()
    bench.noted("one")
    leap(bench.provider, bench.world, 1_000)
    params = {"arguments": {"model": "m", "generation_id": JOB}}
    answer = {"result": {"structuredContent": {"error": "e"}}}
    bench.noted("two", {"params": params}, answer, surface="mcp", status=402, account="bob")
    assert numbers(bench, **query) == found


def test_a_page_tells_where_the_next_begins() -> None:
    bench = Bench()
    for _ in range(3):
        bench.noted("one")
    first = told(bench, limit=2)
    assert (first.next_cursor, first.total, first.dropped) == (2, 3, 0)
    assert told(bench, cursor=2, limit=2).next_cursor is None
    assert told(bench, newest_first=True, limit=2).next_cursor is None


def test_a_time_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Malformed):
        told(Bench(), since="dawn")


def test_an_emptied_journal_has_no_calls() -> None:
    bench = Bench()
    bench.noted("one")
    assert done(clear(bench.control, bench.world, Nothing())).removed == 1
    assert told(bench).requests == []


@pytest.mark.parametrize(
    ("times", "why"),
    [
        (Times(), ""),
        (Times(exactly=2), ""),
        (Times(exactly=1), "expected exactly 1, came 2 times"),
        (Times(at_least=3), "expected at least 3, came 2 times"),
        (Times(at_most=1), "expected at most 1, came 2 times"),
        (Times(at_least=1, at_most=2), ""),
        (Times(never=True), "expected never, came 2 times"),
    ],
)
def test_calls_are_counted(times: Times, why: str) -> None:
    bench = Bench()
    for name in ("one", "one", "two"):
        bench.noted(name)
    bench.noted("one", surface="control")
    answer = verified(bench, request={"operation": "one"}, times=times)
    assert (answer.ok, answer.count, answer.why) == (not why, 2, why or "as expected")


@pytest.mark.parametrize("times", [Times(never=True), Times(at_least=0)])
def test_what_may_be_missing_may_be_missing(times: Times) -> None:
    assert verified(Bench(), request={"operation": "one"}, times=times).ok


def test_with_nothing_said_of_times_a_call_must_have_come() -> None:
    answer = verified(Bench(), request={"operation": "one"}, times=Times())
    assert (answer.ok, answer.why) == (False, "expected at least 1, came 0 times")


def test_calls_are_expected_in_order_and_within_a_time() -> None:
    bench = Bench()
    for name, pause_ms in (("one", 60_000), ("one", 2_000), ("two", 60_000), ("three", 0)):
        bench.noted(name)
        leap(bench.provider, bench.world, pause_ms)
    steps = [{"operation": "one"}, {"operation": "two"}]
    assert verified(bench, in_order=steps, within_seconds=2).ok
    late = verified(bench, in_order=steps, within_seconds=1)
    assert late.why == "they took 2 s of the world's clock, expected 1"
    assert not verified(bench, request=steps[0], in_order=steps, within_seconds=59).ok
    missed = verified(bench, in_order=[*steps, steps[0]])
    assert missed.why == "2 of 3 came in this order; the next is missing"
    assert missed.near_misses[0].operation == "three"


def test_a_miss_tells_what_differs() -> None:
    bench = Bench()
    bench.noted("one", {"model": "m"})
    (near,) = verified(bench, request={"operation": "one", "request.model": "n"}).near_misses
    assert (near.seq, near.at) == (1, rfc3339(WORLD_BEGINS_MS))
    assert [(one.expected, one.got) for one in near.differences] == [("'n'", "'m'")]


@pytest.mark.parametrize("part", ["request", "in_order"])
def test_a_matcher_that_cannot_be_read_is_refused(part: str) -> None:
    wanted: Any = {f"colour {KEY}": 1}
    with pytest.raises(Malformed) as refused:
        verified(Bench(), **{part: wanted if part == "request" else [wanted]})
    assert KEY not in str(refused.value.problems)


PLACES: tuple[dict[str, Any], ...] = (
    {"path": f"/v1/generate/media/{KEY}"},
    {"path": f"/media/w/{SECRET}/x.png", "surface": "files"},
    {"query": f"a={KEY}&b={SECRET}&token=canary".encode()},
    {"query": b"a=sk%5Flive%5Fcanary&%70assword=canary"},
    {"operation": KEY, "surface": "mcp"},
    {"operation": SECRET},
    {"headers": ((b"user-agent", f"x {KEY} {SECRET}".encode()),)},
    {"headers": ((b"x-sim-namespace", KEY.encode()),)},
    {"request": {"model": KEY, "generation_id": SECRET, "prompt": f"my {KEY}"}},
    {"request": {"password": "canary", KEY: [SECRET, {"Authorization": "canary"}]}},
    {"request": f'{{"prompt": "{KEY}", "token": "canary", "x": "{SECRET}'.encode()},
    {"request": f"{{{SECRET[:10]}".encode(), "request_bytes": 99},
    {"request": b"Bearer canary7canary", "answer": f"Authorization: Basic {SECRET}".encode()},
    {"answer": {"error": KEY, "message": SECRET, "api_key": "canary"}},
    {
        "operation": "generate_media",
        "surface": "mcp",
        "request": {"params": {"arguments": {"model": KEY, "prompt": SECRET}}},
        "answer": {"result": {"structuredContent": {"error": "variant_required"}}},
    },
)


@pytest.mark.parametrize("place", PLACES)
def test_no_canary_is_shown_anywhere(place: dict[str, Any]) -> None:
    bench = Bench()
    for _ in range(2):
        bench.noted(**{"operation": "generate_media", **place})
    wanted = dict.fromkeys(("path", "operation", "headers.user-agent", "request", "answer"), KEY)
    shown = (
        told(bench),
        done(conduct(bench.control, bench.world, Nothing())),
        verified(bench, request={"status": 1, **wanted, "method": "GET"}),
        verified(bench, request={"status": 1, "request.model": SECRET}),
    )
    text = msgspec.json.encode(shown).decode()
    assert HIDDEN in text
    assert [canary for canary in (*CANARIES, SECRET[:10]) if canary in text] == []


def test_no_event_shows_a_canary() -> None:
    bench = Bench()
    bench.noted(SECRET, path=f"/v1/{KEY}", faults=("fault-1",))
    worlds = bench.provider.worlds
    feed = Feed(worlds.store, worlds, bench.world, Cursor(0, WORLD_BEGINS_MS, 0))
    told = [event for event in done(feed.next()) if event.name in ("request", "fault")]
    text = msgspec.json.encode([event.data for event in told]).decode()
    assert len(told) == 2
    assert [canary for canary in CANARIES if canary in text] == []
