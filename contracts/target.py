"""What is checked: where it answers, what it has, and what it may cost."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from contracts.data import DataError, read_toml
from contracts.rates import CALLS_A_MINUTE, read_rates

FEATURES = (
    "control",  # the simulator's control plane: worlds, clock, ledger
    "auto-keys",  # any sk_test_ key opens an account
    "second-key",
    "limits",  # rate limits and limits of jobs at once are on
    "magic",  # words in a prompt choose an outcome
    "mcp",
    "mcp-session",  # revisions that begin with initialize
    "mcp-stateless",  # revision 2026-07-28
    "documents",  # /health, /openapi.json, /docs, /llms.txt
    "uploads",
    "upload-sessions",
    "streams",
    "time-estimate",
    "cost-estimate",
    "music",
    "dialogue",
    "ads",
    "captions",
    "separation",
    "beside",  # another backend to compare it with
    "conformance",  # the MCP conformance package is there to ask it
    "mcp-fixtures",  # the test tools that this package looks for
)
"""What a target may declare; a requirement that needs another one does not apply to it."""

HINTS: Mapping[str, str] = {
    "conformance": "the MCP conformance package was not named: --conformance DIR",
}
"""What to say of a feature that is less the target's than the run's."""

ROUTES: Mapping[str, str] = {
    "documents": "/openapi.json",
    "uploads": "/v1/upload/media",
    "streams": "/v1/generate/media/{generation_id}/stream",
    "time-estimate": "/v1/generate/estimate",
    "cost-estimate": "/v1/generate/cost",
    "music": "/v1/generate/music",
    "dialogue": "/v1/generate/dialogue",
    "ads": "/v1/generate/ad-copy",
    "captions": "/v1/generate/captions",
    "separation": "/v1/generate/separation",
}
"""The route that shows a feature."""

KEY_ENV = "MEDIASIM_CONTRACT_KEY"


class WrongTarget(Exception):
    """The target can't be used as told: a bad URL, or nobody answers. ``reached``: whether
    somebody did."""

    def __init__(self, text: str, *, reached: bool = True) -> None:
        super().__init__(text)
        self.reached = reached


@dataclass(frozen=True, slots=True)
class Target:
    """``rest_url`` and ``mcp_url``: without the ``/v1`` of the routes; "" for no MCP. ``key_env``,
    ``second_key_env``, ``token_env``: the names of the variables that hold the key, a second
    account's, and the control plane's token; never their values. ``poll_s``: between two looks at
    a job where the clock can't be moved; ``finish_s``: when a job is given up. ``calls_a_minute``:
    what the guard keeps to, by kind of call; a kind that is left out has no limit. ``beside``: a
    simulator's URL to compare with, ``"simulator"`` for one that is started for it, "" for none.
    ``conformance``: the folder in which npm installed the MCP conformance package, "" for none."""

    rest_url: str
    mcp_url: str = ""
    name: str = ""
    features: frozenset[str] = frozenset()
    key_env: str = KEY_ENV
    second_key_env: str = ""
    token_env: str = ""
    max_credits: float = 0
    allowed_hosts: tuple[str, ...] = ()
    poll_s: float = 5.0
    finish_s: float = 600.0
    calls_a_minute: Mapping[str, int] = field(default_factory=lambda: dict(CALLS_A_MINUTE))
    beside: str = ""
    conformance: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_simulator(self) -> bool:
        return "control" in self.features

    @property
    def has_worlds(self) -> bool:
        """Whether a world of its own can be had for each check."""
        return {"control", "auto-keys"} <= self.features

    @property
    def is_loopback(self) -> bool:
        return all(_loopback(url) for url in (self.rest_url, self.mcp_url) if url)

    @property
    def surfaces(self) -> tuple[str, ...]:
        return ("rest", "mcp") if self.mcp_url else ("rest",)

    @property
    def hosts(self) -> frozenset[str]:
        """``host`` or ``host:port`` that may be spoken to."""
        own = {urlsplit(url).netloc for url in (self.rest_url, self.mcp_url) if url}
        return frozenset(own | set(self.allowed_hosts))


def base_of(url: str) -> str:
    """A REST base URL as the routes' paths are appended to it. Raises WrongTarget."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or parts.query or parts.fragment:
        raise WrongTarget(f"{_shown(url)!r} is no URL of a server, expected http://host:port")
    if parts.username or parts.password:
        raise WrongTarget("a URL may hold no key or password; name a variable with --key-env")
    return url.rstrip("/").removesuffix("/v1")


