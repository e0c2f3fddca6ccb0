"""A simulator in this process for as long as a program runs."""

import gc
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import logs  # before whatever else imports structlog
from simulator.app import build
from simulator.commands.run_child import held_signals, run_child
from simulator.console import CANNOT_START, WRONG_USE, CommandFailed, complain
from simulator.engine.load import CatalogError
from simulator.engine.store.base import StateError
from simulator.options import Given, read_settings, unknown_variables
from simulator.settings import Settings, SettingsError, child_environment, environment
from simulator.surfaces.server import CannotStart, ServerThread

_MAIN = "main"


def run_with(given: Given, command: Sequence[str]) -> int:
    """Runs ``command``; its exit status. ``given``: options of the simulator. Raises
    CommandFailed."""
    settings = _settings(given)
    for name in unknown_variables():
        complain(f"{name}: no option has this variable; it is ignored")
    logs.configure(settings.log_format, settings.log_level)
    with held_signals() as heard, ExitStack() as stack:
        server = _started(settings)
        stack.callback(server.stop)
        gc.freeze()
        variables = told(f"http://{server.host}:{server.port}", settings)
        return run_child(command, child_environment(variables), heard)


def told(url: str, settings: Settings) -> Mapping[str, str]:
    """What a program is told of the simulator at ``url``."""
    namespace, account = _first_account(settings)
    key = f"sk_test_{namespace}" if account == _MAIN else f"sk_test_{namespace}.{account}"
    return {
        "MEDIASIM_URL": url,
        "MEDIASIM_MCP_URL": f"{url}/mcp",
        "MEDIASIM_API_KEY": key,
        "MEDIASIM_NAMESPACE": namespace,
        "KUBEEZ_API_URL": url,
        "KUBEEZ_API_KEY": key,
    }


def _first_account(settings: Settings) -> tuple[str, str]:
    """Namespace and account: of a snapshot's world, the usual ones, or those that are known."""
    if settings.snapshot is not None:
        return settings.snapshot.world.name, _MAIN
    if not settings.auto_keys:
        for namespace, accounts in settings.accounts.items():
            return namespace, accounts[0].name
    return "default", _MAIN


def _settings(given: Given) -> Settings:
    """Raises CommandFailed. Where the simulator listens is not the operator's choice."""
    level = given.get("log-level") or environment({"level": "LOG_LEVEL"}).get("level", "warning")
    fixed = {"host": "127.0.0.1", "port": "0", "log-level": level}
    try:
        return read_settings({**given, **fixed})
    except SettingsError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error


def _started(settings: Settings) -> ServerThread:
    """Raises CommandFailed."""
    built: list[ASGIApp] = []
    failed: list[CommandFailed] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not built:
            # Answers name the port, so it must be known first.
            url = f"http://{server.host}:{server.port}"
            try:
                built.append(_built(settings, url))
            except CommandFailed as error:
                failed.append(error)
                await receive()
                await send({"type": "lifespan.startup.failed"})
                return
        await built[0](scope, receive, send)

    server = ServerThread(app)
    # What is wrong is told once, at the end of the command.
    logging.getLogger("uvicorn.error").addFilter(lambda record: not failed)
    try:
        server.start()
    except CannotStart as error:
        raise (failed[0] if failed else CommandFailed(CANNOT_START, str(error))) from error
    return server


def _built(settings: Settings, url: str) -> ASGIApp:
    try:
        return build(settings, url).app
    except StateError as error:
        raise CommandFailed(CANNOT_START, str(error)) from error
    except CatalogError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error
