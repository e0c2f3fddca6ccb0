"""The options of ``serve``: how the text of each, or of its variable, becomes a setting."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from simulator.domain.policies import Policies, choose
from simulator.engine.clock import SPEED_MOST
from simulator.engine.snapshots.snapshot import Snapshot
from simulator.settings import (
    PREFIX,
    Settings,
    SettingsError,
    environment,
    millicredits,
    read_accounts,
    set_variables,
)

LAST_PORT = 65_535
SEED_MOST = 2**63 - 1
LOG_LEVELS = ("debug", "info", "warning", "error")
TOLD_TO_CHILDREN = ("URL", "MCP_URL", "API_KEY", "NAMESPACE")
"""Variables that are told to programs which use a simulator, and are no options of one."""

Given = Mapping[str, object]
"""Options of the command line by name (``port-file``): a text, a switch's bool, a list's texts;
None or absent: not given."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of ``serve``: its Settings field (``""``: only checked), how its text is read.

    ``read`` raises ValueError with what was expected. A switch's text is a yes or a no; a list's
    variable holds its values between commas. A secret's value is never shown.
    """

    name: str
    field: str
    read: Callable[[str], Any]
    kind: Literal["value", "switch", "off_switch", "list"] = "value"
    secret: bool = False

    @property
    def variable(self) -> str:
        return self.name.replace("-", "_").upper()


def read_settings(given: Given) -> Settings:
    """The options given, then the environment's, then the defaults. Raises SettingsError."""
    variables = environment({option.name: option.variable for option in OPTIONS})
    values: dict[str, Any] = {}
    for option in OPTIONS:
        chosen, where = given.get(option.name), f"--{option.name}"
        if chosen is None or chosen in ((), []):
            if option.name not in variables:
                continue
            chosen, where = variables[option.name], PREFIX + option.variable
        value = _read(option, chosen, where)
        if option.field:
            values[option.field] = value
    settings = Settings(**values)
    settings.check()
    return settings


def unknown_variables() -> list[str]:
    """``MEDIASIM_…`` variables that no option reads: mistyped, most likely."""
    known = {option.variable for option in OPTIONS} | set(TOLD_TO_CHILDREN)
    return [PREFIX + name for name in set_variables() if name not in known]


def _read(option: Option, given: object, where: str) -> Any:
    """``given`` as the option's type; ``where`` is how the operator named it."""
    if isinstance(given, bool):
        return given != (option.kind == "off_switch")
    text = given if isinstance(given, str) else "\0".join(_texts(given))
    if option.kind == "list" and isinstance(given, str):
        text = "\0".join(part.strip() for part in given.split(","))
    try:
        value = option.read(text)
    except SettingsError:
        raise
    except ValueError as error:
        raise SettingsError(f"{where}{_shown(option, given)}: {error}") from error
    return not value if option.kind == "off_switch" else value


def _texts(given: object) -> Iterable[str]:
    return (str(text) for text in given) if isinstance(given, (list, tuple)) else ()


def _shown(option: Option, given: object) -> str:
    """The value as it is repeated in a message: short, printable, and no password."""
    text = given if isinstance(given, str) else " ".join(_texts(given))
    if option.secret:
        return ""
    if "://" in text and "@" in text:
        text = text.partition("://")[0] + "://…"
    text = text if text.isprintable() else ascii(text)
    return f" {text[:200]}" if text else " ''"


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.removeprefix("-")
        value = int(text) if digits.isascii() and digits.isdecimal() and len(text) < 21 else None
        if value is None or not least <= value <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return value

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected {' or '.join(words)}")
        return text

    return read


def _switch(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("expected true or false")


def _host(text: str) -> str:
    if not text or not text.isascii() or not re.fullmatch(r"[\w.:\[\]%-]+", text):
        raise ValueError("expected an address or a host's name")
    return text.strip("[]")


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= SPEED_MOST:
        raise ValueError(
            f"expected simulated seconds per real one, above 0, at most {SPEED_MOST:g}"
        )
    return speed


def _path(text: str) -> Path:
    if not text or not text.isprintable():
        raise ValueError("expected a file")
    return Path(text)


def _snapshot(text: str) -> Snapshot:
    from simulator.first_world import first_world  # noqa: PLC0415 - loads much, for few starts

    return first_world(_path(text))


def _state(text: str) -> Path | None:
    if text == ":memory:":
        return None
    if text.startswith(("postgresql:", "postgres:")):
        raise ValueError("PostgreSQL is not part of this version, expected :memory: or a file")
    if "://" in text or text.startswith(":"):
        raise ValueError("expected :memory: or a file")
    return _path(text)


def _workers(text: str) -> int:
    if _whole(1, 1_000)(text) != 1:
        raise ValueError("more than one needs PostgreSQL, not part of this version; expected 1")
    return 1


def _url(text: str) -> str:
    expected = "expected http://HOST or https://HOST, with a port and a path if needed"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(expected) from error
    plain = text.isascii() and text.isprintable() and " " not in text and port != 0
    if not host or not plain or parts.scheme not in ("http", "https") or parts.username is not None:
        raise ValueError(expected)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError("expected no query and no fragment")
    return text.rstrip("/")


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.split("\0"))
    for origin in origins:
        if origin != "*" and (_url(origin) != origin or urlsplit(origin).path):
            raise ValueError("expected origins such as https://app.example, or *")
    return origins


def _token(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("expected visible ASCII characters without spaces")
    return text


def _policies(text: str) -> Policies:
    return choose(text.split("\0"))


OPTIONS = (
    Option("host", "host", _host),
    Option("port", "port", _whole(0, LAST_PORT)),
    Option("port-file", "port_file", _path),
    Option("state", "state", _state),
    Option("reset-state", "reset_state", _switch, "switch"),
    Option("snapshot", "snapshot", _snapshot),
    Option("durability", "durability", _one_of("process", "full")),
    Option("seed", "seed", _whole(0, SEED_MOST)),
    Option("speed", "speed", _speed),
    Option("frozen", "frozen", _switch, "switch"),
    Option("credits", "credits", millicredits),
    Option("accounts", "accounts", lambda text: read_accounts(_path(text))),
    Option("no-auto-keys", "auto_keys", _switch, "off_switch"),
    Option("allow-live-keys", "allow_live_keys", _switch, "switch"),
    Option("limits", "limits", _switch, "switch"),
    Option("magic", "magic", _switch, "switch"),
    Option("public-url", "public_url", _url),
    Option("admin-token", "admin_token", _token, secret=True),
    Option("cors-origin", "cors_origins", _origins, "list"),
    Option("policy", "policies", _policies, "list"),
    Option("mcp-fixtures", "mcp_fixtures", _switch, "switch"),
    Option("workers", "", _workers),
    Option("log-format", "log_format", _one_of("text", "json")),
    Option("log-level", "log_level", _one_of(*LOG_LEVELS)),
)
"""Every option of ``serve``; its variable is the name in capitals, after ``MEDIASIM_``."""
