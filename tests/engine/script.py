"""Random but repeatable histories: a seed makes a script, a script drives a provider."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from simulator.domain.errors import Denial, Rejection
from simulator.engine.bodies import GenerationId, GenerationsQuery, MediaBody, Nothing
from simulator.engine.provider import Provider
from tests.engine.driving import caller, done, leap

IMAGE, VIDEO = "https://example.com/a.png", "https://example.com/a.mp4"
REQUESTS: tuple[dict[str, Any], ...] = (
    {"model": "nano-banana"},
    {"model": "gpt-image-2", "resolution": "4K", "aspect_ratio": "16:9"},
    {"model": "kling-3-0-std", "generation_type": "text-to-video", "sound": True},
    {"model": "seedance-2-1080p", "generation_type": "text-to-video", "duration": "15s"},
    {
        "model": "kling-2-6-motion-control-720p",
        "generation_type": "image-to-video",
        "source_media_urls": [IMAGE, VIDEO],
    },
    {"model": "seedance-2"},
    {"model": "nope"},
    {"model": "wan-2-5", "generation_type": "text-to-video", "duration": 7},
)
PROMPTS = (
    "a cat",
    "a cat",
    "[sim:fail=content_policy]",
    "[sim:slow=3]",
    "[sim:stuck]",
    "[sim:fail]",
)
ACCOUNTS = ("main", "alice")


@dataclass(frozen=True)
class Step:
    """One thing to do. ``chance`` chooses among what the history has so far."""

    kind: str
    account: str
    chance: float
    amount_ms: int
    request: dict[str, Any]


def script(seed: int, length: int) -> Iterator[Step]:
    chance = random.Random(seed)
    for _ in range(length):
        yield Step(
            kind=chance.choice(("start", "start", "poll", "leap", "adjust", "list", "balance")),
            account=chance.choice(ACCOUNTS),
            chance=chance.random(),
            amount_ms=chance.choice((1, 997, 5_000, 60_000)),
            request={"prompt": chance.choice(PROMPTS), **chance.choice(REQUESTS)},
        )


def play(provider: Provider, steps: Iterator[Step], world: str = "w") -> Iterator[Any]:
    """Does each step in turn and yields its answer, a refusal as its body."""
    ids: list[str] = ["none"]
    for account in ACCOUNTS:
        caller(provider, world, account)
    for step in steps:
        try:
            yield _take(provider, step, world, ids)
        except Rejection as rejection:
            yield rejection.body()
        except Denial as denial:
            yield denial.detail


def _take(provider: Provider, step: Step, world: str, ids: list[str]) -> Any:
    who = caller(provider, world, step.account)
    match step.kind:
        case "start":
            answer = done(provider.generate_media(who, MediaBody(**step.request)))
            ids.append(answer.generation_id)
            return answer
        case "poll":
            chosen = ids[int(step.chance * len(ids))]
            return done(provider.get_generation_status(who, GenerationId(chosen)))
        case "leap":
            return leap(provider, who.world, step.amount_ms)
        case "adjust":
            now_ms = done(provider.worlds.now(who.world))
            change = round((step.chance - 0.4) * 500_000)
            return done(provider.store.adjust(who.world.id, step.account, change, "a test", now_ms))
        case "list":
            query = GenerationsQuery(status="failed" if step.chance < 0.5 else None)
            return done(provider.get_generations(who, query))
        case _:
            return done(provider.get_balance(who, Nothing()))


def transcript(provider: Provider, seed: int, length: int) -> bytes:
    """Every answer, then the ledger and every job, as lines of JSON."""
    lines = [msgspec.json.encode(answer) for answer in play(provider, script(seed, length))]
    world = caller(provider).world
    now_ms = done(provider.worlds.now(world))
    lines.append(msgspec.json.encode(done(provider.store.history(world.id, now_ms))))
    return b"\n".join(lines)
