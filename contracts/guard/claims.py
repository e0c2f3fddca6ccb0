"""What a request could cost: nothing only if it is on the list of calls known to be free."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.guard.profile import GuardProfile
from contracts.guard.request import Request
from contracts.guard.strict import Ambiguous, read_strictly
from contracts.pricing import PriceList

FREE: tuple[tuple[str, str, str], ...] = (
    ("GET", "/v1/models", "read"),
    ("GET", "/v1/balance", "read"),
    ("GET", "/v1/generations", "read"),
    ("GET", "/v1/generate/media/{}", "read"),
    ("GET", "/v1/generate/media/{}/stream", "read"),
    ("GET", "/v1/generate/music/{}", "read"),
    ("GET", "/v1/generate/music/{}/stream", "read"),
    ("GET", "/v1/generate/separation/{}", "read"),
    ("POST", "/v1/generate/estimate", "read"),
    ("POST", "/v1/generate/cost", "read"),
    ("POST", "/v1/upload/media", "upload"),
    ("GET", "/health", ""),
    ("GET", "/openapi.json", ""),
    ("GET", "/docs", ""),
    ("GET", "/docs/openapi", ""),
    ("GET", "/docs/models.json", ""),
    ("GET", "/docs/models/{}", ""),
    ("GET", "/llms.txt", ""),
)
"""Method, path and rate bucket of what costs nothing."""

STARTS: tuple[tuple[str, str, str], ...] = (
    ("generate_media", "/v1/generate/media", "media"),
    ("generate_music", "/v1/generate/music", "music"),
    ("generate_dialogue", "/v1/generate/dialogue", "dialogue"),
    ("create_ad_copy", "/v1/generate/ad-copy", "ads"),
    ("generate_captions", "/v1/generate/captions", "media"),
    ("generate_separation", "/v1/generate/separation", "media"),
)
"""Tool, path of its POST, and rate bucket of what costs."""

_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~.-]+)+", re.ASCII)
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Claim:
    """One call that may cost: ``worst`` in milli-credits, None when nothing bounds it, and why not.
    ``number`` is its JSON-RPC id."""

    call: str
    worst: int | None
    why: str = ""
    number: str | int | float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """``claims`` empty: known to be free. ``buckets`` names a rate bucket for each call in it."""

    call: str
    claims: tuple[Claim, ...] = ()
    buckets: tuple[str, ...] = ()


def judge_rest(request: Request, profile: GuardProfile, prices: PriceList) -> Judged:
    """By method and path, letter by letter: an odd spelling is not a known call."""
    if not is_plain(request.path):
        return _unknown("its path is written in an odd way")
    if profile.control and request.path.startswith("/_sim/"):
        return Judged("control")
    for method, pattern, bucket in FREE:
        if request.method == method and _fits(request.path, pattern):
            return Judged(f"{method} {pattern}", buckets=(bucket,) if bucket else ())
    for told in profile.free_calls:
        method, _, pattern = told.partition(" ")
        if request.method == method and _fits(request.path, pattern):
            return Judged(told)
    for call, path, bucket in STARTS:
        if request.method == "POST" and request.path == path:
            return Judged(call, (_start(call, request, prices),), (bucket,))
    return _unknown("it is not known to be free")


def is_plain(path: str) -> bool:
    """Whether every server sees the same path in it."""
    return bool(_PLAIN_PATH.fullmatch(path)) and not {".", ".."} & set(path.split("/"))


def priced(
    call: str, body: Any, prices: PriceList, number: str | int | float | None = None
) -> Claim:
    """The claim of a start with this body."""
    worst = prices.worst_case(call, body)
    why = "" if worst is not None else "the catalogue does not bound it"
    return Claim(call, worst, why, number)


def _start(call: str, request: Request, prices: PriceList) -> Claim:
    if request.query:
        return Claim(call, None, "it has a query")
    try:
        body = read_strictly(request.body, request.values("content-type"))
    except Ambiguous as error:
        return Claim(call, None, str(error))
    return priced(call, body, prices)


def _fits(path: str, pattern: str) -> bool:
    told, wanted = path.split("/"), pattern.split("/")
    return len(told) == len(wanted) and all(
        its in (mine, "{}") for mine, its in zip(told, wanted, strict=True)
    )


def _unknown(why: str) -> Judged:
    return Judged(UNKNOWN, (Claim(UNKNOWN, None, why),))


def bucket_of(call: str, starts: Sequence[tuple[str, str, str]] = STARTS) -> str:
    """The rate bucket of a tool that costs."""
    return next((bucket for name, _, bucket in starts if name == call), "read")
