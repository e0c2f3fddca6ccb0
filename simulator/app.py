"""The composition root: settings -> catalogue, store, clock and provider -> one ASGI app."""

import asyncio
import shutil
import time
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.engine.control import Control
from simulator.engine.controls.scenarios import Playhouse
from simulator.engine.load import catalog_directory, load_catalog
from simulator.engine.provider import Options, Provider
from simulator.engine.scenarios_load import Library, scenarios_directory
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.store.base import Store
from simulator.engine.store.sqlite import in_file, in_memory
from simulator.engine.store.statefile import StateFile
from simulator.engine.uploads import UploadUrls
from simulator.engine.worlds import Defaults, Worlds
from simulator.settings import Settings
from simulator.surfaces.auth import Keys
from simulator.surfaces.control import ControlSurface
from simulator.surfaces.control_calls.call import PREFIX as CONTROL_PREFIX
from simulator.surfaces.dashboard import PATH as DASHBOARD_PATH
from simulator.surfaces.dashboard import Dashboard
from simulator.surfaces.docs import Docs
from simulator.surfaces.files import Files
from simulator.surfaces.guard import GuardLimits, guard
from simulator.surfaces.mcp_gate import PATH as MCP_PATH
from simulator.surfaces.mcp_gate import McpGate
from simulator.surfaces.plays.player import Player
from simulator.surfaces.rest import Rest
from simulator.surfaces.session_pages import PATH as SESSIONS_PATH
from simulator.surfaces.session_pages import SessionPages
from simulator.surfaces.snapshot_files import SnapshotFiles
from simulator.surfaces.uploads import Uploads
from simulator.version import installed_version

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Simulator:
    """One simulator: the ASGI app, and the provider behind it for tests and tools."""

    app: ASGIApp
    provider: Provider
    control: Control


def real_milliseconds() -> int:
    """Monotonic: setting the machine's clock moves no world."""
    return time.monotonic_ns() // 1_000_000


def build_app(settings: Settings | None = None, base_url: str = "http://testserver") -> ASGIApp:
    """An app with its state in memory or, if settings name one, in a file. Raises StateError and
    CatalogError."""
    return build(settings or Settings(), base_url).app


def build(
    settings: Settings,
    base_url: str = "http://testserver",
    real_ms: Callable[[], int] = real_milliseconds,
) -> Simulator:
    """``base_url`` is what callers reach the app by; ``settings.public_url`` overrules it."""
    catalog = load_catalog(catalog_directory())
    state, store, folder = _open_store(settings)
    secrets = () if settings.admin_token is None else (settings.admin_token,)
    worlds = Worlds(store, _defaults(settings), real_ms, secrets)
    base = (settings.public_url or base_url).rstrip("/")
    options = Options(settings.policies, settings.limits, settings.magic)
    provider = Provider(catalog, store, worlds, UploadUrls(base), options)
    library = Library(scenarios_directory())
    keys = Keys(worlds, allow_live=settings.allow_live_keys, scenario=library.effects)
    limits = _guard_limits(settings, base)
    uploads = Uploads(provider, folder)
    files = Files(provider, folder)
    version = installed_version()
    snapshots = Snapshots(worlds, SnapshotFiles(folder), lab_extras())

    async def whole(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    player = Player(whole, urlsplit(base).netloc, settings.admin_token)
    playhouse = Playhouse(library, player.play)
    control = Control(provider, version, keys.owner, uploads.forget, snapshots, playhouse)
    mcp = McpGate(provider, keys, limits, version, fixtures=settings.mcp_fixtures)

    async def start() -> None:
        if state is not None:
            await uploads.sweep()
        if settings.snapshot is not None:
            first = await worlds.world(settings.snapshot.world.name)
            await snapshots.put(first, settings.snapshot)

    async def close() -> None:
        await mcp.close()
        files.close()
        await store.close()
        if state is not None:
            state.release()

    surfaces: dict[str, ASGIApp] = {
        "/v1/": Rest(provider, keys, uploads, limits),
        "/media/": files,
        SESSIONS_PATH: SessionPages(provider, uploads),
        MCP_PATH: mcp,
        DASHBOARD_PATH: Dashboard(),
        CONTROL_PREFIX: ControlSurface(
            control, worlds, keys, limits, settings.admin_token, (base, version)
        ),
    }
    root = _root(surfaces, Docs(provider, version), (start, worlds.stop, close))
    app = guard(root, limits)
    return Simulator(app, provider, control)


def _root(
    surfaces: dict[str, ASGIApp],
    otherwise: ASGIApp,
    steps: tuple[Step, Callable[[], None], Step],
) -> ASGIApp:
    prefixes = tuple(surfaces.items())

    async def root(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(scope, receive, send, steps)
            return
        path = scope["path"]
        for prefix, surface in prefixes:
            if path.startswith(prefix):
                await surface(scope, receive, send)
                return
        await otherwise(scope, receive, send)

    return root


async def _lifespan(
    scope: Scope, receive: Receive, send: Send, steps: tuple[Step, Callable[[], None], Step]
) -> None:
    """``steps``: at the start; when the server is told to stop, if it says so; after its last
    answer."""
    start, stop, close = steps
    await receive()
    await start()
    await send({"type": "lifespan.startup.complete"})
    stopping = scope.get("state", {}).get("shutdown")
    watch = None if stopping is None else asyncio.create_task(_when(stopping, stop))
    await receive()
    if watch is not None:
        watch.cancel()
    await close()
    await send({"type": "lifespan.shutdown.complete"})


async def _when(signal: Any, step: Callable[[], None]) -> None:
    await signal.wait()
    step()


def _open_store(settings: Settings) -> tuple[StateFile | None, Store, Path]:
    if settings.state is None:
        store = in_memory()
        folder = Path(mkdtemp(prefix="mediasim-"))
        weakref.finalize(store, shutil.rmtree, folder, ignore_errors=True)
        return None, store, folder
    state = StateFile(settings.state, settings.durability)
    state.open(reset=settings.reset_state)
    return state, in_file(state), state.media


def _defaults(settings: Settings) -> Defaults:
    return Defaults(
        seed=settings.seed,
        speed=settings.speed,
        frozen=settings.frozen,
        credits=settings.credits,
        auto_keys=settings.auto_keys,
        accounts=settings.accounts,
    )


def _guard_limits(settings: Settings, base: str) -> GuardLimits:
    hosts = {settings.host, urlsplit(base).hostname or ""} - {""}
    return GuardLimits(
        allowed_hosts=frozenset(hosts), cors_origins=frozenset(settings.cors_origins)
    )
