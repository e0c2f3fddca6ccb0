"""What a web page of another origin could do: nothing. A GET changes nothing, a form is refused."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from simulator.app import Simulator
from simulator.engine.operations import OPERATIONS
from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from tests.reliability.fuzz import OTHER_PATHS
from tests.reliability.inproc import Caller, made, send

KEY = "sk_test_w"
UPLOAD_PATH = "/v1/upload/media"
ROUTES = [(op.method, op.path) for op in (*OPERATIONS, *CONTROL_OPERATIONS)]
GETS = [path for method, path in ROUTES if method == "GET"] + list(OTHER_PATHS)
POSTS = [path for method, path in ROUTES if method == "POST"] + [UPLOAD_PATH, "/mcp"]
ONE_OF_EACH_SURFACE = ("/v1/balance", "/_sim/clock", "/mcp", "/docs", "/health", "/media/w/x.png")
KEY_HEADER = (b"x-api-key", KEY.encode())


async def lived_in(simulator: Simulator) -> tuple[Caller, str]:
    """A world with a job of each fate, the clock past the end of those that end, and the id of a
    finished one."""
    caller = Caller(simulator.app, KEY)
    job_id: str = (await caller.start()).json["generation_id"]
    for fate in ("[sim:fail]", "[sim:stuck]"):
        await caller.start(prompt=fate)
    await caller("POST", "/v1/generate/music", {"prompt": "A waltz", "instrumental": True})
    await caller.advance(1_000)
    return caller, job_id


async def shown(caller: Caller) -> list[Any]:
    paths = ("/_sim/ledger", "/_sim/accounts", "/_sim/jobs", "/_sim/clock", "/v1/generations")
    return [await caller.read(path) for path in paths]


def rows(state: Path) -> dict[str, list[Any]]:
    """Every row of every table of a state file."""
    with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(names)}
    db.close()
    return found


def filled(path: str, job_id: str) -> str:
    for name in ("{generation_id}", "{separation_id}", "{id}"):
        path = path.replace(name, job_id)
    return path.replace("{account}", "main")


async def test_no_get_changes_anything_that_a_later_reader_could_tell(tmp_path: Path) -> None:
    state = tmp_path / "state"
    simulator = made(state=state)
    caller, job_id = await lived_in(simulator)
    before, stored = await shown(caller), rows(state)
    files = (await caller.read(f"/v1/generate/media/{job_id}"))["outputs"][0]
    urls = [files[name].partition(":4747")[2] for name in ("url", "thumbnail_url", "optimized_url")]
    for path in [*GETS, *urls]:
        for method in ("GET", "HEAD"):
            answer = await caller(method, filled(path, job_id))
            assert answer.status < 500, (path, answer)
    assert await shown(caller) == before
    assert rows(state) == stored
    await simulator.provider.store.close()


async def test_settlement_reads_the_same_whoever_looks_first() -> None:
    ledgers = []
    for look in ((), ("/v1/balance",), ("/v1/generations", "/_sim/jobs", "/_sim/accounts")):
        caller, _ = await lived_in(made())
        for _ in range(5):
            await caller.advance(7)
            for path in look:
                await caller.read(path)
        ledgers.append((await caller("GET", "/_sim/ledger")).body)
    assert ledgers[0] == ledgers[1] == ledgers[2]


@pytest.mark.parametrize("path", ONE_OF_EACH_SURFACE)
async def test_a_foreign_host_is_turned_away_on_every_surface(path: str) -> None:
    answer = await send(made().app, "GET", path, [(b"host", b"evil.example"), KEY_HEADER])
    assert answer.status in (400, 421)
    assert answer.json["detail"]


@pytest.mark.parametrize("path", ONE_OF_EACH_SURFACE)
@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"file://"])
async def test_a_foreign_origin_is_turned_away_on_every_surface(path: str, origin: bytes) -> None:
    answer = await send(made().app, "GET", path, [(b"origin", origin), KEY_HEADER])
    assert answer.status == 403
    assert answer.json["detail"]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ONE_OF_EACH_SURFACE)
async def test_no_answer_allows_another_origin_unless_one_is_configured(
    path: str, method: str
) -> None:
    headers = [(b"origin", b"http://127.0.0.1:4747"), KEY_HEADER]
    headers.append((b"access-control-request-method", b"POST"))
    answer = await send(made().app, method, path, headers)
    assert [name for name in answer.headers if name.startswith("access-control")] == []


@pytest.mark.parametrize("path", sorted(set(POSTS)))
@pytest.mark.parametrize(
    "content_type", [b"text/plain", b"application/x-www-form-urlencoded", b"", None]
)
async def test_what_a_form_can_post_is_refused_by_every_route(
    path: str, content_type: bytes | None
) -> None:
    simulator = made()
    caller, _ = await lived_in(simulator)
    before = await shown(caller)
    body = b'{"model": "z-image", "prompt": "x", "credits": 5, "key": "sk_test_w", "seconds": 5}'
    headers = [KEY_HEADER, (b"content-length", b"%d" % len(body))]
    if content_type is not None:
        headers.append((b"content-type", content_type))
    answer = await send(simulator.app, "POST", filled(path, "x"), headers, body)
    assert answer.status == 415
    assert await shown(caller) == before


@pytest.mark.parametrize("path", sorted({path for path in POSTS if path != UPLOAD_PATH}))
async def test_a_multipart_form_is_refused_where_json_is_expected(path: str) -> None:
    headers = [KEY_HEADER, (b"content-type", b"multipart/form-data; boundary=b")]
    headers.append((b"content-length", b"2"))
    answer = await send(made().app, "POST", filled(path, "x"), headers, b"{}")
    assert answer.status == 415
