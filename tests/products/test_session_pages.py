"""Upload sessions end to end: the tools, the page for a person, the address for direct uploads."""

import asyncio
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from simulator.domain.inputs import Upload
from simulator.domain.sessions import FILES_MOST
from tests.engine.world import caller_of, make_provider
from tests.mcp.wire import Wire, wired
from tests.media.support import IMAGE, SOUND, VIDEO, original

PNG, MP4, MP3 = original(IMAGE), original(VIDEO), original(SOUND)
ALICE = "sk_test_w.alice"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
Part = tuple[str, tuple[str, bytes, str]]
PICTURE: Part = ("file", ("a.png", PNG, "image/png"))
FILM: Part = ("file", ("b.mp4", MP4, "video/mp4"))
SONG: Part = ("file", ("c.mp3", MP3, "audio/mpeg"))


async def opened(wire: Wire, **fields: Any) -> dict[str, Any]:
    return (await wire.tool("get_upload_url", fields)).content


async def seen(wire: Wire, token: str) -> dict[str, Any]:
    return (await wire.tool("get_upload_session", {"token": token})).content


async def posted(wire: Wire, session: dict[str, Any], *parts: Part, browser: bool = False) -> Any:
    return await wire.http.post(
        session["direct_upload_url"],
        data={"token": session["token"]},
        files=list(parts),
        headers=BROWSER if browser else {},
    )


