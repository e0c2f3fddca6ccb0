"""The control plane: worlds, a clock that moves on demand, accounts, and the ledger's laws."""

import pytest

from tests.surfaces.inprocess import simulated

BEGIN = "2026-01-01T00:00:00.000Z"


async def test_info_says_what_this_is() -> None:
    async with simulated(seed=7) as client:
        info = (await client.get("/_sim/info")).json()
    assert info["name"] == "mediasim"
    assert (info["seed"], info["namespace"], info["store"]) == (7, "w", ":memory:")
    assert info["clock"] == {"now": BEGIN, "mode": "frozen", "speed": 10.0}
    assert info["policies"]["long_prompt"] == "reject"


async def test_the_ledger_explains_each_entry() -> None:
    async with simulated() as client:
        job_id = await client.started(
            model="kling-3-0-std", generation_type="text-to-video", duration=5, sound=True
        )
        await client.advance(seconds=3600)
        ledger = (await client.get(f"/_sim/ledger?generation_id={job_id}")).json()
    assert [entry["kind"] for entry in ledger["entries"]] == ["hold", "capture"]
    for entry in ledger["entries"]:
        assert entry["credits"] == 115
        assert entry["price_row"] == "kling-3-0-std-audio"
        assert entry["formula"] == "23 credits/s x 5 s = 115"
        assert entry["generation_id"] == job_id
    assert ledger["balance"] == {"available": 9885, "held": 0, "spent": 115}


async def test_the_ledger_can_be_read_for_one_account() -> None:
    async with simulated() as client:
        await client.started()
        await client.as_key("sk_test_w.alice").started()
        ledger = (await client.get("/_sim/ledger?account=alice")).json()
    assert {entry["account"] for entry in ledger["entries"]} == {"alice"}
    assert ledger["balance"]["held"] == 7


async def test_a_sound_ledger_is_verified() -> None:
    async with simulated() as client:
        await client.started()
        await client.started(prompt="[sim:fail=x]")
        await client.advance(seconds=5)
        await client.started(model="z-image")
        await client.advance(seconds=3600)
        verified = (await client.get("/_sim/ledger/verify")).json()
    assert verified == {"ok": True, "entries": 7, "violations": []}


async def test_one_leap_leaves_the_same_ledger_as_many_steps() -> None:
    ledgers = []
    for steps in ([600], [1] * 600):
        async with simulated() as client:
            for _ in range(3):
                await client.started()
            await client.started(prompt="[sim:fail=x]")
            for seconds in steps:
                await client.advance(seconds=seconds)
                await client.get("/v1/balance")
            ledgers.append(await client.ledger())
    assert ledgers[0] == ledgers[1]


async def test_the_clock_moves_to_a_status() -> None:
    async with simulated() as client:
        job_id = await client.started()
        until = {"generation_id": job_id, "status": "processing"}
        await client.advance(until=until)
        processing = await client.status(job_id)
        await client.advance(until={"generation_id": job_id, "status": "completed"})
        completed = await client.status(job_id)
    assert processing["status"] == "processing"
    assert processing["progress"] == 0
    assert completed["status"] == "completed"


async def test_a_status_that_never_comes_is_a_conflict() -> None:
    async with simulated() as client:
        job_id = await client.started(prompt="[sim:stuck]")
        answer = await client.advance(until={"generation_id": job_id, "status": "completed"})
    assert answer.status_code == 409


async def test_the_clock_only_moves_forward() -> None:
    async with simulated() as client:
        ahead = await client.post("/_sim/clock/set", {"now": "2038-01-19T03:14:08Z"})
        back = await client.post("/_sim/clock/set", {"now": "2037-01-01T00:00:00Z"})
    assert ahead.json()["now"] == "2038-01-19T03:14:08.000Z"
    assert back.status_code == 400
    assert "forward" in back.json()["detail"]


@pytest.mark.parametrize("now", ["tomorrow", "2026-13-01T00:00:00Z", "2026-02-02T00:00:00", ""])
async def test_an_instant_that_is_none_is_refused(now: str) -> None:
    async with simulated() as client:
        assert (await client.post("/_sim/clock/set", {"now": now})).status_code == 400


@pytest.mark.parametrize(
    "body",
    [{}, {"seconds": 1, "until": "next_event"}, {"seconds": -1}, {"until": "never"}, {"until": {}}],
)
async def test_an_advance_that_says_not_how_far_is_refused(body: dict[str, object]) -> None:
    async with simulated() as client:
        answer = await client.advance(**body)
    assert answer.status_code == 422, answer.text


