"""What is asked of each operation on both surfaces: good requests, and one of each refusal."""

from collections.abc import Mapping
from typing import Any

from tests.surfaces.openapi_tour import REFUSED

Arguments = Mapping[str, Any]

STARTED = "@started"
"""Stands for the id of the start that ``STARTS`` names."""

STARTS = {
    "get_generation_status": "generate_media",
    "get_music_status": "generate_music",
    "get_separation_status": "generate_separation",
}
"""Which start makes what a look-up finds."""

_IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}
_KLING = {"prompt": "A cat", "model": "kling-3-0-std", "generation_type": "text-to-video"}
_AD = {"reference_ad_url": "https://example.com/ad.jpg", "product_text": "A kettle"}
_SONG = {"title": "Harbour", "style": "waltz", "lyrics": "La la"}
_REFUSED_MEDIA = tuple({**_IMAGE, **fields} for fields in REFUSED.values())
_ID_CASES = (
    {"generation_id": STARTED},
    {"generation_id": "nobodys"},
    {"generation_id": "x" * 300},
    {"generation_id": "ü\x00 %2F?"},
    {"generation_id": STARTED, "colour": "red"},
)

CASES: Mapping[str, tuple[Arguments, ...]] = {
    "get_models": (
        {"model_type": "image"},
        {"model_type": "music"},
        {"model_type": "paper"},
        {"model_type": "other", "colour": "red"},
    ),
    "generate_media": (
        _IMAGE,
        {**_IMAGE, "colour": "red", "n": 4},
        {**_KLING, "duration": 5, "sound": True},
        {**_KLING, "duration": "5s"},
        {**_KLING, "kling_elements": {"name": "cat"}},
        {**_IMAGE, "seed": 7, "negative_prompt": None},
        {**_IMAGE, "seed": -1},
        {**_IMAGE, "seed": 2**70},
        {**_IMAGE, "seed": 1.0},
        {**_IMAGE, "prompt": ""},
        {**_IMAGE, "sound": "yes", "source_media_urls": [1, "a", None]},
        {"prompt": 4},
        {},
        *_REFUSED_MEDIA,
    ),
    "get_generation_status": _ID_CASES,
    "get_generation_estimate": (
        {"model": "nano-banana"},
        {**_KLING, "parameters": {"duration": "10s"}},
        {"model": "no-such-model"},
        {"model": "nano-banana", "parameters": []},
        {},
    ),
    "estimate_generation_cost": (
        {"model": "nano-banana"},
        {**_KLING, "duration": "10s", "sound": True},
        {**_KLING, "duration": "99s"},
        {"model": "seedance-2"},
        {"model": 1},
    ),
    "get_balance": ({}, {"colour": "red"}),
    "get_generations": (
        {},
        {"limit": 1},
        {"limit": 0},
        {"limit": 400, "status": "pending"},
        {"status": "lost"},
        {"limit": "many", "status": "lost"},
        {"model": "nano-banana", "generation_type": "text-to-image"},
    ),
    "generate_music": (
        {"prompt": "A slow waltz", "instrumental": True},
        _SONG,
        {"title": "Harbour"},
        {"prompt": "x" * 401},
        {**_SONG, "vocal_gender": "none"},
        {**_SONG, "style_weight": 2},
        {"prompt": ["A waltz"]},
        {},
    ),
    "get_music_status": _ID_CASES,
    "generate_dialogue": (
        {"dialogue": [{"text": "Is anybody there?", "voice": "Rachel"}]},
        {"dialogue": [{"text": "Is anybody there?"}], "stability": 0.25},
        {"dialogue": [{"text": "Hm"}]},
        {"dialogue": [{"text": "x" * 5_001}]},
        {"dialogue": [{"text": "Is anybody there?", "voice": "Nobody"}]},
        {"dialogue": [{"text": 4}, {}]},
        {"dialogue": []},
        {},
    ),
    "create_ad_copy": (
        _AD,
        {**_AD, "variant_count": 3},
        {**_AD, "variant_count": 99},
        {**_AD, "aspect_ratio": "7:5"},
        {"reference_ad_url": "https://example.com/ad.mp4"},
        {"reference_ad_url": ""},
        {},
    ),
    "generate_captions": (
        {"media_url": "https://example.com/talk.mp4"},
        {"media_url": "https://example.com/talk.mp4", "quality": "best"},
        {"media_url": "https://example.com/talk.png"},
        {"media_url": "https://example.com/talk.mp4", "quality": "worst"},
        {},
    ),
    "generate_separation": (
        {"media_url": "https://example.com/song.mp3"},
        {"media_url": "https://example.com/song.png"},
        {"media_url": None},
        {},
    ),
    "get_separation_status": (
        {"separation_id": STARTED},
        {"separation_id": "nobodys"},
    ),
}

NO_REST_SIDE = {
    "get_upload_url": "a REST caller uploads with POST /v1/upload/media at once",
    "get_upload_session": "what belongs to get_upload_url",
}
"""Tools without a route, and why."""
