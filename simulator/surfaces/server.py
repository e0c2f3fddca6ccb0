"""Binding, serving and stopping: what stands between the command line and uvicorn.

The socket is bound, and listening, before anything else happens, so that a taken port is known
before any state is touched and nobody else can get the port in between. Stopping has an end: open
streams are told through `ShutdownSignal`, answers get `graceful_seconds`, the rest is dropped.
"""

import asyncio
import contextlib
import faulthandler
import functools
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.types import ASGIApp

from simulator.surfaces.protocol import ConnectionLimits, GuardedProtocol

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

BACKLOG = 2048
STOPPED, INTERRUPTED = 0, 130

_TICK_SECONDS = 0.1  # uvicorn's
_LONGEST_SWEEP_INTERVAL_SECONDS = 1.0
_MOST_CLOSED_PER_SWEEP = 200  # each costs a system call or two: a flood is ended in slices
_POLL_SECONDS = 0.02
_CANCEL_SECONDS = 0.5
_LIFESPAN_SECONDS = 1.0
_HANG_SECONDS = 1.8  # what a stop may take beyond its grace: under 5 s with the default grace
_FORCED_HANG_SECONDS = 0.8
_MOST_DESCRIPTORS = 65_536
_STDERR = 2
_SEND_BUFFER_BYTES = 256 * 1024
_LAST_PORT = 65_535


class CannotStart(Exception):
    """The server did not come up; the text says why."""


class CannotBind(CannotStart):
    """The address could not be had; the text names it and the reason."""


class ShutdownSignal:
    """Tells what never ends by itself that the server wants to stop.

    Handlers find it as ``scope["state"]["shutdown"]``, the lifespan as ``state["shutdown"]``. It
    belongs to the server's event loop.
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wakes all who wait; from within the loop only."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether the server is stopping."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Returns when the server is stopping."""
        await self._event.wait()

    async def sleep(self, seconds: float) -> bool:
        """Sleeps, but wakes when the server is stopping; whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        return self._event.is_set()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket on ``host`` and ``port``, 0 for any free one. Raises CannotBind.

    Where a name has several addresses, IPv4 is taken.
    """
    if not 0 <= port <= _LAST_PORT:  # getaddrinfo takes it modulo 65536
        raise CannotBind(f"cannot listen on {host}:{port}: a port is 0 to {_LAST_PORT}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotBind(f"cannot listen on {host}:{port}: {_reason(error)}") from None
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port is free at once after a stop. Elsewhere the option means sharing it.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Each connection inherits it: a reader that stops would otherwise keep megabytes of kernel.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        sock.bind(address)
        # With that option two may bind one port; it is listening that only one can do.
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise CannotBind(f"cannot listen on {host}:{port}: {_reason(error)}") from None
    sock.setblocking(False)
    return sock


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _Server(uvicorn.Server):  # how uvicorn lets its life cycle be changed
    """uvicorn's server with sweeps over its connections, a ready call, and an end to stopping."""

    def __init__(
        self,
        app: ASGIApp,
        limits: ConnectionLimits,
        graceful_seconds: float,
        ready: Callable[[], None],
    ) -> None:
        protocol = functools.partial(GuardedProtocol, limits=limits)
        super().__init__(
            uvicorn.Config(
                app,
                http=cast(Any, protocol),  # uvicorn only ever calls it
                ws="none",
                lifespan="on",
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=BACKLOG,
            )
        )
        self.graceful_seconds = graceful_seconds
        self.interrupted = False
        self.ready = ready
        self.stopping: ShutdownSignal | None = None
        self.sweep_ticks = _sweep_ticks(limits)
        self.sweep_again = False

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.stopping = ShutdownSignal()
        self.lifespan.state["shutdown"] = self.stopping
        try:
            await super().startup(sockets)
        except SystemExit:
            raise CannotStart("the application failed while it started; see the log") from None
        if not self.should_exit:
            self.ready()

    @override
    async def on_tick(self, counter: int) -> bool:
        if self.sweep_again or counter % self.sweep_ticks == 0:
            self.sweep_again = _sweep(self._connections(), asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def _connections(self) -> set[GuardedProtocol]:
        return cast(set[GuardedProtocol], self.server_state.connections)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.stopping is not None:
            self.stopping.set()
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self._connections()):
            connection.shutdown()
        await self._drain()
        for connection in list(self._connections()):
            connection.give_up()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        if not self.force_exit:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LIFESPAN_SECONDS):
                    await self.lifespan.shutdown()

    async def _drain(self) -> None:
        """Until the answers under way are out, their time is up, or nobody wants to wait."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.graceful_seconds
        state = self.server_state
        while (state.connections or state.tasks) and not self.force_exit:
            if loop.time() >= deadline:
                return
            await asyncio.sleep(_POLL_SECONDS)

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn would raise the signal again after the stop, and so end with its status.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self.interrupted |= self.force_exit or sig == signal.SIGINT
        # A thread that never returns would keep the process; faulthandler's timer needs neither
        # the loop nor a lock, ends it with status 1, and says where it was.
        seconds = _FORCED_HANG_SECONDS if self.force_exit else self.graceful_seconds + _HANG_SECONDS
        faulthandler.dump_traceback_later(seconds, exit=True, file=_STDERR)


def _sweep(connections: Iterable[GuardedProtocol], now: float) -> bool:
    """Ends connections whose deadline has passed; whether some may be left for the next tick."""
    ended = 0
    for connection in list(connections):
        ended += connection.expire(now)
        if ended >= _MOST_CLOSED_PER_SWEEP:
            return True
    return False


def _sweep_ticks(limits: ConnectionLimits) -> int:
    """Ticks between sweeps: often enough for the shortest deadline, once per second at least."""
    shortest = min(
        limits.head_seconds,
        limits.body_seconds,
        limits.write_seconds,
        limits.idle_seconds,
        limits.linger_seconds,
    )
    return max(1, int(min(_LONGEST_SWEEP_INTERVAL_SECONDS, shortest / 3) / _TICK_SECONDS))


def run_server(
    app: ASGIApp,
    *,
    sock: socket.socket | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    port_file: Path | None = None,
    on_ready: Callable[[int], None] | None = None,
    graceful_seconds: float = 3.0,
    limits: ConnectionLimits | None = None,
) -> int:
    """Serves ``app`` on ``sock`` (else on ``host`` and ``port``) until SIGTERM or SIGINT.

    ``on_ready`` is called with the port once requests are answered, after the app's startup; by
    then ``port_file`` holds the port, and it is gone again afterwards. Returns the exit status: 0
    after SIGTERM, 130 after SIGINT or a second signal. Raises CannotBind and CannotStart.
    """
    if port_file is not None:
        _check_port_file(port_file)
    sock = sock or bind(host, port)
    own_port = int(sock.getsockname()[1])

    def ready() -> None:
        if port_file is not None:
            _write_port_file(port_file, own_port)
        if on_ready is not None:
            on_ready(own_port)

    fitted = _fit_to_descriptors(limits or ConnectionLimits())
    server = _Server(app, fitted, graceful_seconds, ready)
    try:
        server.run(sockets=[sock])
    finally:
        faulthandler.cancel_dump_traceback_later()
        sock.close()
        if port_file is not None:
            port_file.unlink(missing_ok=True)
    return INTERRUPTED if server.interrupted else STOPPED


def _check_port_file(path: Path) -> None:
    """Removes what an earlier run left, so that whoever waits for the file reads this run's."""
    try:
        path.unlink(missing_ok=True)
        if not path.parent.is_dir():
            raise CannotStart(f"cannot write the port file {path}: its folder does not exist")
    except OSError as error:
        raise CannotStart(f"cannot write the port file {path}: {_reason(error)}") from None


