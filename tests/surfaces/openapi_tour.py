"""One call of each operation and one of each refusal, on fresh simulators whose clocks stand.

``python -m tests.surfaces.openapi_tour`` records the answers as the examples that the documents
show; a test compares them with what the simulator says today.
"""

import asyncio
import io
import json
import struct
import sys
import wave
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from simulator.domain.errors import REFUSAL_STATUS
from simulator.domain.limits import CALLS_A_MINUTE, JOBS_AT_ONCE
from simulator.domain.outputs import Variant
from simulator.domain.policies import Policies
from simulator.engine.operations import OPERATIONS
from simulator.media import render
from simulator.surfaces.openapi_routes import BASE_IN_EXAMPLES, EXAMPLES, EXTRAS, STREAMS, UPLOAD
from tests.media.support import VIDEO
from tests.surfaces.inprocess import Client, simulated

KEY = "sk_test_default"
HOST = "http://testserver"
QUERIES = {"get_models": "?model_type=separation", "get_generations": "?limit=1"}
PATH_VALUES = {"model_id": "nano-banana"}
A_URL = "https://example.com/a"
SEEDANCE = {"model": "seedance-2-480p", "generation_type": "text-to-video"}

REFUSED: Mapping[str, Mapping[str, Any]] = {
    "model_not_found": {"model": "no-such-model"},
    "variant_required": {"model": "seedance-2"},
    "unsupported_generation_type": {"generation_type": "text-to-video"},
    "prompt_too_long": {"prompt": "x" * 20_001, "model": "gpt-image-2"},
    "missing_source_media": {
        "model": "kling-2-5-image-to-video-pro",
        "generation_type": "image-to-video",
    },
    "unexpected_source_media": {"model": "imagen-4", "source_media_urls": [f"{A_URL}.png"]},
    "unsupported_media_type": {
        "generation_type": "image-to-image",
        "source_media_urls": [f"{A_URL}.gif"],
    },
    "too_many_images": {**SEEDANCE, "source_media_urls": [f"{A_URL}.png"] * 10},
    "too_many_videos": {**SEEDANCE, "source_media_urls": [f"{A_URL}.mp4"] * 4},
    "too_many_audios": {**SEEDANCE, "source_media_urls": [f"{A_URL}.mp3"] * 4},
    "too_few_images": {
        "model": "veo3-1",
        "generation_type": "image-to-video",
        "source_media_urls": [f"{A_URL}.png"],
    },
    "reference_video_not_allowed": {
        **SEEDANCE,
        "generation_type": "image-to-video",
        "source_media_urls": [f"{A_URL}.png", f"{A_URL}.mp4"],
    },
    "invalid_kling_elements": {
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "kling_elements": [{"name": "cat"}],
    },
    "invalid_duration": {
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "duration": "99s",
    },
    "invalid_aspect_ratio": {"aspect_ratio": "7:5"},
    "aspect_ratio_incompatible_with_high_res": {
        "model": "gpt-image-2",
        "resolution": "4K",
        "aspect_ratio": "1:1",
    },
    "invalid_quality": {"model": "imagen-4", "quality": "best"},
    "invalid_resolution": {"model": "flux-2", "resolution": "4K"},
}
"""What ``POST /v1/generate/media`` refuses in any world."""

MUSIC, DIALOGUE, ADS = "/v1/generate/music", "/v1/generate/dialogue", "/v1/generate/ad-copy"
ADVANCED = {"title": "Harbour", "style": "waltz", "vocal_gender": "f"}
REFUSED_BY_OTHERS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (MUSIC, {"title": "Harbour"}),
    (MUSIC, {"prompt": "x" * 401}),
    (MUSIC, {**ADVANCED, "vocal_gender": "none", "lyrics": "La"}),
    (MUSIC, ADVANCED),
    (DIALOGUE, {"dialogue": [{"text": "Hm"}]}),
    (DIALOGUE, {"dialogue": [{"text": "x" * 5_001}]}),
    (DIALOGUE, {"dialogue": [{"text": "Is anybody there?", "voice": "Nobody"}]}),
    (ADS, {"reference_ad_url": f"{A_URL}.mp4"}),
    (ADS, {"reference_ad_url": f"{A_URL}.png", "variant_count": 99}),
    ("/v1/generate/separation", {"media_url": f"{A_URL}.png"}),
)
"""Path and body of what the other products refuse; the remaining codes need a world made ready."""


