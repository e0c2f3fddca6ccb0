"""Hypothesis behind an async check: it draws, plays and shrinks; each law is judged by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from contracts.check import Broken, CannotTell, Judgement
from contracts.talk.backend import Backend
from contracts.talk.exchange import Exchange, Trace
from contracts.talk.wire import Trouble

HANDSHAKE = frozenset({"initialize", "notifications/initialized"})
SHRINKS_MOST = 80
PLAYS_MOST = 8
NOT_AGAIN = "it did not come again when the same steps were repeated"


class LawBroken(Exception):
    """A law did not hold."""

    def __init__(self, law: str, broken: Broken) -> None:
        super().__init__(f"{law}: {broken}")
        self.law = law
        self.broken = broken


@dataclass(slots=True)
class Watch:
    """Which laws are looked at while one example is played; the others may be broken, and the
    play goes on. ``focus``: the law that is being shrunk, alone. ``told``: hears of what is broken
    in place of an exception, so that one play shows all that it can. ``drawn``: the example that is
    being played."""

    laws: frozenset[str]
    focus: str = ""
    told: Callable[[LawBroken], None] | None = None
    drawn: object = None

    def hold(self, law: str, holds: object, expected: object, got: object) -> None:
        """Raises LawBroken unless ``holds``, for a law that is looked at."""
        if holds or law not in self.laws or self.focus not in ("", law):
            return
        broken = LawBroken(law, Broken(expected, got))
        if self.told is None:
            raise broken
        self.told(broken)


@dataclass(frozen=True, slots=True)
class Extent:
    """``examples``: at most so many, ``requests``: over all of them with their shrinking.
    ``shrinks``: a failure is played again and again, which costs nothing in a world of one's
    own; elsewhere nothing is played twice, and each play is judged by all laws."""

    examples: int
    requests: int
    shrinks: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A broken law with the shortest exchanges that were seen to show it."""

    broken: Broken
    trace: Trace
    example: object = None


Play = Callable[[Any, Watch], Awaitable[None]]
"""Plays one drawn example. Raises LawBroken, and what a check may raise."""


async def search(
    backend: Backend,
    laws: Sequence[str],
    strategy: SearchStrategy[Any],
    play: Play,
    extent: Extent,
    first: Sequence[Any] = (),
) -> Sequence[Judgement]:
    """A judgement of each law: a search for one that is broken, and after it another for the
    rest. What the cap on requests leaves open can't be told. ``first``: examples that are played
    before any is drawn. Raises what ``play`` raises."""
    if backend.log.example is not None:
        return await _alone(play, *backend.log.example)
    if not extent.shrinks:
        return await _one_by_one(backend, laws, strategy, play, extent, first)
    found: dict[str, Found] = {}
    sent = 0
    while len(found) < len(laws) and sent < extent.requests:
        watch = Watch(frozenset(set(laws) - set(found)))
        round_ = _Round(backend, watch, play, extent.requests - sent, replays=True)
        await round_.run(strategy, extent, first)
        sent += round_.sent
        if round_.best is None:
            break
        found[watch.focus] = round_.best
    whole = not found or sent < extent.requests
    return [_judged(law, found.get(law), whole=whole) for law in laws]


async def _alone(play: Play, law: str, example: object) -> Sequence[Judgement]:
    """What one example says of one law."""
    try:
        await play(example, Watch(frozenset({law}), focus=law))
    except LawBroken as error:
        return [Judgement(law, error.broken)]
    return [Judgement(law)]


async def _one_by_one(
    backend: Backend,
    laws: Sequence[str],
    strategy: SearchStrategy[Any],
    play: Play,
    extent: Extent,
    first: Sequence[Any],
) -> Sequence[Judgement]:
    """Each example once; what is broken is kept with the exchanges that led to it."""
    found: dict[str, Found] = {}

    def told(error: LawBroken) -> None:
        found.setdefault(error.law, Found(error.broken, backend.trace, watch.drawn))

    watch = Watch(frozenset(laws), told=told)
    await _Round(backend, watch, play, extent.requests).run(strategy, extent, first)
    return [_judged(law, found.get(law), whole=True) for law in laws]


