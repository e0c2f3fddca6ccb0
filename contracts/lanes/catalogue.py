"""What get_models, the estimate, a start and an upload tell."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from contracts.cases import SourceFile
from contracts.check import Broken, CannotTell, Check, expect
from contracts.lanes.catalogue_tables import (
    DURATIONS_S,
    IMAGES_MOST,
    NAMES,
    PROMPT_MOST,
    SOUND_SWITCHES,
    TIER_PRICES,
    VIDEO_AUDIO,
)
from contracts.sources import make, media_type
from contracts.talk.backend import Backend

Row = Mapping[str, Any]
KINDS = ("image", "video")
OTHER_CALLS = ("ad-copy",)
"""Listed among the images, but sold by a call of its own."""

_START: Mapping[str, Any] = {"model": "nano-banana", "prompt": "A lighthouse at dusk"}
_VIDEO: Mapping[str, Any] = {"model": "kling-3-0-std", "generation_type": "text-to-video"}


async def _models(backend: Backend, surface: str) -> Sequence[Row]:
    """The rows of get_models. Raises Broken."""
    reply = await backend.call("get_models", {}, surface=surface)
    rows = reply.fields.get("models")
    if reply.refused or not isinstance(rows, list):
        raise Broken("a list of models", reply)
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("model_id"), str)]


async def _makers(backend: Backend, surface: str) -> Sequence[Row]:
    """The rows that generate_media takes."""
    return [
        row
        for row in await _models(backend, surface)
        if row.get("model_type") in KINDS and row["model_id"] not in OTHER_CALLS
    ]


def _capability(row: Row, name: str) -> Any:
    capabilities = row.get("capabilities")
    return capabilities.get(name) if isinstance(capabilities, dict) else None


def _is(row: Row, prefix: str) -> bool:
    """Whether a row is of a family: its own id, or one that goes on after a hyphen."""
    return str(row["model_id"]).lower().startswith((prefix, f"{prefix}-"))


def _lacking(rows: Sequence[Row], has: Callable[[Row], bool]) -> list[str]:
    return [str(row["model_id"]) for row in rows if not has(row)]


async def lists_more_than_forty(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    expect(len(rows) > 40, "more than 40 models of images and videos", len(rows))


async def tells_costs(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    lacking = _lacking(rows, lambda row: isinstance(row.get("cost_per_generation"), int | float))
    expect(not lacking, "cost_per_generation in every row", f"none in {lacking}")


async def tells_input_kinds(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    lacking = _lacking(
        rows,
        lambda row: (
            isinstance(row.get("requires_input_media"), bool)
            and isinstance(row.get("input_media_types"), list)
        ),
    )
    expect(not lacking, "requires_input_media and input_media_types in every row", lacking)
    wrong = [
        str(row["model_id"])
        for row in rows
        if row["requires_input_media"] and not row["input_media_types"]
    ]
    expect(not wrong, "kinds of input where one is required", f"none in {wrong}")


async def tells_types(backend: Backend, surface: str) -> None:
    lacking = _lacking(
        await _makers(backend, surface), lambda row: bool(row.get("generation_types"))
    )
    expect(not lacking, "generation_types in every row", f"none in {lacking}")


async def tells_aspect_ratios(backend: Backend, surface: str) -> None:
    rows = [row for row in await _makers(backend, surface) if _is(row, "seedance-2")]
    wanted = {"1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive"}
    for row in rows:
        found = _capability(row, "aspect_ratio_options")
        same = isinstance(found, list) and set(found) == wanted
        expect(same, f"{sorted(wanted)} for {row['model_id']}", found)
    _any(rows, "seedance-2")


async def tells_durations(backend: Backend, surface: str) -> None:
    found = {row["model_id"]: row for row in await _makers(backend, surface)}
    known = [name for name in DURATIONS_S if name in found]
    for name in known:
        options = _capability(found[name], "duration_options") or []
        seconds = [int(str(each).removesuffix("s")) for each in options if _seconds(each)]
        wanted = list(DURATIONS_S[name])
        expect(sorted(seconds) == wanted, f"{wanted} s for {name}", options)
    _any(known, "a model with durations of the page")


async def tells_prompt_most(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    judged = [(row, _longest(PROMPT_MOST, row)) for row in rows]
    known = [(row, most) for row, most in judged if most is not None]
    for row, most in known:
        found = _capability(row, "prompt_max_chars")
        expect(found == most, f"prompt_max_chars {most} for {row['model_id']}", found)
    _any(known, "a model with a limit of the page")


async def tells_input_counts(backend: Backend, surface: str) -> None:
    found = {row["model_id"]: row for row in await _makers(backend, surface)}
    known = [name for name in IMAGES_MOST if name in found]
    for name in known:
        most = _capability(found[name], "max_input_images")
        expect(most == IMAGES_MOST[name], f"max_input_images {IMAGES_MOST[name]} for {name}", most)
    _any(known, "a model with a number of images of the page")


async def tells_time(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    lacking = _lacking(rows, lambda row: _positive(row.get("estimated_time_seconds")))
    expect(not lacking, "estimated_time_seconds in every row", f"none in {lacking}")


async def tells_tiers(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    for name, prices in TIER_PRICES.items():
        told = [str(row.get("cost_note")) for row in rows if row["model_id"] == name]
        told += [
            str(row.get("cost_per_generation"))
            for row in rows
            if str(row["model_id"]).startswith(f"{name}-")
        ]
        missing = [price for price in prices if not any(_holds(text, price) for text in told)]
        expect(not missing, f"the prices {list(prices)} of the tiers of {name}", told)


async def tells_names(backend: Backend, surface: str) -> None:
    rows = {row["model_id"]: row for row in await _makers(backend, surface)}
    for name, shown in NAMES.items():
        if name in rows:
            found = rows[name].get("display_name")
            expect(found == shown, f"display_name {shown!r} of {name}", found)
    _any([name for name in NAMES if name in rows], "a model of the page's tables")


async def tells_video_audio(backend: Backend, surface: str, *, prefixes: Sequence[str]) -> None:
    rows = await _makers(backend, surface)
    for prefix in prefixes:
        family = [row for row in rows if _is(row, prefix) and row["model_type"] == "video"]
        _any(family, prefix)
        for row in family:
            found = _capability(row, "video_audio")
            wanted = VIDEO_AUDIO[prefix]
            expect(found == wanted, f"video_audio {wanted!r} for {row['model_id']}", repr(found))


async def tells_sound_switches(backend: Backend, surface: str) -> None:
    rows = [row for row in await _makers(backend, surface) if row["model_type"] == "video"]
    for row in rows:
        if _is(row, "seedance-2") or "-motion-control" in row["model_id"]:
            continue  # the page gives Seedance 2 a switch of its own
        wanted = any(_is(row, prefix) for prefix in SOUND_SWITCHES)
        found = _capability(row, "supports_sound")
        expect(found is wanted, f"supports_sound {wanted} for {row['model_id']}", found)
    _any(rows, "a video model")


async def tells_one_silent(backend: Backend, surface: str) -> None:
    rows = await _makers(backend, surface)
    silent = [row["model_id"] for row in rows if _capability(row, "video_audio") == "silent"]
    others = [name for name in silent if not name.startswith("v1-pro-fast-i2v")]
    expect(not others, "no other silent model", others)


async def estimates_time(backend: Backend, surface: str) -> None:
    reply = await backend.call("get_generation_estimate", _VIDEO, surface=surface)
    told = _positive(reply.fields.get("estimated_time_seconds"))
    expect(not reply.refused and told, "an estimated time in seconds", reply)


async def estimate_starts_nothing(backend: Backend, surface: str) -> None:
    credits, jobs = await _state(backend, surface)
    await backend.call("get_generation_estimate", _VIDEO, surface=surface)
    after, jobs_after = await _state(backend, surface)
    expect(after == credits, f"{credits:g} credits as before", f"{after:g}")
    expect(jobs_after == jobs, "no new generation", jobs_after)


async def estimate_needs_a_model(backend: Backend, surface: str) -> None:
    arguments = {"generation_type": "text-to-image", "prompt": "x"}
    reply = await backend.call("get_generation_estimate", arguments, surface=surface)
    expect(reply.refused and reply.status < 500, "a refusal without a model", reply)


async def estimate_takes_everything(backend: Backend, surface: str) -> None:
    more = {"prompt": "x", "negative_prompt": "rain", "parameters": {"duration": "5s"}}
    for arguments in ({"model": "nano-banana"}, {**_VIDEO, **more}):
        reply = await backend.call("get_generation_estimate", arguments, surface=surface)
        expect(not reply.refused, f"an estimate for {sorted(arguments)}", reply)


async def estimate_defaults_to_text_to_image(backend: Backend, surface: str) -> None:
    plain = {"model": "nano-banana"}
    left_out = await backend.call("get_generation_estimate", plain, surface=surface)
    told = await backend.call(
        "get_generation_estimate", {**plain, "generation_type": "text-to-image"}, surface=surface
    )
    name = "estimated_time_seconds"
    same = left_out.fields.get(name) == told.fields.get(name)
    expect(same and not left_out.refused, f"the time of text-to-image, {told.fields}", left_out)


async def upload_answers_urls(backend: Backend, surface: str) -> None:
    image = make(SourceFile("image", "png", width=320, height=180))
    reply = await backend.upload(image, "lighthouse.png", media_type("png"))
    urls = reply.fields.get("urls")
    good = isinstance(urls, list) and len(urls) == 1 and isinstance(urls[0], str)
    expect(good and not reply.refused, "urls with one address", reply)


async def start_answers_estimates(backend: Backend, surface: str) -> None:
    reply = await backend.start(_START, surface=surface)
    for name in ("estimated_time_seconds", "estimated_cost_credits"):
        expect(_positive(reply.fields.get(name)), f"{name}, a number", reply)


async def _state(backend: Backend, surface: str) -> tuple[float, list[Any]]:
    credits = await backend.balance(surface=surface)
    reply = await backend.call("get_generations", {}, surface=surface)
    rows = reply.fields.get("generations")
    if reply.refused or not isinstance(rows, list):
        raise Broken("a list of generations", reply)
    return credits, [row.get("id") for row in rows if isinstance(row, dict)]


def _any(found: Sequence[Any], what: str) -> None:
    if not found:
        raise CannotTell(f"get_models lists no {what}")


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _seconds(value: object) -> bool:
    return str(value).removesuffix("s").isdigit()


def _holds(text: str, price: int) -> bool:
    """Whether a text has a number in it, not as a part of another."""
    padded = "".join(each if each.isdigit() else " " for each in text)
    return str(price) in padded.split()


def _longest(table: Mapping[str, int], row: Row) -> int | None:
    """The entry whose prefix says most of the row's id."""
    fitting = [prefix for prefix in table if row["model_id"] == prefix or _is_under(row, prefix)]
    return table[max(fitting, key=len)] if fitting else None