def from_file(file: Path) -> Target:
    """A profile. Raises DataError, WrongTarget."""
    row = read_toml(file).get("target")
    if not isinstance(row, dict):
        raise DataError(file, 1, "expected a table [target]")
    known = {each.name for each in fields(Target)} - {"policies"}
    unknown = sorted(set(row) - known)
    if unknown:
        raise DataError(file, 1, f"unknown key {unknown[0]!r}, expected {', '.join(sorted(known))}")
    _check_types(file, row)
    values: dict[str, Any] = dict(row)
    values["rest_url"] = base_of(row["rest_url"])
    values["allowed_hosts"] = tuple(row.get("allowed_hosts", []))
    if row.get("conformance"):
        values["conformance"] = str(file.parent / row["conformance"])
    if "calls_a_minute" in row:
        values["calls_a_minute"] = _rates(file, row["calls_a_minute"])
    features = frozenset(row.get("features", []))
    if values.get("mcp_url"):
        features |= {"mcp", *(() if _eras(features) else ("mcp-session",))}
    if values.get("second_key_env"):
        features |= {"second-key"}
    if values.get("beside"):
        features |= {"beside"}
    return Target(**{**values, "features": features})


def _rates(file: Path, told: object) -> Mapping[str, int]:
    """Raises DataError."""
    try:
        return read_rates(told)
    except ValueError as error:
        raise DataError(file, 1, f"calls_a_minute: {error}") from error


def _check_types(file: Path, row: Mapping[str, Any]) -> None:
    """Raises DataError."""
    for name, value in row.items():
        if name in ("features", "allowed_hosts"):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise DataError(file, 1, f"{name}: expected a list of texts")
        elif name in ("max_credits", "poll_s", "finish_s"):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise DataError(file, 1, f"{name}: expected a number")
        elif name != "calls_a_minute" and not isinstance(value, str):
            raise DataError(file, 1, f"{name}: expected a text")
    strangers = sorted(set(row.get("features", [])) - set(FEATURES))
    if strangers:
        raise DataError(file, 1, f"unknown feature {strangers[0]!r}; {', '.join(FEATURES)}")
    if not row.get("rest_url"):
        raise DataError(file, 1, "rest_url is missing")


async def probe(http: httpx2.AsyncClient, url: str, mcp_url: str = "") -> Target:
    """What answers at a URL: a simulator tells by its control plane, another backend by the routes
    of its OpenAPI document. No key is sent. Raises WrongTarget."""
    base = base_of(url)
    info = await _json(http, f"{base}/_sim/info")
    document = await _json(http, f"{base}/openapi.json")
    paths = document.get("paths")
    routes = _plain(paths if isinstance(paths, dict) else {})
    found = {name for name, path in ROUTES.items() if _plain([path]) <= routes}
    if info.get("name") == "mediasim":
        mcp_url = mcp_url or f"{base}/mcp"
        found |= {"control", "auto-keys", "second-key", "upload-sessions", "beside"}
        found |= {name for name in ("limits", "magic") if info.get(name)}
    if mcp_url:
        found |= {"mcp", "mcp-session", "mcp-stateless"}
    policies = info.get("policies")
    return Target(
        rest_url=base,
        mcp_url=base_of(mcp_url) if mcp_url else "",
        name=f"mediasim {info.get('version', '')}".strip() if info else urlsplit(base).netloc,
        features=frozenset(found),
        policies=policies if isinstance(policies, dict) else {},
    )


def supposed(url: str, mcp_url: str = "") -> Target:
    """What a URL might have, without asking: everything. Raises WrongTarget."""
    base = base_of(url)
    return Target(rest_url=base, mcp_url=mcp_url or f"{base}/mcp", features=frozenset(FEATURES))


async def answers(http: httpx2.AsyncClient, url: str) -> None:
    """Whatever it says. Raises WrongTarget when nobody answers."""
    await _json(http, f"{url}/openapi.json")


async def _json(http: httpx2.AsyncClient, url: str) -> Mapping[str, Any]:
    """A JSON object, or {} when there is none. Raises WrongTarget when nobody answers."""
    for attempt in range(4):
        try:
            answer = await http.get(url, headers={"Accept": "application/json"})
            value = answer.json() if answer.status_code == 200 else {}
        except httpx2.RequestError as error:
            if attempt == 3:
                text = f"{url}: {str(error) or type(error).__name__}"
                raise WrongTarget(text, reached=False) from error
        except ValueError:
            return {}
        else:
            return value if isinstance(value, dict) else {}
    return {}


def _plain(paths: Collection[str]) -> set[str]:
    """Paths whatever their fields are called."""
    return {
        "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
        for path in paths
    }


def _eras(features: Collection[str]) -> set[str]:
    return {"mcp-session", "mcp-stateless"} & set(features)


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """Without what may be secret in it."""
    return url.partition("?")[0].rpartition("@")[2][:200]
