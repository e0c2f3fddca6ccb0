"""``GET /_sim/metrics``: the process in numbers. What Prometheus reads is made in ``exposition``,
which is loaded at the first scrape."""

import asyncio
import importlib

from simulator.engine.counters import Counters
from simulator.engine.provider import Provider
from simulator.engine.readings import read
from simulator.surfaces.heartbeat import Heartbeat


class Metrics:
    """One app's: nothing in it is shared with another app of the process."""

    def __init__(self, provider: Provider, counters: Counters, version: str) -> None:
        self._provider = provider
        self._counters = counters
        self._version = version
        self._heartbeat = Heartbeat(counters)

    async def scrape(self, accept: str) -> tuple[bytes, bytes]:
        """Content type and text, as the Accept header wants it: Prometheus text 0.0.4 unless it
        asks for OpenMetrics."""
        self._heartbeat.start()
        # A fifth of a second on a slow machine, in which nobody else shall wait.
        module = await asyncio.to_thread(importlib.import_module, "simulator.surfaces.exposition")
        readings = await read(self._provider.store, self._provider.worlds)
        told: tuple[bytes, bytes] = module.exposition(
            readings, self._counters, self._version, accept
        )
        return told
