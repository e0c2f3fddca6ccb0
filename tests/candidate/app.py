"""The whole backend as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.candidate.mcp_tools import server
from tests.candidate.rest import key_of, routes, unauthorized
from tests.candidate.service import Service, Settings

LOCAL = ["127.0.0.1:*", "localhost:*", "127.0.0.1", "localhost", "candidate"]


class KeyCheck:
    """Lets a request pass that carries a good key."""

    def __init__(self, service: Service, inner: ASGIApp) -> None:
        self.service = service
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self.service.account_of(key_of(Headers(scope=scope))) is not None
        await (self.inner if known else unauthorized())(scope, receive, send)


async def refuse(_: Request, error: Exception) -> Response:
    """HTTP's own errors, as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


def build(settings: Settings, public_url: str) -> Starlette:
    """The application; ``public_url`` is where its files are fetched."""
    service = Service(settings, public_url)
    security = TransportSecuritySettings(
        allowed_hosts=LOCAL, allowed_origins=[f"http://{host}" for host in LOCAL]
    )
    manager = StreamableHTTPSessionManager(
        server(service), json_response=True, security_settings=security
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    tools = KeyCheck(service, StreamableHTTPASGIApp(manager))
    return Starlette(
        routes=[*routes(service), Route("/mcp", tools)],
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan,
    )
