"""The way in for a program that knows no key: it is told an address that nobody guesses."""

from dataclasses import replace

from contracts.guard.admission import MCP_PATH
from contracts.guard.keys import KEY_HEADERS
from contracts.guard.profile import LOOPBACK, MAIN_KEY, GuardProfile, name_of
from contracts.guard.request import Header, Request

_OWN = "127.0.0.1"


def let_in(request: Request, profile: GuardProfile) -> Request:
    """A request as it goes on: one at the keyless path becomes one for MCP, with the stand-in of
    the main key if it carries none. What it says of the guard's address it says of the backend's
    then, and a name of another host is kept to be said to the backend: refusing that is the
    backend's own duty, and no page of another host knows the path."""
    if not profile.keyless_path or request.path != profile.keyless_path:
        return request
    hosts = request.values("host")
    told = hosts[0] if len(hosts) == 1 else ""
    foreign = "" if name_of(told) in LOOPBACK else told
    mine = () if foreign else (("origin", f"http://{told}"),)
    kept: list[Header] = [
        ("origin", profile.mcp_origin) if header in mine else header
        for header in request.headers
        if header[0] != "host"
    ]
    if not any(name in KEY_HEADERS for name, _ in kept):
        kept.append(("x-api-key", MAIN_KEY))
    headers = (("host", _OWN), *kept)
    return replace(request, path=MCP_PATH, headers=headers, told_host=foreign)
