"""How prices follow from what is asked, by quotes, which are free."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from contracts.cases import MEDIA_CALL, load_cases
from contracts.check import Broken, Check, Judgement
from contracts.judging import cost_of
from contracts.lanes.searching import Extent, Watch, search
from contracts.pricing import REFERENCE_VIDEO_MOST_S
from contracts.requirements import Requirement
from contracts.talk.backend import Backend
from contracts.talk.exchange import Reply

LINEAR = "laws:billing:linear-in-seconds"
REFERENCE = "laws:billing:reference-is-15-s"
SOUND = "laws:billing:sound-has-its-row"
IGNORED = "laws:billing:ignored-is-free"

QUOTE_CALL = "estimate_generation_cost"
EXTENT = Extent(examples=80, requests=900)
IGNORED_AREA = "ignored:"
_PROMPT = "A lighthouse at dusk"

PER_SECOND: Sequence[tuple[str, int, int]] = (
    ("seedance-2-480p", 4, 15),
    ("seedance-2-720p", 4, 15),
    ("seedance-2-fast-480p", 4, 15),
    ("seedance-2-fast-720p", 4, 15),
    ("kling-3-0-std", 3, 15),
    ("kling-3-0-pro", 3, 15),
)
"""With their shortest and longest."""

WITH_REFERENCE = tuple(f"{model}-video-ref" for model, _, _ in PER_SECOND[:4])
SILENT_PRICE: Sequence[Mapping[str, Any]] = (
    {"model": "seedance-2-480p", "generation_type": "text-to-video", "duration": "5s"},
    {"model": "seedance-2-fast-720p", "generation_type": "text-to-video", "duration": "8s"},
    {
        "model": "kling-2-5-image-to-video-pro",
        "generation_type": "image-to-video",
        "source_media_urls": ["https://example.com/1.jpg", "https://example.com/2.jpg"],
    },
    {"model": "nano-banana", "generation_type": "text-to-image"},
)
"""Models without a priced row for sound."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two requests. ``law``: what is said of their prices. ``times``: how much dearer the second
    is; compared crosswise, so that nothing is divided."""

    law: str
    one: Mapping[str, Any]
    other: Mapping[str, Any]
    times: tuple[int, int] = (1, 1)


def checks(requirements: Sequence[Requirement]) -> tuple[Check, ...]:
    """``requirements``: those of ignored parameters tell which requests say nothing new."""
    ignored = _ignored(requirements)
    saying_nothing = st.sampled_from(ignored) if ignored else st.nothing()
    drawn = st.one_of(_linear(), _references(), _sounds(), saying_nothing)
    laws = (LINEAR, REFERENCE, SOUND, IGNORED)

    async def prices_follow(backend: Backend, surface: str) -> Sequence[Judgement]:
        async def play(pair: Pair, watch: Watch) -> None:
            await _compare(backend, surface, pair, watch)

        # Where a failure can't be looked for again and again, none is left to the draw.
        first = () if backend.target.has_worlds else ignored
        return await search(backend, laws, drawn, play, EXTENT, first)

    return (Check(laws, prices_follow),)


async def _compare(backend: Backend, surface: str, pair: Pair, watch: Watch) -> None:
    replies = [
        await backend.call(QUOTE_CALL, body, surface=surface) for body in (pair.one, pair.other)
    ]
    one, other = (_price(reply) for reply in replies)
    if one is None or other is None:
        fits = one is None and other is None and pair.law == IGNORED
        watch.hold(pair.law, fits, "two quotes", "; ".join(each.summary for each in replies))
        return
    first, second = pair.times
    fits = abs(one * second - other * first) < 1e-6
    wanted = f"{one * second / first:g} credits beside {one:g} of the first"
    watch.hold(pair.law, fits, wanted, f"{other:g} credits")


def _price(reply: Reply) -> float | None:
    """None: refused. Raises Broken for a quote without a price."""
    if reply.refused:
        return None
    told = cost_of(reply)
    if told is None:
        raise Broken("a price in the quote", reply)
    return told


def _linear() -> SearchStrategy[Pair]:
    return st.sampled_from(PER_SECOND).flatmap(
        lambda row: st.builds(
            lambda one, other: Pair(
                LINEAR, _video(row[0], one), _video(row[0], other), (one, other)
            ),
            *(st.sampled_from(range(row[1], row[2] + 1)) for _ in range(2)),
        )
    )


def _references() -> SearchStrategy[Pair]:
    """Some videos of unknown length, beside one; and beside another number of output seconds."""

    def pair(model: str, videos: int, one: int, other: int) -> Pair:
        first = {**_video(model, one), "source_media_urls": _clips(1)}
        second = {**_video(model, other), "source_media_urls": _clips(videos)}
        most = REFERENCE_VIDEO_MOST_S
        return Pair(REFERENCE, first, second, (most + one, most + other))

    seconds = st.sampled_from(range(4, 16))
    return st.builds(
        pair, st.sampled_from(WITH_REFERENCE), st.sampled_from((1, 2, 3)), seconds, seconds
    )


def _sounds() -> SearchStrategy[Pair]:
    def pair(body: Mapping[str, Any], name: str, value: bool) -> Pair:
        plain = {"prompt": _PROMPT, **body}
        return Pair(SOUND, plain, {**plain, name: value})

    names = st.sampled_from(("sound", "generate_audio"))
    return st.builds(pair, st.sampled_from(SILENT_PRICE), names, st.booleans())


def _ignored(requirements: Sequence[Requirement]) -> Sequence[Pair]:
    cases = load_cases()
    found: list[Pair] = []
    for row in requirements:
        if row.strength != "documented" or not row.id.startswith(IGNORED_AREA):
            continue
        for case in (cases[name] for name in row.cases):
            body = {} if case.uploads or case.call != MEDIA_CALL else case.body(str)
            for name in row.parameters:
                plain = {key: value for key, value in body.items() if key != name}
                if name in body:
                    found.append(Pair(IGNORED, plain, body))
    return found


def _video(model: str, seconds: int) -> dict[str, Any]:
    kind = "text-to-video"
    return {"model": model, "prompt": _PROMPT, "generation_type": kind, "duration": f"{seconds}s"}


def _clips(number: int) -> list[str]:
    return [f"https://example.com/{index}.mp4" for index in range(1, number + 1)]
