"""Broken files and faults of downloads: with GET, with a Range, and with HEAD."""

import httpx2
import pytest

from simulator.surfaces.connection import ConnectionDropped
from tests.lab.ways import Lab

HTML = b"<!doctype html>"
PART = {"Range": "bytes=10-99"}


async def url_of(rest: Lab, effect: str = "") -> str:
    """The URL of a completed job's file."""
    job_id = await rest.started({"X-Sim-Fault": effect} if effect else None)
    reply = await rest.ended(job_id)
    return str(reply.content["outputs"][0]["url"])


async def fetch(rest: Lab, url: str, method: str = "GET", **headers: str) -> httpx2.Response:
    return await rest.wire.http.request(method, url, headers=headers)


@pytest.mark.fault("broken_file")
@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("GET", PART), ("HEAD", {})])
async def test_a_missing_file_is_404_however_it_is_asked_for(
    rest: Lab, method: str, headers: dict[str, str]
) -> None:
    answer = await fetch(rest, await url_of(rest, "broken_file=missing"), method, **headers)
    assert (answer.status_code, answer.headers["x-sim-fault"]) == (404, "header")


@pytest.mark.fault("broken_file")
@pytest.mark.parametrize("headers", [{}, PART])
async def test_a_file_of_a_wrong_type_is_a_page_of_html(rest: Lab, headers: dict[str, str]) -> None:
    answer = await fetch(rest, await url_of(rest, "broken_file=wrong_type"), **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    assert answer.content.startswith(HTML)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert not {"etag", "content-range", "cache-control"} & set(answer.headers)


@pytest.mark.fault("broken_file")
async def test_the_head_of_a_wrong_type_has_the_length_of_the_page(rest: Lab) -> None:
    url = await url_of(rest, "broken_file=wrong_type")
    whole, head = await fetch(rest, url), await fetch(rest, url, "HEAD")
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert (head.headers["content-type"], head.content) == ("text/html", b"")


@pytest.mark.fault("broken_file")
@pytest.mark.parametrize("headers", [{}, PART])
async def test_a_truncated_file_breaks_off(rest: Lab, headers: dict[str, str]) -> None:
    url = await url_of(rest, "broken_file=truncated")
    with pytest.raises(ConnectionDropped):
        await fetch(rest, url, **headers)


@pytest.mark.fault("broken_file")
async def test_the_head_of_a_truncated_file_is_whole(rest: Lab) -> None:
    broken = await fetch(rest, await url_of(rest, "broken_file=truncated"), "HEAD")
    assert (broken.status_code, broken.headers["x-sim-fault"]) == (200, "header")
    assert int(broken.headers["content-length"]) > 1_000


@pytest.mark.fault("broken_file")
async def test_a_slow_file_comes_whole(rest: Lab) -> None:
    healthy = await fetch(rest, await url_of(rest))
    slow = await fetch(rest, await url_of(rest, "broken_file=slow"), Range="bytes=0-40000")
    assert (len(healthy.content) > 1_000, slow.headers["x-sim-fault"]) == (True, "header")
    assert (slow.status_code, len(slow.content)) == (206, min(40_001, len(healthy.content)))


@pytest.mark.parametrize(
    ("effect", "status"), [("status=503", 503), ("rate_limited=9", 429), ("outage", 503)]
)
async def test_a_rule_answers_instead_of_the_file(rest: Lab, effect: str, status: int) -> None:
    url = await url_of(rest)
    answer = await fetch(rest, url, **{"X-Sim-Fault": effect})
    assert (answer.status_code, answer.headers["x-sim-fault"]) == (status, "header")
    assert answer.headers.get("retry-after") == ("9" if status == 429 else None)
    rule = {"kind": "status", "code": 500}
    fault = await rest.arm(rule, match={"operation": "download_file"}, times=1)
    told = [(await fetch(rest, url)).headers.get("x-sim-fault") for _ in range(2)]
    assert told == [fault, None]


@pytest.mark.parametrize("effect", ["drop=before", "drop=after", "truncate=0", "truncate=1"])
async def test_a_download_breaks_and_stands_in_the_journal(rest: Lab, effect: str) -> None:
    url = await url_of(rest)
    with pytest.raises(ConnectionDropped):
        await fetch(rest, url, **{"X-Sim-Fault": effect})
    (world,) = rest.wire.simulator.provider.worlds.all()
    last = world.lab.journal.entries[-1]
    assert (last.surface, last.status, last.faults) == ("files", 0, ("header",))


async def test_a_download_calls_itself_something_else_and_comes_in_pieces(rest: Lab) -> None:
    url = await url_of(rest)
    usual = await fetch(rest, url)
    effect = "content_type=text/plain,drip=65536;every_ms=1,delay=1"
    strange = await fetch(rest, url, **{"X-Sim-Fault": effect})
    assert (strange.content == usual.content, strange.headers["content-type"]) == (
        True,
        "text/plain",
    )


async def test_a_rule_for_a_model_takes_the_downloads_of_its_jobs(rest: Lab) -> None:
    url = await url_of(rest)
    await rest.arm({"kind": "status", "code": 500}, match={"model": "z-image"})
    other = await fetch(rest, url)
    await rest.arm({"kind": "status", "code": 500}, match={"model": "nano-banana"})
    assert (other.status_code, (await fetch(rest, url)).status_code) == (200, 500)


async def test_no_file_is_malformed_json_so_none_is_counted(rest: Lab) -> None:
    url = await url_of(rest)
    fault = await rest.arm("malformed", match={"operation": "download_file"}, times=1)
    answer = await fetch(rest, url)
    assert ("x-sim-fault" in answer.headers, (await rest.fault(fault))["left"]) == (False, 1)


async def test_a_file_that_is_known_already_is_not_sent_again(rest: Lab) -> None:
    url = await url_of(rest, "broken_file=truncated")
    etag = (await fetch(rest, url, "HEAD")).headers["etag"]
    answer = await fetch(rest, url, **{"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_file_that_is_not_there_yet_is_nobodys_fault(rest: Lab) -> None:
    url = await url_of(rest, "late_cdn=60")
    await rest.sim("/reset", {})
    await rest.started({"X-Sim-Fault": "late_cdn=60"})
    answer = await fetch(rest, url)
    assert (answer.status_code, "x-sim-fault" in answer.headers) == (404, False)


async def test_a_header_that_cannot_be_read_is_refused_for_files_too(rest: Lab) -> None:
    answer = await fetch(rest, await url_of(rest), **{"X-Sim-Fault": "nonsense"})
    assert answer.status_code == 400
