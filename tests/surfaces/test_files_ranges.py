"""Parts of files: the ranges together are the whole, whoever asks for them."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from simulator.media.padding import pad_png
from simulator.surfaces.ranges import Unsatisfiable, wanted
from tests.surfaces.hosting import (
    PNG,
    UPLOAD,
    Host,
    answered,
    client_of,
    digest,
    host,
    sent,
    told,
)

SIZES = st.integers(1, 10**12)
PLACES = st.integers(0, 2 * 10**12)


@given(size=SIZES, first=PLACES, last=PLACES)
def test_a_range_is_what_a_slice_would_be(size: int, first: int, last: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert wanted(header, size) is None
    elif first >= size:
        with pytest.raises(Unsatisfiable):
            wanted(header, size)
    else:
        assert wanted(header, size) == slice(first, last + 1).indices(size)[:2]


@given(size=SIZES, first=PLACES)
def test_an_open_range_goes_to_the_end(size: int, first: int) -> None:
    if first >= size:
        with pytest.raises(Unsatisfiable):
            wanted(f"bytes={first}-", size)
    else:
        assert wanted(f"bytes={first}-", size) == (first, size)


@given(size=SIZES, length=PLACES)
def test_a_suffix_is_the_last_bytes(size: int, length: int) -> None:
    if length == 0:
        with pytest.raises(Unsatisfiable):
            wanted("bytes=-0", size)
    else:
        assert wanted(f"bytes=-{length}", size) == (max(0, size - length), size)


WHOLE = [
    None,
    "",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes=0-1,3-4",
    "bytes=2-1",
    "bytes=--1",
    "bytes=+1-2",
    "bytes=0x1-2",
    "bytes=\u0661-\u0662",
    "items=0-1",
    "bytes 0-1",
    f"bytes={'9' * 5_000}-",
]


@pytest.mark.parametrize("header", WHOLE)
def test_what_is_no_single_range_means_the_whole_file(header: str | None) -> None:
    assert wanted(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=0-0", "Bytes=0-0", " bytes = 0 - 0 "])
def test_a_range_may_be_written_with_capitals_and_spaces(header: str) -> None:
    assert wanted(header, 100) == (0, 1)


@pytest.fixture(params=["an upload", "a result"])
async def served_file(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Host, str]:
    """A host and the path of a file of it that takes several pieces to send."""
    served = host(tmp_path)
    if request.param == "an upload":
        async with client_of(served) as client:
            answer = await client.post(UPLOAD, files=sent(("a.png", pad_png(PNG, 600_000))))
        return host(tmp_path, served.provider), answer.json()["url"].partition("4747")[2]
    job_id = await served.generate(prompt="x", model="nano-banana")
    job = await served.provider.store.job((await served.caller()).world.id, job_id)
    assert job is not None
    return served, f"/media/w/{job_id}/{job.outputs[0].id}.png"


@pytest.mark.anyio
async def test_ranges_one_after_another_are_the_whole_file(
    served_file: tuple[Host, str],
) -> None:
    served, path = served_file
    _, head, whole = await answered(served, path)
    size = len(whole)
    assert size > 300_000
    joined, cuts = b"", [0, 1, 7, 65_536, 262_144, 262_145, size - 1, size]
    for start, stop in pairwise(cuts):
        given_range = {"range": f"bytes={start}-{stop - 1}"}
        status, headers, body = await answered(served, path, headers=given_range)
        assert status == 206
        assert headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        assert headers["content-length"] == str(len(body))
        assert headers["etag"] == head["etag"]
        joined += body
    assert digest(joined) == digest(whole)


@pytest.mark.anyio
async def test_nothing_more_is_sent_to_one_who_hung_up(tmp_path: Path) -> None:
    served = host(tmp_path)
    async with client_of(served) as client:
        answer = await client.post(UPLOAD, files=sent(("a.png", pad_png(PNG, 600_000))))
    path = answer.json()["url"].partition("4747")[2]
    body: list[bytes] = []

    async def send(message: Message) -> None:
        body.append(message.get("body", b""))

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await served(scope, told([{"type": "http.disconnect"}]), send)
    assert len(b"".join(body)) < 600_000


@pytest.mark.anyio
async def test_a_range_behind_the_end_is_not_satisfiable(served_file: tuple[Host, str]) -> None:
    served, path = served_file
    size = (await answered(served, path, "HEAD"))[1]["content-length"]
    status, headers, _ = await answered(served, path, headers={"range": f"bytes={size}-"})
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.anyio
async def test_a_range_is_kept_to_only_while_the_file_is_the_same(
    served_file: tuple[Host, str],
) -> None:
    served, path = served_file
    etag = (await answered(served, path, "HEAD"))[1]["etag"]
    statuses = [
        (await answered(served, path, headers={"range": "bytes=0-9", "if-range": value}))[0]
        for value in (etag, f"W/{etag}", '"other"', "Wed, 21 Oct 2026 07:28:00 GMT")
    ]
    assert statuses == [206, 200, 200, 200]


@pytest.mark.anyio
async def test_a_head_takes_no_notice_of_a_range(served_file: tuple[Host, str]) -> None:
    served, path = served_file
    plain = await answered(served, path, "HEAD")
    assert await answered(served, path, "HEAD", {"range": "bytes=0-0"}) == plain
    assert plain[0] == 200