def shown(html: str) -> str:
    """What a reader sees of the page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.ruling("sessions.collect")
async def test_a_tool_uploads_directly_and_reads_what_has_arrived_in_order() -> None:
    async with wired() as wire:
        session = await opened(wire, model_id="seedance-2-480p")
        first = await posted(wire, session, FILM, PICTURE)
        second = await posted(wire, session, SONG)
        answer = await seen(wire, session["token"])
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json()["media_urls"] == answer["media_urls"][:2]
        assert second.json() == answer
        assert [file["kind"] for file in answer["media"]] == ["video", "image", "audio"]
        assert [file["duration_seconds"] for file in answer["media"]] == [3, None, 5]
        assert (answer["total_video_seconds"], answer["total_audio_seconds"]) == (3, 5)
        assert (answer["billing_readiness"], answer["unknown_duration_count"]) == ("exact", 0)
        bodies = [(await wire.http.get(url)).content for url in answer["media_urls"]]
        assert bodies == [MP4, PNG, MP3]
        captions = {"media_url": answer["media_urls"][2]}
        assert (await wire.tool("generate_captions", captions)).content["credits_deducted"] == 2.5


async def test_a_browser_posts_the_form_and_is_sent_back_to_the_page() -> None:
    async with wired() as wire:
        session = await opened(wire)
        page = await wire.http.get(session["url"])
        action = re.search(r'action="([^"]+)"', page.text)
        assert action is not None
        assert urljoin(session["url"], action[1]) == session["direct_upload_url"]
        assert "<script" not in page.text
        assert "Nothing has arrived yet." in shown(page.text)

        answer = await posted(wire, session, PICTURE, FILM, browser=True)
        assert (answer.status_code, answer.content) == (303, b"")
        back = urljoin(session["direct_upload_url"], answer.headers["location"])
        assert back == session["url"]
        page = await wire.http.get(back)
        assert "Arrived: 2 of 20" in shown(page.text)
        assert "320 x 192 px, 3 s" in shown(page.text)
        links = re.findall(r'href="([^"]+)">(?:image|video)<', page.text)
        files = [(await wire.http.get(urljoin(back, link))).content for link in links]
        assert files == [PNG, MP4]


async def test_what_a_browser_is_refused_is_told_on_the_page() -> None:
    async with wired() as wire:
        session = await opened(wire)
        await posted(wire, session, PICTURE)
        gif: Part = ("file", ("<b>.gif", PNG, "image/gif"))
        answer = await posted(wire, session, gif, browser=True)
        assert answer.status_code == 400
        assert "file 1: a file named .gif is not accepted" in shown(answer.text)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        (link,) = re.findall(r'href="([^"]+)">image<', answer.text)
        file = await wire.http.get(urljoin(session["direct_upload_url"], link))
        assert file.content == PNG
        action = re.search(r'action="([^"]+)"', answer.text)
        assert action is not None
        place = urljoin(session["direct_upload_url"], action[1])
        assert place == session["direct_upload_url"]

        empty: Part = ("file", ("", b"", "application/octet-stream"))
        answer = await posted(wire, session, empty, browser=True)
        assert answer.status_code == 422
        assert "Choose a file first." in shown(answer.text)
        assert (await seen(wire, session["token"]))["count"] == 1


async def test_the_page_shows_what_it_was_told_as_text_and_runs_nothing() -> None:
    async with wired() as wire:
        session = await opened(wire, model_id='"><script>alert(1)</script>@token@')
        page = await wire.http.get(session["url"])
        assert "<script" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;@token@" in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        head = await wire.http.head(session["url"])
        assert (head.content, head.headers["content-length"]) == (b"", str(len(page.content)))


@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", ""])
async def test_a_part_that_is_no_image_video_or_sound_is_refused(content_type: str) -> None:
    async with wired() as wire:
        session = await opened(wire)
        odd: Part = ("file", ("b.png", PNG, content_type))
        answer = await posted(wire, session, PICTURE, odd)
        assert answer.status_code == 400
        assert "file 2" in answer.json()["detail"]
        assert (await seen(wire, session["token"]))["media_urls"] == []


@pytest.mark.ruling("sessions.lifetime")
async def test_after_an_hour_of_the_worlds_clock_a_session_takes_no_more() -> None:
    async with wired() as wire:
        session = await opened(wire)
        await posted(wire, session, PICTURE)
        await wire.advance(3_599.999)
        assert (await posted(wire, session, SONG)).status_code == 200
        await wire.advance(0.001)
        answer = await posted(wire, session, FILM)
        assert answer.status_code == 410
        assert "expired" in answer.json()["detail"]
        told = await seen(wire, session["token"])
        assert (told["count"], told["expired"]) == (2, True)
        page = await wire.http.get(session["url"])
        assert "This session has expired." in shown(page.text)
        assert page.text.count(" disabled") == 2


@pytest.mark.ruling("sessions.lifetime")
async def test_a_session_takes_20_files_and_then_says_that_it_is_full() -> None:
    async with wired() as wire:
        session = await opened(wire)
        assert (await posted(wire, session, *[PICTURE] * 21)).status_code == 400
        assert (await seen(wire, session["token"]))["count"] == 0
        assert (await posted(wire, session, *[PICTURE] * 19)).status_code == 200
        two = await posted(wire, session, SONG, SONG)
        assert (two.status_code, two.json()) == (
            400,
            {"detail": "at most 1 file is accepted at once"},
        )
        assert (await posted(wire, session, SONG)).status_code == 200
        assert (await posted(wire, session, SONG)).status_code == 410
        assert (await seen(wire, session["token"]))["count"] == FILES_MOST
        page = await wire.http.get(session["url"])
        assert "This session is full: it takes 20 files." in shown(page.text)
        assert page.text.count(" disabled") == 2


async def test_two_posts_at_once_do_not_overfill_a_session() -> None:
    async with wired() as wire:
        session = await opened(wire)
        posts = [posted(wire, session, *[PICTURE] * 11) for _ in range(2)]
        codes = sorted([answer.status_code for answer in await asyncio.gather(*posts)])
        assert codes == [200, 410]
        assert (await seen(wire, session["token"]))["count"] == 11


async def test_a_session_that_is_gone_collects_nothing() -> None:
    provider = make_provider()
    world = (await caller_of(provider)).world
    assert await provider.store.collect(world.id, "nobodys", ["u"]) is False


@pytest.mark.ruling("sessions.billing-readiness")
async def test_a_file_of_unknown_length_makes_the_readiness_pessimistic() -> None:
    async with wired() as wire:
        session = await opened(wire)
        await posted(wire, session, SONG)
        store = wire.simulator.provider.store
        world = await wire.simulator.provider.worlds.world("w")
        unknown = Upload("00000000-0000-4000-a000-000000000009", "video", "webm", 3_000_000)
        await store.add_upload(world.id, "main", unknown)
        assert await store.collect(world.id, session["token"], [unknown.id])
        told = await seen(wire, session["token"])
        assert (told["billing_readiness"], told["unknown_duration_count"]) == (
            "pessimistic_fallback",
            1,
        )
        assert [file["measurement"] for file in told["media"]] == [None, "unavailable"]
        text = shown((await wire.http.get(session["url"])).text)
        assert "Some length is not known: the most is billed." in text
        assert "not measured 3.0 MB" in text


async def test_a_token_of_another_account_or_world_opens_nothing() -> None:
    async with wired() as wire:
        session = await opened(wire)
        foreign = await wire.tool("get_upload_session", {"token": session["token"]}, ALICE)
        unknown = await wire.tool("get_upload_session", {"token": "nobodys"}, ALICE)
        assert (foreign.is_error, foreign.content) == (True, unknown.content)
        for path in (
            f"/upload/other/{session['token']}",
            "/upload/w/00000000-0000-4000-a000-000000000000",
            "/upload/w/nobodys",
            "/upload/",
        ):
            answer = await wire.http.get(path)
            assert (answer.status_code, answer.json()) == (404, unknown.content), path
        assert (await wire.http.get(session["direct_upload_url"])).status_code == 405
        assert (await wire.http.post(session["url"])).headers["allow"] == "GET, HEAD"


async def test_what_arrives_in_a_session_is_its_owners() -> None:
    async with wired() as wire:
        session = (await wire.tool("get_upload_url", {}, ALICE)).content
        await posted(wire, session, PICTURE)
        told = await wire.tool("get_upload_session", {"token": session["token"]}, ALICE)
        assert told.content["count"] == 1
        mine = await wire.tool("get_upload_session", {"token": session["token"]})
        assert mine.is_error


async def test_a_session_survives_a_restart_and_goes_on(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    async with wired(state=state) as wire:
        session = await opened(wire, model_id="veo3-1")
        await posted(wire, session, PICTURE)
        before = await seen(wire, session["token"])
    async with wired(state=state) as wire:
        assert await seen(wire, session["token"]) == before
        assert (await wire.http.get(before["media_urls"][0])).content == PNG
        assert (await posted(wire, session, SONG)).status_code == 200
        told = await seen(wire, session["token"])
        assert (told["count"], told["media"][0]) == (2, before["media"][0])


async def test_a_reset_ends_sessions_and_removes_their_files() -> None:
    async with wired() as wire:
        session = await opened(wire)
        await posted(wire, session, PICTURE)
        url = (await seen(wire, session["token"]))["media_urls"][0]
        await wire.rest("POST", "/_sim/reset", {}, key=None, X_Sim_Namespace="w")
        assert (await wire.http.get(session["url"])).status_code == 404
        assert (await posted(wire, session, PICTURE)).status_code == 404
        assert (await wire.http.get(url)).status_code == 404
        assert await opened(wire) == session
        assert (await seen(wire, session["token"]))["count"] == 0
