"""The REST surface: limits, the life of a job, listings, and every refusal's form."""

import pytest

from simulator.domain.inputs import Upload
from tests.surfaces.inprocess import simulated


async def test_a_start_answers_with_the_fields_that_clients_read() -> None:
    async with simulated() as client:
        answer = await client.start(generation_type="text-to-image")
    assert answer.status_code == 200
    body = answer.json()
    assert body["id"] == body["generation_id"]
    assert {
        name: body[name] for name in body if name not in ("id", "generation_id", "message")
    } == {
        "status": "pending",
        "model": "nano-banana",
        "generation_type": "text-to-image",
        "estimated_time_seconds": 10,
        "estimated_cost_credits": 7,
        "billing_mode": "flat",
    }


async def test_a_job_moves_through_its_states_to_a_file() -> None:
    async with simulated() as client:
        job_id = await client.started()
        seen = [(await client.status(job_id))["status"]]
        for _ in range(3):
            await client.advance(until="next_event")
            seen.append((await client.status(job_id))["status"])
        done = await client.status(job_id)
    assert seen == ["pending", "queued", "processing", "completed"]
    assert done["progress"] == 100
    assert done["cdn_ready"] is True
    output = done["outputs"][0]
    assert (output["media_type"], output["format"]) == ("image", "png")
    assert (output["width"], output["height"]) == (1024, 1024)


async def test_a_job_that_is_not_completed_shows_no_output() -> None:
    async with simulated() as client:
        job = await client.status(await client.started())
    assert job["outputs"] == []
    assert job["completed_at"] is None
    assert job["credits_deducted"] == 7


async def test_a_failed_job_gives_its_credits_back_and_says_why() -> None:
    async with simulated() as client:
        job_id = await client.started(prompt="No [sim:fail=content_policy]")
        await client.advance(seconds=3600)
        job = await client.status(job_id)
        balance = (await client.get("/v1/balance")).json()
    assert job["status"] == "failed"
    assert "policy" in job["error_message"]
    assert job["credits_deducted"] == 0
    assert job["outputs"] == []
    assert balance["credits"] == 10_000


async def test_the_balance_shows_what_is_available() -> None:
    async with simulated() as client:
        await client.started()
        balance = (await client.get("/v1/balance")).json()
    assert balance["credits"] == 9_993
    assert balance["purchase_url"].startswith("https://kubeez.com")


async def test_too_few_credits_say_what_is_needed_and_what_is_there() -> None:
    async with simulated(credits=6_500) as client:
        answer = await client.start()
        entries = await client.ledger()
    assert answer.status_code == 402
    body = answer.json()
    assert body["error"] == "insufficient_credits"
    assert (body["required_credits"], body["available_credits"]) == (7, 6.5)
    assert [entry["kind"] for entry in entries] == ["grant"]


async def test_the_thirty_first_start_of_a_minute_waits_for_the_next() -> None:
    async with simulated() as client:
        for _ in range(30):
            await client.start(model="no-such-model")
        refused = await client.start(model="no-such-model")
        await client.advance(seconds=59.5)
        still = await client.start(model="no-such-model")
        await client.advance(seconds=0.5)
        after = await client.start(model="no-such-model")
    assert refused.status_code == 429
    assert refused.json()["error"] == "rate_limit_exceeded"
    assert refused.headers["retry-after"] == "60"
    assert still.headers["retry-after"] == "1"
    assert after.status_code == 400


async def test_one_bucket_does_not_fill_another() -> None:
    async with simulated() as client:
        for _ in range(31):
            await client.start(model="no-such-model")
        assert (await client.get("/v1/balance")).status_code == 200


async def test_without_limits_nothing_waits() -> None:
    async with simulated(limits=False) as client:
        answers = [await client.start() for _ in range(40)]
    assert {answer.status_code for answer in answers} == {200}


async def test_the_eleventh_job_at_once_is_refused_until_one_has_ended() -> None:
    async with simulated() as client:
        for _ in range(10):
            await client.started()
        refused = await client.start()
        await client.advance(until="next_event")
        await client.advance(seconds=30)
        after = await client.start()
    assert refused.status_code == 429
    assert refused.json()["error"] == "concurrency_limit_exceeded"
    assert after.status_code == 200


async def test_a_wrong_body_names_every_field_that_is_wrong() -> None:
    async with simulated() as client:
        answer = await client.post("/v1/generate/media", {"sound": "yes", "seed": -1})
    assert answer.status_code == 422
    problems = {tuple(problem["loc"]): problem for problem in answer.json()["detail"]}
    assert set(problems) == {
        ("body", "prompt"),
        ("body", "model"),
        ("body", "sound"),
        ("body", "seed"),
    }
    assert problems["body", "prompt"]["type"] == "missing"
    assert all(problem["msg"] for problem in problems.values())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"prompt": NaN, "model": "z-image"}',
        b'{"prompt": "\\ud800", "model": "z-image"}',
        b'{"prompt": "x", "model": "z-image", "seed": ' + b"9" * 5000 + b"}",
        b'{"prompt": "x", "model": "z-image", "seed": 1e999}',
        b'{"prompt": "x", "model": "z-image", "seed": 9223372036854775808}',
        b'{"prompt": "x", "model": "z-image", "seed": true}',
        b'{"prompt": "x", "model": "z-image", "sound": 1}',
    ],
)
async def test_a_body_that_is_no_request_is_refused_and_makes_nothing(body: bytes) -> None:
    async with simulated() as client:
        answer = await client.send(
            "POST",
            "/v1/generate/media",
            content=body,
            headers={"content-type": "application/json"},
        )
        entries = await client.ledger()
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["detail"]
    assert [entry["kind"] for entry in entries] == ["grant"]


