"""Hostile requests are answered, in a documented shape, and leave the ledger sound."""

import contextlib
import random
from pathlib import Path

import pytest

from simulator.app import Simulator
from simulator.surfaces.server import ServerThread
from tests.reliability.fuzz import Fuzz, Request, faults_of, fuzz_app
from tests.reliability.inproc import Caller, made, send
from tests.reliability.monsters import BODIES, NUMBERS, TEXTS, VALUES, to_json
from tests.surfaces.rawhttp import Answer, connected, exchange, read_answer, request

IN_PROCESS, DURABLE, RAW = 2_000, 500, 300
WAIT_S = 1.0
PROTOCOL_SHAPES = {0, 400, 408, 411, 413, 414, 431, 501, 505}
"""What the connection itself answers to what is no request; 0: it hung up."""


async def sound(simulator: Simulator) -> bool:
    """Whether every world that was met is whole: its ledger, and each list that is made of it."""
    worlds = await simulator.provider.store.world_names()
    for world in worlds:
        caller = Caller(simulator.app, f"sk_test_{world}")
        for path in ("/_sim/ledger", "/_sim/jobs", "/_sim/accounts", "/v1/generations"):
            await caller.read(path)
        if not (await caller.read("/_sim/ledger/verify"))["ok"]:
            return False
    return bool(worlds)


@pytest.mark.parametrize("seed", range(4))
async def test_hostile_requests_are_answered_in_a_documented_shape(seed: int) -> None:
    simulator = made()
    report = await fuzz_app(simulator.app, seed, IN_PROCESS // 4)
    assert report.wrong == []
    assert {200, 400, 401, 404, 405, 422} <= set(report.statuses)
    assert await sound(simulator)


async def test_hostile_requests_leave_a_state_file_sound(tmp_path: Path) -> None:
    simulator = made(state=tmp_path / "state")
    report = await fuzz_app(simulator.app, 4, DURABLE)
    assert report.wrong == []
    assert await sound(simulator)
    await simulator.provider.store.close()


FIELDS = (
    "prompt",
    "model",
    "generation_type",
    "negative_prompt",
    "source_media_urls",
    "aspect_ratio",
    "duration",
    "quality",
    "resolution",
    "sound",
    "generate_audio",
    "seed",
    "kling_elements",
    "turbo",
)


@pytest.mark.parametrize("field", FIELDS)
async def test_every_monster_in_every_field_of_a_start_is_answered(field: str) -> None:
    simulator = made()
    wrong = []
    base = {"model": "kling-3-0-std", "prompt": "x", "generation_type": "text-to-video"}
    for monster in (*NUMBERS, *TEXTS, *VALUES):
        body = to_json({**base, field: monster})
        wrong += await ask(simulator, "POST", "/v1/generate/media", body)
    assert wrong == []
    assert await sound(simulator)


async def test_every_monster_of_a_body_is_answered_at_every_post_route() -> None:
    simulator = made()
    posts = [path for method, path, _ in Fuzz(0).routes if method == "POST"]
    wrong = []
    for path in posts:
        for body in BODIES:
            wrong += await ask(simulator, "POST", path.replace("{account}", "main"), body)
    assert wrong == []


async def ask(simulator: Simulator, method: str, path: str, body: bytes) -> list[str]:
    headers = [(b"x-api-key", b"sk_test_w"), (b"content-type", b"application/json")]
    if body:
        headers.append((b"content-length", b"%d" % len(body)))
    sent = Request(method, path, tuple(headers), body)
    return faults_of(sent, await send(simulator.app, method, path, headers, body))


def test_bytes_that_are_nearly_requests_are_answered_or_hung_up_on() -> None:
    fuzz, dice = Fuzz(7), random.Random(7)
    wrong, met = [], set()
    with ServerThread(made().app) as server:
        for number in range(RAW):
            sent = fuzz.request()
            if "/stream" in sent.target:
                continue
            answer = answered(server.port, spoilt(raw(sent), dice))
            met.add(answer.status)
            wrong += [f"#{number} {sent.shown()}: {text}" for text in raw_faults(sent, answer)]
        healthy = exchange(server.port, request("GET", "/health")).status
    assert wrong == []
    assert {200, 400, 404} <= met
    assert healthy == 200


def answered(port: int, data: bytes) -> Answer:
    """Its answer; status 0 when it hung up, or waits for a rest that never comes."""
    with connected(port, WAIT_S) as sock, contextlib.suppress(TimeoutError, ConnectionError):
        sock.sendall(data)
        answer = read_answer(sock)
        return read_answer(sock) if answer.status == 100 else answer
    return Answer(0, {}, b"")


def raw(sent: Request) -> bytes:
    lines = [f"{sent.method} {sent.target} HTTP/1.1".encode("latin-1")]
    lines += [name + b": " + value for name, value in sent.headers]
    # The last word, so that a connection which waits for more is not waited for here.
    return b"\r\n".join([*lines, b"connection: close", b"", b""]) + sent.body


def spoilt(data: bytes, dice: random.Random) -> bytes:
    """Half of them as they are; of the others some bytes of the head are changed."""
    if dice.random() < 0.5:
        return data
    head = data.index(b"\r\n\r\n")
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        changed[dice.randrange(head)] = dice.randrange(256)
    return bytes(changed)


def raw_faults(sent: Request, answer: Answer) -> list[str]:
    if answer.status == 0:
        return []
    if answer.status in PROTOCOL_SHAPES and answer.status >= 500:
        return []
    return faults_of(sent, answer)
