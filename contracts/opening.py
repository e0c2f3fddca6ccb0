"""From what was asked for to a runner that can make its checks: the target is found, its keys are
read, and the way to it is chosen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2

from contracts.conformance import entries_in, installed
from contracts.guard import MAIN_KEY, SECOND_KEY, Guard, GuardProfile, Secret
from contracts.guard.guard import GuardFailed
from contracts.guard.secret import secret_from
from contracts.run import Runner, Settings
from contracts.talk import jsonrpc
from contracts.talk.backend import world_keys
from contracts.talk.jsonrpc import SESSION, STATELESS
from contracts.talk.keys import Keys, NoKey, read_key, scrubber
from contracts.talk.wire import KEY_HEADER, TIMEOUT_S, Wire
from contracts.target import KEY_ENV, Target, WrongTarget, answers, from_file, probe, supposed

CONNECTIONS_MOST = 40
PROBED_WORLD = "contract-probe"
TEST_TOOL = b'"test_simple_text"'
GUARDED_S = 900.0
"""How long an answer of the guard is waited for: it may keep a call back for some minutes, and who
gives up before would take one that is sent later for lost."""

FREE_CALLS = (
    "GET /v1/nothing",
    "GET /v1/generate",
    "GET /v1/models/{}/{}",
    "PUT /v1/balance",
    "DELETE /v1/models",
    "POST /v1/models",
    "rpc no/such-method",
    "tool no_such_tool",
)
"""Calls of the checks that are none of the provider's, so that nothing can be started by them."""


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
    beside: str = ""
    conformance: str = ""

    @property
    def is_file(self) -> bool:
        return "://" not in self.target


def imagined(asked: Asked) -> Target:
    """The target without asking it anything. Raises DataError, WrongTarget."""
    if asked.is_file:
        return _told(from_file(Path(asked.target)), asked)
    return _told(supposed(asked.target, asked.mcp_url), asked)


async def found(http: httpx2.AsyncClient, asked: Asked) -> Target:
    """The target as it is. Raises DataError, NoKey, WrongTarget."""
    target = imagined(asked)
    if target.conformance:
        installed(Path(target.conformance))  # what is wrong here is told before anybody is asked
    if asked.is_file:
        if not _is_free(target):
            _profile(target)  # this as well
        await answers(http, target.rest_url)
    else:
        target = _told(await probe(http, asked.target, asked.mcp_url), asked)
    if target.conformance and _is_free(target) and await _has_test_tools(http, target):
        target = replace(target, features=target.features | {"mcp-fixtures"})
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
    """A simulator on this machine is spoken to as it is, everything else through the guard. Raises
    NoKey, WrongTarget."""
    token = read_key(target.token_env) if target.token_env else ""
    scrub = scrubber((token,))
    if _is_free(target):
        urls = {"rest": target.rest_url, "mcp": target.mcp_url}
        yield Runner(target, Wire(http, urls, scrub, token), Keys(""), settings)
        return
    guard = Guard(_profile(target))
    try:
        guard.__enter__()
    except GuardFailed as error:
        raise WrongTarget(f"the guard: {error}") from error
    try:
        urls = {"rest": guard.rest_url, "mcp": guard.mcp_url}
        wire = Wire(http, urls, scrub, token, guard.file_url, GUARDED_S)
        keys = Keys(MAIN_KEY, SECOND_KEY if target.second_key_env else "")
        yield Runner(target, wire, keys, settings)
    finally:
        guard.__exit__(None, None, None)


async def _has_test_tools(http: httpx2.AsyncClient, target: Target) -> bool:
    """Whether a simulator serves what the conformance package looks for."""
    headers = {
        "Accept": jsonrpc.ACCEPT,
        "Content-Type": "application/json",
        KEY_HEADER: world_keys(PROBED_WORLD).main,
        **jsonrpc.stateless_headers("tools/list", ""),
    }
    content = jsonrpc.request("tools/list", {"_meta": dict(jsonrpc.META)}, 1)
    try:
        answer = await http.post(target.mcp_url, content=content, headers=headers)
    except httpx2.RequestError:
        return False
    return TEST_TOOL in answer.content


def _is_free(target: Target) -> bool:
    return target.has_worlds and target.is_loopback


def _profile(target: Target) -> GuardProfile:
    """Raises NoKey, WrongTarget."""
    try:
        return GuardProfile(
            rest_url=target.rest_url,
            mcp_url=target.mcp_url,
            key=_secret(target.key_env),
            second_key=_secret(target.second_key_env) if target.second_key_env else None,
            max_credits=target.max_credits,
            allowed_hosts=target.allowed_hosts,
            free_calls=FREE_CALLS,
            control=target.is_simulator,
            calls_a_minute=target.calls_a_minute,
        )
    except ValueError as error:
        raise WrongTarget(f"the guard: {error}") from error


def _secret(variable: str) -> Secret:
    """Raises NoKey, ValueError."""
    found = secret_from(variable)
    if found is None:
        raise NoKey(f"the variable {variable} holds no key")
    return found


def era_of(target: Target, wanted: str) -> str:
    """The era in which MCP is spoken to a target; ``wanted`` "" is the provider's own, where the
    target has it."""
    if wanted:
        return wanted
    return SESSION if "mcp-session" in target.features else STATELESS


def _told(target: Target, asked: Asked) -> Target:
    """With what the command line says in place of the profile's. Raises WrongTarget."""
    features = target.features
    if asked.second_key_env:
        features |= {"second-key"}
    if asked.beside:
        features |= {"beside"}
    conformance = asked.conformance or target.conformance
    if conformance:
        entries_in(Path(conformance))
        features |= {"conformance"}
    return replace(
        target,
        key_env=asked.key_env or target.key_env or KEY_ENV,
        second_key_env=asked.second_key_env or target.second_key_env,
        token_env=asked.token_env or target.token_env,
        beside=asked.beside or target.beside,
        conformance=conformance,
        max_credits=target.max_credits if asked.max_credits is None else asked.max_credits,
        features=features,
    )
