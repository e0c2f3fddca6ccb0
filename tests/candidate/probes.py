"""One look for each mistake: true where the backend makes it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from tests.candidate.media import clip
from tests.candidate.running import SECOND, Caller

VIDEO = "text-to-video"


async def real_reference_length(caller: Caller) -> bool:
    film = clip(64, 64, 4, (9, 9, 9), sound=False)
    answer = await caller.cost(
        "seedance-2-fast-480p-video-ref",
        generation_type=VIDEO,
        duration="4s",
        source_media_urls=[await caller.upload("a.mp4", film)],
    )
    return bool(answer.json()["estimated_cost_credits"] != (15 + 4) * 12)


async def no_refund(caller: Caller) -> bool:
    before = await caller.credits()
    started = await caller.start("nano-banana", prompt="A storm [sim:fail=content_policy]")
    assert (await caller.looks(started["id"]))[-1]["status"] == "failed"
    return await caller.credits() != before


async def sound_surcharge(caller: Caller) -> bool:
    answer = await caller.cost("seedance-2-480p", generation_type=VIDEO, duration=5, sound=True)
    return bool(answer.json()["estimated_cost_credits"] != 5 * 18)


async def prompt_limit(caller: Caller) -> bool:
    return (await caller.cost("seedream-v4-5", prompt="x" * 3_000)).status_code != 200


async def poll_advances(caller: Caller) -> bool:
    idle = await caller.start("z-image")
    watched = await caller.start("z-image")
    await caller.looks(watched["id"])
    rows = (await caller.rest("GET", "/v1/generations")).json()["generations"]
    # The one that started first must not be the last to end.
    return idle["id"] not in {row["id"] for row in rows if row["status"] == "completed"}


async def credits_before_rules(caller: Caller) -> bool:
    body = {"prompt": "x", "model": "veo3-1", "generation_type": VIDEO, "aspect_ratio": "5:7"}
    answer = await caller.rest("POST", "/v1/generate/media", body, SECOND)
    return answer.status_code != 400


async def foreign_is_403(caller: Caller) -> bool:
    started = await caller.start("z-image")
    path = f"/v1/generate/media/{started['id']}"
    return (await caller.rest("GET", path, key=SECOND)).status_code != 404


async def early_hundred(caller: Caller) -> bool:
    looks = await caller.looks((await caller.start("z-image"))["id"])
    return any(look["progress"] == 100 for look in looks if look["status"] != "completed")


async def tool_sound_default(caller: Caller) -> bool:
    request = {"prompt": "x", "generation_type": VIDEO, "duration": "3s"}
    over_rest = await caller.start("kling-3-0-std", **request)
    over_mcp = await caller.tool("generate_media", model="kling-3-0-std", **request)
    told = over_mcp["structuredContent"]["estimated_cost_credits"]
    return bool(told != over_rest["estimated_cost_credits"])


async def credit_race(caller: Caller) -> bool:
    covered = int(await caller.credits(SECOND) // 4)
    assert covered > 0
    body = {"prompt": "x", "model": "z-image"}
    answers = await asyncio.gather(
        *(caller.rest("POST", "/v1/generate/media", body, SECOND) for _ in range(covered + 5))
    )
    return [each.status_code for each in answers].count(200) != covered


async def implicit_square(caller: Caller) -> bool:
    return (await caller.cost("gpt-image-2", resolution="2K")).status_code != 400


async def fixed_length_checked(caller: Caller) -> bool:
    answer = await caller.cost("grok-text-to-video-6s", generation_type=VIDEO, duration="10s")
    return answer.status_code != 200


PROBES: Mapping[str, Callable[[Caller], Awaitable[bool]]] = {
    "real-reference-length": real_reference_length,
    "no-refund": no_refund,
    "sound-surcharge": sound_surcharge,
    "prompt-limit-off-by-one": prompt_limit,
    "poll-advances": poll_advances,
    "credits-before-rules": credits_before_rules,
    "foreign-is-403": foreign_is_403,
    "early-hundred": early_hundred,
    "tool-sound-default": tool_sound_default,
    "credit-race": credit_race,
    "implicit-square": implicit_square,
    "fixed-length-checked": fixed_length_checked,
}
