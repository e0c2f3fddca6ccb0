"""The backend as its tests run it: as a process, or in this one; and a caller for both."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.candidate.app import build
from tests.candidate.service import Settings

ROOT = Path(__file__).resolve().parents[2]
MAIN, SECOND = "candidate-main-key", "candidate-second-key"
ACCEPT = "application/json, text/event-stream"
MODERN = "2026-07-28"
META: Mapping[str, object] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True)
class Caller:
    """Speaks to one running backend."""

    http: httpx2.AsyncClient

    async def rest(
        self, method: str, path: str, body: object = None, key: str = MAIN
    ) -> httpx2.Response:
        """One request with a key, none for an empty one."""
        headers = {"X-API-Key": key} if key else {}
        return await self.http.request(method, path, json=body, headers=headers)

    async def tool(self, name: str, key: str = MAIN, **arguments: object) -> dict[str, Any]:
        """A tool's result, in the revision without sessions."""
        params = {"name": name, "arguments": arguments, "_meta": META}
        headers = {"Mcp-Method": "tools/call", "Mcp-Name": name, "MCP-Protocol-Version": MODERN}
        answer = await self.rpc("tools/call", params, headers, key)
        result: dict[str, Any] = answer.json()["result"]
        return result

    async def rpc(
        self, method: str, params: object, headers: Mapping[str, str], key: str = MAIN
    ) -> httpx2.Response:
        """One JSON-RPC request as it is."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        sent = {"Accept": ACCEPT, "X-API-Key": key, **headers}
        return await self.http.post("/mcp", json=body, headers=sent)

    async def start(self, model: str, key: str = MAIN, **fields: object) -> dict[str, Any]:
        """An accepted start."""
        body = {"prompt": "A lighthouse", "model": model, **fields}
        answer = await self.rest("POST", "/v1/generate/media", body, key)
        assert answer.status_code == 200, answer.text
        started: dict[str, Any] = answer.json()
        return started

    async def cost(self, model: str, **fields: object) -> httpx2.Response:
        """What a request would cost."""
        return await self.rest("POST", "/v1/generate/cost", {"model": model, **fields})

    async def upload(self, name: str, content: bytes) -> str:
        """Where an uploaded file is."""
        headers, files = {"X-API-Key": MAIN}, {"file": (name, content)}
        answer = await self.http.post("/v1/upload/media", headers=headers, files=files)
        url: str = answer.json()["urls"][0]
        return url

    async def credits(self, key: str = MAIN) -> float:
        """What an account may spend."""
        credits: float = (await self.rest("GET", "/v1/balance", key=key)).json()["credits"]
        return credits

    async def looks(self, job_id: str) -> list[dict[str, Any]]:
        """Every look at a job until it is at its end; the last one is final."""
        seen: list[dict[str, Any]] = []
        while not seen or seen[-1]["status"] not in {"completed", "failed"}:
            if seen:
                await asyncio.sleep(0.02)
            seen.append((await self.rest("GET", f"/v1/generate/media/{job_id}")).json())
            assert len(seen) < 500, seen[-1]
        return seen


@contextmanager
def process(folder: Path, *options: str) -> Iterator[str]:
    """The backend as a process of its own; its URL."""
    port_file = folder / "port"
    command = [sys.executable, "-m", "tests.candidate", "--port-file", str(port_file), *options]
    keys = {"CANDIDATE_KEY": MAIN, "CANDIDATE_SECOND_KEY": SECOND}
    running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **keys})
    try:
        for _ in range(600):
            if port_file.exists():
                break
            assert running.poll() is None, "the backend ended before it was ready"
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


@asynccontextmanager
async def calling(url: str) -> AsyncIterator[Caller]:
    """A caller of a process."""
    async with httpx2.AsyncClient(base_url=url, timeout=60) as http:
        yield Caller(http)


@asynccontextmanager
async def within(
    folder: Path, defects: frozenset[str], job_s: float, credits: int = 10_000
) -> AsyncIterator[Caller]:
    """A backend in this process, and its caller. ``credits``: of the first account."""
    settings = Settings(((MAIN, credits), (SECOND, 20)), folder, job_s, defects)
    app = build(settings, "http://candidate")
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://candidate") as http,
    ):
        yield Caller(http)
