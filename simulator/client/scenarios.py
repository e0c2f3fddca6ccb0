"""Named situations."""

from simulator.client.calls import Calls, part
from simulator.engine.controls.scenarios import ScenarioAnswer, ScenariosAnswer, ScenarioView
from simulator.engine.scenarios import Surface


class Scenarios:
    """Each is put into a world by one call; best into a fresh one."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> list[ScenarioView]:
        """With what each is about, and what is in the ledger at its end."""
        return self._calls.get("/scenarios", ScenariosAnswer).scenarios

    def put(self, name: str) -> ScenarioAnswer:
        """Puts its accounts, faults, queues and breakpoints into this world; ``client`` of the
        answer says what a client now does to see it."""
        return self._calls.post(f"/scenarios/{part(name)}", ScenarioAnswer)

    def play(self, name: str, surface: Surface = "rest") -> ScenarioAnswer:
        """Does what the client does as well, and compares: look at ``played``. The clock stands
        still afterwards."""
        body = {"play": True, "surface": surface}
        return self._calls.post(f"/scenarios/{part(name)}", ScenarioAnswer, body)
