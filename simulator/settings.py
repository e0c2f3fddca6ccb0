"""What an operator chose: from options, ``MEDIASIM_`` variables and an accounts file. The only
reader of the environment."""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from simulator.domain.policies import Policies
from simulator.engine.worlds import NAME, SCOPES, NewAccount

PREFIX = "MEDIASIM_"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4747


class SettingsError(ValueError):
    """Wrong use: ``file:line: what, what was expected``; exit status 2."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every option of ``serve``. ``credits`` in milli-credits; ``state`` None: in memory."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    port_file: Path | None = None
    state: Path | None = None
    reset_state: bool = False
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
    policies: Policies = Policies()
    log_format: Literal["text", "json"] = "text"
    log_level: str = "info"

    def check(self) -> None:
        """What no single option can tell. Raises SettingsError."""
        if not is_loopback(self.host) and not self.admin_token:
            raise SettingsError(
                f"--host {self.host}: an address that others can reach needs --admin-token"
            )
        if self.public_url is not None and not self.public_url.startswith(("http://", "https://")):
            raise SettingsError(f"--public-url {self.public_url}: expected http:// or https://")


def is_loopback(host: str) -> bool:
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


def millicredits(text: str) -> int:
    """Credits as typed, at most three decimals, as whole milli-credits."""
    try:
        scaled = Decimal(text) * 1000
    except ArithmeticError as error:
        raise SettingsError(f"{text!r} is no number of credits") from error
    if not scaled.is_finite() or scaled != int(scaled) or not 0 <= scaled <= 10**15:
        raise SettingsError(
            f"{text} credits: expected 0 to 1,000,000,000,000, at most three decimals"
        )
    return int(scaled)


def read_accounts(path: Path) -> dict[str, tuple[NewAccount, ...]]:
    """``[[account]]`` tables with ``key``, ``credits`` and ``scopes``. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}:{_line_of(error)}: {error}") from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "[[account]]" in line]
    tables = document.get("account", [])
    if set(document) - {"account"} or not isinstance(tables, list):
        raise SettingsError(f"{path}:1: expected only [[account]] tables")
    found: dict[str, list[NewAccount]] = {}
    for position, table in enumerate(tables):
        line = lines[position] if position < len(lines) else 1
        try:
            world, account = _account(table)
        except (KeyError, ValueError, TypeError) as error:
            what = f"missing {error}" if isinstance(error, KeyError) else str(error)
            raise SettingsError(f"{path}:{line}: {what}") from error
        if account.name in [known.name for known in found.get(world, [])]:
            raise SettingsError(f"{path}:{line}: the account {account.name} stands twice")
        found.setdefault(world, []).append(account)
    return {world: tuple(accounts) for world, accounts in found.items()}


def _account(table: Any) -> tuple[str, NewAccount]:
    unknown = set(table) - {"key", "credits", "scopes"}
    if unknown:
        raise ValueError(f"unknown field {min(unknown)!r}, expected key, credits and scopes")
    key = table["key"]
    if not isinstance(key, str) or not key.startswith("sk_test_"):
        raise ValueError("key: expected sk_test_<namespace>[.<account>]")
    world, _, name = key.removeprefix("sk_test_").partition(".")
    name = name or "main"
    if not NAME.fullmatch(world) or not NAME.fullmatch(name):
        raise ValueError("key: names are letters, digits, - and _")
    scopes = table.get("scopes", list(SCOPES))
    if not isinstance(scopes, list) or set(scopes) - set(SCOPES):
        raise ValueError(f"scopes: expected a list of some of {', '.join(SCOPES)}")
    return world, NewAccount(name, millicredits(str(table.get("credits", 10_000))), tuple(scopes))


def _line_of(error: tomllib.TOMLDecodeError) -> int:
    """tomllib states the line in its text (``at line 3, column 5``)."""
    _, found, rest = str(error).partition("at line ")
    digits = rest.split(",")[0]
    return int(digits) if found and digits.isdecimal() else 1