def _judged(law: str, found: Found | None, *, whole: bool) -> Judgement:
    if found is not None:
        example = None if found.example is None else (law, found.example)
        return Judgement(law, found.broken, found.trace, example=example)
    if whole:
        return Judgement(law)
    return Judgement(law, CannotTell("another law was broken, and no requests are left to look on"))


@dataclass(slots=True)
class _Round:
    """One search. ``sent``: its exchanges. ``stopped``: what ends the whole check."""

    backend: Backend
    watch: Watch
    play: Play
    most: int
    sent: int = 0
    best: Found | None = None
    stopped: Exception | None = None
    ended: bool = False
    shrunk: int = 0
    replays: bool = False
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    async def run(
        self, strategy: SearchStrategy[Any], extent: Extent, first: Sequence[Any]
    ) -> None:
        self.loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._search, strategy, extent, first)
        finally:
            self.ended = True  # what a cancelled check leaves behind stops at its next example
        if self.stopped is not None:
            raise self.stopped

    def _search(self, strategy: SearchStrategy[Any], extent: Extent, first: Sequence[Any]) -> None:
        shrinking = (Phase.shrink,) if extent.shrinks else ()
        settings = hypothesis.settings(
            max_examples=extent.examples,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.explicit, Phase.generate, *shrinking),
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        seeded = hypothesis.seed(self.backend.seed)
        test = seeded(settings(hypothesis.given(strategy)(self._example)))
        for each in reversed(first):
            test = hypothesis.example(each)(test)
        try:
            test()
        except LawBroken:
            pass
        except Flaky:
            if self.best is not None and not self._is_over():
                self.best = _not_again(self.best)
        except (Unsatisfiable, UnsatisfiedAssumption):
            if not self._is_over():  # else every further example was turned away on purpose
                raise

    def _example(self, drawn: Any) -> None:
        if self._is_over():
            hypothesis.reject()
        self.watch.drawn = drawn
        self.shrunk += self.best is not None
        log = self.backend.log
        start = len(log.exchanges)
        try:
            self._played(drawn, start)
        except LawBroken as error:
            self._keep(error, log.exchanges, start, drawn)
            raise
        except Exception as error:  # noqa: BLE001 - it ends the check, in the check's own thread
            self.stopped = error
        finally:
            self.sent += len(log.exchanges) - start
            if self.stopped is None:
                log.exchanges[start:] = [each for each in log.exchanges[start:] if _shakes(each)]
        if self.stopped is not None:
            hypothesis.reject()

    def _is_over(self) -> bool:
        spent = self.sent >= self.most or self.shrunk >= SHRINKS_MOST
        return self.ended or self.stopped is not None or spent

    def _played(self, drawn: Any, start: int) -> None:
        """Again from its beginning when the connection breaks, where that costs nothing."""
        if self.loop is None:
            return
        for left in range(PLAYS_MOST - 1 if self.replays else 0, -1, -1):
            playing = asyncio.run_coroutine_threadsafe(
                _run(self.play(drawn, self.watch)), self.loop
            )
            try:
                playing.result()
            except Trouble:
                if not left or self.ended:
                    raise
                exchanges = self.backend.log.exchanges
                self.sent += len(exchanges) - start
                exchanges[start:] = [each for each in exchanges[start:] if _shakes(each)]
                self.sent -= len(exchanges) - start
            else:
                return

    def _keep(self, error: LawBroken, exchanges: list[Exchange], start: int, drawn: object) -> None:
        self.watch.focus = error.law
        shakes = [each for each in exchanges[:start] if _shakes(each)]
        trace = (*shakes, *exchanges[start:])
        if self.best is None or len(trace) <= len(self.best.trace):
            self.best = Found(error.broken, trace, drawn)


async def _run(playing: Awaitable[None]) -> None:
    await playing


def _shakes(exchange: Exchange) -> bool:
    """MCP's handshake, which later examples lean on."""
    return exchange.call in HANDSHAKE


def _not_again(found: Found) -> Found:
    broken = found.broken
    return Found(Broken(broken.expected, broken.got, NOT_AGAIN), found.trace, found.example)
