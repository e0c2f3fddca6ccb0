"""A seeded walk through a world: starts of every fate, refusals, reads, credits, the clock."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.surfaces.rawhttp import Answer

CHEAP = ("z-image", "z-image-hd", "imagen-4-fast", "seedream-v4-5", "flux-2", "gpt-image-2")
VIDEOS = ("kling-3-0-std", "seedance-2-480p", "wan-2-5", "p-video-720p")
FATES = ("", "", "", " [sim:fail=content_policy]", " [sim:fail=timeout]", " [sim:slow=3]")
FILTERS = ("", "?status=completed", "?status=failed", "?limit=3", "?model=z-image")


@dataclass(frozen=True, slots=True)
class Step:
    method: str
    path: str
    body: dict[str, Any] | None = None
    account: str = "main"


@dataclass(slots=True)
class Script:
    """The same seed and the same answers give the same steps."""

    seed: int
    known: list[str] = field(default_factory=list)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def step(self) -> Step:
        makers, weights = zip(*_STEPS, strict=True)
        maker: Callable[[Script], Step] = self.dice.choices(makers, weights)[0]
        return maker(self)

    def saw(self, step: Step, answer: Answer) -> None:
        """Remembers the jobs that were started, and forgets them at a reset."""
        if step.path.startswith("/v1/generate/") and step.method == "POST" and answer.status == 200:
            found = answer.json.get("generation_id") or answer.json.get("separation_id")
            self.known = [*self.known[-19:], *([found] if found else [])]
        if step.path == "/_sim/reset":
            self.known = []

    def some_id(self) -> str:
        return self.dice.choice([*self.known, "00000000-0000-4000-a000-000000000000"])

    def account(self) -> str:
        return self.dice.choice(("main", "main", "other"))


def _start(script: Script) -> Step:
    body = {
        "model": script.dice.choice(CHEAP),
        "prompt": f"A lighthouse {script.dice.randrange(1000)}{script.dice.choice(FATES)}",
    }
    return Step("POST", "/v1/generate/media", body, script.account())


def _start_video(script: Script) -> Step:
    body = {
        "model": script.dice.choice(VIDEOS),
        "generation_type": "text-to-video",
        "prompt": f"Waves{script.dice.choice(FATES)}",
        "sound": script.dice.random() < 0.5,
    }
    return Step("POST", "/v1/generate/media", body, script.account())


def _start_stuck(script: Script) -> Step:
    body = {"model": "z-image", "prompt": "Fog [sim:stuck]"}
    return Step("POST", "/v1/generate/media", body)


def _start_other(script: Script) -> Step:
    fate = script.dice.choice(FATES)
    path, body = script.dice.choice(
        (
            ("music", {"prompt": f"A slow waltz{fate}", "instrumental": True}),
            ("dialogue", {"dialogue": [{"text": f"Is anybody there?{fate}"}]}),
            ("ad-copy", {"reference_ad_url": "https://example.com/ad.jpg"}),
            ("captions", {"media_url": "https://example.com/talk.mp4"}),
            ("separation", {"media_url": "https://example.com/song.mp3"}),
        )
    )
    return Step("POST", f"/v1/generate/{path}", body, script.account())


def _refused(script: Script) -> Step:
    wrong = script.dice.choice(
        (
            {"model": "kling-3-0"},
            {"model": "no-such-model"},
            {"generation_type": "text-to-video"},
            {"aspect_ratio": "7:5"},
            {"prompt": "x" * 30_000},
            {"prompt": 5},
            {"model": "kling-3-0-std", "generation_type": "text-to-video", "duration": "99s"},
        )
    )
    return Step("POST", "/v1/generate/media", {"model": "z-image", "prompt": "x", **wrong})


def _status(script: Script) -> Step:
    kind = script.dice.choice(("media", "media", "media", "music", "separation"))
    return Step("GET", f"/v1/generate/{kind}/{script.some_id()}")


def _balance(script: Script) -> Step:
    return Step("GET", "/v1/balance", None, script.account())


def _generations(script: Script) -> Step:
    return Step("GET", f"/v1/generations{script.dice.choice(FILTERS)}", None, script.account())


def _cost(script: Script) -> Step:
    body = {"model": script.dice.choice(VIDEOS), "generation_type": "text-to-video"}
    return Step("POST", script.dice.choice(("/v1/generate/cost", "/v1/generate/estimate")), body)


def _advance(script: Script) -> Step:
    seconds = script.dice.choice((0, 0.001, 1, 7, 30, 120, 100_000))
    return Step("POST", "/_sim/clock/advance", {"seconds": seconds})


def _advance_until(script: Script) -> Step:
    until: Any = "next_event"
    if script.dice.random() < 0.5:
        status = script.dice.choice(("processing", "completed", "failed"))
        until = {"generation_id": script.some_id(), "status": status}
    return Step("POST", "/_sim/clock/advance", {"until": until})


def _credits(script: Script) -> Step:
    amount = script.dice.choice((0, 0.001, 5, 250, -3, -400, -1e9))
    path = f"/_sim/accounts/{script.account()}/credits"
    return Step("POST", path, {"credits": amount, "reason": "a step"})


def _jobs(script: Script) -> Step:
    paths = ("/_sim/jobs", "/_sim/accounts", "/_sim/clock", "/_sim/ledger", "/_sim/ledger/verify")
    return Step("GET", script.dice.choice(paths))


def _reset(script: Script) -> Step:
    return Step("POST", "/_sim/reset", {})


_STEPS: tuple[tuple[Callable[[Script], Step], int], ...] = (
    (_start, 24),
    (_start_video, 8),
    (_start_stuck, 2),
    (_start_other, 8),
    (_refused, 8),
    (_status, 12),
    (_balance, 5),
    (_generations, 5),
    (_cost, 3),
    (_advance, 12),
    (_advance_until, 6),
    (_credits, 8),
    (_jobs, 4),
    (_reset, 1),
)
