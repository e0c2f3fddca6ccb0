"""The provider's REST surface: from the wire to an operation and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.domain.effects import Layer
from simulator.domain.errors import Denial
from simulator.engine.answers import status_answer
from simulator.engine.asks import Asks
from simulator.engine.operations import OPERATIONS, Operation
from simulator.engine.products.music import music_answer
from simulator.engine.provider import MEDIA_KINDS, Provider
from simulator.engine.shapes import from_fields, from_json
from simulator.engine.worlds import Caller
from simulator.surfaces.answering import (
    FAULT,
    REFUSALS,
    Header,
    encode,
    json_head,
    method_not_allowed,
    query_fields,
    refusal,
    rule_of,
    send_json,
)
from simulator.surfaces.auth import Keys, check_scope
from simulator.surfaces.connection import ConnectionDropped, gone, hang_up
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body
from simulator.surfaces.recording import Seen, record, started
from simulator.surfaces.router import Router
from simulator.surfaces.staging import (
    LOOKS,
    USUAL,
    Stage,
    enter,
    perform,
    send_strangely,
    with_asks,
)
from simulator.surfaces.stream import Followed, Reader, stream_status
from simulator.surfaces.tools import admit, where_of
from simulator.surfaces.uploads import Uploads

UPLOAD_PATH = "/v1/upload/media"
UPLOAD = "upload_media"
STREAMS = (
    Followed(
        "follow_generation",
        "/v1/generate/media/{generation_id}/stream",
        MEDIA_KINDS,
        ("read:generations", "generate:media"),
        status_answer,
    ),
    Followed(
        "follow_music",
        "/v1/generate/music/{generation_id}/stream",
        frozenset({"music"}),
        ("read:generations", "generate:music"),
        music_answer,
    ),
)


@dataclass(frozen=True, slots=True)
class Served:
    """An operation with its decoder made ready; ``where`` its fields are found."""

    operation: Operation
    decoder: "msgspec.json.Decoder[Any]"
    where: str


@dataclass(frozen=True, slots=True)
class _Request:
    """A call whose key and path are known; ``fields`` are those of the path."""

    caller: Caller
    fields: Mapping[str, str]
    scope: Scope
    receive: Receive


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
        routes += [("GET", followed.path, followed) for followed in STREAMS]
        self._router = Router(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = Seen("rest", started())
        try:
            status, payload = await self._answer(seen, scope, receive, send)
        except ConnectionDropped:
            seen.faults = "" if seen.stage is None else seen.stage.asks.told()
            record(self._provider.worlds, seen, scope, (seen.request_id, 0, seen.unheard))
            await hang_up(scope, receive, polite=seen.begun)
            return
        record(self._provider.worlds, seen, scope, (seen.request_id, status, payload))

    async def _answer(
        self, seen: Seen, scope: Scope, receive: Receive, send: Send
    ) -> tuple[int, bytes]:
        """Answers, and says how: the status and the body."""
        headers: tuple[Header, ...] = ()
        try:
            target, fields = self._find(scope)
            caller = await self._keys.caller(scope["headers"])
            seen.world, seen.account = caller.world, caller.account
            caller.world.requests += 1
            seen.request_id = f"req_{caller.world.requests:08d}"
            request = _Request(caller, fields, scope, receive)
            status = 200
            if isinstance(target, Served):
                payload = await self._call(target, request, seen)
            elif target is None:
                payload = await self._upload(request, seen)
            else:
                await self._stream(target, request, seen, send)
                return status, b""
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            seen.rule = rule_of(error)
            if not seen.request_id:
                seen.world = self._keys.witness(scope["headers"])
                self._strangers += 1
                seen.request_id = f"req_0_{self._strangers:08d}"
        await self._send(seen, (status, payload, headers), send)
        return status, payload

    async def _send(
        self, seen: Seen, answer: tuple[int, bytes, tuple[Header, ...]], send: Send
    ) -> None:
        """In the manner of its stage, telling what befell it. Raises ConnectionDropped."""
        status, payload, headers = answer
        stage = seen.stage
        if stage is not None and stage.asks.fired:
            seen.faults = stage.asks.told()
            headers = (*headers, (FAULT, seen.faults.encode("ascii")))
        if stage is None or stage.manner == USUAL:
            await send_json(send, status, payload, seen.request_id, headers)
            return
        seen.begun, seen.unheard = not stage.manner.drop, payload
        head = json_head(status, payload, seen.request_id, headers)
        await send_strangely(send, stage.manner, head, payload, self._provider.worlds.pause)

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

    async def _call(self, served: Served, request: _Request, seen: Seen) -> bytes:
        operation, caller, scope = served.operation, request.caller, request.scope
        seen.operation = operation.name
        await admit(self._provider, caller, operation)
        body: msgspec.Struct
        if operation.method == "POST":
            seen.raw = await read_json_body(request.receive, self._limits)
            check_json_depth(seen.raw)
            body = from_json(served.decoder, seen.raw)
        else:
            given = {**query_fields(scope), **request.fields}
            body = from_fields(operation.body, given, served.where, strict=False)
        way = ("rest", operation.path, operation.name, scope["path"])
        asks = with_asks(self._provider, caller, seen.raw, way)
        if asks is not None:
            asks.fields = msgspec.to_builtins(body)
            caller = replace(caller, asks=asks)
            await self._enter(request, seen, asks, ("wire",))
        elif operation.name in LOOKS:
            seen.stage = Stage(Asks())
            caller = replace(caller, asks=seen.stage.asks)
        return encode(await perform(self._provider, caller, operation, body))

    async def _enter(
        self, request: _Request, seen: Seen, asks: Asks, layers: Sequence[Layer]
    ) -> Stage:
        asks.left = lambda: gone(request.receive)
        seen.stage = stage = Stage(asks)
        await enter(self._provider, request.caller, stage, layers)
        return stage

    async def _upload(self, request: _Request, seen: Seen) -> bytes:
        caller = request.caller
        seen.operation = UPLOAD
        check_scope(caller, ("generate:media",))
        await self._provider.count_call(caller, "upload")
        asks = caller.asks
        if asks is not None:
            asks.route = asks.path = UPLOAD_PATH
            asks.operation = UPLOAD
            await self._enter(request, seen, asks, ("wire",))
        return encode(await self._uploads.receive(caller, request.scope, request.receive))

    async def _stream(self, followed: Followed, request: _Request, seen: Seen, send: Send) -> None:
        seen.operation = followed.name
        asks = request.caller.asks or Asks()
        caller = replace(request.caller, asks=asks)
        check_scope(caller, followed.scopes)
        await self._provider.count_call(caller, "read")
        asks.route, asks.operation, asks.fields = followed.path, followed.name, request.fields
        asks.path = request.scope["path"]
        stage = await self._enter(request, seen, asks, ("wire", "stream"))
        to = Reader(request.scope, request.receive, send)
        try:
            await stream_status(
                self._provider, caller, request.fields["generation_id"], followed, to, stage
            )
        finally:
            seen.faults, seen.begun = asks.told(), to.begun
