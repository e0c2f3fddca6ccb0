"""What is served under /media/: uploads as they came, results when they are done."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from simulator.domain.outputs import Output, Variant
from simulator.engine.answers import OutputAnswer
from simulator.engine.bodies import GenerationId, MediaBody
from simulator.media import Rendered, render
from simulator.surfaces import files as files_module
from simulator.surfaces.rendering import Renderings
from tests.engine.world import BASE, caller_of, make_provider
from tests.media.support import decoded, difference, near, opened
from tests.media.test_sources import BLUE, RED
from tests.surfaces.hosting import (
    PNG,
    UPLOAD,
    Host,
    answered,
    client_of,
    digest,
    host,
    sent,
)
from tests.surfaces.pictures import filled

LIGHTHOUSE: dict[str, Any] = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Host]:
    served = host(tmp_path)
    yield served
    served.files.close()


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[Variant]:
    """Every rendering that is begun, while it happens as ever."""
    begun: list[Variant] = []

    def counted(output: Output, variant: Variant, sources: Sequence[Path]) -> Rendered:
        begun.append(variant)
        return render(output, variant, sources)

    monkeypatch.setattr(files_module, "render", counted)
    return begun


async def shown(served: Host, job_id: str) -> OutputAnswer:
    """The job's only output as its status shows it."""
    answer = await served.provider.get_generation_status(
        await served.caller(), GenerationId(job_id)
    )
    return answer.outputs[0]


def path_of(url: str | None) -> str:
    assert url is not None
    return url.removeprefix(BASE)


@pytest.mark.anyio
async def test_an_upload_is_served_as_it_came(served: Host) -> None:
    async with client_of(served) as client:
        url = (await client.post(UPLOAD, files=sent(("a.png", PNG)))).json()["url"]
        answer = await client.get(url)
    assert answer.status_code == 200
    assert digest(answer.content) == digest(PNG)
    assert dict(answer.headers) == {
        "content-type": "image/png",
        "content-length": str(len(PNG)),
        "etag": answer.headers["etag"],
        "accept-ranges": "bytes",
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "x-sim": "1",
        "x-request-id": "file_00000001",
    }


@pytest.mark.anyio
async def test_a_result_is_the_file_that_its_status_describes(served: Host) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    async with client_of(served) as client:
        answer = await client.get(path_of(output.url))
    assert answer.headers["content-type"] == "image/png"
    assert len(answer.content) == output.file_size
    assert opened(answer.content).size == (output.width, output.height)


@pytest.mark.anyio
async def test_the_lighter_copies_have_their_names_from_the_status(served: Host) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    async with client_of(served) as client:
        for url in (output.thumbnail_url, output.optimized_url):
            answer = await client.get(path_of(url))
            assert answer.headers["content-type"] == "image/webp"
            assert opened(answer.content).format == "WEBP"


