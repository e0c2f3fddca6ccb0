"""The journal over the wire: what was called, why it was refused, and what a test may ask of it."""

from typing import Any

import pytest

from simulator.domain.redaction import CREDENTIAL_HEADERS
from simulator.surfaces.recording import KEPT_HEADERS
from tests.lab.test_smoke import call_tool
from tests.surfaces.inprocess import IMAGE, KEY, Client, simulated


SQUARE = {"model": "gpt-image-2", "resolution": "4K", "aspect_ratio": "1:1"}


async def journal(client: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/_sim/requests", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["requests"]
    return found


async def verified(client: Client, **body: Any) -> dict[str, Any]:
    answer = await client.post("/_sim/requests/verify", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_start_is_told_with_its_bodies_and_its_row_of_the_ledger() -> None:
    async with simulated() as client:
        job_id = await client.started()
        (call,) = await journal(client)
    assert (call["operation"], call["surface"], call["status"]) == ("generate_media", "rest", 200)
    assert call["request"] == IMAGE
    assert call["answer"]["generation_id"] == call["generation_id"] == job_id
    assert [(row["kind"], row["credits"]) for row in call["ledger"]] == [("hold", 7)]


async def test_a_refusal_is_told_with_the_rule_that_decided_and_its_source() -> None:
    async with simulated() as client:
        await client.start(**SQUARE)
        (call,) = await journal(client)
    rule = call["rule"]
    assert call["error"] == "aspect_ratio_incompatible_with_high_res"
    assert (rule["id"], rule["strength"]) == ("media.high-resolution-aspect", "documented")
    assert rule["source"].startswith("page")


async def test_a_tools_call_is_told_in_the_words_of_rest() -> None:
    async with simulated() as client:
        await call_tool(client, "generate_media", {**IMAGE, **SQUARE})
        (call,) = await journal(client, surface="mcp")
    assert call["request"] == {**IMAGE, **SQUARE}
    assert call["operation"] == "generate_media"
    assert call["error"] == "aspect_ratio_incompatible_with_high_res"
    assert call["rule"]["strength"] == "documented"


async def test_no_credential_is_shown() -> None:
    async with simulated() as client:
        await client.start(prompt=f"my key is {KEY} and Bearer abcdef123456")
        text = (await client.get("/_sim/requests")).text
    assert KEY not in text
    assert "abcdef123456" not in text


def test_no_header_that_holds_a_credential_is_kept() -> None:
    assert KEPT_HEADERS.isdisjoint(name.encode() for name in CREDENTIAL_HEADERS)


async def test_reading_the_journal_leaves_no_trace_and_other_control_calls_do() -> None:
    async with simulated() as client:
        await client.advance(seconds=1)
        await journal(client)
        calls = await journal(client)
    assert [call["operation"] for call in calls] == ["clock_advance"]


async def test_pages_follow_one_another() -> None:
    async with simulated() as client:
        for _ in range(3):
            await client.get("/v1/balance")
        first = (await client.get("/_sim/requests?limit=2")).json()
        second = (await client.get(f"/_sim/requests?cursor={first['next_cursor']}")).json()
    assert [call["seq"] for call in first["requests"]] == [1, 2]
    assert ([call["seq"] for call in second["requests"]], second["next_cursor"]) == ([3], None)


@pytest.mark.parametrize(
    ("times", "ok"),
    [
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"at_most": 1}, False),
        ({"never": True}, False),
    ],
)
async def test_calls_are_counted(times: dict[str, Any], ok: bool) -> None:
    async with simulated() as client:
        for _ in range(2):
            await client.start()
        answer = await verified(client, request={"operation": "generate_media"}, times=times)
    assert (answer["ok"], answer["count"]) == (ok, 2)


async def test_a_miss_shows_the_nearest_call_field_by_field() -> None:
    async with simulated() as client:
        await client.start()
        wanted = {"operation": "generate_media", "request.prompt": {"contains": "harbour"}}
        answer = await verified(client, request=wanted, times={"exactly": 1})
    (near,) = answer["near_misses"]
    assert near["differences"] == [
        {
            "field": "request.prompt",
            "expected": "contains 'harbour'",
            "got": repr(IMAGE["prompt"]),
        }
    ]


async def test_calls_follow_one_another() -> None:
    async with simulated() as client:
        job_id = await client.started()
        await client.status(job_id)
        start, poll = {"operation": "generate_media"}, {"operation": "get_generation_status"}
        right = await verified(client, in_order=[start, poll])
        wrong = await verified(client, in_order=[poll, start])
    assert (right["ok"], wrong["ok"]) == (True, False)
    assert wrong["why"] == "1 of 2 came in this order; the next is missing"


async def test_calls_come_within_a_time_of_the_worlds_clock() -> None:
    async with simulated() as client:
        await client.start()
        await client.advance(seconds=10)
        await client.start()
        request = {"operation": "generate_media"}
        near = await verified(client, request=request, within_seconds=10)
        far = await verified(client, request=request, within_seconds=9)
    assert (near["ok"], far["ok"]) == (True, False)


@pytest.mark.parametrize(
    "request_",
    [{"colour": 1}, {"path": {"matches": "(a+)+"}}, {"path": {"contains": "x", "like": "x"}}],
)
async def test_a_matcher_that_cannot_be_read_is_refused(request_: dict[str, Any]) -> None:
    async with simulated() as client:
        answer = await client.post("/_sim/requests/verify", {"request": request_})
    assert answer.status_code == 422


async def test_an_emptied_journal_goes_on_counting() -> None:
    async with simulated() as client:
        await client.get("/v1/balance")
        assert (await client.send("DELETE", "/_sim/requests")).json() == {"removed": 1}
        await client.get("/v1/balance")
        calls = await journal(client)
    assert [call["seq"] for call in calls if call["surface"] == "rest"] == [2]
