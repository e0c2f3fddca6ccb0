"""What anybody may read without a key: health, the OpenAPI document, the reference page, the
models, and a text for language models. Made when first asked for; the same bytes ever after."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.engine.answers import ModelRow, ModelsAnswer
from simulator.engine.provider import Provider
from simulator.engine.shelf import shelf
from simulator.surfaces.answering import NOSNIFF, SIM, encode, method_not_allowed, refusal
from simulator.surfaces.static_pages import PAGES, Page, page, send_page

_POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    b" frame-ancestors 'none'"
)
_MODELS, _JSON_SUFFIX = "/docs/models/", ".json"


class Docs:
    """An ASGI app for every path that no other surface has. ``version`` is the simulator's."""

    def __init__(self, provider: Provider, version: str = "0+unknown") -> None:
        self._provider = provider
        self._version = version
        self._made: dict[str, Page] = {}
        self._document: dict[str, Any] | None = None
        self._shelf: dict[str, ModelRow] | None = None
        self._makers: dict[str, Callable[[], Page]] = {
            "/health": lambda: _json({"status": "healthy"}),
            "/openapi.json": lambda: _json(self._openapi()),
            "/docs": self._reference,
            "/docs/": self._reference,
            "/docs/openapi": _redirect,
            "/docs/style.css": lambda: _file("style.css", b"text/css; charset=utf-8"),
            "/docs/icon.svg": lambda: _file("icon.svg", b"image/svg+xml"),
            "/docs/models.json": lambda: _json(self._listed()),
            "/llms.txt": self._for_models,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            shown = await self._page(scope["path"])
            if scope["method"] not in ("GET", "HEAD"):
                raise method_not_allowed(["GET"])
        except Denial as error:
            status, body, headers = refusal(error)
            shown = Page(b"application/json", body, b"", status, headers)
        await send_page(shown, scope, send)

    async def _page(self, path: str) -> Page:
        """Raises Denial 404. Made in a thread, so that nobody else waits for it."""
        maker = self._makers.get(path)
        if maker is None:
            if path.startswith(_MODELS) and path.endswith(_JSON_SUFFIX):
                return self._model(path[len(_MODELS) : -len(_JSON_SUFFIX)])
            raise Denial(404, "There is nothing at this path; /docs lists what there is.")
        made = self._made.get(path)
        if made is None:
            made = self._made[path] = await asyncio.to_thread(maker)
        return made

    def _openapi(self) -> dict[str, Any]:
        if self._document is None:
            # A start waits for no document that may never be asked for.
            from simulator.surfaces.openapi_routes import (  # noqa: PLC0415 - see above
                data_plane_document,
            )

            self._document = data_plane_document(self._provider.urls.base, self._version)
        return self._document

    def _listed(self) -> ModelsAnswer:
        rows = list(self._rows().values())
        return ModelsAnswer(rows, len(rows))

    def _rows(self) -> dict[str, ModelRow]:
        """By id, in the catalogue's order."""
        if self._shelf is None:
            rows = shelf(self._provider.catalog, self._provider.options.policies)
            self._shelf = {row.model_id: row for row in rows}
        return self._shelf

    def _model(self, label: str) -> Page:
        """The row of a model's id or alias, else those of a family or of a family's prefix."""
        rows = self._rows()
        model = self._provider.catalog.get(label)
        if model is not None and model.id in rows:
            return _json(rows[model.id])
        family = [rows[each.id] for each in self._provider.catalog.family(label) if each.id in rows]
        if not family:
            raise Denial(404, "There is no such model or family; /docs/models.json lists them.")
        return _json(ModelsAnswer(family, len(family)))

    def _reference(self) -> Page:
        from simulator.surfaces.docs_page import (  # noqa: PLC0415 - Jinja costs every start 50 ms
            reference,
        )

        html = reference(self._provider, self._openapi(), list(self._rows().values()), PAGES)
        headers = ((b"content-security-policy", _POLICY), (b"referrer-policy", b"no-referrer"))
        return page(b"text/html; charset=utf-8", html.encode(), headers)

    def _for_models(self) -> Page:
        from simulator.surfaces.docs_llms import llms_text  # noqa: PLC0415 - rarely asked for

        text = llms_text(self._provider, self._openapi(), PAGES)
        return page(b"text/plain; charset=utf-8", text.encode())


def _json(value: object) -> Page:
    return page(b"application/json", encode(value))


def _file(name: str, content_type: bytes) -> Page:
    return page(content_type, (PAGES / name).read_bytes())


def _redirect() -> Page:
    return Page(b"", b"", b"", 307, (SIM, NOSNIFF, (b"location", b"/docs")))
