"""Every call of the provider, once: its route, its tool's name, its shapes, scope and rate bucket.

REST serves this list, its OpenAPI is made from it, and so are the tools of MCP.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Raw, Struct

from simulator.domain.evidence import ASSUMED, DOCUMENTED, OBSERVED, Strength
from simulator.engine import answers, bodies
from simulator.engine.products import ads, captions, dialogue, music, separation, sessions
from simulator.engine.provider import Provider

Call = Callable[..., Awaitable[Struct | Raw]]
"""``(provider, caller, body)``; for the control plane ``(control, world, body)``. A Raw is an
answer that is JSON already."""


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that nobody has read yet, and the path's fields."""

    fields: Mapping[str, str]
    file: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """``scopes``: the key needs any of them; empty: any key will do. ``bucket``: the rate limit
    that a call counts against. ``refuses``: whether business rules can refuse it. ``advice``: when
    an agent should use the tool. ``file_bytes_most``: the body is a file of at most so many bytes,
    and the call gets a FileBody."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    body: type[Struct]
    answer: type[Struct]
    call: Call
    strength: Strength
    source: str
    scopes: tuple[str, ...] = ()
    bucket: str | None = None
    refuses: bool = False
    looks_up: bool = False
    advice: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    file_bytes_most: int | None = None

    @property
    def reads(self) -> bool:
        """Whether it only looks: nothing is held, started or kept."""
        return self.method == "GET" or self.bucket == "read"

    @property
    def starts(self) -> bool:
        """Whether it holds credits and makes a job."""
        return self.method == "POST" and self.bucket not in (None, "read", "upload")

    @property
    def path_fields(self) -> tuple[str, ...]:
        segments = self.path.split("/")
        return tuple(segment[1:-1] for segment in segments if segment.startswith("{"))


_READS = ("read:generations", "generate:media")
_IMAGE: Mapping[str, Any] = {
    "prompt": "A lighthouse at dusk, long exposure",
    "model": "nano-banana",
    "aspect_ratio": "16:9",
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="get_models",
        method="GET",
        path="/v1/models",
        summary="List the models",
        description="Every model that can be asked for, with its prices, limits and options.",
        advice="Call it first: it tells ids, prices, generation types and input counts.",
        body=bodies.ModelsQuery,
        answer=answers.ModelsAnswer,
        call=Provider.get_models,
        strength=OBSERVED,
        source="docs: account tools",
        bucket="read",
    ),
    Operation(
        name="generate_media",
        method="POST",
        path="/v1/generate/media",
        summary="Start an image or a video",
        description="Checks the request against the model's rules, holds its price, and starts the"
        " job. Poll the status until it is completed or failed.",
        advice="Use it for images and videos; look up the model with get_models and "
        "the price with estimate_generation_cost before.",
        body=bodies.MediaBody,
        answer=answers.StartAnswer,
        call=Provider.generate_media,
        strength=DOCUMENTED,
        source="page: generate_media",
        scopes=("generate:media",),
        bucket="media",
        refuses=True,
        example=_IMAGE,
    ),
    Operation(
        name="get_generation_status",
        method="GET",
        path="/v1/generate/media/{generation_id}",
        summary="Look at a generation",
        description="Status, progress, and the files once it is completed.",
        advice="Use it for media, dialogue and ad copy, every 5 seconds after the first wait.",
        body=bodies.GenerationId,
        answer=answers.StatusAnswer,
        call=Provider.get_generation_status,
        strength=DOCUMENTED,
        source="page: get_generation_status",
        scopes=_READS,
        bucket="read",
        looks_up=True,
    ),
    Operation(
        name="get_generation_estimate",
        method="POST",
        path="/v1/generate/estimate",
        summary="Estimate the time",
        description="How long a generation would take; nothing is started. The route is assumed.",
        advice="Use it to tell a person how long to wait.",
        body=bodies.EstimateBody,
        answer=answers.EstimateAnswer,
        call=Provider.get_generation_estimate,
        strength=ASSUMED,
        source="page: get_generation_estimate; the route is a ruling",
        bucket="read",
        refuses=True,
        example={"model": "kling-3-0-std", "generation_type": "text-to-video"},
    ),
    Operation(
        name="estimate_generation_cost",
        method="POST",
        path="/v1/generate/cost",
        summary="Price a generation",
        description="What a start with this body would hold, by which row and formula; nothing is"
        " started. The route is assumed.",
        advice="Use it before every start that costs more than a few credits.",
        body=bodies.CostBody,
        answer=answers.CostAnswer,
        call=Provider.estimate_generation_cost,
        strength=ASSUMED,
        source="docs: how it works; the route is a ruling",
        bucket="read",
        refuses=True,
        example={"model": "nano-banana", "prompt": "A lighthouse at dusk"},
    ),
    Operation(
        name="get_balance",
        method="GET",
        path="/v1/balance",
        summary="Look at the balance",
        description="The credits that are available; held ones are not.",
        advice="Use it before a costly start, or after insufficient_credits.",
        body=bodies.Nothing,
        answer=answers.BalanceAnswer,
        call=Provider.get_balance,
        strength=OBSERVED,
        source="clients of the API",
        scopes=("read:balance",),
        bucket="read",
    ),
    Operation(
        name="get_generations",
        method="GET",
        path="/v1/generations",
        summary="List generations",
        description="This account's generations, newest first, at most 25.",
        advice="Use it to find a generation whose id was lost, before starting again.",
        body=bodies.GenerationsQuery,
        answer=answers.GenerationsAnswer,
        call=Provider.get_generations,
        strength=OBSERVED,
        source="clients of the API",
        scopes=("read:generations",),
        bucket="read",
    ),
    Operation(
        name="generate_music",
        method="POST",
        path="/v1/generate/music",
        summary="Start music",
        description="Simple mode from a prompt, or advanced mode from a title and a style.",
        advice="Simple mode for a mood, advanced mode for a song with given words.",
        body=music.MusicBody,
        answer=answers.StartAnswer,
        call=music.generate_music,
        strength=OBSERVED,
        source="docs: music tools; clients of the API",
        scopes=("generate:music",),
        bucket="music",
        refuses=True,
        example={"prompt": "A slow waltz for an empty harbour", "instrumental": True},
    ),
    Operation(
        name="get_music_status",
        method="GET",
        path="/v1/generate/music/{generation_id}",
        summary="Look at music",
        description="Status and songs; a song can be streamed before it is whole.",
        advice="Use it for music only.",
        body=bodies.GenerationId,
        answer=music.MusicStatusAnswer,
        call=music.get_music_status,
        strength=OBSERVED,
        source="docs: how it works; clients of the API",
        scopes=("read:generations", "generate:music"),
        bucket="read",
        looks_up=True,
    ),
    Operation(
        name="generate_dialogue",
        method="POST",
        path="/v1/generate/dialogue",
        summary="Start a dialogue",
        description="Lines of text, spoken; poll the media status.",
        advice="Use it for speech; a line may name one of 26 voices.",
        body=dialogue.DialogueBody,
        answer=answers.StartAnswer,
        call=dialogue.generate_dialogue,
        strength=OBSERVED,
        source="docs: limitations; clients of the API",
        scopes=("generate:speech",),
        bucket="dialogue",
        refuses=True,
        example={"dialogue": [{"text": "Is anybody there?", "voice": "Rachel"}]},
    ),
    Operation(
        name="create_ad_copy",
        method="POST",
        path="/v1/generate/ad-copy",
        summary="Start ad copy",
        description="Variants of an advertisement after a reference; poll the media status.",
        advice="Use it when there is an advertisement to follow.",
        body=ads.AdCopyBody,
        answer=answers.StartAnswer,
        call=ads.create_ad_copy,
        strength=OBSERVED,
        source="docs: how it works; clients of the API",
        scopes=("generate:ads",),
        bucket="ads",
        refuses=True,
        example={"reference_ad_url": "https://example.com/ad.jpg", "product_text": "A kettle"},
    ),
    Operation(
        name="generate_captions",
        method="POST",
        path="/v1/generate/captions",
        summary="Make captions",
        description="Answers with the words and their times. The route is assumed.",
        advice="Use it for the words of a video or an audio file.",
        body=captions.CaptionsBody,
        answer=captions.CaptionsAnswer,
        call=captions.generate_captions,
        strength=ASSUMED,
        source="docs: how it works; the route is a ruling",
        scopes=("generate:media",),
        bucket="media",
        refuses=True,
        example={"media_url": "https://example.com/talk.mp4"},
    ),
    Operation(
        name="generate_separation",
        method="POST",
        path="/v1/generate/separation",
        summary="Start a separation",
        description="Voice and music of a file, apart. The route is assumed.",
        advice="Use it to part vocals from the rest.",
        body=separation.SeparationBody,
        answer=separation.SeparationStart,
        call=separation.generate_separation,
        strength=ASSUMED,
        source="docs: how it works; the route is a ruling",
        scopes=("generate:media",),
        bucket="media",
        refuses=True,
        example={"media_url": "https://example.com/song.mp3"},
    ),
    Operation(
        name="get_separation_status",
        method="GET",
        path="/v1/generate/separation/{separation_id}",
        summary="Look at a separation",
        description="Status, and both files once it is completed. The route is assumed.",
        advice="Use it for separations only.",
        body=separation.SeparationId,
        answer=separation.SeparationStatus,
        call=separation.get_separation_status,
        strength=ASSUMED,
        source="docs: how it works; the route is a ruling",
        scopes=("read:generations", "generate:media"),
        bucket="read",
        looks_up=True,
    ),
)

UNROUTED: tuple[Operation, ...] = (
    Operation(
        name="get_upload_url",
        method="POST",
        path="",
        summary="Open an upload session",
        description="A page for a person, and an address for direct uploads, under one token.",
        advice="Use it when the source files lie on somebody's disk.",
        body=sessions.UploadUrlBody,
        answer=sessions.UploadUrlAnswer,
        call=sessions.get_upload_url,
        strength=OBSERVED,
        source="the provider's MCP listing",
        scopes=("generate:media",),
        bucket="upload",
    ),
    Operation(
        name="get_upload_session",
        method="GET",
        path="",
        summary="Look at an upload session",
        description="What has arrived under a token: URLs in order, kinds, sizes, lengths.",
        advice="Use it after the person has uploaded; its URLs go into source_media_urls.",
        body=sessions.UploadToken,
        answer=sessions.SessionAnswer,
        call=sessions.get_upload_session,
        strength=OBSERVED,
        source="the provider's MCP listing",
        scopes=("generate:media",),
        bucket="read",
        looks_up=True,
    ),
)
"""Tools that have no route: a REST caller uploads with POST /v1/upload/media."""
