"""A world's clock."""

from datetime import datetime

from simulator.client.calls import Calls
from simulator.engine.control_shapes import ClockAnswer

_PATH = "/clock"


class Clock:
    """Every call that changes it answers how it then stands."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def look(self) -> ClockAnswer:
        return self._calls.get(_PATH, ClockAnswer)

    def now(self) -> datetime:
        """The world's time, in UTC."""
        return datetime.fromisoformat(self.look().now)

    def freeze(self) -> ClockAnswer:
        return self._calls.post("/clock/freeze", ClockAnswer)

    def resume(self) -> ClockAnswer:
        return self._calls.post("/clock/resume", ClockAnswer)

    def speed(self, speed: float) -> ClockAnswer:
        """``speed``: simulated seconds per real second."""
        return self._calls.post("/clock/speed", ClockAnswer, {"speed": speed})

    def set(self, now: datetime | str) -> ClockAnswer:
        """Forward only; ``now`` has an offset."""
        text = now if isinstance(now, str) else now.isoformat()
        return self._calls.post("/clock/set", ClockAnswer, {"now": text})

    def advance(self, seconds: float) -> ClockAnswer:
        """Whatever is due on the way happens, each thing at its own time."""
        return self._calls.post("/clock/advance", ClockAnswer, {"seconds": seconds})

    def advance_to_next_event(self) -> ClockAnswer:
        """To the next change of a job; where none is due the clock stays."""
        return self._calls.post("/clock/advance", ClockAnswer, {"until": "next_event"})

    def advance_until(self, generation_id: str, status: str = "completed") -> ClockAnswer:
        """To the instant at which a generation reaches a status. ControlError 409 if it never
        does."""
        until = {"generation_id": generation_id, "status": status}
        return self._calls.post("/clock/advance", ClockAnswer, {"until": until})
