"""What a check talks to: both surfaces alike, and no key in what is recorded."""

import json
from typing import Any

import httpx2
import pytest

from contracts.check import Broken, CannotTell, DoesNotApply
from contracts.lanes.looking import IMAGE
from contracts.talk.backend import Backend, world_keys
from contracts.talk.exchange import (
    ANSWER_KEPT_BYTES,
    LIST_KEPT_BYTES,
    SENT_KEPT_BYTES,
    Exchange,
    Reply,
)
from contracts.talk.jsonrpc import SESSION, STATELESS
from contracts.talk.keys import Keys, Scrubber, scrubber
from contracts.talk.wire import Log, Trouble, Wire, Withheld
from contracts.target import Target
from tests.contracts.trial import Trial, trial

CANARY = "sk_live_canary_0123456789"


def backend_of(tried: Trial, era: str = SESSION) -> Backend:
    return Backend(tried.target, tried.runner.wire, world_keys("w"), era=era, name="w")


def answering(handler: Any, scrub: Scrubber | None = None, **target: Any) -> Backend:
    """A backend behind which ``handler`` answers."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handler))
    urls = {"rest": "https://api.example", "mcp": "https://api.example/mcp"}
    wire = Wire(http, urls, scrub or scrubber((CANARY,)))
    told = Target("https://api.example", "https://api.example/mcp", **target)
    return Backend(told, wire, Keys(CANARY))


@pytest.mark.parametrize("era", [SESSION, STATELESS])
async def test_a_call_is_answered_alike_over_both_surfaces(era: str) -> None:
    async with trial() as tried:
        backend = backend_of(tried, era)
        await backend.prepare(credits=70)
        for surface in ("rest", "mcp"):
            before = await backend.balance(surface=surface)
            refused = await backend.call("generate_media", {**IMAGE, "model": "x"}, surface=surface)
            assert (refused.refused, refused.code) == (True, "model_not_found")
            start = await backend.start(IMAGE, surface=surface)
            told = await backend.wait_finished(start.generation_id, surface=surface)
            assert (told["status"], start.credits) == ("completed", 7)
            assert await backend.balance(surface=surface) == before - 7
        assert backend.log.credits == 14


async def test_a_start_that_is_refused_is_broken() -> None:
    async with trial() as tried:
        with pytest.raises(Broken, match="expected an accepted start with a generation_id, got"):
            await backend_of(tried).start({"model": "nano-banana"})


async def test_ids_are_captured_where_they_come() -> None:
    async with trial() as tried:
        backend = backend_of(tried)
        for surface in ("rest", "mcp"):
            start = await backend.start(IMAGE, surface=surface)
            (capture,) = backend.trace[-1].captures[:1]
            assert capture.value == start.generation_id
            assert capture.where.endswith("generation_id")


async def test_a_fresh_world_is_another_one() -> None:
    async with trial() as tried:
        backend = backend_of(tried)
        other = await backend.fresh(credits=5)
        assert await other.balance() == 5
        assert await backend.balance() == 10_000
        assert other.trace == backend.trace
        assert [each.world for each in other.trace if not each.setup] == [1, 0]


async def test_credits_of_a_real_account_cannot_be_set() -> None:
    backend = answering(lambda request: httpx2.Response(200, json={}))
    assert await backend.fresh() is not backend
    with pytest.raises(CannotTell):
        await backend.fresh(credits=5)


async def test_no_key_is_recorded_wherever_it_came_back() -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        told = {"credits": 1, "seen": dict(request.headers), "sent": request.content.decode()}
        return httpx2.Response(200, json=told, headers={"x-echo": CANARY, "set-cookie": CANARY})

    backend = answering(echo)
    for who in ("main", "main-bearer"):
        reply = await backend.request("POST", f"/v1/x?k={CANARY}", body={"key": CANARY}, who=who)
        assert CANARY not in repr(reply)
    assert CANARY not in repr(backend.trace)
    assert "[main key]" in repr(backend.trace)
    assert CANARY not in repr(Keys(CANARY))


async def test_signed_addresses_are_hidden_in_what_is_recorded() -> None:
    url = "https://cdn.example/x.png?X-Amz-Signature=abcdef&w=5"
    backend = answering(lambda request: httpx2.Response(200, json={"url": url}))
    reply = await backend.call("get_models")
    assert reply.fields["url"] == url
    assert "abcdef" not in backend.trace[0].text


async def _asked_for(call: str, length: int) -> tuple[Reply, Exchange]:
    told = {"text": "x" * length}
    backend = answering(lambda request: httpx2.Response(200, json=told))
    reply = await backend.call(call)
    assert reply.body == told
    (exchange,) = backend.trace
    return reply, exchange


@pytest.mark.parametrize(
    ("call", "most"),
    [("get_balance", ANSWER_KEPT_BYTES), ("get_models", LIST_KEPT_BYTES)],
)
async def test_a_long_answer_is_cut_in_what_is_recorded_only(call: str, most: int) -> None:
    reply, exchange = await _asked_for(call, most + 1)
    assert len(exchange.answer) == most
    assert exchange.answer_bytes == len(reply.content)
    assert exchange.text.endswith(f"({len(reply.content)} bytes)")


@pytest.mark.parametrize("call", ["get_models", "get_generations"])
async def test_a_list_is_recorded_whole(call: str) -> None:
    reply, exchange = await _asked_for(call, 4 * ANSWER_KEPT_BYTES)
    assert exchange.answer == reply.content


async def test_a_long_request_is_cut_in_what_is_recorded_only() -> None:
    came: list[int] = []

    def count(request: httpx2.Request) -> httpx2.Response:
        came.append(len(request.content))
        return httpx2.Response(200, json={})

    backend = answering(count)
    await backend.upload(b"x" * 1_000_000, "a.png", "image/png")
    (exchange,) = backend.trace
    assert len(exchange.sent) == SENT_KEPT_BYTES
    assert [exchange.sent_bytes] == came


async def test_a_start_whose_answer_is_lost_is_not_sent_again() -> None:
    sent: list[httpx2.Request] = []

    def lose(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        raise httpx2.ReadError("lost")

    backend = answering(lose)
    with pytest.raises(Trouble):
        await backend.call("generate_media", IMAGE)
    assert len(sent) == 1
    with pytest.raises(Trouble):
        await backend.call("get_models")
    assert len(sent) == 5


@pytest.mark.parametrize(
    ("mark", "reason", "reads", "starts"),
    [("lost", "x", 4, 1), ("refused", "unreachable", 4, 4), ("refused", "cap", 1, 1)],
)
async def test_what_the_guard_lost_is_sent_again_as_if_there_were_no_guard(
    mark: str, reason: str, reads: int, starts: int
) -> None:
    sent: list[str] = []

    def lose(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.method)
        return httpx2.Response(502, json={"reason": reason}, headers={"X-Guard": mark})

    backend = answering(lose)
    for call, given in (("get_models", {}), ("generate_media", IMAGE)):
        with pytest.raises((Trouble, Withheld)):
            await backend.call(call, given)
    assert (sent.count("GET"), sent.count("POST")) == (reads, starts)
    if reason != "cap":
        assert {each.status for each in backend.trace} == {0}  # no answer of the target's


@pytest.mark.parametrize(
    ("told", "sent"), [({"detail": "slow down"}, 2), ({"error": "concurrency_limit_exceeded"}, 1)]
)
async def test_a_429_is_waited_out_whatever_was_asked_but_not_one_of_too_many_jobs(
    told: dict[str, str], sent: int
) -> None:
    answers = [httpx2.Response(429, json=told, headers={"Retry-After": "0.01"})]
    answers.append(httpx2.Response(405, json={}))
    backend = answering(lambda request: answers.pop(0))
    reply = await backend.request("PUT", "/v1/balance")
    assert (reply.status, len(backend.trace)) == (405 if sent == 2 else 429, sent)


async def test_who_is_not_patient_sees_the_429() -> None:
    backend = answering(lambda request: httpx2.Response(429, json={"error": "rate_limit_exceeded"}))
    reply = await backend.call("get_models", patient=False)
    assert (reply.status, len(backend.trace)) == (429, 1)


@pytest.mark.parametrize(
    ("mark", "reason", "error"),
    [("refused", "cap", Withheld), ("refused", "unreachable", Trouble), ("lost", "x", Trouble)],
)
async def test_what_the_guard_answers_is_no_answer_of_the_target(
    mark: str, reason: str, error: type[Exception]
) -> None:
    told = {"error": "guard", "reason": reason, "message": "It would pass the cap."}
    headers = {"X-Guard": mark}
    backend = answering(lambda request: httpx2.Response(402, json=told, headers=headers))
    with pytest.raises(error, match=r"It would pass the cap\."):
        await backend.call("get_models")


async def test_files_of_other_hosts_are_not_fetched() -> None:
    backend = answering(lambda request: httpx2.Response(200), allowed_hosts=("cdn.example",))
    assert (await backend.fetch("https://cdn.example/a.png")).status == 200
    with pytest.raises(CannotTell, match=r"elsewhere\.example"):
        await backend.fetch("https://elsewhere.example/a.png")


async def test_an_event_stream_is_read_as_the_answer_in_it() -> None:
    def stream(request: httpx2.Request) -> httpx2.Response:
        number = json.loads(request.content).get("id")
        if json.loads(request.content)["method"] != "tools/call":
            return httpx2.Response(200, json={"jsonrpc": "2.0", "id": number, "result": {}})
        result = {"content": [{"type": "text", "text": '{"credits": 4}'}]}
        told = json.dumps({"jsonrpc": "2.0", "id": number, "result": result})
        other = json.dumps({"jsonrpc": "2.0", "method": "notifications/message"})
        text = f"event: message\ndata: {other}\n\nevent: message\ndata: {told}\n\n"
        return httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"})

    assert await answering(stream).balance(surface="mcp") == 4


async def test_what_a_surface_lacks_does_not_apply() -> None:
    backend = answering(lambda request: httpx2.Response(200, json={}))
    with pytest.raises(DoesNotApply):
        await backend.call("get_upload_url")
    with pytest.raises(DoesNotApply):
        await backend.call("upload_media", surface="mcp")
    with pytest.raises(DoesNotApply):
        await backend.control("GET", "ledger")


def test_a_truth_value_is_no_price() -> None:
    assert Reply(200, {"estimated_cost_credits": True}).credits == 0
    assert Reply(200, {"estimated_cost_credits": 2.5}).credits == 2.5
    assert Reply(402, {"estimated_cost_credits": 2.5}, refused=True).credits == 0


def test_a_log_begins_empty() -> None:
    assert (Log().trace, Log().credits) == ((), 0)


@pytest.mark.parametrize("lost", ["question", "answer"])
async def test_the_clock_leaps_once_whichever_half_of_the_exchange_is_lost(lost: str) -> None:
    tripped: list[str] = []

    def trip(request: httpx2.Request) -> None:
        if request.url.path == "/_sim/clock/advance" and not tripped:
            tripped.append(lost)
            raise httpx2.ReadError("gone")

    before, after = (trip, None) if lost == "question" else (None, trip)
    async with trial(before=before, after=after) as tried:
        backend = backend_of(tried)
        await backend.prepare()
        await backend.advance(5)
        told = await backend.control("GET", "clock")
    assert tripped == [lost]
    assert told.fields["now"] == "2026-01-01T00:00:05.000Z"
