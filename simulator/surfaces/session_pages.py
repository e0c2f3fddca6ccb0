"""An upload session's page, where a person uploads, and its address for direct uploads.

There is no key here: who has the token may add files, until the session expires. The page works
without scripts.
"""

import re
from html import escape
from pathlib import Path

from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.domain.sessions import UploadSession
from simulator.engine.products.sessions import (
    NO_SUCH_SESSION,
    SessionAnswer,
    UploadToken,
    get_upload_session,
)
from simulator.engine.provider import Provider
from simulator.engine.worlds import SCOPES, Caller
from simulator.surfaces.answering import (
    NOSNIFF,
    REFUSALS,
    SIM,
    encode,
    method_not_allowed,
    refusal,
    send_json,
)
from simulator.surfaces.uploads import Uploads

PATH = "/upload/"
TEMPLATE = Path(__file__).parent / "pages" / "upload.html"

_PATHS = re.compile(r"/upload/([A-Za-z0-9_-]{1,64})/([0-9a-f-]{36})(/files)?")
_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    b" base-uri 'none'; frame-ancestors 'none'"
)


class SessionPages:
    """An ASGI app for everything under ``/upload/``."""

    def __init__(self, provider: Provider, uploads: Uploads) -> None:
        self._provider = provider
        self._uploads = uploads
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._calls += 1
        request_id = f"upl_{self._calls:08d}"
        try:
            caller, session, direct = await self._found(scope["path"])
            method = scope["method"]
            if direct and method == "POST":
                await self._take(caller, session, scope, receive)
                answer = await self._answer(caller, session)
                if _wants_page(scope):
                    await _redirect(send, scope["path"].removesuffix("/files"))
                else:
                    await send_json(send, 200, encode(answer), request_id)
            elif not direct and method in ("GET", "HEAD"):
                await _send_page(send, scope, page(session, await self._answer(caller, session)))
            else:
                raise method_not_allowed(["POST"] if direct else ["GET"])
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            await send_json(send, status, payload, request_id, headers)

    async def _found(self, path: str) -> tuple[Caller, UploadSession, bool]:
        match = _PATHS.fullmatch(path)
        world = await self._provider.worlds.known(match[1]) if match else None
        session = None
        if match is not None and world is not None:
            session = await self._provider.store.session(world.id, match[2])
        if match is None or world is None or session is None:
            raise Denial(404, NO_SUCH_SESSION)
        return Caller(world, session.account, frozenset(SCOPES)), session, bool(match[3])

    async def _take(
        self, caller: Caller, session: UploadSession, scope: Scope, receive: Receive
    ) -> None:
        now_ms = await self._provider.worlds.now(caller.world)
        if not session.takes_files(now_ms):
            raise Denial(
                410,
                "This upload session takes no more files: it has expired or is full."
                " Open another with get_upload_url.",
                {"connection": "close"},
            )
        await self._uploads.collect(caller, session, scope, receive)

    async def _answer(self, caller: Caller, session: UploadSession) -> SessionAnswer:
        return await get_upload_session(self._provider, caller, UploadToken(session.token))


def page(session: UploadSession, answer: SessionAnswer) -> str:
    """The page's HTML: what has arrived, and the form unless the session is over."""
    rows = "".join(
        f"<tr><td>{number}</td><td>{escape(file.kind)}</td><td>{file.file_size_bytes:,}</td>"
        f"<td>{_measure(file.width, file.height, file.duration_seconds)}</td></tr>"
        for number, file in enumerate(answer.media, 1)
    )
    fields = {
        "model": escape(answer.model_id or "any model"),
        "count": str(answer.count),
        "rows": rows or '<tr><td colspan="4">Nothing yet.</td></tr>',
        "expires": escape(answer.expires_at),
        "token": escape(session.token),
        "disabled": " disabled" if answer.expired else "",
        "state": "This session has expired." if answer.expired else "",
        "readiness": escape(answer.billing_readiness.replace("_", " ")),
    }
    html = TEMPLATE.read_text("utf-8")
    for name, value in fields.items():
        html = html.replace(f"@{name}@", value)
    return html


def _measure(width: int | None, height: int | None, duration: float | None) -> str:
    parts = [f"{width} x {height}"] if width and height else []
    if duration:
        parts.append(f"{duration:g} s")
    return escape(", ".join(parts) or "not measured")


def _wants_page(scope: Scope) -> bool:
    """Whether a browser posted the form: a tool does not ask for HTML."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _redirect(send: Send, path: str) -> None:
    headers = [(b"location", path.encode("ascii")), (b"content-length", b"0"), SIM, NOSNIFF]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send_page(send: Send, scope: Scope, html: str) -> None:
    body = html.encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", _POLICY),
        (b"referrer-policy", b"no-referrer"),
        SIM,
        NOSNIFF,
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    sent = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})
