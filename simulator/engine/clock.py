"""A world's clock as a value: running at a speed, or frozen. Real time is handed in."""

from dataclasses import dataclass, replace
from typing import Literal

from simulator.domain.times import LAST_INSTANT_MS

SPEED_MOST = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Clock:
    """``at_ms`` is the world's time at the real instant ``since_ms`` (a monotonic reading)."""

    at_ms: int
    since_ms: int
    speed: float = 1.0
    mode: Literal["running", "frozen"] = "running"

    def now(self, real_ms: int) -> int:
        if self.mode == "frozen":
            return self.at_ms
        elapsed_ms = int(max(0, real_ms - self.since_ms) * self.speed)
        return min(self.at_ms + elapsed_ms, LAST_INSTANT_MS)

    def freeze(self, real_ms: int) -> "Clock":
        return replace(self, at_ms=self.now(real_ms), since_ms=real_ms, mode="frozen")

    def resume(self, real_ms: int) -> "Clock":
        return replace(self, at_ms=self.now(real_ms), since_ms=real_ms, mode="running")

    def at_speed(self, speed: float, real_ms: int) -> "Clock":
        """``ValueError`` unless 0 < speed <= SPEED_MOST."""
        if not 0 < speed <= SPEED_MOST:
            raise ValueError(f"speed {speed} is not between 0 and {SPEED_MOST:g}")
        return replace(self, at_ms=self.now(real_ms), since_ms=real_ms, speed=speed)

    def moved_to(self, instant_ms: int, real_ms: int) -> "Clock":
        """Forward only: ``ValueError`` for an instant in the past or beyond the year 9999."""
        now_ms = self.now(real_ms)
        if instant_ms < now_ms:
            raise ValueError("the clock only moves forward")
        if instant_ms > LAST_INSTANT_MS:
            raise ValueError("the clock ends with the year 9999")
        return replace(self, at_ms=instant_ms, since_ms=real_ms)

    def real_seconds_until(self, instant_ms: int, real_ms: int) -> float | None:
        """How long to wait for an instant; None while frozen."""
        if self.mode == "frozen":
            return None
        return max(0.0, (instant_ms - self.now(real_ms)) / self.speed / 1000)