async def test_the_clock_stops_at_the_end_of_the_year_9999() -> None:
    async with simulated() as client:
        answer = await client.advance(seconds=1e300)
    assert answer.status_code == 400


async def test_a_clock_is_frozen_resumed_and_sped_up() -> None:
    async with simulated(frozen=False) as client:
        frozen = (await client.post("/_sim/clock/freeze")).json()
        fast = (await client.post("/_sim/clock/speed", {"speed": 60})).json()
        running = (await client.post("/_sim/clock/resume")).json()
        refused = await client.post("/_sim/clock/speed", {"speed": 0})
    assert (frozen["mode"], fast["mode"], running["mode"]) == ("frozen", "frozen", "running")
    assert fast["now"] == frozen["now"]
    assert running["speed"] == 60
    assert refused.status_code == 400


async def test_a_reset_world_gives_the_same_bytes_again() -> None:
    async with simulated() as client:
        runs: list[list[object]] = []
        reset: dict[str, object] = {}
        for _ in range(2):
            answers = [await client.start(), await client.start(model="seedance-2")]
            await client.advance(seconds=100)
            answers += [await client.get("/v1/generations"), await client.get("/_sim/ledger")]
            runs.append([(answer.status_code, answer.content) for answer in answers])
            runs[-1].append(answers[2].headers["x-request-id"])
            reset = (await client.post("/_sim/reset")).json()
    assert runs[0] == runs[1]
    assert reset["reset"] == ["w"]
    assert reset["clock"] == {"now": BEGIN, "mode": "frozen", "speed": 10.0}


async def test_a_dropped_world_is_as_if_it_had_never_been() -> None:
    async with simulated() as client:
        await client.post("/_sim/reset", {"seed": 42, "credits": 12.5})
        await client.start()
        dropped = (await client.post("/_sim/reset", {"drop": True})).json()
        info = (await client.get("/_sim/info")).json()
        entries = await client.ledger()
    assert dropped["reset"] == ["w"]
    assert info["seed"] == 0
    assert [(entry["kind"], entry["credits"]) for entry in entries] == [("grant", 10_000)]


async def test_all_worlds_are_dropped_at_once() -> None:
    async with simulated() as client:
        for name in ("b", "c"):
            await client.get("/_sim/info", headers={"X-Sim-Namespace": name})
        dropped = (await client.post("/_sim/reset", {"all": True, "drop": True})).json()
        left = (await client.post("/_sim/reset", {"all": True})).json()
    assert dropped["reset"] == ["b", "c", "w"]
    assert left["reset"] == ["w"], "who asks has a world again"


async def test_a_reset_says_how_the_world_begins() -> None:
    begins = {"seed": 42, "credits": 12.5, "frozen": False, "speed": 60}
    async with simulated() as client:
        clock = (await client.post("/_sim/reset", begins)).json()["clock"]
        info = (await client.get("/_sim/info")).json()
        entries = await client.ledger()
    assert (clock["mode"], clock["speed"], info["seed"]) == ("running", 60, 42)
    assert [(entry["kind"], entry["credits"]) for entry in entries] == [("grant", 12.5)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": 2**63},
        {"seed": "1"},
        {"credits": -1},
        {"credits": 0.0001},
        {"speed": 0},
        {"speed": 1e7},
        {"frozen": 1},
    ],
)
async def test_a_reset_to_what_cannot_be_empties_nothing(wrong: dict[str, object]) -> None:
    async with simulated() as client:
        job_id = await client.started()
        answer = await client.post("/_sim/reset", {"credits": 1, **wrong})
        assert answer.status_code == 422, answer.text
        assert (await client.status(job_id))["id"] == job_id


async def test_a_reset_of_one_world_leaves_another_alone() -> None:
    async with simulated() as client:
        other = client.as_key("sk_test_v")
        job_id = await other.started()
        await client.post("/_sim/reset")
        assert (await other.status(job_id))["id"] == job_id
        await client.post("/_sim/reset", {"all": True})
        assert (await other.get(f"/v1/generate/media/{job_id}")).status_code == 404


async def test_two_worlds_have_clocks_of_their_own() -> None:
    async with simulated() as client:
        await client.advance(seconds=100)
        other = await client.as_key("sk_test_v").get("/_sim/clock")
    assert other.json()["now"] == BEGIN


