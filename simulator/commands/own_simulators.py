"""Simulators of a command's own, one for each choice of policies, for as long as it needs them."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from simulator import logs  # before whatever else imports structlog
from simulator.client import ControlClient
from simulator.commands.local import local_simulator
from simulator.console import CANNOT_START, CommandFailed
from simulator.domain.policies import choose
from simulator.settings import Settings
from simulator.surfaces.server import CannotStart


class OwnSimulators:
    """A context manager; at its end they are stopped."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._clients: dict[tuple[tuple[str, str], ...], ControlClient] = {}

    def client(self, policies: Mapping[str, str]) -> ControlClient:
        """Of the simulator with these policies, started when it is first asked for. Raises
        CommandFailed."""
        chosen = tuple(sorted(policies.items()))
        if chosen not in self._clients:
            self._clients[chosen] = self._started(chosen)
        return self._clients[chosen]

    def _started(self, chosen: tuple[tuple[str, str], ...]) -> ControlClient:
        policies = choose(f"{name}={value}" for name, value in chosen)
        server = local_simulator(Settings(frozen=True, policies=policies))
        try:
            url = server.start()
        except CannotStart as error:
            raise CommandFailed(CANNOT_START, str(error)) from error
        self._stack.callback(server.stop)
        return self._stack.enter_context(ControlClient(url))

    def __enter__(self) -> Self:
        logs.configure("text", "error")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
