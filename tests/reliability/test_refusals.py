"""No refusal, of any kind, leaves a job, a ledger row or anything else that shows."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.app import Simulator
from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.inputs import Upload
from simulator.domain.policies import choose
from tests.golden import Case, golden_cases
from tests.reliability.inproc import BASE_URL, IMAGE, Caller, made, send
from tests.surfaces.rawhttp import Answer

KEY = "sk_test_w"
LONG_ID = "00000000-0000-4000-a000-000000000001"
MEDIA = "/v1/generate/media"
JSON = (b"content-type", b"application/json")
Ask = Callable[[Caller], Awaitable[Answer]]


async def shown(simulator: Simulator) -> dict[str, Any]:
    """Everything that a later reader can tell, but how many calls were counted."""
    paths = ("/_sim/accounts", "/_sim/ledger", "/_sim/jobs", "/_sim/clock")
    reader = Caller(simulator.app, "sk_test_w")
    found = {path: await reader.read(path) for path in paths}
    names = await simulator.provider.store.world_names()
    return {**found, "worlds": names}


def raw(method: str, target: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> Ask:
    async def ask(caller: Caller) -> Answer:
        length = [(b"content-length", str(len(body)).encode())] if body else []
        return await send(caller.app, method, target, [*headers, *length], body)

    return ask


def keyed(method: str, target: str, *headers: tuple[bytes, bytes], body: bytes = b"") -> Ask:
    return raw(method, target, (b"x-api-key", KEY.encode()), *headers, body=body)


GOOD = b'{"model": "z-image", "prompt": "x"}'
DENIALS: dict[str, tuple[int, Ask]] = {
    "no key": (401, raw("POST", MEDIA, JSON, body=GOOD)),
    "a key of another kind": (401, raw("POST", MEDIA, (b"x-api-key", b"abc"), JSON, body=GOOD)),
    "a live key": (401, raw("POST", MEDIA, (b"x-api-key", b"sk_live_1"), JSON, body=GOOD)),
    "no scope": (403, raw("POST", MEDIA, (b"x-api-key", b"sk_test_w.poor"), JSON, body=GOOD)),
    "another origin": (403, keyed("POST", MEDIA, JSON, (b"origin", b"http://a.b"), body=GOOD)),
    "another host": (421, keyed("POST", MEDIA, JSON, (b"host", b"evil.example"), body=GOOD)),
    "no such path": (404, keyed("POST", "/v1/generate/nothing", JSON, body=GOOD)),
    "an unknown id": (404, keyed("GET", f"{MEDIA}/none")),
    "an unknown stream": (404, keyed("GET", f"{MEDIA}/none/stream")),
    "a wrong method": (405, keyed("DELETE", MEDIA)),
    "too large": (413, keyed("POST", MEDIA, JSON, body=b'"' + b"x" * 1_048_576 + b'"')),
    "a form": (415, keyed("POST", MEDIA, (b"content-type", b"text/plain"), body=GOOD)),
    "no file": (415, keyed("POST", "/v1/upload/media", JSON, body=GOOD)),
    "deep JSON": (400, keyed("POST", MEDIA, JSON, body=b"[" * 100_000)),
    "no JSON": (422, keyed("POST", MEDIA, JSON, body=b"{")),
    "a wrong type": (422, keyed("POST", MEDIA, JSON, body=b'{"model": 5, "prompt": true}')),
    "a bad namespace": (400, keyed("GET", "/_sim/jobs", (b"x-sim-namespace", b"a/b"))),
    "too far down": (
        402,
        keyed("POST", "/_sim/accounts/main/credits", JSON, body=b'{"credits": -1e9}'),
    ),
    "a clock that goes back": (
        400,
        keyed("POST", "/_sim/clock/set", JSON, body=b'{"now": "2020-01-01T00:00:00Z"}'),
    ),
}


@pytest.mark.parametrize("name", sorted(DENIALS))
async def test_what_is_denied_leaves_no_trace(name: str) -> None:
    status, ask = DENIALS[name]
    simulator = made()
    caller = Caller(simulator.app, KEY)
    await caller("POST", "/_sim/accounts", {"key": "sk_test_w.poor", "scopes": []})
    await caller.start()
    before = await shown(simulator)
    answer = await ask(caller)
    assert answer.status == status, answer
    assert await shown(simulator) == before


LONG = Upload(LONG_ID, "audio", "mp3", 1_000_000, duration_ms=1_801_000)
ADVANCED = {"title": "Harbour", "style": "waltz", "song_description": "slow", "vocal_gender": "f"}
AD = {"reference_ad_url": "https://example.com/ad.jpg"}
ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "invalid_music_mode": ("music", {"title": "Harbour"}),
    "invalid_vocal_gender": ("music", {**ADVANCED, "vocal_gender": "x"}),
    "invalid_music_text": ("music", {**ADVANCED, "lyrics": "la la"}),
    "dialogue_too_short": ("dialogue", {"dialogue": [{"text": "Hi"}]}),
    "dialogue_too_long": ("dialogue", {"dialogue": [{"text": "x" * 5_001}]}),
    "invalid_voice": ("dialogue", {"dialogue": [{"text": "Hello there", "voice": "Nobody"}]}),
    "invalid_variant_count": ("ad-copy", {**AD, "variant_count": 999}),
    "media_too_long": (
        "separation",
        {"media_url": f"{BASE_URL}/media/w/uploads/{LONG_ID}.mp3"},
    ),
}


@pytest.mark.parametrize("code", sorted(ELSEWHERE))
async def test_what_another_product_refuses_leaves_no_trace(code: str) -> None:
    path, body = ELSEWHERE[code]
    simulator = made()
    caller = Caller(simulator.app, KEY)
    await caller.start()
    world = await simulator.provider.worlds.world("w")
    await simulator.provider.store.add_upload(world.id, "main", LONG)
    before = await shown(simulator)
    answer = await caller("POST", f"/v1/generate/{path}", body)
    assert (answer.status, answer.json["error"]) == (400, code), answer
    assert await shown(simulator) == before


def one_case_a_code() -> list[Case]:
    """Of the media route; other products have their own codes."""
    found: dict[str, Case] = {}
    for case in golden_cases():
        code = (case.refused or {}).get("error")
        if code is not None and code not in ELSEWHERE:
            found.setdefault(code, case)
    return [found[code] for code in sorted(found)]


@pytest.mark.parametrize("case", one_case_a_code(), ids=lambda case: case.id)
async def test_what_a_rule_refuses_leaves_no_trace_beside_earlier_jobs(case: Case) -> None:
    simulator = made(policies=choose(case.policies))
    caller = Caller(simulator.app, KEY)
    await caller.start()
    if case.account_credits is not None:
        credits = {"key": KEY, "credits": case.account_credits}
        await caller("POST", "/_sim/accounts", credits)
    provider = simulator.provider
    world = await provider.worlds.world("w")
    for upload in case.uploads.values():
        await provider.store.add_upload(world.id, "main", upload)
    body = case.body(lambda up: provider.urls.upload("w", up.id, up.extension))
    before = await shown(simulator)
    answer = await caller("POST", MEDIA, body)
    assert case.refused is not None
    assert (answer.status, answer.json["error"]) == (case.refused["status"], case.refused["error"])
    assert await shown(simulator) == before


async def test_the_job_after_a_refusal_has_the_next_number() -> None:
    caller = Caller(made().app, KEY)
    await caller.start()
    for body in ({"model": "kling-3-0"}, {"model": 5}, {"aspect_ratio": "7:5"}):
        assert (await caller.start(**body)).status in (400, 422)
    await caller.start()
    numbers = [job["number"] for job in (await caller.read("/_sim/jobs"))["jobs"]]
    assert numbers == [2, 1]


async def test_a_call_over_the_rate_leaves_no_trace() -> None:
    simulator = made(limits=True)
    caller = Caller(simulator.app, KEY)
    await caller.start()
    for _ in range(29):
        await caller.start(model="none")
    before = await shown(simulator)
    answer = await caller.start()
    assert (answer.status, answer.json["error"]) == (429, "rate_limit_exceeded")
    assert await shown(simulator) == before


async def test_a_job_over_those_at_once_leaves_no_trace() -> None:
    simulator = made(limits=True)
    caller = Caller(simulator.app, KEY)
    for _ in range(10):
        assert (await caller.start()).status == 200
    before = await shown(simulator)
    answer = await caller.start()
    assert (answer.status, answer.json["error"]) == (429, "concurrency_limit_exceeded")
    assert await shown(simulator) == before


async def test_a_reused_idempotency_key_leaves_no_trace() -> None:
    simulator = made(policies=choose(["idempotency=reject"]))
    caller = Caller(simulator.app, KEY)
    headers = {"idempotency-key": "k"}
    await caller("POST", MEDIA, IMAGE, headers)
    before = await shown(simulator)
    answer = await caller("POST", MEDIA, IMAGE, headers)
    assert (answer.status, answer.json["error"]) == (400, "idempotency_key_reused")
    assert await shown(simulator) == before


def test_every_code_is_looked_at_here() -> None:
    elsewhere = {"rate_limit_exceeded", "concurrency_limit_exceeded", "idempotency_key_reused"}
    from_cases = {case.refused["error"] for case in one_case_a_code() if case.refused}
    assert from_cases | elsewhere | set(ELSEWHERE) == set(REFUSAL_STATUS)
