"""The life of each product over HTTP: from the start to files that decode, and what it cost."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import av
import pytest
from PIL import Image

from simulator.domain.jobs import streaming_from_ms
from tests.mcp.wire import Wire, wired
from tests.media.support import IMAGE, SOUND, VIDEO, near, opened, original

MP3_FRAME_MS = 24
RED = (230, 20, 40)
STARTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "media": ("/v1/generate/media", {"model": "nano-banana", "prompt": "A lighthouse"}),
    "music": ("/v1/generate/music", {"prompt": "A slow waltz"}),
    "dialogue": ("/v1/generate/dialogue", {"dialogue": [{"text": "Is anybody there?"}]}),
    "ad-copy": ("/v1/generate/ad-copy", {"reference_ad_url": "https://example.com/ad.png"}),
    "captions": ("/v1/generate/captions", {"media_url": "https://example.com/talk.mp3"}),
    "separation": ("/v1/generate/separation", {"media_url": "https://example.com/song.mp3"}),
}
ROUTES = ("media", "music", "separation")


async def started(wire: Wire, kind: str, **fields: Any) -> str:
    path, body = STARTS[kind]
    answer = await wire.rest("POST", path, {**body, **fields})
    assert answer.status_code == 200, answer.text
    made: dict[str, str] = answer.json()
    return made.get("generation_id") or made["separation_id"]


async def looked(wire: Wire, route: str, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await wire.rest("GET", f"/v1/generate/{route}/{job_id}")).json()
    return answer


async def uploaded(wire: Wire, name: str, data: bytes) -> str:
    answer = await wire.http.post(
        "/v1/upload/media", headers={"X-API-Key": "sk_test_w"}, files={"file": (name, data)}
    )
    url: str = answer.json()["url"]
    return url


async def ledger(wire: Wire) -> list[tuple[str, float]]:
    """Every movement after the grant; the whole must be sound."""
    verified = (await wire.rest("GET", "/_sim/ledger/verify")).json()
    assert (verified["ok"], verified["violations"]) == (True, [])
    entries = (await wire.rest("GET", "/_sim/ledger")).json()["entries"]
    return [(entry["kind"], entry["credits"]) for entry in entries[1:]]


async def fetched(wire: Wire, url: str) -> bytes:
    answer = await wire.http.get(url)
    assert answer.status_code == 200, url
    return answer.content


def sound_ms(data: bytes) -> float:
    """How long a sound lasts, by its decoded samples."""
    with av.open(io.BytesIO(data), mode="r") as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(stream))
        return samples * 1_000 / stream.rate


@pytest.mark.ruling("music.songs")
@pytest.mark.ruling("music.streaming")
async def test_songs_are_heard_before_they_are_whole_and_last_as_long_as_they_say() -> None:
    async with wired() as wire:
        job_id = await started(wire, "music")
        job = await wire.simulator.provider.store.job(1, job_id)
        assert job is not None
        before_s = (streaming_from_ms(job) - job.times.created_at_ms - 1) / 1_000
        stream_url = f"/media/w/{job_id}/{job.outputs[0].id}.stream.mp3"
        await wire.advance(before_s)
        early = await looked(wire, "music", job_id)
        assert (early["status"], early["songs"]) == ("processing", [])
        assert (await wire.http.get(stream_url)).status_code == 404

        await wire.advance(0.001)
        half = await looked(wire, "music", job_id)
        assert (half["status"], half["completed_at"]) == ("streaming", None)
        assert [song["audio_url"] for song in half["songs"]] == [None, None]
        streams = [await fetched(wire, song["stream_url"]) for song in half["songs"]]
        covers = [await fetched(wire, song["cover_image_url"]) for song in half["songs"]]
        assert [opened(cover).size for cover in covers] == [(1024, 1024)] * 2
        whole_url = half["songs"][0]["stream_url"].replace(".stream.", ".")
        assert (await wire.http.get(whole_url)).status_code == 404
        assert await ledger(wire) == [("hold", 19)]

        await wire.advance(100)
        last = await looked(wire, "music", job_id)
        assert (last["status"], last["progress"], last["credits_deducted"]) == (
            "completed",
            100,
            19,
        )
        songs = [await fetched(wire, song["audio_url"]) for song in last["songs"]]
        for song, data in zip(last["songs"], songs, strict=True):
            assert abs(sound_ms(data) - song["duration"] * 1_000) <= MP3_FRAME_MS
        assert songs == streams
        assert songs[0] != songs[1]
        assert covers[0] != covers[1]
        assert await ledger(wire) == [("hold", 19), ("capture", 19)]


async def test_the_music_stream_ends_with_what_the_status_answers() -> None:
    async with wired() as wire:
        job_id = await started(wire, "music")
        await wire.advance(200)
        events = await wire.rest("GET", f"/v1/generate/music/{job_id}/stream")
        status = await wire.rest("GET", f"/v1/generate/music/{job_id}")
        assert f"event: result\ndata: {status.text}\n\n" in events.text
        other = await wire.rest("GET", f"/v1/generate/media/{job_id}/stream")
        assert other.status_code == 404


@pytest.mark.parametrize("reason", ["content_policy", "provider_error", "timeout", "whatever"])
async def test_a_song_that_fails_gives_its_credits_back_and_nothing_to_hear(reason: str) -> None:
    async with wired() as wire:
        job_id = await started(wire, "music", prompt=f"A waltz [sim:fail={reason}]")
        await wire.advance(200)
        shown = await looked(wire, "music", job_id)
        assert (shown["status"], shown["songs"], shown["credits_deducted"]) == ("failed", [], 0)
        assert shown["error_message"]
        job = await wire.simulator.provider.store.job(1, job_id)
        assert job is not None
        for name in ("stream.mp3", "mp3"):
            url = f"/media/w/{job_id}/{job.outputs[0].id}.{name}"
            assert (await wire.http.get(url)).status_code == 404
        assert await ledger(wire) == [("hold", 19), ("release", 19)]


async def test_an_advanced_song_fails_by_the_words_of_its_description() -> None:
    async with wired() as wire:
        advanced = {"title": "Tide", "style": "folk", "vocal_gender": "m"}
        words = {"prompt": None, "lyrics": "Out at sea [sim:fail=timeout]"}
        job_id = await started(wire, "music", **advanced, **words)
        await wire.advance(200)
        assert (await looked(wire, "music", job_id))["status"] == "failed"
        assert await ledger(wire) == [("hold", 19), ("release", 19)]


@pytest.mark.ruling("dialogue.polled-as-media")
@pytest.mark.ruling("dialogue.length")
async def test_a_dialogue_is_one_sound_at_the_media_route() -> None:
    async with wired() as wire:
        job_id = await started(wire, "dialogue", dialogue=[{"text": "x" * 100}])
        assert (await looked(wire, "media", job_id))["outputs"] == []
        await wire.advance(60)
        shown = await looked(wire, "media", job_id)
        (output,) = shown["outputs"]
        assert (shown["status"], output["media_type"], output["format"]) == (
            *("completed", "audio", "mp3"),
        )
        assert (output["thumbnail_url"], output["optimized_url"]) == (None, None)
        assert output["duration"] == 6.666
        data = await fetched(wire, output["url"])
        assert len(data) == output["file_size"]
        assert abs(sound_ms(data) - 6_666) <= MP3_FRAME_MS
        assert await ledger(wire) == [("hold", 21), ("capture", 21)]


@pytest.mark.ruling("ads.outputs")
async def test_an_advertisement_shows_its_uploads_in_every_variant() -> None:
    async with wired() as wire:
        picture = io.BytesIO()
        Image.new("RGB", (400, 400), RED).save(picture, "PNG")
        url = await uploaded(wire, "ad.png", picture.getvalue())
        fields = {"variant_count": 3, "aspect_ratio": "1:1", "product_text": "A kettle"}
        plain = await started(wire, "ad-copy", **fields)
        with_upload = await started(wire, "ad-copy", **fields, reference_ad_url=url)
        await wire.advance(100)
        outputs = (await looked(wire, "media", with_upload))["outputs"]
        pictures = [await fetched(wire, output["url"]) for output in outputs]
        assert len(set(pictures)) == 3
        assert [opened(each).size for each in pictures] == [(1024, 1024)] * 3
        assert all(red_share(each) > 0.02 for each in pictures)
        (other, *_) = (await looked(wire, "media", plain))["outputs"]
        assert red_share(await fetched(wire, other["url"])) < 0.001
        kinds = [kind for kind, credits in await ledger(wire) if credits == 150]
        assert kinds == ["hold", "hold", "capture", "capture"]


def red_share(data: bytes) -> float:
    small = opened(data).convert("RGB").resize((128, 128), Image.Resampling.NEAREST)
    pixels = [small.getpixel((x, y)) for x in range(128) for y in range(128)]
    return sum(near(pixel, RED, 12) for pixel in pixels) / len(pixels)


@pytest.mark.ruling("captions.synchronous")
@pytest.mark.ruling("captions.words")
async def test_captions_are_there_at_once_within_the_length_and_the_same_again() -> None:
    async with wired() as wire:
        answers = []
        for _ in range(2):
            url = await uploaded(wire, "talk.mp3", original(replace(SOUND, duration_ms=7_300)))
            answer = await wire.rest("POST", "/v1/generate/captions", {"media_url": url})
            assert await ledger(wire) == [("hold", 4), ("capture", 4)]
            answers.append(answer.content)
            await wire.rest("POST", "/_sim/reset", {})
        assert answers[0] == answers[1]
        captions = json.loads(answers[0])
        assert (captions["status"], captions["credits_deducted"]) == ("completed", 4)
        times = [(word["start"], word["end"]) for word in captions["words"]]
        assert times == sorted(times)
        assert all(0 <= start < end <= captions["duration_seconds"] for start, end in times)
        assert captions["text"].split() == [word["word"] for word in captions["words"]]
        assert len(times) == 15


@pytest.mark.ruling("separation.outputs")
async def test_a_separation_is_two_sounds_as_long_as_the_film() -> None:
    async with wired() as wire:
        film = original(replace(VIDEO, duration_ms=4_000))
        job_id = await started(wire, "separation", media_url=await uploaded(wire, "a.mp4", film))
        early = await looked(wire, "separation", job_id)
        assert (early["vocals_url"], early["instrumental_url"]) == (None, None)
        await wire.advance(100)
        shown = await looked(wire, "separation", job_id)
        assert (shown["status"], shown["progress"]) == ("completed", 100)
        parts = [await fetched(wire, shown[f"{name}_url"]) for name in ("vocals", "instrumental")]
        assert parts[0] != parts[1]
        for part in parts:
            assert abs(sound_ms(part) - 4_000) <= MP3_FRAME_MS
        assert await ledger(wire) == [("hold", 6), ("capture", 6)]


@pytest.mark.parametrize(
    ("kind", "route"),
    [
        *(("media", "media"), ("music", "music"), ("dialogue", "media"), ("ad-copy", "media")),
        *(("captions", None), ("separation", "separation")),
    ],
)
async def test_a_generation_is_found_at_its_own_route_alone(kind: str, route: str | None) -> None:
    async with wired() as wire:
        job_id = await started(wire, kind)
        found = []
        for each in ROUTES:
            answer = await wire.rest("GET", f"/v1/generate/{each}/{job_id}")
            unknown = await wire.rest("GET", f"/v1/generate/{each}/nobodys")
            assert answer.status_code == 200 or answer.content == unknown.content
            found += [each] if answer.status_code == 200 else []
        assert found == ([] if route is None else [route])


@pytest.mark.ruling("wire.listing-products")
async def test_the_list_shows_each_kind_with_the_files_that_there_are() -> None:
    async with wired() as wire:
        ids = [await started(wire, kind) for kind in STARTS]
        early = (await wire.rest("GET", "/v1/generations")).json()["generations"]
        await wire.advance(200)
        rows = (await wire.rest("GET", "/v1/generations")).json()["generations"]
        assert [row["id"] for row in rows] == [row["id"] for row in early] == ids[::-1]
        assert [row["outputs"] for row in early] == [[]] * 6
        assert {row["status"] for row in rows} == {"completed"}
        kinds = {
            row["generation_type"]: [output["media_type"] for output in row["outputs"]]
            for row in rows
        }
        assert kinds == {
            "text-to-image": ["image"],
            "text-to-music": ["audio", "image", "audio", "image"],
            "text-to-dialogue": ["audio"],
            "image-to-image": ["image"],
            "captions": [],
            "separation": ["audio", "audio"],
        }
        for row in rows:
            for output in row["outputs"]:
                for name in ("url", "thumbnail_url", "optimized_url"):
                    if output[name] is not None:
                        assert (await wire.http.head(output[name])).status_code == 200
        music = (await wire.rest("GET", "/v1/generations?model=V5_5")).json()["generations"]
        assert [row["id"] for row in music] == [ids[1]]
        songs = (await looked(wire, "music", ids[1]))["songs"]
        listed = [output["url"] for output in music[0]["outputs"]]
        assert listed[::2] == [song["audio_url"] for song in songs]
        assert listed[1::2] == [song["cover_image_url"] for song in songs]
        await ledger(wire)


def test_a_picture_without_red_shows_none() -> None:
    assert red_share(original(IMAGE)) == 0
