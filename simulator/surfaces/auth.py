"""Keys: where they travel, which account one belongs to, and which are refused by sight."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b

from simulator.domain.errors import Denial
from simulator.domain.redaction import KEY_PREFIXES
from simulator.engine.worlds import Caller, World, Worlds
from simulator.surfaces.asked import Header, Scenario, asks_of, no_scenario

_ASKING = frozenset({b"x-sim-fault", b"x-sim-scenario", b"x-sim-seed", b"x-sim-delay"})
_TEST_PREFIX, _LIVE_PREFIX = KEY_PREFIXES
_TEST_KEY = re.compile(
    _TEST_PREFIX + r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:\.([A-Za-z0-9][A-Za-z0-9_-]{0,63}))?"
)
DEFAULT_NAMESPACE = "default"
_LIVE_WORLD = "live-"  # begins the names of live keys' worlds, which no test key opens
_CHALLENGE: Mapping[str, str] = {"www-authenticate": "Bearer"}
_HELP = "Send X-API-Key: sk_test_<namespace>, or Authorization: Bearer sk_test_<namespace>."


class Keys:
    """Finds the caller of a request. ``allow_live``: a live key opens a world of its own, named
    by its hash; the key itself is never kept."""

    def __init__(
        self, worlds: Worlds, *, allow_live: bool = False, scenario: Scenario = no_scenario
    ) -> None:
        self._worlds = worlds
        self._allow_live = allow_live
        self._scenario = scenario

    async def caller(self, headers: Iterable[Header]) -> Caller:
        """Raises Denial 401, and 400 for an ``X-Sim-*`` header that can't be read."""
        key, idempotency_key, asked = read_headers(headers)
        if not key:
            raise Denial(401, f"An API key is missing. {_HELP}", _CHALLENGE)
        world, account = self.owner(key)
        caller = await self._worlds.caller(world, account)
        if caller is None:
            raise Denial(401, "This key belongs to no account.", _CHALLENGE)
        if idempotency_key is not None:
            caller = replace(caller, idempotency_key=idempotency_key)
        if asked or caller.world.lab.busy:
            caller = replace(caller, asks=asks_of(asked, self._scenario))
        return caller

    def witness(self, headers: Iterable[Header]) -> World | None:
        """In whose journal a refused call belongs: that of its key's world, else the default one,
        if it is open."""
        key, _, _ = read_headers(headers)
        try:
            world = self._worlds.opened(self.owner(key)[0])
        except Denial:
            world = None
        return world or self._worlds.opened(DEFAULT_NAMESPACE)

    def owner(self, key: str) -> tuple[str, str]:
        """The names of a key's world and account. Raises Denial 401."""
        match = _TEST_KEY.fullmatch(key)
        if match is not None and not match[1].startswith(_LIVE_WORLD):
            return match[1], match[2] or "main"
        if not key.startswith(_LIVE_PREFIX):
            raise Denial(401, f"This is no key of the simulator. {_HELP}", _CHALLENGE)
        if not self._allow_live:
            raise Denial(
                401,
                "This looks like a live key: it was not used, and must not reach a simulator."
                " Send a key that begins with sk_test_, or start with --allow-live-keys.",
                _CHALLENGE,
            )
        return f"{_LIVE_WORLD}{blake2b(key.encode(), digest_size=8).hexdigest()}", "main"


def check_scope(caller: Caller, scopes: tuple[str, ...]) -> None:
    """Raises Denial 403 unless the caller has any of ``scopes``; none are needed for ()."""
    if scopes and caller.scopes.isdisjoint(scopes):
        raise Denial(403, f"This key lacks the scope {' or '.join(scopes)}.")


def read_headers(headers: Iterable[Header]) -> tuple[str, str | None, tuple[Header, ...]]:
    """The API key (``""``: none) and the Idempotency-Key of a request, the latter as its hash, and
    the headers that speak to the simulator itself."""
    api_key = bearer = ""
    idempotency_key = None
    asked: tuple[Header, ...] = ()
    for name, value in headers:
        if name == b"x-api-key":
            api_key = value.decode("latin-1").strip()
        elif name == b"authorization":
            scheme, _, token = value.decode("latin-1").strip().partition(" ")
            if scheme.lower() == "bearer":
                bearer = token.strip()
        elif name == b"idempotency-key":
            # Some callers derive it from what is secret, and only its sameness is ever needed.
            idempotency_key = blake2b(value, digest_size=16).hexdigest()
        elif name in _ASKING:
            asked = (*asked, (name, value))
    return api_key or bearer, idempotency_key, asked
