"""From what was asked for to a runner that can make its checks: the target is found, its keys are
read, and the way to it is chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from contracts.jsonrpc import SESSION, STATELESS
from contracts.keys import Keys, read_key
from contracts.run import Runner, Settings
from contracts.target import KEY_ENV, Target, from_file, probe, supposed
from contracts.wire import TIMEOUT_S

CONNECTIONS_MOST = 40


@dataclass(frozen=True, slots=True)
class Asked:
    """The target as the command line names it: a URL, or a file of a profile. Empty and None: as
    the profile has it."""

    target: str
    mcp_url: str = ""
    key_env: str = ""
    second_key_env: str = ""
    token_env: str = ""
    max_credits: float | None = None

    @property
    def is_file(self) -> bool:
        return "://" not in self.target


def imagined(asked: Asked) -> Target:
    """The target without asking it anything. Raises DataError, WrongTarget."""
    if asked.is_file:
        return _told(from_file(Path(asked.target)), asked)
    return _told(supposed(asked.target, asked.mcp_url), asked)


async def found(http: httpx2.AsyncClient, asked: Asked) -> Target:
    """The target as it is. Raises DataError, WrongTarget."""
    if asked.is_file:
        return _told(from_file(Path(asked.target)), asked)
    target = _told(await probe(http, asked.target, asked.mcp_url), asked)
    if target.is_loopback:
        return target
    # A simulator that others may be using as well is no place to empty worlds in.
    return replace(target, features=target.features - {"control", "auto-keys"})


@asynccontextmanager
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """The HTTP client of a run: no proxies or keys from the environment, no redirects."""
    limits = httpx2.Limits(max_connections=CONNECTIONS_MOST)
    async with httpx2.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as http:
        yield http


@asynccontextmanager
async def runner(
    http: httpx2.AsyncClient, target: Target, settings: Settings
) -> AsyncIterator[Runner]:
    """Raises NoKey."""
    token = read_key(target.token_env) if target.token_env else ""
    if target.has_worlds and target.is_loopback:
        yield Runner(target, http, Keys(""), settings, token)
        return
    second = read_key(target.second_key_env) if target.second_key_env else ""
    yield Runner(target, http, Keys(read_key(target.key_env), second), settings, token)


def era_of(target: Target, wanted: str) -> str:
    """The era in which MCP is spoken to a target; ``wanted`` "" is the provider's own, where the
    target has it."""
    if wanted:
        return wanted
    return SESSION if "mcp-session" in target.features else STATELESS


def _told(target: Target, asked: Asked) -> Target:
    """With what the command line says in place of the profile's."""
    features = target.features
    if asked.second_key_env:
        features |= {"second-key"}
    return replace(
        target,
        key_env=asked.key_env or target.key_env or KEY_ENV,
        second_key_env=asked.second_key_env or target.second_key_env,
        token_env=asked.token_env or target.token_env,
        max_credits=target.max_credits if asked.max_credits is None else asked.max_credits,
        features=features,
    )
