"""A simulator in this process, on a free port."""

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.app import build
from simulator.settings import Settings
from simulator.surfaces.server import ServerThread


def local_simulator(settings: Settings) -> ServerThread:
    """Not started yet. Its app is built when the port is known, because answers name it."""
    built: list[ASGIApp] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not built:
            built.append(build(settings, f"http://{server.host}:{server.port}").app)
        await built[0](scope, receive, send)

    server = ServerThread(app)
    return server
