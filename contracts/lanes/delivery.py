"""What a job delivers: files that open, of the kind, ratio, length and sound that were asked for;
and what the jobs of other products come to."""

from collections.abc import Mapping
from typing import Any

from contracts.check import Check, expect, same
from contracts.lanes.files import Opened, opened
from contracts.lanes.looking import IMAGE, field
from contracts.talk.backend import Backend
from contracts.talk.operations import BY_NAME

RATIO, RATIO_OFF = 16 / 9, 0.02
SECONDS_OFF = 0.2
VIDEO: Mapping[str, Any] = {
    "prompt": "Waves against a pier",
    "model": "seedance-2-fast-480p",
    "generation_type": "text-to-video",
    "duration": "4s",
    "aspect_ratio": "16:9",
}
TOGGLED: Mapping[str, Any] = {**VIDEO, "model": "kling-3-0-std", "duration": "3s"}


async def an_image_opens(backend: Backend, surface: str) -> None:
    output = await _output(backend, surface, IMAGE)
    file = await _opened(backend, output, "url", "image")
    same((output.get("width"), output.get("height")), (file.width, file.height), "the told size")
    for name in ("thumbnail_url", "optimized_url"):
        _has_ratio(await _opened(backend, output, name, "image"))
    _has_ratio(file)


async def a_video_opens(backend: Backend, surface: str) -> None:
    output = await _output(backend, surface, VIDEO)
    file = await _opened(backend, output, "url", "video")
    _has_ratio(file)
    _lasts(file, 4)
    expect(file.has_sound, "a sound track, since generate_audio is on unless it is sent", file)


async def sound_is_a_toggle(backend: Backend, surface: str) -> None:
    for sound in (False, True):
        output = await _output(backend, surface, {**TOGGLED, "sound": sound})
        file = await _opened(backend, output, "url", "video")
        _lasts(file, 3)
        expect(file.has_sound == sound, f"{'a' if sound else 'no'} sound track", file)


async def music_is_delivered(backend: Backend, surface: str) -> None:
    told = await _ended(backend, surface, "generate_music", "get_music_status")
    songs = field(told, "songs", list)
    expect(songs, "some songs", told)
    for song in songs:
        url = song.get("audio_url") or song.get("stream_url")
        expect(isinstance(url, str) and url, "an address to listen at", song)
        file = opened(await backend.fetch(url))
        expect(file.kind == "audio", "a file of sound", file)


async def a_dialogue_is_delivered(backend: Backend, surface: str) -> None:
    told = await _ended(backend, surface, "generate_dialogue", "get_generation_status")
    outputs = field(told, "outputs", list)
    same(1, len(outputs), "one output:")
    file = await _opened(backend, outputs[0], "url", "audio")
    expect(file.seconds > 0, "a sound that lasts", file)


async def ad_copy_is_delivered(backend: Backend, surface: str) -> None:
    told = await _ended(backend, surface, "create_ad_copy", "get_generation_status")
    outputs = field(told, "outputs", list)
    same(1, len(outputs), "an output for the one variant:")
    await _opened(backend, outputs[0], "url", str(outputs[0].get("media_type")))


async def a_separation_is_delivered(backend: Backend, surface: str) -> None:
    told = await _ended(backend, surface, "generate_separation", "get_separation_status")
    for name in ("vocals_url", "instrumental_url"):
        file = opened(await backend.fetch(field(told, name, str)))
        expect(file.kind == "audio", f"a file of sound at {name}", file)


async def _ended(backend: Backend, surface: str, start: str, look: str) -> Mapping[str, Any]:
    """The status answer of a completed job of the call's example."""
    example = BY_NAME[start].example or {}
    reply = await backend.start(example, surface=surface, name=start)
    told = await backend.wait_finished(reply.generation_id, surface=surface, name=look)
    same("completed", told["status"], "status")
    return told


async def _output(backend: Backend, surface: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    reply = await backend.start(body, surface=surface)
    told = await backend.wait_finished(reply.generation_id, surface=surface)
    same("completed", told["status"], "status")
    outputs: list[Mapping[str, Any]] = field(told, "outputs", list)
    same(1, len(outputs), "one output:")
    return outputs[0]


async def _opened(backend: Backend, output: Mapping[str, Any], name: str, kind: str) -> Opened:
    reply = await backend.fetch(field(output, name, str))
    expect(reply.status == 200, f"200 for {name}", reply.status)
    file = opened(reply)
    expect(file.kind == kind, f"a file of kind {kind} at {name}", file)
    told = reply.headers.get("content-type", "")
    expect(told.startswith(f"{kind}/"), f"a Content-Type of {kind}/… at {name}", repr(told))
    return file


def _has_ratio(file: Opened) -> None:
    ratio = file.width / max(file.height, 1)
    expect(abs(ratio - RATIO) <= RATIO * RATIO_OFF, "a ratio of 16:9", file)


def _lasts(file: Opened, seconds: float) -> None:
    expect(abs(file.seconds - seconds) <= SECONDS_OFF, f"{seconds} s", file)


CHECKS: tuple[Check, ...] = (
    Check(("lifecycle:image-file",), an_image_opens),
    Check(("lifecycle:video-file",), a_video_opens),
    Check(("lifecycle:video-sound",), sound_is_a_toggle),
    Check(("lifecycle:music",), music_is_delivered),
    Check(("lifecycle:dialogue",), a_dialogue_is_delivered),
    Check(("lifecycle:ads",), ad_copy_is_delivered),
    Check(("lifecycle:separation",), a_separation_is_delivered),
)