@pytest.mark.parametrize("field", ["prompt", "kling_elements", "something"])
async def test_json_beyond_64_levels_is_refused(field: str) -> None:
    deep = b'{"prompt": "x", "model": "z-image", "' + field.encode() + b'": ' + b"[" * 100_000
    async with simulated() as client:
        answer = await client.send(
            "POST",
            "/v1/generate/media",
            content=deep + b"]" * 100_000 + b"}",
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 400
    assert "64" in answer.json()["detail"]


async def test_the_last_of_two_equal_fields_counts() -> None:
    async with simulated() as client:
        answer = await client.send(
            "POST",
            "/v1/generate/media",
            content=b'{"prompt": "x", "model": "no-such", "model": "z-image"}',
            headers={"content-type": "application/json"},
        )
    assert answer.json()["model"] == "z-image"


async def test_a_wrong_method_names_the_right_ones() -> None:
    async with simulated() as client:
        answer = await client.send("DELETE", "/v1/generate/media")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


async def test_an_unknown_path_is_not_found() -> None:
    async with simulated() as client:
        answers = [
            await client.get(path) for path in ("/v1/nothing", "/v1/", "/v1/generate/media/")
        ]
    assert {answer.status_code for answer in answers} == {404}


async def test_generations_come_newest_first_and_25_at_most() -> None:
    async with simulated(limits=False) as client:
        ids = [await client.started() for _ in range(30)]
        listed = (await client.get("/v1/generations?limit=100")).json()["generations"]
        few = (await client.get("/v1/generations?limit=-5")).json()["generations"]
    assert [row["id"] for row in listed] == ids[::-1][:25]
    assert [row["id"] for row in few] == [ids[-1]]


async def test_generations_are_filtered_by_status_model_and_type() -> None:
    async with simulated() as client:
        await client.started()
        failing = await client.started(prompt="[sim:fail=x]", model="z-image")
        await client.advance(seconds=600)
        running = await client.started(model="z-image")
        failed = await client.get("/v1/generations?status=failed&model=z-image")
        pending = await client.get("/v1/generations?status=pending")
        none = await client.get("/v1/generations?generation_type=text-to-video")
    assert [row["id"] for row in failed.json()["generations"]] == [failing]
    assert [row["id"] for row in pending.json()["generations"]] == [running]
    assert none.json()["generations"] == []


@pytest.mark.parametrize("query", ["status=running", "limit=many", "limit=1.5"])
async def test_a_filter_that_means_nothing_is_refused(query: str) -> None:
    async with simulated() as client:
        answer = await client.get(f"/v1/generations?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "query"


async def test_the_models_of_a_type_are_listed_with_their_prices() -> None:
    async with simulated() as client:
        everything = (await client.get("/v1/models")).json()
        videos = (await client.get("/v1/models?model_type=video")).json()
    assert everything["total_count"] == len(everything["models"]) > videos["total_count"] > 50
    assert {row["model_type"] for row in videos["models"]} == {"video"}
    kling = next(row for row in videos["models"] if row["model_id"] == "kling-3-0-std")
    assert kling["cost_per_generation"] == 17
    assert "23" in kling["cost_note"]


async def test_a_cost_is_told_without_a_start() -> None:
    async with simulated() as client:
        answer = await client.post(
            "/v1/generate/cost",
            {
                "model": "kling-3-0-std",
                "generation_type": "text-to-video",
                "duration": 5,
                "sound": True,
            },
        )
        entries = await client.ledger()
    body = answer.json()
    assert (body["credits"], body["price_row"]) == (115, "kling-3-0-std-audio")
    assert [entry["kind"] for entry in entries] == ["grant"]


async def test_an_estimate_is_told_without_a_start() -> None:
    async with simulated() as client:
        answer = await client.post("/v1/generate/estimate", {"model": "nano-banana"})
    assert answer.json() == {
        "model": "nano-banana",
        "generation_type": "text-to-image",
        "estimated_time_seconds": 10,
        "confidence": "high",
        "sample_size": 0,
    }


async def test_request_ids_count_in_each_world() -> None:
    async with simulated() as client:
        ids = [(await client.get("/v1/balance")).headers["x-request-id"] for _ in range(2)]
        other = (await client.as_key("sk_test_v").get("/v1/balance")).headers["x-request-id"]
    assert ids == ["req_00000001", "req_00000002"]
    assert other == "req_00000001"


async def test_every_answer_says_that_it_is_simulated() -> None:
    async with simulated() as client:
        answers = [await client.get("/v1/balance"), await client.get("/v1/nothing")]
    assert {answer.headers["x-sim"] for answer in answers} == {"1"}
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}


async def test_an_upload_under_another_extension_is_not_that_upload() -> None:
    async with simulated() as client:
        provider = client.simulator.provider
        world = await provider.worlds.world("w")
        picture = Upload("00000000-0000-4000-a000-000000000001", "image", "png", 1, 2048, 512)
        await provider.store.add_upload(world.id, "main", picture)
        widths = {}
        for extension in ("png", "jpg"):
            url = provider.urls.upload("w", picture.id, extension)
            await client.started(
                model="nano-banana-edit",
                generation_type="image-to-image",
                aspect_ratio="auto",
                source_media_urls=url,
            )
            job = (await client.get("/_sim/jobs")).json()["jobs"][0]
            stored = await provider.store.job(world.id, job["id"])
            assert stored is not None
            widths[extension] = (stored.outputs[0].width, stored.outputs[0].height)
    assert widths == {"png": (1024, 256), "jpg": (1024, 1024)}
