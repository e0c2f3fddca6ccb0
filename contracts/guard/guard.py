"""The guard in a thread of the checking process: a server on loopback, at a free port."""

import asyncio
import logging
import math
import socket
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import quote

import uvicorn

from contracts.guard.admission import FILE_PATH, MCP_PATH
from contracts.guard.app import GuardApp
from contracts.guard.profile import GuardProfile
from contracts.guard.records import Record

_HOST = "127.0.0.1"
_START_S, _STOP_S = 30.0, 10.0
_TALKERS = (
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
)
"""Loggers that tell addresses and headers of answers as they are."""


class GuardFailed(Exception):
    """The guard did not start; the text says why."""


class Guard:
    """A context manager. Callers talk to ``rest_url`` and ``mcp_url`` instead of the backend's, and
    send MAIN_KEY or SECOND_KEY instead of a key. Raises GuardFailed, and DataError for a broken
    catalogue."""

    def __init__(self, profile: GuardProfile) -> None:
        self._app = GuardApp(profile)
        self._mcp = bool(profile.mcp_url)
        # Named as TCP, else asyncio leaves Nagle's algorithm on, and a call takes 40 ms more.
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="guard", daemon=True)
        self._failure = ""

    @property
    def url(self) -> str:
        """Where the guard listens; known once it was entered."""
        return f"http://{_HOST}:{self._sock.getsockname()[1]}"

    @property
    def rest_url(self) -> str:
        """Stands for the profile's ``rest_url``."""
        return self.url

    @property
    def mcp_url(self) -> str:
        """Stands for the profile's ``mcp_url``; "" when that is."""
        return f"{self.url}{MCP_PATH}" if self._mcp else ""

    def file_url(self, url: str) -> str:
        """Through which a file of an answer is fetched."""
        return f"{self.url}{FILE_PATH}?url={quote(url, safe='')}"

    def spent(self) -> float:
        """Credits of all starts that were accepted: as the answers state, else at the worst."""
        return self._app.purse.spent / 1000

    def reserved(self) -> float:
        """Credits of starts under way, and of those of which nobody knows what became."""
        return self._app.purse.reserved / 1000

    def multiple(self) -> float:
        """How many times the catalogue's worst case a call was stated to cost, at the most: 1 when
        none was above it, inf when one was charged that should have cost nothing."""
        found = self._app.purse.multiple
        return math.inf if found is None else float(found)

    def records(self) -> tuple[Record, ...]:
        """The exchanges so far, redacted, the newest of them."""
        return self._app.records.all()

    def records_dropped(self) -> int:
        """How many older ones are no longer kept."""
        return self._app.records.dropped

    def __enter__(self) -> Self:
        self._sock.bind((_HOST, 0))
        self._sock.listen()
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self._sock.close()
                raise GuardFailed(self._failure or "it did not start in time")
            time.sleep(0.002)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_STOP_S)
        self._server.force_exit = True

    def _run(self) -> None:
        quiet = _NotFrom(threading.get_ident())
        loggers = [logging.getLogger(name) for name in _TALKERS]
        for logger in loggers:
            logger.addFilter(quiet.passes)
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - told by `__enter__`, where it is seen
            self._failure = type(error).__name__
        finally:
            for logger in loggers:
                logger.removeFilter(quiet.passes)
            self._sock.close()

    async def _serve(self) -> None:
        try:
            await self._server.serve(sockets=[self._sock])
        finally:
            await self._app.close()


class _NotFrom:
    """Lets through what other threads log."""

    def __init__(self, thread: int) -> None:
        self._thread = thread

    def passes(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread
