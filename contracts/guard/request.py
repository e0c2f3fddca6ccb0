"""A request as it arrived at the guard."""

from dataclasses import dataclass

from starlette.types import Receive, Scope

Header = tuple[str, str]


class TooLarge(Exception):
    """More bytes than are taken in."""


class Gone(Exception):
    """The caller hung up before the request was whole."""


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` as it was written, without its query; header names in lower case. ``told_host``: the
    Host that the backend is to be told in place of its own, "" for its own."""

    method: str
    path: str
    query: str
    headers: tuple[Header, ...]
    body: bytes
    told_host: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header, in order."""
        return tuple(value for told, value in self.headers if told == name)


async def read_request(scope: Scope, receive: Receive, most_bytes: int) -> Request:
    """The whole request. Raises TooLarge and Gone."""
    parts = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > most_bytes:
            raise TooLarge
        parts.append(part)
        more = message.get("more_body", False)
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1").strip())
            for name, value in scope["headers"]
        ),
        body=b"".join(parts),
    )
