"""Pages that are the same for everybody: whole answers with a validator."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from starlette.types import Scope, Send

from simulator.surfaces.answering import NOSNIFF, SIM, Header

PAGES = Path(__file__).parent / "pages"

_CACHED: tuple[Header, ...] = ((b"cache-control", b"no-cache"), SIM, NOSNIFF)


@dataclass(frozen=True, slots=True)
class Page:
    """A whole answer; ``tag`` is its ETag."""

    content_type: bytes
    body: bytes
    tag: bytes
    status: int = 200
    headers: tuple[Header, ...] = ()


def page(content_type: bytes, body: bytes, headers: tuple[Header, ...] = ()) -> Page:
    """A page with its ETag."""
    tag = b'"' + blake2b(body, digest_size=12).hexdigest().encode("ascii") + b'"'
    return Page(content_type, body, tag, 200, (*_CACHED, (b"etag", tag), *headers))


async def send_page(page: Page, scope: Scope, send: Send) -> None:
    """The page, its head, or that it is known already."""
    if page.tag and _is_known(page.tag, scope):
        await send({"type": "http.response.start", "status": 304, "headers": list(page.headers)})
        await send({"type": "http.response.body", "body": b""})
        return
    headers = [*page.headers, (b"content-length", b"%d" % len(page.body))]
    if page.content_type:
        headers.append((b"content-type", page.content_type))
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else page.body
    await send({"type": "http.response.body", "body": body})


def _is_known(tag: bytes, scope: Scope) -> bool:
    """Whether If-None-Match names the tag: compared weakly, as RFC 9110 13.1.2 says."""
    given = b",".join(value for name, value in scope["headers"] if name == b"if-none-match")
    tags = [each.strip().removeprefix(b"W/") for each in given.split(b",")]
    return b"*" in tags or tag in tags
