"""A simulator on a real socket, and starts made as its users make them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from simulator.client import ControlClient, Reply
from simulator.client.wire import Wire
from simulator.commands.local import local_simulator
from simulator.settings import Settings


@contextmanager
def simulator_at(**settings: object) -> Iterator[str]:
    """Its URL; the clock stands still unless the settings say otherwise."""
    values: dict[str, object] = {"frozen": True, **settings}
    with local_simulator(Settings(**values)) as server:  # type: ignore[arg-type]  # fields by name
        yield f"http://{server.host}:{server.port}"


def started(client: ControlClient, account: str = "main", **fields: object) -> str:
    """The id of a picture's start, which must be accepted."""
    reply = _start(client, account, fields)
    assert reply.status == 200, reply.content
    return str(json.loads(reply.content)["generation_id"])


def start_status(client: ControlClient) -> int:
    """What a start is answered."""
    return _start(client, "main", {}).status


def _start(client: ControlClient, account: str, fields: Mapping[str, object]) -> Reply:
    body = {"prompt": "A lighthouse at dusk", "model": "nano-banana", **fields}
    headers = {"X-API-Key": client.key(account), "Content-Type": "application/json"}
    wire = Wire(client.url)
    try:
        return wire("POST", "/v1/generate/media", headers, json.dumps(body).encode())
    finally:
        wire.close()
