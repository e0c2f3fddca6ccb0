"""What the guard is to guard: where to, for whom, how much at most."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from contracts.guard.secret import Secret
from contracts.pricing import milli
from contracts.rates import CALLS_A_MINUTE

MAIN_KEY, SECOND_KEY = "guard-main", "guard-second"
"""What callers send instead of the keys."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class GuardProfile:
    """``rest_url`` is the root below which ``/v1`` lies, ``mcp_url`` the whole address of the
    endpoint. ``max_credits`` None lifts the cap. ``allowed_hosts`` (``host`` or ``host:port``) may
    be downloaded from; those of the two addresses always may. ``free_calls`` are known to the
    caller to cost nothing: ``"GET /v1/nothing"`` (``{}`` stands for one segment),
    ``"rpc no/such-method"``, ``"tool test_simple_text"``. ``control``: ``/_sim`` may be called.
    ``calls_a_minute`` empty: no limits. ``keyless_path``: where a request to MCP may come without
    a key and gets the main one, which asks for a cap of 0; "" for nowhere. ``body_bytes`` and
    ``answer_bytes`` are the most that is taken in; ``kept_records`` and ``kept_text`` what is
    remembered.

    Raises ValueError for addresses that a key must not be sent to.
    """

    rest_url: str
    mcp_url: str = ""
    key: Secret | None = None
    second_key: Secret | None = None
    max_credits: float | None = 0
    allowed_hosts: tuple[str, ...] = ()
    free_calls: tuple[str, ...] = ()
    control: bool = False
    calls_a_minute: Mapping[str, int] = field(default_factory=lambda: dict(CALLS_A_MINUTE))
    keyless_path: str = ""
    timeout_s: float = 330.0
    body_bytes: int = 64 * 1024 * 1024
    answer_bytes: int = 256 * 1024 * 1024
    kept_records: int = 5_000
    kept_text: int = 16_384
    catalog: Path | None = None

    def __post_init__(self) -> None:
        for url in filter(None, (self.rest_url, self.mcp_url)):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("an address begins with http:// or https:// and a host")
            if parts.username or parts.password or parts.query or parts.fragment:
                raise ValueError("an address holds no user, password, query or fragment")
            keyed = self.key is not None or self.second_key is not None
            if keyed and parts.scheme == "http" and parts.hostname not in LOOPBACK:
                raise ValueError("a key travels over https, or to this machine")
        if self.keyless_path and self.max_millicredits != 0:
            raise ValueError("who needs no key may spend nothing: max_credits is 0")
        if self.max_millicredits is not None and self.max_millicredits < 0:
            raise ValueError(f"max_credits = {self.max_credits}, expected 0 or more")

    @property
    def max_millicredits(self) -> int | None:
        return None if self.max_credits is None else -milli(-self.max_credits)  # rounded down

    @property
    def mcp_origin(self) -> str:
        """Scheme and host of ``mcp_url``, as a page there would name itself."""
        parts = urlsplit(self.mcp_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secrets(self) -> tuple[tuple[str, Secret], ...]:
        """Each key with what stands for it."""
        pairs = ((MAIN_KEY, self.key), (SECOND_KEY, self.second_key))
        return tuple((stand_in, key) for stand_in, key in pairs if key is not None)

    def may_download(self, url: str) -> bool:
        """Whether a file's address is on one of the hosts, at a port that was named or is usual."""
        try:
            parts = urlsplit(url)
            place = host_and_port(url)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or parts.username or parts.password:
            return False
        named = {host_and_port(f"{parts.scheme}://{host}") for host in self.allowed_hosts}
        own = {host_and_port(each) for each in (self.rest_url, self.mcp_url) if each}
        return place in named | own


def name_of(host: str) -> str:
    """The name in a Host header, without its port; "" when it makes no sense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def host_and_port(url: str) -> tuple[str, int]:
    """Where an address leads. Raises ValueError when it leads nowhere."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError("no host")
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
