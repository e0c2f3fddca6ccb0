"""Billing and life cycle under many drawn sequences of calls; each law is judged by itself."""

from collections.abc import Sequence
from functools import cache

from contracts.check import Check, Judgement
from contracts.lanes.machine import LAWS, Play
from contracts.lanes.menu import Dish, menu
from contracts.lanes.searching import Extent, Watch, search
from contracts.lanes.steps import Example, examples, surely
from contracts.talk.backend import Backend

FREE = Extent(examples=60, requests=6_000)
BILLED = Extent(examples=3, requests=600, shrinks=False)
"""Where each start costs real credits, and each job real time."""

STEPS_MOST, BILLED_STEPS_MOST = 8, 6
SPENT_MOST = 170.0
"""Credits, for a surface; the worst cases of its rows come to this sum."""


async def the_laws_hold(backend: Backend, surface: str) -> Sequence[Judgement]:
    """Starts, refusals, quotes, looks and waits in any order."""
    free = backend.target.has_worlds

    async def play(example: Example, watch: Watch) -> None:
        await Play(backend, surface, watch, None if free else SPENT_MOST).run(example)

    dishes = _dishes(cheap=not free)
    drawn = examples(
        dishes,
        most=STEPS_MOST if free else BILLED_STEPS_MOST,
        quotes=backend.has("cost-estimate"),
        failing=backend.has("magic"),
    )
    first = () if free else surely(dishes, failing=backend.has("magic"))
    return await search(backend, LAWS, drawn, play, FREE if free else BILLED, first)


@cache
def _dishes(*, cheap: bool) -> tuple[Dish, ...]:
    return tuple(menu(cheap=cheap))


CHECKS: tuple[Check, ...] = (Check(LAWS, the_laws_hold),)
