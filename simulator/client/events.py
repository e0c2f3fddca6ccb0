"""What happens in a world, as it happens."""

from collections.abc import Generator
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO, Any

import msgspec

from simulator.client.calls import PREFIX, UNREACHABLE, Calls, ControlError, refusal
from simulator.client.wire import Reply, Wire


@dataclass(frozen=True, slots=True)
class Event:
    """``name``: job, entry, request, fault, clock, reset or lost; ``id``: to go on from."""

    name: str
    id: str
    data: dict[str, Any]


def events(calls: Calls, wire: Wire, after: str | None) -> Generator[Event]:
    """Until the simulator stops or the iterator is closed. Raises ControlError."""
    target = f"{PREFIX}/events" if after is None else f"{PREFIX}/events?after={after}"
    try:
        with wire.stream(target, calls.headers) as response:
            if response.status != 200:
                raise refusal(Reply(response.status, response.read()))
            yield from _told(response)
    except (OSError, HTTPException) as error:
        raise ControlError(UNREACHABLE, f"{calls.url}: {error}") from error


def _told(response: IO[bytes]) -> Generator[Event]:
    fields: dict[bytes, bytes] = {}
    for line in response:
        name, found, value = line.rstrip(b"\n").partition(b": ")
        if found:
            fields[name] = value
            continue
        kind = fields.get(b"event", b"").decode()
        if kind == "error":
            return
        if kind != "heartbeat":
            data = msgspec.json.decode(fields[b"data"], type=dict[str, Any])
            yield Event(kind, fields.get(b"id", b"").decode(), data)
        fields = {}
