"""The simulator that worlds of tests are on: one of this process, or one that runs already."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2

from simulator.client import ControlClient
from simulator.client.wire import Wire
from simulator.commands.local import local_simulator
from simulator.settings import Settings, environment


@dataclass(frozen=True, slots=True)
class Server:
    """A simulator that answers at ``url``. ``control`` drives its namespace ``default``;
    ``transport`` keeps the connections of all clients of all worlds; ``async_transport``: of an
    app in this process, None for the network."""

    url: str
    control: ControlClient
    transport: httpx2.BaseTransport
    async_transport: httpx2.AsyncBaseTransport | None = None

    @property
    def mcp_url(self) -> str:
        """Where it speaks MCP."""
        return f"{self.url}/mcp"


@contextlib.contextmanager
def serving(url: str | None = None, settings: Settings | None = None) -> Iterator[Server]:
    """The simulator at ``url``; without one, a new one of this process on a free port, which ends
    with the block and whose clocks stand still unless ``settings`` say otherwise.

    Raises ControlError when nobody answers at ``url``, ValueError when it is none, and CannotStart.
    """
    with contextlib.ExitStack() as stack:
        if url is None:
            local = stack.enter_context(local_simulator(settings or Settings(frozen=True)))
            url = f"http://{local.host}:{local.port}"
        token = environment({"token": "ADMIN_TOKEN"}).get("token")
        if settings is not None and settings.admin_token is not None:
            token = settings.admin_token
        wire = Wire(url)
        stack.callback(wire.close)
        transport = httpx2.HTTPTransport(verify=url.startswith("https:"))
        stack.callback(transport.close)
        control = ControlClient(url, admin_token=token, transport=wire)
        control.info()
        yield Server(control.url, control, transport)


def told_url() -> str | None:
    """The simulator that this process was told of, as by ``mediasim run``."""
    return environment({"url": "URL"}).get("url")
