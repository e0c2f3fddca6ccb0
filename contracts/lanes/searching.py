"""Hypothesis behind an async check: it draws, plays and shrinks; each law is judged by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import Flaky, UnsatisfiedAssumption
from hypothesis.strategies import SearchStrategy

from contracts.backend import Backend
from contracts.check import Broken, CannotTell, Judgement
from contracts.exchange import Exchange, Trace

HANDSHAKE = frozenset({"initialize", "notifications/initialized"})
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
    play goes on. ``focus``: the law that is being shrunk, alone."""

    laws: frozenset[str]
    focus: str = ""

    def hold(self, law: str, holds: object, expected: object, got: object) -> None:
        """Raises LawBroken unless ``holds``, for a law that is looked at."""
        if not holds and law in self.laws and self.focus in ("", law):
            raise LawBroken(law, Broken(expected, got))


@dataclass(frozen=True, slots=True)
class Extent:
    """``examples``: at most so many, ``requests``: over all of them with their shrinking.
    ``shrinks``: a failure is played again and again, which costs nothing in a world of one's
    own."""

    examples: int
    requests: int
    shrinks: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A broken law with the shortest exchanges that were seen to show it."""

    broken: Broken
    trace: Trace


Play = Callable[[Any, Watch], Awaitable[None]]
"""Plays one drawn example. Raises LawBroken, and what a check may raise."""


async def search(
    backend: Backend,
    laws: Sequence[str],
    strategy: SearchStrategy[Any],
    play: Play,
    extent: Extent,
) -> Sequence[Judgement]:
    """A judgement of each law: a search for one that is broken, and after it another for the
    rest. What the cap on requests leaves open can't be told. Raises what ``play`` raises."""
    found: dict[str, Found] = {}
    sent = 0
    while len(found) < len(laws):
        watch = Watch(frozenset(set(laws) - set(found)))
        round_ = _Round(backend, watch, play, extent.requests - sent)
        await round_.run(strategy, extent)
        sent += round_.sent
        if round_.best is None:
            break
        found[watch.focus] = round_.best
        if sent >= extent.requests or not extent.shrinks:
            break
    whole = len(found) == len(laws) or not found or (extent.shrinks and sent < extent.requests)
    return [_judged(law, found.get(law), whole=whole) for law in laws]


def _judged(law: str, found: Found | None, *, whole: bool) -> Judgement:
    if found is not None:
        return Judgement(law, found.broken, found.trace)
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
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    async def run(self, strategy: SearchStrategy[Any], extent: Extent) -> None:
        self.loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._search, strategy, extent)
        finally:
            self.ended = True  # what a cancelled check leaves behind stops at its next example
        if self.stopped is not None:
            raise self.stopped

    def _search(self, strategy: SearchStrategy[Any], extent: Extent) -> None:
        shrinking = (Phase.shrink,) if extent.shrinks else ()
        settings = hypothesis.settings(
            max_examples=extent.examples,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, *shrinking),
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        seeded = hypothesis.seed(self.backend.seed)
        test = seeded(settings(hypothesis.given(strategy)(self._example)))
        try:
            test()
        except LawBroken:
            pass
        except Flaky:
            if self.best is not None and self.sent < self.most:
                self.best = _not_again(self.best)
        except UnsatisfiedAssumption:
            pass

    def _example(self, drawn: Any) -> None:
        if self.ended or self.stopped is not None or self.sent >= self.most:
            hypothesis.reject()
        log = self.backend.log
        start = len(log.exchanges)
        try:
            self._played(drawn)
        except LawBroken as error:
            self._keep(error, log.exchanges, start)
            raise
        except Exception as error:  # noqa: BLE001 - it ends the check, in the check's own thread
            self.stopped = error
        finally:
            self.sent += len(log.exchanges) - start
            if self.stopped is None:
                log.exchanges[start:] = [each for each in log.exchanges[start:] if _shakes(each)]
        if self.stopped is not None:
            hypothesis.reject()

    def _played(self, drawn: Any) -> None:
        if self.loop is None:
            return
        playing = asyncio.run_coroutine_threadsafe(_run(self.play(drawn, self.watch)), self.loop)
        playing.result()

    def _keep(self, error: LawBroken, exchanges: list[Exchange], start: int) -> None:
        self.watch.focus = error.law
        shakes = [each for each in exchanges[:start] if _shakes(each)]
        trace = (*shakes, *exchanges[start:])
        if self.best is None or len(trace) <= len(self.best.trace):
            self.best = Found(error.broken, trace)


async def _run(playing: Awaitable[None]) -> None:
    await playing


def _shakes(exchange: Exchange) -> bool:
    """MCP's handshake, which later examples lean on."""
    return exchange.call in HANDSHAKE


def _not_again(found: Found) -> Found:
    broken = found.broken
    return Found(Broken(broken.expected, broken.got, NOT_AGAIN), found.trace)
