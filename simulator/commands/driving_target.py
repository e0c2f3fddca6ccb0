"""Which simulator and which of its worlds a command drives, and how its answers are shown."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from simulator.console import (
    FAILED,
    UNREACHABLE,
    WRONG_USE,
    CommandFailed,
    say_json,
)

if TYPE_CHECKING:
    from simulator.client import ControlError, Reply

T = TypeVar("T")

Command = Callable[..., None]

_CONFLICT = 409
_SERVER_FAILED = 500


class Driver:
    """The client of the chosen world. ``as_json``: answers are printed as they came."""

    def __init__(self, url: str, namespace: str, token: str | None, *, as_json: bool) -> None:
        from simulator.client import ControlClient  # noqa: PLC0415 - help does without
        from simulator.client.wire import Wire  # noqa: PLC0415 - help does without

        self.as_json = as_json
        self._send = Wire(url)
        self._content = b""
        self.client: ControlClient = ControlClient(url, namespace, token, self._remember)

    def tell(self, answer: T, show: Callable[[T], None]) -> None:
        """Prints the last answer: as JSON if that is wanted, else by ``show``."""
        if self.as_json:
            say_json(json.loads(self._content))
        else:
            show(answer)

    def _remember(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> "Reply":
        reply = self._send(method, target, headers, body)
        self._content = reply.content
        return reply


def driven(command: Command) -> Command:
    """``command`` with the options that choose a world; it is given the Driver first. On a group
    they hold for its commands, which may say otherwise."""

    @functools.wraps(command)
    def with_driver(
        *, url: str | None, namespace: str | None, as_json: bool, **given: object
    ) -> None:
        context = click.get_current_context()
        said = {"url": url, "namespace": namespace, "json": "yes" if as_json else None}
        chosen = {**(context.obj or {}), **{k: v for k, v in said.items() if v is not None}}
        context.obj = chosen
        if isinstance(context.command, click.Group) and context.invoked_subcommand is not None:
            return
        _run(command, chosen, given)

    for option in reversed(_OPTIONS):
        with_driver = option(with_driver)
    return with_driver


_OPTIONS = (
    click.option("--url", metavar="URL", help="Where it answers.  [http://127.0.0.1:4747]"),
    click.option("--namespace", metavar="NAME", help="Which of its worlds.  [default]"),
    click.option("--json", "as_json", is_flag=True, help="Print the answer as it came."),
)


def _run(command: Command, chosen: Mapping[str, str], given: Mapping[str, object]) -> None:
    from simulator.client import ControlError  # noqa: PLC0415 - help does without

    try:
        command(_driver(chosen), **given)
    except ControlError as error:
        raise CommandFailed(_status(error), error.detail) from error


def _driver(chosen: Mapping[str, str]) -> Driver:
    from simulator.settings import (  # noqa: PLC0415 - help does without
        DEFAULT_HOST,
        DEFAULT_PORT,
        environment,
    )

    names = {"url": "URL", "namespace": "NAMESPACE", "token": "ADMIN_TOKEN"}
    found = {**environment(names), **chosen}
    url = found.get("url") or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    try:
        return Driver(
            url,
            found.get("namespace") or "default",
            found.get("token"),
            as_json=found.get("json") == "yes",
        )
    except ValueError as error:
        raise CommandFailed(WRONG_USE, f"--url: {error}") from error


def _status(error: "ControlError") -> int:
    """What a refusal means for the exit status: wrong use, unless the world forbids it."""
    if not error.status or error.status >= _SERVER_FAILED:
        return UNREACHABLE
    return FAILED if error.status == _CONFLICT else WRONG_USE


def named_value(option: str, text: str) -> tuple[str, object]:
    """``NAME=VALUE``, the value as JSON where it is any, else as text. Raises CommandFailed."""
    name, found, value = text.partition("=")
    if not found:
        raise CommandFailed(WRONG_USE, f"{option}{text}: expected NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
