"""The whole app called in this process, without an HTTP client that would tidy up a request."""

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import structlog
from starlette.types import ASGIApp, Message

from simulator.app import Simulator, build
from simulator.settings import Settings
from tests.surfaces.rawhttp import Answer

Header = tuple[bytes, bytes]

BASE_URL = "http://127.0.0.1:4747"
IMAGE = {"prompt": "A lighthouse at dusk", "model": "z-image"}
LONG_S = 10_000_000
"""Simulated seconds after which every job that ends has ended."""


def quiet_logs() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def made(**settings: Any) -> Simulator:
    """A simulator with a clock that stands still and no limits, unless the settings say more."""
    return build(Settings(**{"frozen": True, "limits": False, **settings}), BASE_URL)


async def send(
    app: ASGIApp, method: str, target: str, headers: list[Header], body: bytes = b""
) -> Answer:
    """One request as a server would hand it to the app; ``target`` is a path with its query."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 4747),
        "state": {},
    }
    sent: list[Message] = []
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def collect(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, collect)
    start = sent[0]
    answered = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]
    }
    return Answer(start["status"], answered, b"".join(each.get("body", b"") for each in sent[1:]))


class Caller:
    """Calls one app as one key, with JSON bodies."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app = app
        self.key = key

    async def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        fields = {"x-api-key": self.key, **(headers or {})}
        if body is not None:
            fields = {"content-type": "application/json", **fields}
        if data:
            fields["content-length"] = str(len(data))
        pairs = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in fields.items()]
        return await send(self.app, method, path, pairs, data)

    async def start(self, **fields: Any) -> Answer:
        return await self("POST", "/v1/generate/media", {**IMAGE, **fields})

    async def advance(self, seconds: float) -> Answer:
        return await self("POST", "/_sim/clock/advance", {"seconds": seconds})

    async def read(self, path: str) -> Any:
        """The JSON of a GET that must be answered."""
        answer = await self("GET", path)
        assert answer.status == 200, answer
        return answer.json
