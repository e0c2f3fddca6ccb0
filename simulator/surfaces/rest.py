"""The provider's REST surface: from the wire to an operation and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.engine.answers import status_answer
from simulator.engine.operations import OPERATIONS, Operation
from simulator.engine.products.music import music_answer
from simulator.engine.provider import MEDIA_KINDS, Provider
from simulator.engine.shapes import from_fields, from_json
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import (
    REFUSALS,
    encode,
    method_not_allowed,
    query_fields,
    refusal,
    send_json,
)
from simulator.surfaces.auth import Keys, check_scope
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body
from simulator.surfaces.router import Router
from simulator.surfaces.stream import Followed, stream_status
from simulator.surfaces.tools import admit, where_of
from simulator.surfaces.uploads import Uploads

UPLOAD_PATH = "/v1/upload/media"
STREAMS = (
    (
        "/v1/generate/media/{generation_id}/stream",
        Followed(MEDIA_KINDS, ("read:generations", "generate:media"), status_answer),
    ),
    (
        "/v1/generate/music/{generation_id}/stream",
        Followed(frozenset({"music"}), ("read:generations", "generate:music"), music_answer),
    ),
)


@dataclass(frozen=True, slots=True)
class Served:
    """An operation with its decoder made ready; ``where`` its fields are found."""

    operation: Operation
    decoder: "msgspec.json.Decoder[Any]"
    where: str


class Rest:
    """An ASGI app for everything under ``/v1``. Calls are named ``req_N`` in each world's order."""

    def __init__(
        self, provider: Provider, keys: Keys, uploads: Uploads, limits: GuardLimits
    ) -> None:
        self._provider = provider
        self._keys = keys
        self._uploads = uploads
        self._limits = limits
        self._strangers = 0
        routes: list[tuple[str, str, Served | Followed | None]] = [
            (op.method, op.path, Served(op, msgspec.json.Decoder(op.body), where_of(op)))
            for op in OPERATIONS
        ]
        routes += [("POST", UPLOAD_PATH, None)]
        routes += [("GET", path, followed) for path, followed in STREAMS]
        self._router = Router(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = ""
        headers: tuple[tuple[bytes, bytes], ...] = ()
        try:
            target, fields = self._find(scope)
            caller = await self._keys.caller(scope["headers"])
            caller.world.requests += 1
            request_id = f"req_{caller.world.requests:08d}"
            if isinstance(target, Followed):
                await self._stream(target, caller, fields, scope, receive, send)
                return
            status = 200
            if isinstance(target, Served):
                payload = await self._call(target, caller, fields, scope, receive)
            else:
                payload = await self._upload(caller, scope, receive)
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            if not request_id:
                self._strangers += 1
                request_id = f"req_0_{self._strangers:08d}"
        await send_json(send, status, payload, request_id, headers)

    def _find(self, scope: Scope) -> tuple[Served | Followed | None, dict[str, str]]:
        """The target at the request's path, None for uploads, and the path's fields."""
        found = self._router.find(scope["path"])
        if found is None:
            raise Denial(404, "There is nothing at this path; /docs lists what there is.")
        targets, fields = found
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in targets:
            raise method_not_allowed(targets)
        return targets[method], fields

    async def _call(
        self,
        served: Served,
        caller: Caller,
        fields: Mapping[str, str],
        scope: Scope,
        receive: Receive,
    ) -> bytes:
        operation = served.operation
        await admit(self._provider, caller, operation)
        body: msgspec.Struct
        if operation.method == "POST":
            raw = await read_json_body(receive, self._limits)
            check_json_depth(raw)
            body = from_json(served.decoder, raw)
        else:
            given = {**query_fields(scope), **fields}
            body = from_fields(operation.body, given, served.where, strict=False)
        return encode(await operation.call(self._provider, caller, body))

    async def _upload(self, caller: Caller, scope: Scope, receive: Receive) -> bytes:
        check_scope(caller, ("generate:media",))
        await self._provider.count_call(caller, "upload")
        return encode(await self._uploads.receive(caller, scope, receive))

    async def _stream(
        self,
        followed: Followed,
        caller: Caller,
        fields: Mapping[str, str],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        check_scope(caller, followed.scopes)
        await self._provider.count_call(caller, "read")
        await stream_status(
            self._provider, caller, fields["generation_id"], followed, scope, receive, send
        )
