"""The same commands to two backends, compared after each: answers, credits and jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.check import Check, Judgement
from contracts.judging import cost_of
from contracts.lanes.beside import other
from contracts.lanes.menu import Dish, menu
from contracts.lanes.searching import Extent, Watch, search
from contracts.lanes.steps import (
    Ask,
    Example,
    Follow,
    Look,
    Poll,
    Quote,
    Step,
    Wait,
    endings,
    examples,
)
from contracts.talk.backend import FINAL, Backend
from contracts.talk.exchange import Reply

COMMANDS = "differential:commands"
QUOTE_CALL = "estimate_generation_cost"

FREE = Extent(examples=12, requests=2_000)
BILLED = Extent(examples=3, requests=250, shrinks=False)
SPENT_MOST = 160.0
STEPS_MOST, BILLED_STEPS_MOST = 8, 6
_LONG_S = 86_400
_TOLD = ("model", "generation_type", "billing_mode")


async def both_do_the_same(backend: Backend, surface: str) -> Sequence[Judgement]:
    """Raises DoesNotApply, CannotTell without a backend beside it."""
    free = backend.target.has_worlds
    dishes = _dishes(cheap=not free)
    drawn = examples(
        dishes,
        most=STEPS_MOST if free else BILLED_STEPS_MOST,
        quotes=backend.has("cost-estimate"),
        failing=backend.has("magic"),
    )
    async with other(backend) as reference:

        async def play(example: Example, watch: Watch) -> None:
            spend_most = None if free else SPENT_MOST
            await Pair(reference, backend, surface, watch, spend_most).run(example)

        first = () if free else endings(dishes, failing=backend.has("magic"))
        extent = FREE if free else BILLED
        return await search(backend, (COMMANDS,), drawn, play, extent, first)


def _dishes(*, cheap: bool) -> Sequence[Dish]:
    """Those whose answer the documents fix: what they leave open may differ."""
    return [dish for dish in menu(cheap=cheap) if dish.documented]


@dataclass(slots=True)
class Pair:
    """Two accounts that are told the same. ``jobs``: the ids on the reference and on the target,
    start by start. ``base``: by how much the target had more credits at first."""

    reference: Backend
    target: Backend
    surface: str
    watch: Watch
    spend_most: float | None = None
    jobs: list[tuple[str, str]] = field(default_factory=list)
    base: float = 0

    async def run(self, example: Example) -> None:
        """Raises LawBroken at the first difference, and what a check may raise."""
        if self.target.target.has_worlds:
            await self.target.prepare(credits=example.credits)
        held = await self.target.balance(surface=self.surface)
        await self.reference.prepare(credits=held)
        for step in example.steps:
            await self._step(step)
            await self._balances(f"after {step}")
        await self._end()

    async def _step(self, step: Step) -> None:
        match step:
            case Ask():
                await self._ask(step)
            case Quote(dish):
                await self._same(QUOTE_CALL, dish.request())
            case Look("get_models" | "get_balance"):
                pass  # the lists differ by right; the balance is compared after every step
            case Look(_, number) | Poll(number):
                await self._look(number)
            case Wait(seconds) if self.target.has("control"):
                await self.reference.advance(seconds)
                await self.target.advance(seconds)
            case Wait():
                await self._settle()
            case Follow(number, seconds):
                await self._step(Wait(seconds))
                await self._look(number)

    async def _ask(self, step: Ask) -> None:
        spent = self.target.log.credits + step.dish.worst_credits
        if self.spend_most is not None and spent > self.spend_most:
            return
        body = step.dish.request(fails=step.fails)
        one, two = await self._same("generate_media", body)
        if one.generation_id and two.generation_id:
            self.jobs.append((one.generation_id, two.generation_id))
        if not self.target.has("control"):
            await self._settle()

    async def _same(self, call: str, body: Mapping[str, Any]) -> tuple[Reply, Reply]:
        one = await self.reference.call(call, body, surface=self.surface)
        two = await self.target.call(call, body, surface=self.surface)
        self._hold(_answer(one), _answer(two), two)
        return one, two

    async def _look(self, number: int) -> None:
        if not self.jobs:
            return
        first, second = self.jobs[number % len(self.jobs)]
        one = await self.reference.poll(first, surface=self.surface)
        two = await self.target.poll(second, surface=self.surface)
        if self.target.has("control"):
            names: tuple[str, ...] = ("status", "progress", "credits_deducted")
        else:
            names = ("status",) if {one["status"], two["status"]} <= set(FINAL) else ()
        self._hold([one.get(name) for name in names], [two.get(name) for name in names], two)

    async def _settle(self) -> None:
        """Every job to its end, where two clocks can't be moved together."""
        await self.reference.advance(_LONG_S)
        for _, job in self.jobs:
            await self.target.wait_finished(job, surface=self.surface)

    async def _end(self) -> None:
        if self.target.has("control"):
            await self.target.advance(_LONG_S)
        await self._settle()
        for number in range(len(self.jobs)):
            await self._look(number)
        await self._balances("in the end")

    async def _balances(self, when: str) -> None:
        one = await self.reference.balance(surface=self.surface)
        two = await self.target.balance(surface=self.surface)
        fits = abs(one - two) < 1e-6
        self.watch.hold(COMMANDS, fits, f"{one:g} credits {when}, as beside it", f"{two:g} credits")

    def _hold(self, one: object, two: object, got: object) -> None:
        shown = got.summary if isinstance(got, Reply) else got
        self.watch.hold(COMMANDS, one == two, f"{one}, as beside it", f"{two}: {shown}")


def _answer(reply: Reply) -> Sequence[object]:
    """What of an answer the documents fix."""
    if reply.refused:
        return ["refused", reply.code]
    told = [reply.fields.get(name) for name in _TOLD if name in reply.fields]
    return ["accepted", cost_of(reply), *told]


CHECKS: tuple[Check, ...] = (Check((COMMANDS,), both_do_the_same),)