def _write_port_file(path: Path, port: int) -> None:
    """Whole or not at all: a reader may look at any moment."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(f"{port}\n", encoding="ascii")
        partial.replace(path)
    except OSError as error:
        raise CannotStart(f"cannot write the port file {path}: {_reason(error)}") from None


def _fit_to_descriptors(limits: ConnectionLimits) -> ConnectionLimits:
    """``limits`` with no more connections than leave descriptors for files and the store."""
    if sys.platform == "win32":
        return limits
    import resource  # noqa: PLC0415 - Unix has it only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        # Refused where the kernel's own limit is lower than the hard one.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    if soft == resource.RLIM_INFINITY:
        return limits
    return replace(limits, max_connections=min(limits.max_connections, soft * 3 // 4))


class ServerThread:
    """A server in a thread of this process, without signal handlers: for tests and tools.

    A context manager; ``port`` is known after `start`. Stopping waits `graceful_seconds` at most.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        graceful_seconds: float = 1.0,
        limits: ConnectionLimits | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._up = threading.Event()
        self._failure: BaseException | None = None
        self._server = _Server(app, limits or ConnectionLimits(), graceful_seconds, self._up.set)
        self._thread = threading.Thread(target=self._run, name="mediasim-server", daemon=True)
        self._sock: socket.socket | None = None

    def start(self) -> str:
        """Returns the base URL once requests are answered. Raises CannotBind and CannotStart."""
        self._sock = bind(self.host, self.port)
        self.port = int(self._sock.getsockname()[1])
        self._thread.start()
        self._up.wait()
        if self._failure is not None:
            self._thread.join()
            raise CannotStart(str(self._failure)) from self._failure
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def stop(self) -> None:
        """Returns when the port is free again; a second call does nothing."""
        if self._thread.ident is None:
            return
        self._server.should_exit = True
        self._thread.join(self._server.graceful_seconds + _HANG_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(_FORCED_HANG_SECONDS)

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._sock] if self._sock else [])
        except BaseException as failure:  # noqa: BLE001 - `start` raises it where it is seen
            self._failure = failure
        finally:
            if self._sock is not None:
                self._sock.close()
            self._up.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
