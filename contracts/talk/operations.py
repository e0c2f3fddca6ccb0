"""The provider's calls as its documentation tells them: each with its route and its tool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True)
class Operation:
    """``path`` "": a tool without a route. ``starts``: it may start a job, so it costs. ``scopes``:
    a key needs any of them. ``bucket``: which rate limit counts it. ``feature``: what a target
    that has it declares. ``example``: arguments that are accepted."""

    name: str
    method: str
    path: str
    starts: bool = False
    scopes: tuple[str, ...] = ()
    bucket: str = ""
    feature: str = ""
    required: tuple[str, ...] = ()
    example: Mapping[str, Any] | None = None

    @property
    def path_fields(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def reads(self) -> bool:
        """Whether it may be sent twice without any harm."""
        return self.method == "GET" or self.bucket == "read"

    def request(self, arguments: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
        """The path with its query, and the body; a path field that is not given is empty."""
        path = self.path
        for name in self.path_fields:
            path = path.replace("{" + name + "}", quote(str(arguments.get(name, "")), safe=""))
        rest = {name: value for name, value in arguments.items() if name not in self.path_fields}
        if self.method == "POST":
            return path, rest
        return (f"{path}?{urlencode(rest)}" if rest else path), None


_MEDIA = ("generate:media",)
_LOOK = ("read:generations", "generate:media")
_PROMPT = "A lighthouse at dusk"

OPERATIONS: tuple[Operation, ...] = (
    Operation("get_models", "GET", "/v1/models", bucket="read"),
    Operation(
        "generate_media",
        "POST",
        "/v1/generate/media",
        starts=True,
        scopes=_MEDIA,
        bucket="media",
        required=("prompt", "model"),
        example={"prompt": _PROMPT, "model": "nano-banana"},
    ),
    Operation(
        "get_generation_status",
        "GET",
        "/v1/generate/media/{generation_id}",
        scopes=_LOOK,
        bucket="read",
        required=("generation_id",),
    ),
    Operation(
        "get_generation_estimate",
        "POST",
        "/v1/generate/estimate",
        bucket="read",
        feature="time-estimate",
        required=("model",),
        example={"model": "nano-banana"},
    ),
    Operation(
        "estimate_generation_cost",
        "POST",
        "/v1/generate/cost",
        bucket="read",
        feature="cost-estimate",
        required=("model",),
        example={"model": "nano-banana", "prompt": _PROMPT},
    ),
    Operation("get_balance", "GET", "/v1/balance", scopes=("read:balance",), bucket="read"),
    Operation(
        "get_generations", "GET", "/v1/generations", scopes=("read:generations",), bucket="read"
    ),
    Operation(
        "generate_music",
        "POST",
        "/v1/generate/music",
        starts=True,
        scopes=("generate:music",),
        bucket="music",
        feature="music",
        example={"prompt": "A slow waltz for an empty harbour", "instrumental": True},
    ),
    Operation(
        "get_music_status",
        "GET",
        "/v1/generate/music/{generation_id}",
        scopes=("read:generations", "generate:music"),
        bucket="read",
        feature="music",
        required=("generation_id",),
    ),
    Operation(
        "generate_dialogue",
        "POST",
        "/v1/generate/dialogue",
        starts=True,
        scopes=("generate:speech",),
        bucket="dialogue",
        feature="dialogue",
        required=("dialogue",),
        example={"dialogue": [{"text": "Is anybody there?", "voice": "Rachel"}]},
    ),
    Operation(
        "create_ad_copy",
        "POST",
        "/v1/generate/ad-copy",
        starts=True,
        scopes=("generate:ads",),
        bucket="ads",
        feature="ads",
        required=("reference_ad_url",),
        example={"reference_ad_url": "https://example.com/ad.jpg", "product_text": "A kettle"},
    ),
    Operation(
        "generate_captions",
        "POST",
        "/v1/generate/captions",
        starts=True,
        scopes=_MEDIA,
        bucket="media",
        feature="captions",
        required=("media_url",),
        example={"media_url": "https://example.com/talk.mp4"},
    ),
    Operation(
        "generate_separation",
        "POST",
        "/v1/generate/separation",
        starts=True,
        scopes=_MEDIA,
        bucket="media",
        feature="separation",
        required=("media_url",),
        example={"media_url": "https://example.com/song.mp3"},
    ),
    Operation(
        "get_separation_status",
        "GET",
        "/v1/generate/separation/{separation_id}",
        scopes=_LOOK,
        bucket="read",
        feature="separation",
        required=("separation_id",),
    ),
    Operation(
        "get_upload_url", "POST", "", scopes=_MEDIA, bucket="upload", feature="upload-sessions"
    ),
    Operation(
        "get_upload_session",
        "GET",
        "",
        scopes=_MEDIA,
        bucket="read",
        feature="upload-sessions",
        required=("token",),
    ),
)

UPLOAD = Operation(
    "upload_media", "POST", "/v1/upload/media", scopes=_MEDIA, bucket="upload", feature="uploads"
)
"""The one route without a tool."""

SCOPES = (
    "generate:media",
    "generate:music",
    "generate:speech",
    "generate:ads",
    "read:balance",
    "read:generations",
)

BY_NAME: Mapping[str, Operation] = {each.name: each for each in (*OPERATIONS, UPLOAD)}
