"""What an operator chose, and the file of accounts. The only reader of the environment."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from simulator.domain.policies import Policies
from simulator.engine.snapshots.snapshot import Snapshot
from simulator.engine.worlds import NAME, SCOPES, NewAccount

PREFIX = "MEDIASIM_"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4747


class SettingsError(ValueError):
    """Wrong use: ``file:line: what, what was expected``; exit status 2."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every option of ``serve``. ``credits`` in milli-credits; ``state`` None: in memory;
    ``snapshot`` takes the place of the world that it names, at every start."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    port_file: Path | None = None
    state: Path | None = None
    reset_state: bool = False
    snapshot: Snapshot | None = None
    durability: Literal["process", "full"] = "process"
    seed: int = 0
    speed: float = 10.0
    frozen: bool = False
    credits: int = 10_000_000
    accounts: Mapping[str, tuple[NewAccount, ...]] = field(default_factory=dict)
    auto_keys: bool = True
    allow_live_keys: bool = False
    limits: bool = True
    magic: bool = True
    public_url: str | None = None
    admin_token: str | None = None
    cors_origins: tuple[str, ...] = ()
    policies: Policies = Policies()  # noqa: RUF009 - frozen, so it can be shared
    mcp_fixtures: bool = False
    log_format: Literal["text", "json"] = "text"
    log_level: str = "info"

    def check(self) -> None:
        """What no single option can tell. Raises SettingsError."""
        if not is_loopback(self.host) and not self.admin_token:
            raise SettingsError(
                f"--host {self.host}: an address that others can reach needs --admin-token"
            )
        if self.state is None and self.reset_state:
            raise SettingsError("--reset-state: there is nothing to reset, expected --state FILE")
        if self.state is None and self.durability == "full":
            raise SettingsError("--durability full: expected --state FILE, memory is not durable")
        self._check_port_file()

    def _check_port_file(self) -> None:
        """It is replaced at the start and removed at the end, so it must be nothing else."""
        path = self.port_file
        if path is None:
            return
        if not path.parent.is_dir():
            raise SettingsError(f"--port-file {path}: expected a file in a folder that exists")
        if path.exists() and not _holds_a_port(path):
            raise SettingsError(
                f"--port-file {path}: it exists and holds no port, expected a new file"
            )
        if self.state is not None and path.resolve() == self.state.resolve():
            raise SettingsError(f"--port-file {path}: is the state file, expected another")


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address; False for names that may be others'."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def environment(names: Mapping[str, str]) -> dict[str, str]:
    """The values of ``MEDIASIM_…`` variables, by option; ``names`` maps options to variables."""
    return {
        option: os.environ[PREFIX + name]
        for option, name in names.items()
        if PREFIX + name in os.environ
    }


def child_environment(told: Mapping[str, str]) -> dict[str, str]:
    """What a child is started with: everything this process has, and what it is ``told``."""
    return {**os.environ, **told}


def set_variables() -> list[str]:
    """The names of all ``MEDIASIM_…`` variables that are set, without the prefix."""
    return sorted(name.removeprefix(PREFIX) for name in os.environ if name.startswith(PREFIX))


def _holds_a_port(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(8).strip().isdigit()
    except OSError:
        return False


def millicredits(text: str) -> int:
    """Credits as typed, at most three decimals, as whole milli-credits; or ValueError."""
    try:
        scaled = Decimal(text) * 1000
    except ArithmeticError:
        scaled = Decimal("nan")
    if not scaled.is_finite() or not 0 <= scaled <= 10**15 or scaled != int(scaled):
        raise ValueError("expected 0 to 1,000,000,000,000 credits, at most three decimals")
    return int(scaled)


def read_accounts(path: Path) -> dict[str, tuple[NewAccount, ...]]:
    """``[[account]]`` tables with ``key``, ``credits`` and ``scopes``. Raises SettingsError."""
    text = _text_of(path)
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line = _line_of(error, text)
        raise SettingsError(f"{path}:{line}: {error}, expected TOML") from error
    except RecursionError as error:
        raise SettingsError(f"{path}:1: is nested too deeply, expected TOML") from error
    tables = document.get("account", [])
    if set(document) - {"account"} or not isinstance(tables, list):
        raise SettingsError(f"{path}:1: expected only [[account]] tables")
    lines = _field_lines(text)
    found: dict[str, list[NewAccount]] = {}
    for position, table in enumerate(tables):
        places = lines[position] if position < len(lines) else {}
        try:
            world, account = _account(table)
        except _WrongField as error:
            line = places.get(error.field, places.get("", 1))
            raise SettingsError(f"{path}:{line}: {error}") from error
        if account.name in [known.name for known in found.get(world, [])]:
            line = places.get("key", 1)
            raise SettingsError(f"{path}:{line}: the key {table['key']} stands twice")
        found.setdefault(world, []).append(account)
    return {world: tuple(accounts) for world, accounts in found.items()}


class _WrongField(ValueError):
    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _account(table: Any) -> tuple[str, NewAccount]:
    if not isinstance(table, dict):
        raise _WrongField("", "expected a table with key, credits and scopes")
    unknown = sorted(set(table) - {"key", "credits", "scopes"})
    if unknown:
        raise _WrongField(
            unknown[0], f"unknown field {unknown[0]!r}, expected key, credits and scopes"
        )
    key = table.get("key")
    if not isinstance(key, str) or not key.startswith("sk_test_"):
        raise _WrongField("key", "key: expected sk_test_<namespace>[.<account>]")
    world, dot, name = key.removeprefix("sk_test_").partition(".")
    name = name if dot else "main"
    if not NAME.fullmatch(world) or not NAME.fullmatch(name):
        raise _WrongField("key", "key: expected names of letters, digits, - and _")
    return world, NewAccount(name, _credits_field(table), _scopes_field(table))


def _credits_field(table: Mapping[str, Any]) -> int:
    credits = table.get("credits", 10_000)
    if isinstance(credits, bool) or not isinstance(credits, (int, Decimal)):
        raise _WrongField("credits", f"credits: expected a number, not {credits!r}")
    try:
        return millicredits(str(credits))
    except ValueError as error:
        raise _WrongField("credits", f"credits = {credits}: {error}") from error


def _scopes_field(table: Mapping[str, Any]) -> tuple[str, ...]:
    scopes = table.get("scopes", list(SCOPES))
    if not isinstance(scopes, list) or any(scope not in SCOPES for scope in scopes):
        raise _WrongField("scopes", f"scopes: expected a list of some of {', '.join(SCOPES)}")
    return tuple(scopes)


def _text_of(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise SettingsError(f"{path}:1: expected a file")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}:1: {error.strerror or error}, expected a file") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}:{line}: expected UTF-8 text") from error


_TABLE = re.compile(r"\s*\[\[\s*account\s*\]\]")
_FIELD = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def _field_lines(text: str) -> list[dict[str, int]]:
    """The line of each field of each ``[[account]]``; ``""`` is the table's own."""
    tables: list[dict[str, int]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if _TABLE.match(line):
            tables.append({"": number})
        elif tables and (match := _FIELD.match(line)):
            tables[-1].setdefault(match[1], number)
    return tables


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    """tomllib states the line in its text (``at line 3, column 5``, ``at end of document``)."""
    stated = re.search(r"at line (\d+)", str(error))
    if stated is not None:
        return int(stated[1])
    return max(1, len(text.splitlines())) if "at end of document" in str(error) else 1
