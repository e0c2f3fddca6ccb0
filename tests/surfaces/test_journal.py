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


async def test_refused_strangers_are_told_of_in_the_default_world_once_it_is_open() -> None:
    async with simulated(key=None) as client:
        await client.get("/v1/balance")
        await client.as_key("sk_test_default").get("/v1/balance")
        await client.get("/v1/balance")
        await client.as_key("letmein").post("/mcp", {})
        await client.get("/v1/nothing")
        calls = await journal(client)
    assert [(call["surface"], call["status"], call["path"]) for call in calls] == [
        ("rest", 200, "/v1/balance"),
        ("rest", 401, "/v1/balance"),
        ("mcp", 401, "/mcp"),
        ("rest", 404, "/v1/nothing"),
    ]
    assert all(call["request_id"] for call in calls)


async def test_what_has_a_key_is_told_of_in_its_own_world() -> None:
    async with simulated() as client:
        await client.as_key("sk_test_default").get("/v1/balance")
        await client.get("/v1/balance")
        answer = await client.get("/v1/nothing")
        own = await journal(client)
        others = await journal(client.as_key("sk_test_default"))
    assert [call["path"] for call in own] == ["/v1/balance", "/v1/nothing"]
    assert own[1]["request_id"] == answer.headers["x-request-id"]
    assert [call["path"] for call in others] == ["/v1/balance"]


async def test_a_files_call_bears_the_id_that_its_answer_bore() -> None:
    async with simulated() as client:
        job_id = await client.started()
        await client.advance(seconds=60)
        url = (await client.status(job_id))["outputs"][0]["url"]
        answers = [await client.get(url), await client.get(f"{url}x")]
        calls = await journal(client, surface="files")
    told = [call["request_id"] for call in calls]
    assert told == [answer.headers["x-request-id"] for answer in answers]
    assert len(set(told)) == 2
    assert [call["answer_cut"] for call in calls] == [True, True]


async def test_a_body_that_is_too_long_to_keep_is_marked_as_cut() -> None:
    async with simulated() as client:
        await client.start(prompt="x" * 40_000)
        await client.start()
        long, short = await journal(client)
    assert (long["request_cut"], short["request_cut"]) == (True, False)
    assert len(long["request"]) < long["request_bytes"]


CANARY = "canary7c2e"
TOKEN = f"admin-{CANARY}"


async def test_no_canary_is_shown_of_any_way_in() -> None:
    live = f"sk_live_{CANARY}"
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    bodies = ({**IMAGE, "model": live}, {**IMAGE, "prompt": f"{TOKEN} {live}", "password": CANARY})
    async with simulated(admin_token=TOKEN) as client:
        for body in bodies:
            await client.post("/v1/generate/media", body, headers={"User-Agent": f"x {live}"})
            await call_tool(client, "generate_media", body)
            await call_tool(client, live, body)
        await client.get(f"/v1/generate/media/{live}?api_key={CANARY}&x=sk%5Flive%5F{CANARY}")
        await client.get(f"/v1/{TOKEN}")
        await client.get("/v1/balance", headers=bearer)
        await client.get(f"/media/w/{live}")
        await client.post("/_sim/accounts", {"key": live}, headers=bearer)
        wanted = {"request": {"method": "GET", "path": live, "request": TOKEN}}
        shown = [
            await client.get("/_sim/requests?limit=500", headers=bearer),
            await client.get("/_sim/conduct", headers=bearer),
            await client.post("/_sim/requests/verify", wanted, headers=bearer),
        ]
    assert [answer.status_code for answer in shown] == [200, 200, 200]
    assert shown[0].json()["total"] >= 10
    assert shown[2].json()["near_misses"]
    assert [answer.url.path for answer in shown if CANARY in answer.text] == []
