"""What the control plane's document says of the two routes that answer no JSON."""

from collections.abc import Mapping
from typing import Any

from simulator.domain.evidence import ASSUMED
from simulator.surfaces.openapi import Extra
from simulator.surfaces.watching import EVENTS_PATH, METRICS_PATH

_STATUSES = (400, 401, 403, 421, 431, 500, 503)
_SOURCE = "mediasim's own"


def watching(namespace: Mapping[str, Any]) -> tuple[Extra, ...]:
    """``namespace``: the parameter that chooses a world."""
    return (
        Extra(
            name="events",
            method="GET",
            path=EVENTS_PATH,
            summary="Follow what happens in a world",
            description="Server-sent events without end: job (a status has changed), entry (credits"
            " have moved), request (a call is over), fault (one changed an answer), clock, reset"
            " (the world was emptied or put back: all is told once more), lost (with the count of"
            " what a slow reader missed), heartbeat every 15 real seconds. Each but the last has an"
            " id, from which a reader goes on; without one it begins with what comes next. error"
            " with a message is the end.",
            tag="watch",
            answer={"text/event-stream": {}},  # a schema would be of the text, and say less
            statuses=_STATUSES,
            strength=ASSUMED,
            source=_SOURCE,
            parameters=(
                namespace,
                _place("Last-Event-ID", "header", "The id of the last event that was seen."),
                _place("after", "query", "The same, where no header can be sent."),
            ),
        ),
        Extra(
            name="metrics",
            method="GET",
            path=METRICS_PATH,
            summary="The process in numbers, for Prometheus",
            description="Calls by surface, operation and class of status, jobs by status, credits"
            " by kind, all over all worlds; faults, parked requests, journals, and how late the"
            " event loop was since the first scrape. Text 0.0.4, or OpenMetrics where Accept"
            " prefers it.",
            tag="watch",
            answer={"text/plain": {"schema": {"type": "string"}}},
            statuses=_STATUSES,
            strength=ASSUMED,
            source=_SOURCE,
            parameters=(namespace,),
        ),
    )


def _place(name: str, where: str, says: str) -> Mapping[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": False,
        "description": says,
        "schema": {"type": "string", "pattern": r"^\d{1,15}\.\d{1,15}\.\d{1,15}$"},
    }
