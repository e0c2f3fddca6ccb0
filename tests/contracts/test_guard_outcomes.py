"""What becomes of a hold: given back only where an answer shows that nothing was started."""

import json
from typing import Any

import httpx2
import pytest

from tests.contracts.guarding import IMAGE, Guarded, guarded, result_of

COST = 4_000
STARTED = {"generation_id": "g", "estimated_cost_credits": 3}
REFUSAL = {"error": "invalid_duration", "message": "no"}


async def books(guard: Guarded) -> tuple[str, int, int]:
    """The last verdict, what is spent, what is held."""
    purse = guard.app.purse
    return guard.app.records.all()[-1].verdict, purse.spent, purse.reserved


REST_ANSWERS: tuple[tuple[int, object, tuple[str, int, int]], ...] = (
    (200, STARTED, ("accepted", 3_000, 0)),
    (202, STARTED, ("accepted", 3_000, 0)),
    (200, {"generation_id": "g"}, ("accepted", COST, 0)),
    (200, {**STARTED, "estimated_cost_credits": None}, ("accepted", COST, 0)),
    (200, {**STARTED, "estimated_cost_credits": "3"}, ("accepted", COST, 0)),
    (200, {**STARTED, "estimated_cost_credits": -3}, ("accepted", COST, 0)),
    (200, {**STARTED, "estimated_cost_credits": True}, ("accepted", COST, 0)),
    (200, {**STARTED, "estimated_cost_credits": 2.9999}, ("accepted", 3_000, 0)),
    (200, {"generation_id": "g", "credits_deducted": 2}, ("accepted", 2_000, 0)),
    (200, {**STARTED, "credits_deducted": 1}, ("accepted", 3_000, 0)),
    (200, b'{"generation_id":"g","estimated_cost_credits":NaN}', ("accepted", COST, 0)),
    (200, b'{"generation_id":"g","estimated_cost_credits":1e999}', ("accepted", COST, 0)),
    (200, {}, ("unclear", 0, COST)),
    (200, REFUSAL, ("unclear", 0, COST)),
    (200, b"", ("unclear", 0, COST)),
    (200, b"{", ("unclear", 0, COST)),
    (204, b"", ("unclear", 0, COST)),
    (307, b"", ("unclear", 0, COST)),
    (400, REFUSAL, ("refused", 0, 0)),
    (400, b"<html>", ("refused", 0, 0)),
    (400, {**REFUSAL, "generation_id": "g"}, ("unclear", 0, COST)),
    (401, {"detail": "no"}, ("refused", 0, 0)),
    (402, {"error": "insufficient_credits"}, ("refused", 0, 0)),
    (403, {"detail": "no"}, ("refused", 0, 0)),
    (404, {"detail": "no"}, ("refused", 0, 0)),
    (408, {"detail": "no"}, ("unclear", 0, COST)),
    (409, {"detail": "no"}, ("unclear", 0, COST)),
    (415, {"detail": "no"}, ("refused", 0, 0)),
    (422, {"detail": []}, ("refused", 0, 0)),
    (429, {"error": "rate_limit_exceeded"}, ("refused", 0, 0)),
    (500, REFUSAL, ("unclear", 0, COST)),
    (502, b"", ("unclear", 0, COST)),
    (503, b"", ("unclear", 0, COST)),
    (504, b"", ("unclear", 0, COST)),
)


@pytest.mark.parametrize(("status", "body", "expected"), REST_ANSWERS)
async def test_an_answer_over_rest_settles_releases_or_leaves_the_hold(
    status: int, body: object, expected: tuple[str, int, int]
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, content=content)

    async with guarded(answer, max_credits=100) as guard:
        reply = await guard.start()
        assert (reply.status, reply.mark, reply.body) == (status, "", content)
        assert await books(guard) == expected


