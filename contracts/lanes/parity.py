"""The same call by route and by tool: the same answer, code and cost, and the same state after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.check import Check, expect, same
from contracts.judging import cost_of
from contracts.lanes.looking import IMAGE, NO_ID, jobs, operations
from contracts.lanes.menu import Dish, menu
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply
from contracts.talk.operations import BY_NAME, Operation
from contracts.talk.wire import Trouble

CREDITS = 10_000
AGAIN = 6
NOBODYS = "[masked]"
IDS_AND_TIMES = frozenset(
    {
        "id",
        "generation_id",
        "separation_id",
        "token",
        "created_at",
        "completed_at",
        "expires_at",
        "processing_time_ms",
        "url",
        "thumbnail_url",
        "optimized_url",
    }
)
PASSING = IDS_AND_TIMES | {
    "status",
    "progress",
    "outputs",
    "cdn_ready",
    "message",
    "estimated_time_seconds",
    "estimate_seconds",
    "confidence",
    "sample_size",
    "credits",
    "generations",
}
"""Where time passes and others work: what may differ for that alone."""

PRODUCTS = (
    "generate_music",
    "generate_dialogue",
    "create_ad_copy",
    "generate_captions",
    "generate_separation",
)
PROMPT = str(IMAGE["prompt"])
STARTS: Sequence[Mapping[str, Any]] = (
    IMAGE,
    {**IMAGE, "generation_type": "text-to-image", "seed": 42, "negative_prompt": "people"},
    {"prompt": PROMPT, "model": "seedream-v4", "quality": "1K", "aspect_ratio": "3:4"},
    {
        "prompt": PROMPT,
        "model": "p-image-edit",
        "generation_type": "image-to-image",
        "source_media_urls": ["https://example.com/1.jpg"],
    },
)
BARE: Sequence[Mapping[str, Any]] = (
    {"prompt": PROMPT, "model": "nano-banana"},
    {
        "prompt": PROMPT,
        "model": "kling-3-0-std",
        "generation_type": "text-to-video",
        "duration": "3s",
    },
)
"""As little as can be said: what route and tool put in for the rest shows in price and job."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a call came to on one surface. ``told``: its answer without ids and times. ``spent``:
    what it took from the balance. ``new``: the rows of jobs that it added."""

    reply: Reply
    told: object
    spent: float
    new: Sequence[object]


async def reads_are_alike(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.starts or operation.path_fields or not operation.path:
            continue
        given = operation.example or {}
        rest, mcp = [
            await backend.call(operation.name, given, surface=each) for each in ("rest", "mcp")
        ]
        same(_masked(backend, rest.body), _masked(backend, mcp.body), f"{operation.name} as REST:")


async def starts_are_alike(backend: Backend, surface: str) -> None:
    for body in STARTS:
        await _alike(backend, BY_NAME["generate_media"], body)


async def defaults_are_alike(backend: Backend, surface: str) -> None:
    for body in BARE:
        await _alike(backend, BY_NAME["generate_media"], body)


async def products_are_alike(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.name in PRODUCTS:
            await _alike(backend, operation, operation.example or {})


async def refusals_are_alike(backend: Backend, surface: str) -> None:
    for dish in menu(cheap=False):
        if dish.refused and dish.documented:
            await _persistently(backend, dish)


async def _persistently(backend: Backend, dish: Dish) -> None:
    """Again when the connection breaks, where that costs nothing: there are many of them."""
    for left in range(AGAIN if backend.target.has_worlds else 0, -1, -1):
        try:
            await _refused_alike(backend, dish)
        except Trouble:
            if not left:
                raise
        else:
            return


async def _refused_alike(backend: Backend, dish: Dish) -> None:
    before = await backend.balance()
    rest, mcp = [
        await backend.call("generate_media", dish.request(), surface=each)
        for each in ("rest", "mcp")
    ]
    expect(rest.refused == mcp.refused, f"by route and by tool: {rest.summary}", mcp)
    same(rest.code, mcp.code, f"{dish.name}: the code of the route")
    same(before, await backend.balance(), "the balance as it was:")


async def unknown_ids_are_alike(backend: Backend, surface: str) -> None:
    for operation in operations(backend, surface):
        if operation.method != "GET" or not operation.path_fields:
            continue
        given = dict.fromkeys(operation.path_fields, NO_ID)
        rest, mcp = [
            await backend.call(operation.name, given, surface=each) for each in ("rest", "mcp")
        ]
        expect(rest.refused, f"{operation.name} of an id that was never given to be refused", rest)
        expect(mcp.refused, f"a refusal as over REST: {rest.summary}", mcp)


async def each_sees_the_others_jobs(backend: Backend, surface: str) -> None:
    for made, seen in (("rest", "mcp"), ("mcp", "rest")):
        job = (await backend.start(IMAGE, surface=made)).generation_id
        await backend.wait_finished(job, surface=made)
        told = [await backend.poll(job, surface=each) for each in (made, seen)]
        same(told[0], told[1], f"the job that was started over {made}, over {seen}:")
        reply = await backend.call("get_generations", surface=seen)
        rows = reply.fields.get("generations") or []
        ids = [row.get("generation_id") or row.get("id") for row in rows]
        expect(job in ids, f"{job} in the list over {seen}", ids)
        left = [await backend.balance(surface=each) for each in (made, seen)]
        same(left[0], left[1], f"the balance over {made}, over {seen}:")


async def _alike(backend: Backend, operation: Operation, body: Mapping[str, Any]) -> None:
    """Each side in the same world from its beginning, where that can be had."""
    rest, mcp = [await _side(backend, operation, body, each) for each in ("rest", "mcp")]
    what = f"{operation.name} {dict(body)}"
    expect(rest.reply.refused == mcp.reply.refused, f"{what}: {rest.reply.summary}", mcp.reply)
    same(rest.reply.code, mcp.reply.code, f"{what}: the code of the route")
    same(cost_of(rest.reply), cost_of(mcp.reply), f"{what}: the price by route")
    same(rest.spent, mcp.spent, f"{what}: the credits taken by route")
    same(rest.told, mcp.told, f"{what}: the answer by route")
    same(rest.new, mcp.new, f"{what}: the jobs by route")


async def _side(
    backend: Backend, operation: Operation, body: Mapping[str, Any], surface: str
) -> Side:
    if backend.target.has_worlds:
        await backend.prepare(credits=CREDITS)
    before = await backend.balance()
    reply = await backend.call(operation.name, body, surface=surface)
    spent = before - await backend.balance()
    if reply.generation_id and operation.name == "generate_media":
        await backend.wait_finished(reply.generation_id)
    rows = [row for row in await jobs(backend) if isinstance(row, dict)]
    mine = [row for row in rows if reply.generation_id in (row.get("id"), row.get("generation_id"))]
    told = _masked(backend, reply.body)
    return Side(reply, told, spent, [_masked(backend, row) for row in mine])


def _masked(backend: Backend, value: object) -> Any:
    hidden = IDS_AND_TIMES if backend.target.has_worlds else PASSING
    return _without(value, hidden)


def _without(value: object, hidden: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: NOBODYS if name in hidden else _without(part, hidden)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_without(part, hidden) for part in value]
    return value


CHECKS: tuple[Check, ...] = tuple(
    Check((f"parity:{name}",), function, ("mcp",))
    for name, function in (
        ("reads", reads_are_alike),
        ("starts", starts_are_alike),
        ("defaults", defaults_are_alike),
        ("refusals", refusals_are_alike),
        ("unknown-ids", unknown_ids_are_alike),
        ("crossing", each_sees_the_others_jobs),
        ("products", products_are_alike),
    )
)
