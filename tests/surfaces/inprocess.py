"""A simulator in this process behind an HTTP client: the wire's shapes without a socket."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from simulator.app import Simulator, build
from simulator.settings import Settings

KEY = "sk_test_w"
IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}


class Client:
    """Speaks to one app as one key; ``sim`` calls are under ``/_sim``."""

    def __init__(self, simulator: Simulator, key: str | None = KEY) -> None:
        self.simulator = simulator
        self.headers = {} if key is None else {"X-API-Key": key}
        transport = httpx2.ASGITransport(app=simulator.app)
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://testserver")

    def as_key(self, key: str | None) -> "Client":
        return Client(self.simulator, key)

    async def get(self, path: str, **kwargs: Any) -> httpx2.Response:
        return await self.send("GET", path, **kwargs)

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> httpx2.Response:
        return await self.send("POST", path, json=body, **kwargs)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> httpx2.Response:
        return await self._http.request(
            method, path, headers={**self.headers, **(headers or {})}, **kwargs
        )

    async def start(self, **fields: Any) -> httpx2.Response:
        return await self.post("/v1/generate/media", {**IMAGE, **fields})

    async def started(self, **fields: Any) -> str:
        """The id of a start that must be accepted."""
        answer = await self.start(**fields)
        assert answer.status_code == 200, answer.text
        job_id: str = answer.json()["generation_id"]
        return job_id

    async def status(self, job_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.get(f"/v1/generate/media/{job_id}")).json()
        return answer

    async def advance(self, **body: Any) -> httpx2.Response:
        return await self.post("/_sim/clock/advance", body)

    async def ledger(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.get("/_sim/ledger")).json()["entries"]
        return entries

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def simulated(key: str | None = KEY, **settings: Any) -> AsyncIterator[Client]:
    """A client of a fresh simulator whose clock stands still, unless the settings say otherwise."""
    simulator = build(Settings(**{"frozen": True, **settings}))
    client = Client(simulator, key)
    try:
        yield client
    finally:
        await client.close()
        await simulator.provider.store.close()
