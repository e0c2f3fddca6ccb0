"""What the control plane serves to those who watch: numbers for Prometheus, and events."""

from starlette.types import Receive, Scope, Send

from simulator.engine.provider import Provider
from simulator.engine.worlds import World
from simulator.surfaces.answering import NOSNIFF, SIM, method_not_allowed
from simulator.surfaces.event_stream import stream_events
from simulator.surfaces.metrics import Metrics

METRICS_PATH, EVENTS_PATH = "/_sim/metrics", "/_sim/events"


class Watching:
    """Two paths of the control plane, whose answers are no JSON."""

    def __init__(self, provider: Provider, version: str) -> None:
        self._provider = provider
        self._metrics = Metrics(provider, provider.worlds.counters, version)

    def serves(self, path: str) -> bool:
        return path in (METRICS_PATH, EVENTS_PATH)

    async def answer(
        self, world: World, request_id: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Raises Denial 405, and 400, before anything is sent."""
        if scope["method"] not in ("GET", "HEAD"):
            raise method_not_allowed(["GET"])
        if scope["path"] == EVENTS_PATH:
            await stream_events(self._provider, world, scope, receive, send)
            return
        kind, text = await self._metrics.scrape(_accept(scope))
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % len(text)),
            SIM,
            (b"x-request-id", request_id.encode("ascii")),
            NOSNIFF,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _accept(scope: Scope) -> str:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"accept"]
    return ", ".join(values)