async def test_the_namespace_header_comes_before_the_key() -> None:
    async with simulated() as client:
        info = await client.get("/_sim/info", headers={"X-Sim-Namespace": "elsewhere"})
        none = await client.as_key(None).get("/_sim/info")
        bad = await client.get("/_sim/info", headers={"X-Sim-Namespace": "../../etc"})
        key = await client.get("/_sim/info", headers={"X-Sim-Namespace": "sk_live_secret"})
    assert info.json()["namespace"] == "elsewhere"
    assert none.json()["namespace"] == "default"
    assert bad.status_code == 400
    assert key.status_code == 400
    assert "secret" not in key.text


async def test_an_account_is_made_with_credits_and_scopes() -> None:
    async with simulated() as client:
        made = await client.post(
            "/_sim/accounts",
            {"key": "sk_test_w.alice", "credits": 12.5, "scopes": ["read:balance"]},
        )
        balance = await client.as_key("sk_test_w.alice").get("/v1/balance")
        listed = (await client.get("/_sim/accounts")).json()["accounts"]
    assert made.json()["balance"] == {"available": 12.5, "held": 0, "spent": 0}
    assert balance.json()["credits"] == 12.5
    assert [row["account"] for row in listed] == ["alice", "main"]


async def test_credits_are_given_and_taken_with_a_reason() -> None:
    async with simulated(credits=10_000) as client:
        await client.post("/_sim/accounts/main/credits", {"credits": 5, "reason": "a gift"})
        taken = await client.post("/_sim/accounts/main/credits", {"credits": -15})
        refused = await client.post("/_sim/accounts/main/credits", {"credits": -0.001})
        entries = await client.ledger()
    assert taken.json()["balance"]["available"] == 0
    assert refused.status_code == 402
    assert [(entry["kind"], entry["credits"]) for entry in entries] == [
        ("grant", 10),
        ("adjust", 5),
        ("adjust", -15),
    ]
    assert entries[1]["reason"] == "a gift"


@pytest.mark.parametrize(
    "body",
    [
        {"key": "sk_test_w", "credits": -1},
        {"key": "sk_test_w", "credits": 0.0001},
        {"key": "sk_test_w", "credits": 1e13},
        {"key": "sk_test_w", "scopes": ["everything"]},
        {"credits": 1},
    ],
)
async def test_an_account_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    async with simulated() as client:
        answer = await client.post("/_sim/accounts", body)
    assert answer.status_code == 422, answer.text


async def test_unknown_accounts_and_jobs_are_not_found() -> None:
    async with simulated() as client:
        answers = [
            await client.post("/_sim/accounts/nobody/credits", {"credits": 1}),
            await client.get("/_sim/jobs/none"),
            await client.get("/_sim/nothing"),
            await client.advance(until={"generation_id": "none", "status": "completed"}),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404]


async def test_a_job_shows_its_timetable_price_and_faults() -> None:
    async with simulated() as client:
        job_id = await client.started(prompt="[sim:fail=timeout] [sim:slow=3]")
        job = (await client.get(f"/_sim/jobs/{job_id}")).json()
        listed = (await client.get("/_sim/jobs?status=pending")).json()["jobs"]
    assert job["timetable"]["created_at"] == BEGIN
    assert job["timetable"]["queued_at"] == "2026-01-01T00:00:03.000Z"
    assert job["outcome"] == "failed"
    assert job["faults"] == [
        {"from": "prompt", "kind": "fail", "reason": "timeout", "at": 0.5},
        {"from": "prompt", "kind": "slow", "factor": 3},
    ]
    assert (job["price_row"], job["credits"]) == ("nano-banana", 7)
    assert listed == [job]


async def test_rulings_are_told_with_their_strength() -> None:
    async with simulated() as client:
        rulings = (await client.get("/_sim/rulings")).json()["rulings"]
    by_id = {ruling["id"]: ruling for ruling in rulings}
    assert len(by_id) == len(rulings) > 50
    assert by_id["media.high-resolution-aspect"]["strength"] == "documented"
    assert by_id["media.prompt-length"]["policy"] == "long_prompt"


async def test_the_admin_token_guards_every_control_call() -> None:
    async with simulated(admin_token="letmein") as client:
        refused = await client.get("/_sim/info")
        wrong = await client.get("/_sim/info", headers={"Authorization": "Bearer letmeout"})
        right = await client.get("/_sim/info", headers={"Authorization": "Bearer letmein"})
        provider = await client.get("/v1/balance")
    assert (refused.status_code, wrong.status_code) == (401, 401)
    assert right.json()["namespace"] == "w"
    assert provider.status_code == 200


async def test_a_wrong_method_names_the_right_one() -> None:
    async with simulated() as client:
        answer = await client.get("/_sim/reset")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
