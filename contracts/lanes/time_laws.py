"""Time: on the way to an instant, neither small steps nor looks change what is found there; and
where the clock can't be moved, a look brings no job forward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from contracts.check import Check, DoesNotApply, Judgement, expect
from contracts.lanes.lifecycle import RANK
from contracts.lanes.looking import IMAGE, jobs
from contracts.lanes.searching import Extent, Watch, search
from contracts.talk.backend import FINAL, Backend

LEAP = "laws:time:leap"
POLLING = "laws:time:polling"
READ_ONLY = "laws:time:reading"

VIDEO: Mapping[str, Any] = {
    "prompt": "A lighthouse at dusk",
    "model": "seedance-2-480p",
    "generation_type": "text-to-video",
    "duration": "4s",
}
CREDITS = 10_000
EXTENT = Extent(examples=10, requests=1_500)
STEPS_MOST = 6
PAIRS, LOOKS = 3, 8


@dataclass(frozen=True, slots=True)
class Way:
    """``steps``: seconds, and how often each job is looked at after them. ``video``: whether a
    longer job runs beside the image."""

    steps: Sequence[tuple[int, int]]
    video: bool


WAYS = st.builds(
    Way,
    st.lists(
        st.tuples(st.sampled_from((1, 2, 5, 17, 60, 400)), st.sampled_from(range(4))),
        min_size=2,
        max_size=STEPS_MOST,
    ),
    st.booleans(),
)


async def time_is_only_time(backend: Backend, surface: str) -> Sequence[Judgement]:
    """The same world three times: by one leap, by small steps, by steps with looks."""

    async def play(way: Way, watch: Watch) -> None:
        total = sum(seconds for seconds, _ in way.steps)
        leapt = await _travelled(backend, surface, way.video, [(total, 0)])
        quiet = [(seconds, 0) for seconds, _ in way.steps]
        walked = await _travelled(backend, surface, way.video, quiet)
        watch.hold(LEAP, leapt == walked, f"as after one leap: {leapt}", walked)
        looked = await _travelled(backend, surface, way.video, way.steps)
        watch.hold(POLLING, walked == looked, f"as without looks: {walked}", looked)

    return await search(backend, (LEAP, POLLING), WAYS, play, EXTENT)


async def _travelled(
    backend: Backend, surface: str, video: bool, steps: Sequence[tuple[int, int]]
) -> Sequence[object]:
    """What is told of the jobs and the balance at the end."""
    await backend.prepare(credits=CREDITS)
    bodies = (IMAGE, VIDEO) if video else (IMAGE,)
    ids = [(await backend.start(body, surface=surface)).generation_id for body in bodies]
    for seconds, looks in steps:
        await backend.advance(seconds)
        for _ in range(looks):
            for each in ids:
                await backend.poll(each, surface=surface)
    told = [await backend.poll(each, surface=surface) for each in ids]
    return [*told, await backend.balance(surface=surface)]


async def a_look_brings_nothing_forward(backend: Backend, surface: str) -> None:
    """Of two equal jobs the older is left alone, the younger looked at again and again: it is not
    the younger that gets ahead every time."""
    if backend.has("control"):
        raise DoesNotApply("the clock can be moved, so it is shown by laws:time:polling")
    ahead: list[str] = []
    for _ in range(PAIRS):
        alone = (await backend.start(IMAGE, surface=surface)).generation_id
        looked = (await backend.start(IMAGE, surface=surface)).generation_id
        seen = await backend.poll(looked, surface=surface)
        for _ in range(LOOKS - 1):
            seen = await backend.poll(looked, surface=surface)
        listed = {row.get("generation_id") or row.get("id"): row for row in await jobs(backend)}
        other = listed.get(alone, {})
        if _stage(seen) > _stage(other):
            ahead.append(f"{seen.get('status')} before the older one, {other.get('status')}")
        for each in (alone, looked):
            await backend.wait_finished(each, surface=surface)
    wanted = f"jobs that {LOOKS} looks bring no nearer to their end"
    expect(len(ahead) < PAIRS, wanted, "; ".join(ahead))


def _stage(seen: Mapping[str, Any]) -> tuple[int, float]:
    status, progress = str(seen.get("status")), seen.get("progress")
    told = progress if isinstance(progress, int | float) and status not in FINAL else 0
    return RANK.get(status, 0), told


CHECKS: tuple[Check, ...] = (
    Check((LEAP, POLLING), time_is_only_time),
    Check((READ_ONLY,), a_look_brings_nothing_forward),
)