def _is_under(row: Row, prefix: str) -> bool:
    return str(row["model_id"]).startswith(f"{prefix}-")


_FUNCTIONS = (
    ("catalogue:models:forty", lists_more_than_forty),
    ("catalogue:models:costs", tells_costs),
    ("catalogue:models:input-image", tells_input_kinds),
    ("catalogue:models:types", tells_types),
    ("catalogue:models:aspect-ratios", tells_aspect_ratios),
    ("catalogue:models:durations", tells_durations),
    ("catalogue:models:prompt-max", tells_prompt_most),
    ("catalogue:models:input-counts", tells_input_counts),
    ("catalogue:models:estimated-time", tells_time),
    ("catalogue:models:tiers", tells_tiers),
    ("catalogue:models:names", tells_names),
    ("catalogue:supports-sound", tells_sound_switches),
    ("catalogue:only-silent", tells_one_silent),
    ("catalogue:estimate:time", estimates_time),
    ("catalogue:estimate:no-job", estimate_starts_nothing),
    ("catalogue:estimate:model-required", estimate_needs_a_model),
    ("catalogue:estimate:optional", estimate_takes_everything),
    ("catalogue:estimate:default-type", estimate_defaults_to_text_to_image),
    ("catalogue:start:estimates", start_answers_estimates),
)
_MOTION = ("kling-2-6-motion-control", "kling-3-0-motion-control")
_KLING_2_6 = ("kling-2-6-text-to-video", "kling-2-6-image-to-video")
_KLING_3_0 = ("kling-3-0-std", "kling-3-0-pro")
_FAMILIES = (
    ("veo3-1", ("veo3-1",)),
    ("sora-2", ("sora-2",)),
    ("wan-2-5", ("wan-2-5",)),
    ("grok", ("grok",)),
    ("kling-2-5", ("kling-2-5",)),
    ("motion-control", _MOTION),
    ("kling-2-6", _KLING_2_6),
    ("kling-3-0", _KLING_3_0),
    ("seedance-1-5-pro", ("seedance-1-5-pro",)),
    ("v1-pro-fast-i2v", ("v1-pro-fast-i2v",)),
)

CHECKS: tuple[Check, ...] = (
    *(Check((name,), function, name=function.__name__) for name, function in _FUNCTIONS),
    *(
        Check(
            (f"catalogue:video-audio:{name}",),
            partial(tells_video_audio, prefixes=prefixes),
            name=f"tells_video_audio of {name}",
        )
        for name, prefixes in _FAMILIES
    ),
    Check(("catalogue:upload:urls",), upload_answers_urls, ("rest",)),
)