@pytest.mark.anyio
async def test_an_image_to_video_shows_the_uploaded_picture(served: Host) -> None:
    request = {
        "prompt": "Waves roll in",
        "model": "v1-pro-fast-i2v-720p-5s",
        "generation_type": "image-to-video",
    }
    async with client_of(served) as client:
        upload = await client.post(UPLOAD, files=sent(("red.png", filled(RED))))
        job_id = await served.generate(**request, source_media_urls=upload.json()["url"])
        output = await shown(served, job_id)
        film = decoded((await client.get(path_of(output.url))).content)
        light = decoded((await client.get(path_of(output.optimized_url))).content)
    frame = film.frames[0]
    middle = (frame.width // 2, frame.height // 4)
    assert near(frame.getpixel(middle), RED, 30)
    assert near(film.frames[60].getpixel(middle), RED, 30)
    small = light.frames[0]
    assert near(small.getpixel((small.width // 2, small.height // 4)), RED, 30)


@pytest.mark.anyio
async def test_several_sources_appear_in_the_order_of_the_request(served: Host) -> None:
    request = {**LIGHTHOUSE, "generation_type": "image-to-image", "aspect_ratio": "1:1"}
    async with client_of(served) as client:
        pictures = sent(("a.png", filled(RED)), ("b.png", filled(BLUE)))
        urls = (await client.post(UPLOAD, files=pictures)).json()["urls"]
        seen = []
        for sources in (urls, urls[::-1]):
            output = await shown(
                served, await served.generate(**request, source_media_urls=sources)
            )
            picture = opened((await client.get(path_of(output.url))).content).convert("RGB")
            seen.append([pixel for pixel in (RED, BLUE) if _left_half_shows(picture, pixel)])
    assert seen == [[RED], [BLUE]]


def _left_half_shows(picture: Image.Image, color: tuple[int, int, int]) -> bool:
    return near(picture.getpixel((picture.width // 4, picture.height // 3)), color)


@pytest.mark.anyio
async def test_a_reset_world_shows_the_new_upload_under_the_old_id(served: Host) -> None:
    request = {**LIGHTHOUSE, "generation_type": "image-to-image", "aspect_ratio": "1:1"}
    found = []
    async with client_of(served) as client:
        for color in (RED, BLUE):
            data = filled(color)
            upload = await client.post(UPLOAD, files=sent(("a.png", data)))
            job_id = await served.generate(**request, source_media_urls=upload.json()["url"])
            url = path_of((await shown(served, job_id)).url)
            found.append((url, opened((await client.get(url)).content).convert("RGB")))
            await served.provider.worlds.reset((await served.caller()).world)
            await served.uploads.forget("w")
    (one_url, one), (other_url, other) = found
    assert one_url == other_url
    assert difference(one, other) > 1


@pytest.mark.anyio
async def test_a_file_is_not_there_before_its_job_is_completed(served: Host) -> None:
    caller = await served.caller()
    started = await served.provider.generate_media(caller, MediaBody(**LIGHTHOUSE))
    job = await served.provider.store.job(caller.world.id, started.generation_id)
    assert job is not None
    assert job.times.done_at_ms is not None
    path = f"/media/w/{job.id}/{job.outputs[0].id}.png"
    statuses = []
    for instant in (job.times.done_at_ms - 1, job.times.done_at_ms):
        clock = caller.world.clock.moved_to(instant, 0)
        await served.provider.worlds.set_clock(caller.world, clock)
        statuses.append((await answered(served, path, "HEAD"))[0])
    assert statuses == [404, 200]


@pytest.mark.anyio
async def test_a_failed_job_has_no_file(served: Host) -> None:
    job_id = await served.generate(**{**LIGHTHOUSE, "prompt": "[sim:fail=timeout]"})
    job = await served.provider.store.job((await served.caller()).world.id, job_id)
    assert job is not None
    assert (await answered(served, f"/media/w/{job_id}/{job.outputs[0].id}.png"))[0] == 404


@pytest.mark.anyio
async def test_a_file_belongs_to_its_world_and_its_job(served: Host) -> None:
    one = await served.generate(**LIGHTHOUSE)
    other = await served.generate(**LIGHTHOUSE)
    await caller_of(served.provider, "v")
    path = path_of((await shown(served, one)).url)
    assert (await answered(served, path, "HEAD"))[0] == 200
    assert (await answered(served, path.replace("/w/", "/v/"), "HEAD"))[0] == 404
    assert (await answered(served, path.replace(one, other), "HEAD"))[0] == 404


@pytest.mark.anyio
async def test_looking_for_a_file_opens_no_world(served: Host) -> None:
    some_id = "0" * 8 + "-0000-4000-a000-" + "0" * 12
    for path in (f"/media/new/uploads/{some_id}.png", f"/media/new/{some_id}/{some_id}.png"):
        assert (await answered(served, path))[0] == 404
    assert served.provider.worlds.all() == []
    assert await served.provider.worlds.known("new") is None


@pytest.mark.anyio
async def test_an_upload_whose_file_is_gone_is_not_found(served: Host) -> None:
    async with client_of(served) as client:
        url = (await client.post(UPLOAD, files=sent(("a.png", PNG)))).json()["url"]
        await served.uploads.forget("w")
        answer = await client.get(url)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["uploads/{id}.jpg", "uploads/{id}", "uploads/{id}.png/", "{id}"])
async def test_an_upload_has_one_name_only(served: Host, name: str) -> None:
    async with client_of(served) as client:
        url = (await client.post(UPLOAD, files=sent(("a.png", PNG)))).json()["url"]
    upload_id = url.rpartition("/")[2].removesuffix(".png")
    assert (await answered(served, "/media/w/" + name.format(id=upload_id)))[0] == 404


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["jpg", "optimized.mp4", "thumbnail.png", "thumbnail", "png.png"])
async def test_a_result_has_its_three_names_only(served: Host, name: str) -> None:
    path = path_of((await shown(served, await served.generate(**LIGHTHOUSE))).url)
    assert (await answered(served, path.removesuffix("png") + name))[0] == 404


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_files_are_only_read(served: Host, method: str) -> None:
    status, headers, _ = await answered(served, "/media/w/uploads/x.png", method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.anyio
async def test_a_head_of_an_original_renders_nothing(
    served: Host, renderings: list[Variant]
) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    head = await answered(served, path_of(output.url), "HEAD")
    assert renderings == []
    whole = await answered(served, path_of(output.url))
    assert renderings == [Variant.ORIGINAL]
    assert head == (200, whole[1], b"")


@pytest.mark.anyio
async def test_a_head_of_a_lighter_copy_tells_its_true_length(served: Host) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    head = await answered(served, path_of(output.thumbnail_url), "HEAD")
    whole = await answered(served, path_of(output.thumbnail_url))
    assert head == (200, whole[1], b"")
    assert whole[1]["content-length"] == str(len(whole[2]))


@pytest.mark.anyio
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_who_has_a_file_already_gets_it_neither_rendered_nor_sent(
    served: Host, renderings: list[Variant], form: str
) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    for url in (output.url, output.thumbnail_url):
        etag = (await answered(served, path_of(output.url), "HEAD"))[1]["etag"]
        if url == output.thumbnail_url:
            etag = (await answered(served, path_of(url), headers={"if-none-match": "*"}))[1]["etag"]
        given = {"if-none-match": form.format(etag)}
        status, headers, body = await answered(served, path_of(url), headers=given)
        assert (status, headers["etag"], body) == (304, etag, b"")
        assert "content-length" not in headers
    assert renderings == []


@pytest.mark.anyio
async def test_an_etag_is_the_same_in_another_process_and_differs_for_each_file(
    tmp_path: Path,
) -> None:
    found = []
    for name in ("one", "other"):
        served = host(tmp_path / name, make_provider())
        async with client_of(served) as client:
            upload = (await client.post(UPLOAD, files=sent(("a.png", PNG)))).json()["url"]
        output = await shown(served, await served.generate(**LIGHTHOUSE))
        again = await shown(served, await served.generate(**LIGHTHOUSE))
        urls = (upload, output.url, output.thumbnail_url, output.optimized_url, again.url)
        found.append([(await answered(served, path_of(url)))[1]["etag"] for url in urls])
    assert found[0] == found[1]
    assert len(set(found[0])) == 5


@pytest.mark.anyio
async def test_a_stale_etag_gets_the_file(served: Host) -> None:
    output = await shown(served, await served.generate(**LIGHTHOUSE))
    given = {"if-none-match": '"0123", W/"4567"'}
    assert (await answered(served, path_of(output.url), "HEAD", given))[0] == 200


@pytest.mark.anyio
async def test_requests_for_one_file_at_once_render_it_once(
    served: Host, renderings: list[Variant]
) -> None:
    path = path_of((await shown(served, await served.generate(**LIGHTHOUSE))).url)
    answers = await asyncio.gather(*(answered(served, path) for _ in range(8)))
    assert renderings == [Variant.ORIGINAL]
    assert len({body for _, _, body in answers}) == 1
    assert digest((await answered(served, path))[2]) == digest(answers[0][2])
    assert renderings == [Variant.ORIGINAL]


@pytest.mark.anyio
async def test_rendering_happens_off_the_event_loop(
    served: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def noted(output: Output, variant: Variant, sources: Sequence[Path]) -> Rendered:
        threads.append(threading.current_thread())
        return render(output, variant, sources)

    monkeypatch.setattr(files_module, "render", noted)
    path = path_of((await shown(served, await served.generate(**LIGHTHOUSE))).url)
    await answered(served, path)
    assert threads != [threading.current_thread()]


def made(names: list[str], name: str, size: int = 40) -> Rendered:
    names.append(name)
    return Rendered(name.encode() * size, "image/png")


@pytest.mark.anyio
async def test_the_cache_drops_what_was_longest_unasked_for() -> None:
    renderings, names = Renderings(cache_bytes=100), list[str]()
    for name in ("a", "b", "a", "c", "a", "b"):
        await renderings.get(name, partial(made, names, name))
    renderings.close()
    assert names == ["a", "b", "c", "b"]


@pytest.mark.anyio
async def test_a_file_larger_than_the_cache_drives_nothing_out() -> None:
    renderings, names = Renderings(cache_bytes=100), list[str]()
    for name, size in (("a", 100), ("b", 101), ("b", 101), ("a", 100)):
        await renderings.get(name, partial(made, names, name, size))
    renderings.close()
    assert names == ["a", "b", "b"]


@pytest.mark.anyio
async def test_a_failed_rendering_is_tried_again() -> None:
    renderings, names = Renderings(cache_bytes=100), list[str]()

    def fail() -> Rendered:
        raise ValueError("too few bytes")

    with pytest.raises(ValueError, match="too few bytes"):
        await renderings.get("a", fail)
    assert (await renderings.get("a", lambda: made(names, "a"))).data == b"a" * 40
    renderings.close()


@pytest.mark.anyio
async def test_one_who_leaves_does_not_take_the_file_from_the_others() -> None:
    renderings, names, go_on = Renderings(cache_bytes=100), list[str](), threading.Event()

    def make() -> Rendered:
        go_on.wait(5)
        return made(names, "a")

    leaving, staying = (asyncio.create_task(renderings.get("a", make)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    go_on.set()
    assert (await staying).data == b"a" * 40
    assert leaving.cancelled()
    assert names == ["a"]
    renderings.close()
