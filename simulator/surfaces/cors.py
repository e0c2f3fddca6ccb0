"""What a browser has to be told before a page of a configured origin may use the server."""

import re

PREFLIGHT = b"access-control-request-method"  # an OPTIONS request that has it is a preflight

_EXPOSED = b"x-request-id, x-sim, x-sim-fault, retry-after, mcp-session-id"
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_KEPT_SECONDS = b"600"
_HEADER_NAMES = re.compile(rb"[\w!#$%&'*+.^`|~, -]*", re.ASCII)


def cors_headers(origin: bytes, allowed: frozenset[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that let a page of ``origin`` read an answer; empty when it may not.

    ``allowed`` holds whole origins in lower case, or ``*``.
    """
    if b"*" not in allowed and origin.lower() not in allowed:
        return ()
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    )


def preflight_headers(asked: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """The headers that grant what the preflight with the headers ``asked`` wants to send."""
    granted = [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-max-age", _KEPT_SECONDS),
    ]
    wanted = asked.get(b"access-control-request-headers", b"")
    if wanted and _HEADER_NAMES.fullmatch(wanted):
        granted.append((b"access-control-allow-headers", wanted))
    return granted
