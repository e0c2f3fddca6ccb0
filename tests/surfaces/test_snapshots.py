"""Snapshots over the wire: saved, downloaded, put back, forked, and loaded from hostile files."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.operations import OPERATIONS
from simulator.surfaces.guard import GuardLimits
from tests.surfaces.inprocess import Client, simulated
from tests.surfaces.pictures import filled

PICTURE = filled((200, 40, 40))
SNAPSHOTS = "/_sim/snapshots"
NAMES = (
    "..",
    ".",
    "...",
    "~",
    "~root",
    "a.json",
    ".hidden",
    "con",
    "a b",
    "a%",
    "a*",
    "a|b",
    "a;b",
    "a&b",
    "$HOME",
    "`id`",
    "-rf",
    "w\x00",
    "w\n",
    "\u202e",
    "\uff0e\uff0e",
    "%2e%2e",
    "%252e%252e",
    "sk_test_w",
)
ROOTS = ("/", "\\", "//", "C:\\", "file:///", "%2f", "%5c", "..%2f", "%c0%ae%c0%ae/", "\\\\host\\")
ENDS = ("etc/passwd", "../x", "../../x", "x/../y", "a/b", "./x", "x/", "..\\x", "%00", "a\x00b")
MISCHIEF = tuple(
    dict.fromkeys(
        [name for name in NAMES if name != "con"]
        + [root + end for root in ROOTS for end in ENDS]
        + ["../" * depth + end for depth in range(1, 11) for end in ENDS]
    )
)


async def uploaded(client: Client) -> str:
    files = {"file": ("p.png", PICTURE, "image/png")}
    answer = await client.send("POST", "/v1/upload/media", files=files)
    url: str = answer.json()["url"]
    return url


async def lived(client: Client) -> str:
    """The id of a finished generation that was made of an upload."""
    url = await uploaded(client)
    job_id = await client.started(generation_type="image-to-image", source_media_urls=[url])
    await client.advance(seconds=3_600)
    await client.started(prompt="[sim:stuck]")
    return job_id


async def bytes_of(client: Client, url: str) -> bytes:
    answer = await client.get(url.removeprefix("http://testserver"))
    assert answer.status_code == 200, url
    return answer.content


async def saved(client: Client, name: str = "before") -> bytes:
    answer = await client.post(SNAPSHOTS, {"name": name})
    assert answer.status_code == 200, answer.text
    return (await client.get(f"{SNAPSHOTS}/{name}")).content


async def load(client: Client, text: bytes, name: str = "loaded") -> Any:
    return await client.send(
        "POST",
        f"{SNAPSHOTS}/{name}/load",
        headers={"content-type": "application/json"},
        content=text,
    )


async def test_a_world_is_saved_listed_and_put_back() -> None:
    async with simulated() as client:
        job_id = await lived(client)
        view = (await client.post(SNAPSHOTS, {"name": "before"})).json()
        before = [await client.ledger(), await client.status(job_id)]
        await client.started()
        await client.advance(seconds=5_000)
        answer = (await client.post(f"{SNAPSHOTS}/before/restore")).json()
        assert [await client.ledger(), await client.status(job_id)] == before
        assert (await client.get(SNAPSHOTS)).json() == {"snapshots": [view]}
    assert view["jobs"] == 2
    assert view["saved_at"] == "2026-01-01T01:00:00.000Z"
    assert answer == {
        "namespace": "w",
        "snapshot": view,
        "clock": {"now": view["saved_at"], "mode": "frozen", "speed": 10.0},
    }


async def test_a_download_is_the_file_and_always_the_same_bytes() -> None:
    async with simulated() as client:
        await lived(client)
        first = await saved(client)
        await client.post(f"{SNAPSHOTS}/before/restore")
        second = await saved(client, "again")
    assert first == second
    assert first.startswith(b'{\n"format": "mediasim-snapshot",\n"version": 1,\n')
    assert first.endswith(b"}\n")


async def test_a_downloaded_file_is_loaded_by_another_simulator() -> None:
    async with simulated() as client:
        job_id = await lived(client)
        text = await saved(client)
        picture = await bytes_of(client, (await client.status(job_id))["outputs"][0]["url"])
    async with simulated("sk_test_elsewhere") as other:
        assert (await load(other, text)).status_code == 200
        assert (await other.get(f"{SNAPSHOTS}/loaded")).content == text
        await other.post(f"{SNAPSHOTS}/loaded/restore")
        url = (await other.status(job_id))["outputs"][0]["url"]
        assert "/media/elsewhere/" in url
        assert await bytes_of(other, url) == picture


async def test_the_files_of_a_fork_are_there_and_the_same() -> None:
    async with simulated() as client:
        job_id = await lived(client)
        await saved(client)
        answer = (await client.post(f"{SNAPSHOTS}/before/fork", {"namespace": "Fork"})).json()
        fork = client.as_key("sk_test_Fork")
        urls = [(await each.status(job_id))["outputs"][0]["url"] for each in (client, fork)]
        files = [await bytes_of(client, url) for url in urls]
        text = json.loads((await client.get(f"{SNAPSHOTS}/before")).content)
        upload = text["uploads"][0]["upload"]["id"]
        original = await bytes_of(client, f"/media/Fork/uploads/{upload}.png")
        await client.post("/_sim/reset")
        still = await bytes_of(client, f"/media/Fork/uploads/{upload}.png")
    assert answer["namespace"] == "Fork"
    assert urls[1] == urls[0].replace("/media/w/", "/media/Fork/")
    assert files[0] == files[1]
    assert original == still == PICTURE


async def test_uploads_that_came_after_the_saving_are_gone_after_it() -> None:
    async with simulated() as client:
        kept = await uploaded(client)
        await saved(client)
        late = await uploaded(client)
        assert await bytes_of(client, late) == PICTURE
        await client.post(f"{SNAPSHOTS}/before/restore")
        assert await bytes_of(client, kept) == PICTURE
        assert (await client.get(late.removeprefix("http://testserver"))).status_code == 404


async def test_no_file_is_left_over(tmp_path: Path) -> None:
    async with simulated(state=tmp_path / "state") as client:
        await lived(client)
        text = await saved(client)
        await uploaded(client)
        await load(client, text)
        await client.post(f"{SNAPSHOTS}/before/restore")
        await client.post(f"{SNAPSHOTS}/before/fork", {"namespace": "fork"})
    files = [path for path in (tmp_path / "state.media").rglob("*") if path.is_file()]
    assert sorted(path.parent.name for path in files) == ["fork", "w"]
    assert [path.read_bytes() for path in files] == [PICTURE, PICTURE]


async def test_jobs_of_every_product_are_put_back() -> None:
    async with simulated() as client:
        for operation in OPERATIONS:
            if operation.starts:
                body = dict(operation.example)
                assert (await client.post(operation.path, body)).status_code == 200, operation.name
        text = await saved(client)
        await client.post("/_sim/reset")
        answer = await load(client, text)
        assert answer.status_code == 200, answer.text
        await client.post(f"{SNAPSHOTS}/loaded/restore")
        assert await saved(client, "again") == text


async def test_a_deleted_snapshot_is_gone() -> None:
    async with simulated() as client:
        await saved(client)
        assert (await client.send("DELETE", f"{SNAPSHOTS}/before")).status_code == 200
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
            answer = await client.send(method, f"{SNAPSHOTS}/before{path}")
            assert answer.status_code == 404


async def test_a_reset_drops_the_snapshots_of_its_namespace_only() -> None:
    async with simulated() as client:
        other = client.as_key("sk_test_other")
        for each in (client, other):
            await saved(each)
        await client.post("/_sim/reset")
        assert (await client.get(SNAPSHOTS)).json() == {"snapshots": []}
        assert len((await other.get(SNAPSHOTS)).json()["snapshots"]) == 1


async def test_another_namespaces_snapshot_is_unknown() -> None:
    async with simulated() as client:
        await saved(client)
        other = client.as_key("sk_test_other")
        for path in ("", "/restore", "/fork"):
            method = "GET" if not path else "POST"
            body = {"namespace": "x"} if path == "/fork" else None
            answer = await other.send(method, f"{SNAPSHOTS}/before{path}", json=body)
            assert answer.status_code == 404, path


async def test_a_taken_name_is_refused_and_may_be_replaced() -> None:
    async with simulated() as client:
        await saved(client)
        again = await client.post(SNAPSHOTS, {"name": "before"})
        replaced = await client.post(SNAPSHOTS, {"name": "before", "replace": True})
    assert (again.status_code, replaced.status_code) == (409, 200)


async def test_a_wrong_file_is_refused_with_its_line_and_changes_nothing() -> None:
    async with simulated() as client:
        await lived(client)
        text = await saved(client)
        wrong = text.replace(b'"number":2,', b'"number":9,')
        answer = await load(client, wrong)
        assert answer.status_code == 400
        line = text[: text.index(b'"number":2,')].count(b"\n") + 1
        assert f"line {line}: jobs[1].number: is 9, expected 2" in answer.json()["detail"]
        assert await saved(client, "after") == text
        assert len((await client.get(SNAPSHOTS)).json()["snapshots"]) == 2


@pytest.mark.parametrize(
    ("old", "new"), [(b'"width":320', b'"width":321'), (b'"data":"', b'"data":"AAAA')]
)
async def test_an_upload_that_is_not_what_the_file_says_is_refused(old: bytes, new: bytes) -> None:
    async with simulated() as client:
        await uploaded(client)
        answer = await load(client, (await saved(client)).replace(old, new))
    assert answer.status_code == 400
    assert "uploads[0]" in answer.json()["detail"]


async def test_bytes_that_are_no_picture_are_refused() -> None:
    async with simulated() as client:
        await uploaded(client)
        document = json.loads(await saved(client))
        page = b"<script>alert(1)</script>"
        document["uploads"][0]["data"] = "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="
        document["uploads"][0]["upload"]["size_bytes"] = len(page)
        answer = await load(client, json.dumps(document).encode())
    assert answer.status_code == 400
    assert "uploads[0].data" in answer.json()["detail"]


async def test_a_snapshot_may_be_larger_than_other_bodies() -> None:
    async with simulated() as client:
        text = await saved(client)
        padded = text.replace(b'"extras"', b" " * GuardLimits().max_json_bytes + b'"extras"')
        assert (await load(client, padded)).status_code == 200
        other = await client.send(
            "POST",
            SNAPSHOTS,
            headers={"content-type": "application/json"},
            content=b'{"name": "x"}' + b" " * GuardLimits().max_json_bytes,
        )
        assert other.status_code == 413


async def test_a_snapshot_beyond_its_own_limit_is_refused() -> None:
    async with simulated() as client:
        most = GuardLimits().max_snapshot_bytes
        answer = await load(client, b" " * (most + 1))
    assert answer.status_code == 413
    assert str(most) in answer.json()["detail"]


async def test_no_name_leads_outside(tmp_path: Path) -> None:
    async with simulated(state=tmp_path / "state") as client:
        await uploaded(client)
        document = json.loads(await saved(client))
        before = listed(tmp_path)
        assert len(MISCHIEF) >= 200
        for name in MISCHIEF:
            assert (await client.post(SNAPSHOTS, {"name": name})).status_code == 400, name
            fork = await client.post(f"{SNAPSHOTS}/before/fork", {"namespace": name})
            assert fork.status_code == 400, name
        for name in MISCHIEF[::7]:
            document["world"]["name"] = name
            assert (await load(client, json.dumps(document).encode())).status_code == 400, name
            document["world"]["name"] = "w"
            document["uploads"][0]["upload"]["id"] = name
            assert (await load(client, json.dumps(document).encode())).status_code == 400, name
        assert listed(tmp_path) == before
        assert len((await client.get(SNAPSHOTS)).json()["snapshots"]) == 1


def listed(folder: Path) -> list[str]:
    """Every file below, but what a database writes beside itself."""
    return sorted(str(path) for path in folder.rglob("*") if path.suffix != ".part")


async def test_ten_thousand_jobs_come_back_whole() -> None:
    async with simulated(limits=False, credits=10**9) as client:
        for _ in range(50):
            await client.started()
        document = json.loads(await saved(client))
        text = json.dumps(multiplied(document, 200)).encode()
        assert (await load(client, text)).json()["jobs"] == 10_000
        await client.post(f"{SNAPSHOTS}/loaded/restore")
        verified = (await client.get("/_sim/ledger/verify")).json()
        assert verified == {"ok": True, "entries": 10_001, "violations": []}


def multiplied(document: dict[str, Any], times: int) -> dict[str, Any]:
    """A world with so many times its jobs, whose holds are 7 credits each."""
    jobs, (grant, *holds) = document["jobs"], document["entries"]
    many = [dict(job) for _ in range(times) for job in jobs]
    for number, job in enumerate(many, 1):
        job.update(number=number, id=f"00000000-0000-4000-a000-{number:012x}")
    entries = [grant] + [
        {**holds[0], "seq": number + 1, "job_number": number} for number in range(1, len(many) + 1)
    ]
    balance = document["accounts"][0]["balance"]
    held = sum(job["hold_millicredits"] for job in many)
    balance.update(available=-balance["issued"] - held, held=held)
    document["counters"].update(jobs=len(many), entries=len(entries))
    document["holds"] = [
        {"job_number": number, "bucket": "media"} for number in range(1, len(many) + 1)
    ]
    return {**document, "jobs": many, "entries": entries}
