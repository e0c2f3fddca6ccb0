"""A heartbeat of the event loop: how late it comes is how long everybody had to wait."""

import asyncio
import weakref

from simulator.engine.counters import Counters

BEAT_REAL_S = 0.05


class Heartbeat:
    """Beats from the first ``start`` on, so that nobody pays who never looks. It ends with its
    loop, or when nobody has it any more."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begins on the running loop; a second call there does nothing."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            _beat_later(loop, weakref.ref(self))

    def beat(self, late_s: float) -> None:
        """Counts one, so many seconds after it was due."""
        self._counters.stall(max(0, round(late_s * 1_000_000)))

    def beats_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._loop is loop


def _beat_later(loop: asyncio.AbstractEventLoop, found: "weakref.ref[Heartbeat]") -> None:
    """A bare callback: a task would have to be ended, and an app in a test is rarely closed."""
    loop.call_later(BEAT_REAL_S, _beat, loop, found, loop.time() + BEAT_REAL_S)


def _beat(loop: asyncio.AbstractEventLoop, found: "weakref.ref[Heartbeat]", due_s: float) -> None:
    heartbeat = found()
    if heartbeat is not None and heartbeat.beats_on(loop):
        heartbeat.beat(loop.time() - due_s)
        _beat_later(loop, found)
