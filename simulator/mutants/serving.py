"""A process that serves one mutant, and tells how often its fault was reached."""

from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import logs
from simulator.app import build
from simulator.mutants.bench import Bench, Mutant
from simulator.mutants.table import applied
from simulator.settings import Settings
from simulator.surfaces.answering import send_json
from simulator.surfaces.server import CannotStart, bind, run_server

PATH = "/_sim/mutant"
HOST = "127.0.0.1"
CANNOT_START = 3


def serve_mutant(mutant: Mutant, port: int, port_file: Path | None) -> int:
    """Until it is stopped; the exit status."""
    logs.configure("text", "warning")
    try:
        sock = bind(HOST, port)
    except CannotStart as error:
        logs.logger().error(str(error))
        return CANNOT_START
    address = f"http://{HOST}:{sock.getsockname()[1]}"
    bench = applied(mutant)
    app = telling(bench.surround(build(Settings(), address).app), mutant, bench)
    return run_server(app, sock=sock, port_file=port_file)


def telling(app: ASGIApp, mutant: Mutant, bench: Bench) -> ASGIApp:
    """The app, and at one more path which mutant it is and how often its fault was reached."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        body = msgspec.json.encode({"name": mutant.name, "reached": bench.reached})
        await send_json(send, 200, body, "mutant")

    return told
