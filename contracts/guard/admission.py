"""Who may pass: the caller, the key, the host, and the credits that it could cost."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs

from contracts.guard.claims import Judged, judge_rest
from contracts.guard.keys import NoSuchKey, keyed
from contracts.guard.passage import Passage, Stopped
from contracts.guard.profile import LOOPBACK, GuardProfile, name_of
from contracts.guard.purse import Purse, Refused
from contracts.guard.redaction import Redactor
from contracts.guard.request import Request
from contracts.guard.rpc import judge_mcp
from contracts.pricing import PriceList

MCP_PATH = "/mcp"
FILE_PATH = "/_guard/file"

_JUDGES: tuple[tuple[str, Callable[[Request, GuardProfile, PriceList], Judged]], ...] = (
    ("mcp", judge_mcp),
    ("rest", judge_rest),
)


class Admission:
    """``prices`` bound what is held in ``purse`` for a request that may cost."""

    def __init__(
        self, profile: GuardProfile, prices: PriceList, purse: Purse, redactor: Redactor
    ) -> None:
        self._profile = profile
        self._prices = prices
        self._purse = purse
        self._redactor = redactor

    def identified(self, arrived: Passage) -> Passage:
        """The passage with its key, its address and what it could cost. Raises Stopped."""
        request = arrived.request
        self._check_caller(request)
        if arrived.surface == "file":
            # No key goes to a host of files, and nothing but GET.
            return replace(arrived, url=self._file_url(request), judged=Judged("download"))
        try:
            with_key = keyed(request, self._profile)
        except NoSuchKey as missing:
            message = f"The profile has no key for {missing}."
            raise Stopped(403, "no_such_key", message) from None
        judged = dict(_JUDGES)[arrived.surface](request, self._profile, self._prices)
        url = self._address(request, arrived.surface)
        return replace(arrived, keyed=with_key, judged=judged, url=url)

    def held(self, passage: Passage) -> Passage:
        """The passage with its worst case held. Raises Stopped."""
        try:
            holds = self._purse.hold([claim.worst for claim in passage.judged.claims])
        except Refused as refused:
            raise Stopped(402, refused.reason, _why(refused, passage.judged)) from None
        return replace(passage, holds=holds)

    def surface(self, request: Request) -> str:
        """``mcp``, ``file`` or ``rest``."""
        if request.path == MCP_PATH and self._profile.mcp_url:
            return "mcp"
        return "file" if request.path == FILE_PATH else "rest"

    def _address(self, request: Request, surface: str) -> str:
        url = self._profile.mcp_url
        if surface == "rest":
            url = self._profile.rest_url.rstrip("/") + request.path
        return f"{url}?{request.query}" if request.query else url

    def _check_caller(self, request: Request) -> None:
        """No page of another host may use the guard, and no caller may hold the key itself."""
        hosts = request.values("host")
        if len(hosts) != 1 or name_of(hosts[0]) not in LOOPBACK:
            raise Stopped(421, "host", "The guard answers at its own address only.")
        parts = [request.path, request.query, request.body.decode("latin-1")]
        parts += [value for _, value in request.headers]
        if any(self._redactor.holds_key(part) for part in parts):
            raise Stopped(403, "key", "The key itself is in the request; send its stand-in.")

    def _file_url(self, request: Request) -> str:
        urls = parse_qs(request.query).get("url", [])
        if request.method != "GET" or request.body or len(urls) != 1:
            raise Stopped(402, "unbounded", "A file is fetched with GET and one url.")
        if self._redactor.holds_key(urls[0]):
            raise Stopped(403, "key", "The key itself is in the address.")
        if not self._profile.may_download(urls[0]):
            raise Stopped(403, "host", "The profile does not allow downloads from there.")
        return urls[0]


def _why(refused: Refused, judged: Judged) -> str:
    told = "; ".join(f"{claim.call}: {claim.why}" for claim in judged.claims if claim.why)
    return f"{refused} ({told})" if told else str(refused)
