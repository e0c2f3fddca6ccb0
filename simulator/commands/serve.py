"""``mediasim serve``: settings, then the port, then the state, then requests."""

import gc
import json
import os
import signal
import sys
from ipaddress import ip_address
from types import FrameType

from simulator import logs  # before whatever else imports structlog
from simulator.app import Simulator, build
from simulator.console import CANNOT_START, WRONG_USE, CommandFailed, complain
from simulator.engine.load import CatalogError
from simulator.engine.store.base import StateError
from simulator.options import Given, read_settings, unknown_variables
from simulator.settings import Settings, SettingsError
from simulator.surfaces.server import CannotStart, bind, run_server
from simulator.version import installed_version


def serve(given: Given) -> int:
    """Runs until it is stopped; the exit status. Raises CommandFailed."""
    try:
        settings = read_settings(given)
    except SettingsError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error
    for name in unknown_variables():
        complain(f"{name}: no option has this variable; it is ignored")
    logs.configure(settings.log_format, settings.log_level)
    signal.signal(signal.SIGTERM, _stop_before_it_began)
    try:
        sock = bind(settings.host, settings.port)
        url = settings.public_url or address(settings.host, int(sock.getsockname()[1]))
        simulator = _built(settings, url)
        return run_server(
            simulator.app,
            sock=sock,
            port_file=settings.port_file,
            on_ready=lambda port: _ready(settings, url),
        )
    except CannotStart as error:
        raise CommandFailed(CANNOT_START, str(error)) from error


def address(host: str, port: int) -> str:
    """The URL of a host and a port; where every address is meant, this machine's own."""
    try:
        known = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if known.is_unspecified:
        host = "127.0.0.1" if known.version == 4 else "::1"
    return f"http://[{host}]:{port}" if known.version == 6 else f"http://{host}:{port}"


def _built(settings: Settings, url: str) -> Simulator:
    try:
        return build(settings, url)
    except StateError as error:
        raise CommandFailed(CANNOT_START, str(error)) from error
    except CatalogError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error


def _stop_before_it_began(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def _ready(settings: Settings, url: str) -> None:
    _tell(settings, url)
    # What is here by now stays: the collector need not look through it again and again. There is
    # no garbage yet, and to look for it first would cost a tenth of the start.
    gc.freeze()


def _tell(settings: Settings, url: str) -> None:
    ready = {
        "event": "ready",
        "url": url,
        "mcp": f"{url}/mcp",
        "pid": os.getpid(),
        "seed": settings.seed,
        "version": installed_version(),
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    if sys.stderr.isatty():
        _greet(settings, url)


def _greet(settings: Settings, url: str) -> None:
    complain(f"mediasim {installed_version()} answers at {url}")
    complain(f"  docs   {url}/docs")
    if settings.auto_keys:
        key = "sk_test_default"
        complain(f"  key    {key}, or any sk_test_<namespace>: each is a world of its own")
        complain(f"  try    curl -H 'X-API-Key: {key}' {url}/v1/balance")
    clock = "frozen" if settings.frozen else f"{settings.speed:g} simulated seconds a second"
    complain(f"  clock  {clock}")
    complain("  stop   Ctrl-C")
