"""The peer: Starlette answering JSON and nothing else, as bare as uvicorn serves it.

``python -m tests.bench.echo`` prints one ready line, as the simulator does, and serves until it is
stopped. A POST answers its body; the status of any id is pending.
"""

import json
import socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def start(request: Request) -> JSONResponse:
    """The body, read and written."""
    return JSONResponse(await request.json())


async def status(request: Request) -> JSONResponse:
    """The path's id in an object."""
    return JSONResponse({"id": request.path_params["id"], "status": "pending"})


def main() -> None:
    """Serves on a free port."""
    app = Starlette(
        routes=[
            Route("/v1/generate/media", start, methods=["POST"]),
            Route("/v1/generate/media/{id}", status),
        ]
    )
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(2048)
    host, port = sock.getsockname()
    print(json.dumps({"event": "ready", "url": f"http://{host}:{port}"}), flush=True)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="error", access_log=False
    )
    uvicorn.Server(config).run(sockets=[sock])


if __name__ == "__main__":
    main()
