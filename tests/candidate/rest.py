"""The routes."""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tests.candidate import media
from tests.candidate.asking import (
    Ask,
    CostAsk,
    EstimateAsk,
    HistoryAsk,
    Missing,
    ModelsAsk,
    Refused,
)
from tests.candidate.ledger import Account
from tests.candidate.rules import EXTENSIONS
from tests.candidate.service import Service, render, render_small

Answer = Callable[[Account, Request], Awaitable[Response]]
Handler = Callable[[Request], Awaitable[Response]]
MAX_BODY_BYTES = 1 << 20
MAX_UPLOAD_BYTES = 500 << 20
TYPES: Mapping[str, str] = {"png": "image/png", "webp": "image/webp", "mp4": "video/mp4"}


def key_of(headers: Headers) -> str:
    """The key of a request, from either header; empty where there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return headers.get("x-api-key", "") or bearer


def unauthorized() -> JSONResponse:
    """What a caller without a good key gets."""
    challenge = {"WWW-Authenticate": "Bearer"}
    return JSONResponse({"detail": "Missing or invalid API key"}, 401, challenge)


def faults_of(error: ValidationError, *place: str) -> list[dict[str, object]]:
    """What is wrong with a body, field by field."""
    return [
        {"loc": [*place, *each["loc"]], "msg": each["msg"], "type": each["type"]}
        for each in error.errors(include_input=False, include_url=False, include_context=False)
    ]


async def read_json(request: Request) -> Any:
    """The body as JSON; HTTPException where it is too long or no JSON."""
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > MAX_BODY_BYTES:
            raise HTTPException(413, "Request body too large")
    try:
        return json.loads(bytes(raw), parse_constant=reject_constant)
    except (ValueError, RecursionError):
        return None


def reject_constant(name: str) -> None:
    """NaN and its kin are no JSON."""
    raise ValueError(name)


class Rest:
    """The routes' handlers, each for a known account."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def guarded(self, answer: Answer) -> Handler:
        """A handler that needs a key and turns refusals into answers."""

        async def handle(request: Request) -> Response:
            account = self.service.account_of(key_of(request.headers))
            if account is None:
                return unauthorized()
            try:
                return await answer(account, request)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status)
            except Missing as missing:
                return JSONResponse({"detail": missing.detail}, missing.status)
            except ValidationError as error:
                place = "query" if request.method == "GET" else "body"
                return JSONResponse({"detail": faults_of(error, place)}, 422)

        return handle

    async def start(self, account: Account, request: Request) -> Response:
        ask = Ask.model_validate(await read_json(request))
        return JSONResponse(await self.service.start(account, ask))

    async def cost(self, _: Account, request: Request) -> Response:
        return JSONResponse(self.service.cost(CostAsk.model_validate(await read_json(request))))

    async def estimate(self, _: Account, request: Request) -> Response:
        ask = EstimateAsk.model_validate(await read_json(request))
        return JSONResponse(self.service.estimate(ask))

    async def status(self, account: Account, request: Request) -> Response:
        return JSONResponse(await self.service.status(account, request.path_params["job_id"]))

    async def balance(self, account: Account, _: Request) -> Response:
        return JSONResponse(self.service.balance(account))

    async def models(self, _: Account, request: Request) -> Response:
        kind = request.query_params.get("model_type")
        return JSONResponse(self.service.models(ModelsAsk(model_type=kind)))

    async def history(self, account: Account, request: Request) -> Response:
        query: dict[str, Any] = dict(request.query_params)
        if re.fullmatch(r"-?[0-9]{1,9}", query.get("limit", "")):
            query["limit"] = int(query["limit"])
        return JSONResponse(await self.service.history(account, HistoryAsk.model_validate(query)))

    async def upload(self, _: Account, request: Request) -> Response:
        return await keep(self.service, request)

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    async def output(self, request: Request) -> Response:
        return await send_output(self.service, request.path_params["name"])

    async def uploaded(self, request: Request) -> Response:
        return send_upload(self.service.settings.folder, request.path_params["name"])


def routes(service: Service) -> list[BaseRoute]:
    """Every route that needs a key, and those that do not."""
    rest = Rest(service)
    guarded = rest.guarded
    return [
        Route("/health", rest.health),
        Route("/media/{name}", rest.output),
        Route("/media/uploads/{name}", rest.uploaded),
        Route("/v1/models", guarded(rest.models)),
        Route("/v1/balance", guarded(rest.balance)),
        Route("/v1/generations", guarded(rest.history)),
        Route("/v1/generate/media", guarded(rest.start), methods=["POST"]),
        Route("/v1/generate/media/{job_id}", guarded(rest.status)),
        Route("/v1/generate/cost", guarded(rest.cost), methods=["POST"]),
        Route("/v1/generate/estimate", guarded(rest.estimate), methods=["POST"]),
        Route("/v1/upload/media", guarded(rest.upload), methods=["POST"]),
    ]


async def keep(service: Service, request: Request) -> Response:
    """Store the file of a form and measure it; its address."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:15]) > MAX_UPLOAD_BYTES + MAX_BODY_BYTES:
        raise HTTPException(413, "a file may have 500 MB")
    try:
        async with request.form(max_files=1) as form:
            return await store(service, form.get("file"))
    except MultiPartException as error:
        raise HTTPException(400, error.message) from None


async def store(service: Service, file: UploadFile | str | None) -> Response:
    """Keep one file; HTTPException where it is none that we take."""
    if not isinstance(file, UploadFile):
        fault = {"loc": ["body", "file"], "msg": "Field required", "type": "missing"}
        return JSONResponse({"detail": [fault]}, 422)
    extension = PurePosixPath(file.filename or "").suffix.lower()
    if extension not in EXTENSIONS:
        raise HTTPException(415, "only images, videos and sounds are kept")
    if (file.size or 0) > MAX_UPLOAD_BYTES:
        raise HTTPException(413, "a file may have 500 MB")
    name = f"{uuid.uuid4()}{extension}"
    path = service.settings.folder / name
    await asyncio.to_thread(path.write_bytes, await file.read())
    url = f"{service.public_url}/media/uploads/{name}"
    service.known[url] = await asyncio.to_thread(media.measure, path, EXTENSIONS[extension])
    return JSONResponse({"url": url, "urls": [url]})


async def send_output(service: Service, name: str) -> Response:
    """A file of a completed job."""
    found = service.file_of(name)
    if found is None or found[1] not in TYPES:
        raise HTTPException(404, "Not Found")
    job, extension = found
    content = await asyncio.to_thread(render_small if extension == "webp" else render, job)
    return Response(content, media_type=TYPES[extension])


def send_upload(folder: Path, name: str) -> Response:
    """A file that was uploaded."""
    known = {path.name: path for path in folder.iterdir()}
    if name not in known:
        raise HTTPException(404, "Not Found")
    return FileResponse(known[name])
