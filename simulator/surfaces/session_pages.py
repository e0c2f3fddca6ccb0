"""An upload session's page, where a person uploads, and its address for direct uploads.

There is no key here: who has the token may add files, until the session expires. The page works
without scripts.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial, Malformed
from simulator.domain.sessions import FILES_MOST, SESSION_OVER, UploadSession
from simulator.engine.products.sessions import (
    NO_SUCH_SESSION,
    SessionAnswer,
    SessionMedia,
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

READINESS: Mapping[str, str] = {
    "exact": "Every length is known.",
    "pessimistic_fallback": "Some length is not known: the most is billed.",
}

_MARK = re.compile("@([a-z]+)@")
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
            if direct and method == "POST" and _wants_page(scope):
                await self._take_form(caller, session, scope, receive, send)
            elif direct and method == "POST":
                await self._take(caller, session, scope, receive)
                answer = await self._answer(caller, session)
                await send_json(send, 200, encode(answer), request_id)
            elif not direct and method in ("GET", "HEAD"):
                html = page(session, await self._answer(caller, session))
                await _send_page(send, 200, html, head_only=method == "HEAD")
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
            raise Denial(410, SESSION_OVER, {"connection": "close"})
        await self._uploads.collect(caller, session, scope, receive)

    async def _take_form(
        self, caller: Caller, session: UploadSession, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """A browser goes back to the page; what was refused is told there."""
        try:
            await self._take(caller, session, scope, receive)
        except (Denial, Malformed) as error:
            status, _, headers = refusal(error)
            text = error.detail if isinstance(error, Denial) else "Choose a file first."
            html = page(session, await self._answer(caller, session), problem=text)
            await _send_page(send, status, html, headers)
        else:
            await _redirect(send, f"../{session.token}")

    async def _answer(self, caller: Caller, session: UploadSession) -> SessionAnswer:
        return await get_upload_session(self._provider, caller, UploadToken(session.token))


def page(session: UploadSession, answer: SessionAnswer, problem: str = "") -> str:
    """The page's HTML: what has arrived, and the form unless the session is over. ``problem`` is
    why the last files were refused."""
    up = "../" if problem else ""  # what was refused is told one level below the page
    full = answer.count >= FILES_MOST
    state = "This session has expired." if answer.expired else ""
    if full and not answer.expired:
        state = f"This session is full: it takes {FILES_MOST} files."
    fields = {
        "model": escape(answer.model_id or "any model"),
        "count": str(answer.count),
        "most": str(FILES_MOST),
        "rows": "".join(_row(number, file, up) for number, file in enumerate(answer.media, 1)),
        "empty": "" if answer.media else '<p class="empty">Nothing has arrived yet.</p>',
        "expires": escape(answer.expires_at),
        "token": escape(session.token),
        "up": up,
        "disabled": " disabled" if answer.expired or full else "",
        "notes": _note("state", state) + _note("alert", problem),
        "readiness": READINESS[answer.billing_readiness] if answer.media else "",
    }
    parts = _MARK.split(TEMPLATE.read_text("utf-8"))
    return "".join(fields[part] if place % 2 else part for place, part in enumerate(parts))


def _row(number: int, file: SessionMedia, up: str) -> str:
    path = escape(f"{up}../../media/" + file.url.partition("/media/")[2])
    shown = f'<img src="{path}" alt="" loading="lazy">' if file.kind == "image" else ""
    measures = _measures(file.width, file.height, file.duration_seconds)
    return (
        f'<tr><td class="number">{number}</td><td>{shown}</td>'
        f'<td><a href="{path}">{escape(file.kind)}</a><small>{escape(file.mime_type)}</small></td>'
        f'<td>{measures}</td><td class="number">{_size(file.file_size_bytes)}</td></tr>'
    )


def _measures(width: int | None, height: int | None, duration: float | None) -> str:
    parts = [f"{width} x {height} px"] if width and height else []
    if duration:
        parts.append(f"{duration:g} s")
    return ", ".join(parts) or "not measured"


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1_000:,.1f} kB"
    return f"{size_bytes / 1_000_000:,.1f} MB"


def _note(role: str, text: str) -> str:
    known = {"state": "status", "alert": "alert"}
    return f'<p class="{role}" role="{known[role]}">{escape(text)}</p>' if text else ""


def _wants_page(scope: Scope) -> bool:
    """Whether a browser posted the form: a tool does not ask for HTML."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _redirect(send: Send, path: str) -> None:
    headers = [(b"location", path.encode("ascii")), (b"content-length", b"0"), SIM, NOSNIFF]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _send_page(
    send: Send,
    status: int,
    html: str,
    more: Iterable[tuple[bytes, bytes]] = (),
    *,
    head_only: bool = False,
) -> None:
    body = html.encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", _POLICY),
        (b"referrer-policy", b"no-referrer"),
        SIM,
        NOSNIFF,
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head_only else body})