def rpc_error(code: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no"}}


MCP_ANSWERS: tuple[tuple[int, object, tuple[str, int, int]], ...] = (
    (200, result_of(1, STARTED), ("accepted", 3_000, 0)),
    (200, [result_of(1, STARTED)], ("accepted", 3_000, 0)),
    (200, result_of(1, {"generation_id": "g"}), ("accepted", COST, 0)),
    (200, result_of(1, REFUSAL, is_error=True), ("refused", 0, 0)),
    (200, result_of(1, {"detail": "no"}, is_error=True), ("refused", 0, 0)),
    (200, result_of(1, {**REFUSAL, **STARTED}, is_error=True), ("unclear", 0, COST)),
    (200, result_of(1, "timed out", is_error=True), ("unclear", 0, COST)),
    (200, result_of(1, REFUSAL), ("unclear", 0, COST)),
    (200, result_of(2, STARTED), ("unclear", 0, COST)),
    (200, result_of("1", REFUSAL, is_error=True), ("unclear", 0, COST)),
    (200, result_of(True, REFUSAL, is_error=True), ("unclear", 0, COST)),
    (200, [result_of(1, REFUSAL, is_error=True)] * 2, ("unclear", 0, COST)),
    (200, rpc_error(-32_602), ("refused", 0, 0)),
    (200, rpc_error(-32_601), ("refused", 0, 0)),
    (200, rpc_error(-32_603), ("unclear", 0, COST)),
    (200, rpc_error(-32_000), ("unclear", 0, COST)),
    (200, {**rpc_error(-32_602), "result": {}}, ("unclear", 0, COST)),
    (200, {"jsonrpc": "2.0", "id": 1, "result": []}, ("unclear", 0, COST)),
    (202, b"", ("unclear", 0, COST)),
    (200, b"", ("unclear", 0, COST)),
    (400, rpc_error(-32_600), ("refused", 0, 0)),
    (400, result_of(1, STARTED), ("unclear", 0, COST)),
    (401, b"", ("refused", 0, 0)),
    (500, rpc_error(-32_602), ("unclear", 0, COST)),
)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("status", "body", "expected"), MCP_ANSWERS)
async def test_an_answer_over_mcp_settles_releases_or_leaves_the_hold(
    status: int, body: object, expected: tuple[str, int, int], streamed: bool
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/json"
    if streamed:
        progress = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {}}
        content = f"data: {json.dumps(progress)}\n\ndata: ".encode() + content + b"\n\n"
        kind = "text/event-stream"

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, content=content, headers={"content-type": kind})

    async with guarded(answer, max_credits=100) as guard:
        reply = await guard.call("generate_media", IMAGE)
        assert (reply.status, reply.body) == (status, content)
        assert await books(guard) == expected


async def test_each_call_of_a_batch_is_settled_by_its_own_answer() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, json=[result_of("b", REFUSAL, is_error=True), result_of("a", STARTED)]
        )

    async with guarded(answer, max_credits=100) as guard:
        calls = [
            {
                "jsonrpc": "2.0",
                "id": number,
                "method": "tools/call",
                "params": {"name": "generate_media", "arguments": IMAGE},
            }
            for number in ("a", "b", "c")
        ]
        await guard.ask("POST", "/mcp", calls)
        assert await books(guard) == ("unclear", 3_000, COST)


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ReadTimeout,
        httpx2.WriteTimeout,
        httpx2.ReadError,
        httpx2.WriteError,
        httpx2.RemoteProtocolError,
        httpx2.CloseError,
    ],
)
async def test_an_answer_that_is_lost_leaves_the_hold_and_is_not_asked_for_again(
    error: type[httpx2.TransportError],
) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        raise error("gone")

    async with guarded(answer, max_credits=100) as guard:
        reply = await guard.start()
        assert (reply.status, reply.mark, len(guard.arrived)) == (502, "lost", 1)
        assert await books(guard) == ("unclear", 0, COST)


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.ConnectTimeout])
async def test_a_backend_that_is_not_there_leaves_nothing_held(
    error: type[httpx2.TransportError],
) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        raise error("nobody")

    async with guarded(answer, max_credits=100) as guard:
        reply = await guard.start()
        assert (reply.status, reply.mark, reply.json()["reason"]) == (
            502,
            "refused",
            "unreachable",
        )
        assert await books(guard) == ("guard", 0, 0)


async def torn(text: bytes) -> Any:
    yield text
    raise httpx2.ReadError("gone")


EVENT = b"data: " + json.dumps(result_of(1, REFUSAL, is_error=True)).encode() + b"\n\n"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("application/json", EVENT[6:], ("unclear", 0, COST)),
        ("text/event-stream", EVENT[:-5], ("unclear", 0, COST)),
        ("text/event-stream", EVENT, ("refused", 0, 0)),
    ],
)
async def test_of_an_answer_that_breaks_off_only_a_whole_message_counts(
    kind: str, text: bytes, expected: tuple[str, int, int]
) -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=torn(text), headers={"content-type": kind})

    async with guarded(answer, max_credits=100) as guard:
        await guard.call("generate_media", IMAGE)
        assert await books(guard) == expected


async def test_an_answer_beyond_every_size_is_lost() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400, content=b"x" * 2_000)

    async with guarded(answer, max_credits=100, answer_bytes=1_000) as guard:
        assert (await guard.start()).mark == "lost"
        assert await books(guard) == ("unclear", 0, COST)


async def test_a_redirect_is_told_and_not_followed() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"location": "https://else.example/v1/models"})

    async with guarded(answer) as guard:
        reply = await guard.ask("GET", "/v1/models")
        assert (reply.status, reply.headers["location"]) == (302, "https://else.example/v1/models")
        assert len(guard.arrived) == 1


async def test_a_backend_can_not_speak_for_the_guard() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        headers = {"X-Guard": "refused", "Set-Cookie": "a=b", "X-Request-Id": "7"}
        return httpx2.Response(200, json={}, headers=headers)

    async with guarded(answer) as guard:
        reply = await guard.ask("GET", "/v1/models")
        assert {"x-guard", "set-cookie"} & set(reply.headers) == set()
        assert reply.headers["x-request-id"] == "7"


async def test_a_cookie_of_the_backend_is_not_brought_back() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={}, headers={"Set-Cookie": "a=b; Path=/"})

    async with guarded(answer) as guard:
        for _ in range(2):
            await guard.ask("GET", "/v1/models")
        assert "cookie" not in guard.arrived[1].headers