@dataclass(frozen=True)
class Exchange:
    """One answer, and the path of the OpenAPI document that it belongs to."""

    method: str
    path: str
    answer: httpx2.Response

    @property
    def body(self) -> Any:
        is_json = self.answer.headers.get("content-type") == "application/json"
        return self.answer.json() if is_json else self.answer.text

    @property
    def name(self) -> str:
        return f"{self.method} {self.path} {self.answer.status_code}"


async def tour() -> list[Exchange]:
    """Every operation done once, then every refusal."""
    return [*await done(), *await refused(), *await turned_away()]


async def done() -> list[Exchange]:
    """One good answer of each operation and of each other route: the starts first, so that the
    look-ups find what they have made."""
    seen: list[Exchange] = []
    ids: dict[str, str] = {}
    async with simulated(KEY) as client:
        answer = await upload(client, png(320, 180), "photo.png")
        seen.append(Exchange("POST", "/v1/upload/media", answer))
        # A file that nobody has measured is taken for half an hour of talk: thousands of words.
        talk = (await upload(client, sound(4), "talk.wav")).json()["url"]
        instead = {"generate_captions": {"media_url": talk}}
        for operation in OPERATIONS:
            if operation.method == "POST":
                body = instead.get(operation.name) or dict(operation.example)
                answer = await client.post(operation.path, body)
                seen.append(Exchange("POST", operation.path, answer))
                ids[operation.path] = _id(answer)
        await client.advance(seconds=3600)
        for operation in OPERATIONS:
            if operation.method == "GET":
                path = _filled(operation.path, ids) + QUERIES.get(operation.name, "")
                seen.append(Exchange("GET", operation.path, await client.get(path)))
        for extra in EXTRAS:
            if extra.method == "GET":
                answer = await client.get(_filled(extra.path, ids))
                seen.append(Exchange("GET", extra.path, answer))
    return seen


async def refused() -> list[Exchange]:
    """One refusal of each code."""
    seen: list[httpx2.Response] = []
    others: list[Exchange] = []
    async with simulated(KEY, limits=False) as client:
        seen += [await client.start(**body) for body in REFUSED.values()]
        for path, body in REFUSED_BY_OTHERS:
            others.append(Exchange("POST", path, await client.post(path, body)))
        url = (await upload(client, sound(1_801, 1_000), "hours.wav")).json()["url"]
        answer = await client.post("/v1/generate/captions", {"media_url": url})
        others.append(Exchange("POST", "/v1/generate/captions", answer))
        for name, data in (("long.mp4", video(16_000)), ("long.wav", sound(16))):
            url = (await upload(client, data, name)).json()["url"]
            seen.append(await client.start(**SEEDANCE, source_media_urls=[url]))
        poor = client.as_key("sk_test_default.poor")
        await client.post("/_sim/accounts", {"key": "sk_test_default.poor", "credits": 3})
        seen.append(await poor.start())
    async with simulated(KEY, policies=Policies(idempotency="reject")) as client:
        seen.append((await twice(client))[1])
    async with simulated(KEY) as client:
        starts = [await client.start() for _ in range(JOBS_AT_ONCE["media"] + 1)]
        more = [await client.start(model="none") for _ in range(CALLS_A_MINUTE["media"])]
        reads = [await client.get("/v1/models") for _ in range(CALLS_A_MINUTE["read"] + 1)]
        seen += [starts[-1], more[-1]]
    limited = Exchange("GET", "/v1/models", reads[-1])
    media = [Exchange("POST", "/v1/generate/media", each) for each in seen]
    return [*media, *others, limited]


async def twice(client: Client) -> list[httpx2.Response]:
    """The same start under one Idempotency-Key."""
    body, headers = {"model": "nano-banana", "prompt": "A lighthouse"}, {"Idempotency-Key": "once"}
    path = "/v1/generate/media"
    return [await client.send("POST", path, json=body, headers=headers) for _ in range(2)]


