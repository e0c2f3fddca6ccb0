"""The page at ``/_sim/ui``: one world's jobs, ledger, calls and clock, in a browser.

The page holds nothing that is secret, so it needs no token; its script asks the control plane, and
sends the token that the user gives it.
"""

from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.surfaces.answering import method_not_allowed, refusal
from simulator.surfaces.static_pages import PAGES, Page, page, send_page

PATH = "/_sim/ui"

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    b" base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Dashboard:
    """An ASGI app for the page and its two files."""

    def __init__(self) -> None:
        self._makers: Mapping[str, Callable[[], Page]] = {
            PATH: _whole,
            PATH + "/": _whole,
            PATH + "/ui.css": lambda: _file("ui.css", b"text/css; charset=utf-8"),
            PATH + "/ui.js": lambda: _file("ui.js", b"text/javascript; charset=utf-8"),
        }
        self._made: dict[str, Page] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            shown = self._page(scope["path"])
            if scope["method"] not in ("GET", "HEAD"):
                raise method_not_allowed(["GET"])
        except Denial as error:
            status, body, headers = refusal(error)
            shown = Page(b"application/json", body, b"", status, headers)
        await send_page(shown, scope, send)

    def _page(self, path: str) -> Page:
        """Raises Denial 404."""
        if path not in self._makers:
            raise Denial(404, f"There is nothing at this path; the page is at {PATH}.")
        if path not in self._made:
            self._made[path] = self._makers[path]()
        return self._made[path]


def _whole() -> Page:
    body = (PAGES / "ui.html").read_bytes()
    headers = ((b"content-security-policy", _POLICY), (b"referrer-policy", b"no-referrer"))
    return page(b"text/html; charset=utf-8", body, headers)


def _file(name: str, content_type: bytes) -> Page:
    return page(content_type, (PAGES / name).read_bytes())
