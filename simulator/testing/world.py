"""A world of a test's own, and everything that a test does with it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import httpx2

from simulator.client.breakpoints import Breakpoints
from simulator.client.clock import Clock
from simulator.client.journal import Journal
from simulator.client.queues import Queues
from simulator.client.snapshots import Snapshots
from simulator.engine.control_shapes import JobView
from simulator.engine.controls.scenarios import ScenarioAnswer
from simulator.testing.faults import Faults
from simulator.testing.ledger import Ledger
from simulator.testing.parking import Parked, parked_at
from simulator.testing.server import Server
from simulator.testing.verdicts import expect

CLIENT_TIMEOUT_S = 30.0

Matcher = Mapping[str, Any]
"""Fields of a call, such as ``operation``, ``status`` or ``request.model``, and what they are."""


class Mediasim:
    """One namespace of a simulator: nothing that happens here shows in another test's.

    ``url`` and ``mcp_url`` are where a program under test finds the provider, ``key`` is the API
    key of the account ``main``. What drives the world raises ControlError when it is refused.
    """

    def __init__(self, server: Server, namespace: str) -> None:
        self.server = server
        self.namespace = namespace
        self.url = server.url
        self.mcp_url = server.mcp_url
        self.control = server.control.within(namespace)
        self.clock: Clock = self.control.clock
        self.ledger = Ledger(self.control)
        self._forks = 0

    @property
    def key(self) -> str:
        return self.control.key()

    @cached_property
    def client(self) -> httpx2.Client:
        """Calls the provider as ``main``: ``client.post("/v1/generate/media", json={...})``."""
        return self.client_of("main")

    def client_of(self, account: str) -> httpx2.Client:
        """Calls the provider as another account of this world."""
        return httpx2.Client(
            base_url=self.url,
            headers={"X-API-Key": self.control.key(account)},
            transport=self.server.transport,
            timeout=CLIENT_TIMEOUT_S,
            trust_env=False,
        )

    def account(
        self, name: str, credits: float | None = None, scopes: Sequence[str] | None = None
    ) -> str:
        """The API key of an account, which is made when it is new; its available credits and scopes
        are set if they are given."""
        key = self.control.key(name)
        self.control.put_account(key, credits, scopes)
        return key

    @property
    def faults(self) -> Faults:
        return Faults(self.control)

    @property
    def breakpoints(self) -> Breakpoints:
        return self.control.breakpoints

    @property
    def queues(self) -> Queues:
        return self.control.queues

    @property
    def snapshots(self) -> Snapshots:
        return self.control.snapshots

    @property
    def journal(self) -> Journal:
        return self.control.journal

    def park(
        self,
        point: str,
        *,
        match: Mapping[str, Any] | None = None,
        times: int | None = None,
        hold_seconds: float = 30.0,
    ) -> AbstractContextManager[Parked]:
        """Within the block, ``times`` requests (None: all) that reach the point and fit ``match``
        stand still until they are released; each for ``hold_seconds`` of real time at most. The
        requests come from other threads than the test's."""
        return parked_at(self.control, point, match, times, hold_seconds)

    def verify(
        self,
        request: Matcher | None = None,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        never: bool = False,
        in_order: Sequence[Matcher] = (),
        within_seconds: float | None = None,
        **fields: Any,
    ) -> None:
        """Raises AssertionError, with the calls that come nearest, unless the journal holds as many
        calls as said (at least one, if nothing is) that are as ``request`` and ``fields`` say:
        ``verify(operation="generate_media", status=200, exactly=1)``."""
        __tracebackhide__ = True
        wanted = {**(request or {}), **fields}
        verdict = self.journal.verify(
            wanted,
            exactly=exactly,
            at_least=at_least,
            at_most=at_most,
            never=never,
            in_order=in_order,
            within_seconds=within_seconds,
        )
        expect(verdict, wanted or in_order)

    def jobs(
        self, status: str | None = None, account: str | None = None, model: str | None = None
    ) -> list[JobView]:
        """Every job that fits, with its timetable, price row and formula."""
        return self.control.jobs(status, account, model)

    def job(self, generation_id: str) -> JobView:
        return self.control.job(generation_id)

    def scenario(self, name: str) -> ScenarioAnswer:
        """Puts a named situation into this world; ``client`` of the answer says what a client now
        does to see it."""
        return self.control.scenarios.put(name)

    def snapshot(self, name: str = "before") -> None:
        """Saves the whole world as it is."""
        self.snapshots.save(name, replace=True)

    def restore(self, name: str = "before") -> None:
        """Puts a snapshot in the place of all that this world has, its clock included."""
        self.snapshots.restore(name)

    def fork(self, name: str = "before") -> "Mediasim":
        """A snapshot as another world, with keys of its own."""
        self._forks += 1
        other = Mediasim(self.server, f"{self.namespace}-f{self._forks}")
        self.snapshots.fork(name, other.namespace)
        return other