async def turned_away() -> list[Exchange]:
    """What comes before any rule: of each status, on each operation that can give it."""
    seen: list[Exchange] = []
    async with simulated(KEY, limits=False) as client:
        await client.post("/_sim/accounts", {"key": "sk_test_default.none", "scopes": []})
        callers = {
            401: (client.as_key(None), {}),
            403: (client.as_key("sk_test_default.none"), {}),
            421: (client, {"Host": "example.com"}),
        }
        for method, path in every_route():
            for caller, headers in callers.values():
                answer = await caller.send(method, _filled(path, {}), headers=headers)
                seen.append(Exchange(method, path, answer))
        for operation in OPERATIONS:
            if operation.method == "POST":
                for body in (b"{}", b"[" * 100, b"not JSON", b" " * 2**20 + b"{}"):
                    answer = await client.send(
                        "POST",
                        operation.path,
                        content=body,
                        headers={"Content-Type": "application/json"},
                    )
                    seen.append(Exchange("POST", operation.path, answer))
                answer = await client.send("POST", operation.path, content=b"{}")
                seen.append(Exchange("POST", operation.path, answer))
        wrong = await client.get("/v1/generations?limit=many")
        seen.append(Exchange("GET", "/v1/generations", wrong))
        for data, name in ((b"<svg/>", "a.png"), (b"", "a.txt")):
            answer = await upload(client, data, name)
            seen.append(Exchange("POST", "/v1/upload/media", answer))
    return seen


def every_route() -> list[tuple[str, str]]:
    """Method and path of everything that the data plane's document tells."""
    operations = [(each.method, each.path) for each in OPERATIONS]
    return [*operations, *((each.method, each.path) for each in EXTRAS)]


async def upload(client: Client, data: bytes, name: str) -> httpx2.Response:
    return await client.send("POST", "/v1/upload/media", files={"file": (name, data)})


def png(width: int, height: int) -> bytes:
    """A grey picture, not compressed, so that its size depends on no library's version."""
    rows = (b"\x00" + b"\x80" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def sound(seconds: int, rate_hz: int = 8_000) -> bytes:
    """Silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate_hz)
        file.writeframes(b"\x80" * rate_hz * seconds)
    return buffer.getvalue()


def video(duration_ms: int) -> bytes:
    """A small video of the simulator's own."""
    output = replace(VIDEO, width=64, height=64, duration_ms=duration_ms, sound=False)
    return render(output, Variant.ORIGINAL, []).data


def _id(answer: httpx2.Response) -> str:
    body = answer.json()
    return next((str(body[name]) for name in body if name.endswith("_id")), "")


def _filled(path: str, ids: Mapping[str, str]) -> str:
    """A path with its fields: an id is that of the start one segment above, else nobody's."""
    parts = path.split("/")
    for position, part in enumerate(parts):
        name = part.partition("}")[0].removeprefix("{")
        if part.startswith("{"):
            value = ids.get("/".join(parts[:position])) or PATH_VALUES.get(name, "nobodys")
            parts[position] = value + part.partition("}")[2]
    return "/".join(parts)


def recorded(exchanges: list[Exchange]) -> dict[str, dict[str, Any]]:
    """The examples: good answers by operation, refusals by code."""
    names = {(each.method, each.path): each.name for each in OPERATIONS}
    names |= {(each.method, each.path): each.name for each in (UPLOAD, *STREAMS)}
    answers: dict[str, Any] = {}
    refusals: dict[str, Any] = {}
    for each in exchanges:
        name = names.get((each.method, each.path))
        if each.answer.status_code == 200 and name is not None:
            answers.setdefault(name, each.body)
        elif isinstance(each.body, dict) and "error" in each.body:
            refusals.setdefault(each.body["error"], each.body)
    in_order = {code: refusals[code] for code in REFUSAL_STATUS if code in refusals}
    text = json.dumps({"answers": answers, "refusals": in_order})
    examples: dict[str, dict[str, Any]] = json.loads(text.replace(HOST, BASE_IN_EXAMPLES))
    return examples


if __name__ == "__main__":
    seen = asyncio.run(tour())
    broken = [each.name for each in seen if each.answer.status_code >= 500]
    if broken:
        sys.exit(f"nothing is recorded: {broken[0]}")
    examples = json.dumps(recorded(seen), indent=1, ensure_ascii=False)
    EXAMPLES.write_text(examples + "\n", encoding="utf-8")
