"""The provider's REST surface: from the wire to an operation and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.domain.faults import Fired
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
from simulator.surfaces.connection import ConnectionDropped, hang_up
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body
from simulator.surfaces.recording import Seen, record, started
from simulator.surfaces.router import Router
from simulator.surfaces.staging import USUAL, Manner, enter, perform, send_strangely, with_asks
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
            request_id, status, payload = await self._answer(seen, scope, receive, send)
        except ConnectionDropped:
            record(self._provider.worlds, seen, scope, ("", 0, b""))
            await hang_up(scope, receive, polite=seen.begun)
            return
        record(self._provider.worlds, seen, scope, (request_id, status, payload))

    async def _answer(
        self, seen: Seen, scope: Scope, receive: Receive, send: Send
    ) -> tuple[str, int, bytes]:
        """Answers, and says how: the request's id, the status and the body."""
        request_id = ""
        headers: tuple[Header, ...] = ()
        asks: Asks | None = None
        manner: Manner | None = None
        try:
            target, fields = self._find(scope)
            caller = await self._keys.caller(scope["headers"])
            asks, seen.world, seen.account = caller.asks, caller.world, caller.account
            caller.world.requests += 1
            request_id = f"req_{caller.world.requests:08d}"
            request = _Request(caller, fields, scope, receive)
            if isinstance(target, Followed):
                seen.operation = target.name
                await self._stream(target, request, seen, send)
                return request_id, 200, b""
            status = 200
            if isinstance(target, Served):
                seen.operation = target.operation.name
                payload, asks, manner = await self._call(target, request, seen)
            else:
                seen.operation = UPLOAD
                payload, manner = await self._upload(request)
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            seen.rule = rule_of(error)
            asks = seen.asks or asks
            if not request_id:
                self._strangers += 1
                request_id = f"req_0_{self._strangers:08d}"
        if asks is not None and asks.fired:
            seen.faults = asks.told()
            headers = (*headers, (FAULT, seen.faults.encode("ascii")))
        if manner is None:
            await send_json(send, status, payload, request_id, headers)
        else:
            seen.begun = not manner.drop
            head = json_head(status, payload, request_id, headers)
            await send_strangely(send, manner, head, payload)
        return request_id, status, payload

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
        self, served: Served, request: _Request, seen: Seen
    ) -> tuple[bytes, Asks | None, Manner | None]:
        operation, caller, scope = served.operation, request.caller, request.scope
        await admit(self._provider, caller, operation)
        body: msgspec.Struct
        if operation.method == "POST":
            seen.raw = await read_json_body(request.receive, self._limits)
            check_json_depth(seen.raw)
            body = from_json(served.decoder, seen.raw)
        else:
            given = {**query_fields(scope), **request.fields}
            body = from_fields(operation.body, given, served.where, strict=False)
        way = ("rest", operation.path, operation.name)
        asks = with_asks(self._provider, caller, seen.raw, way)
        if asks is None:
            return encode(await operation.call(self._provider, caller, body)), None, None
        seen.asks = asks
        asks.fields = msgspec.to_builtins(body)
        caller = replace(caller, asks=asks)
        manner, _ = await enter(self._provider, caller, asks, ("wire",))
        answer = await perform(self._provider, caller, operation, body)
        return encode(answer), asks, manner if manner != USUAL else None

    async def _upload(self, request: _Request) -> tuple[bytes, Manner | None]:
        caller = request.caller
        check_scope(caller, ("generate:media",))
        await self._provider.count_call(caller, "upload")
        manner = None
        if caller.asks is not None:
            caller.asks.route, caller.asks.operation = UPLOAD_PATH, UPLOAD
            manner, _ = await enter(self._provider, caller, caller.asks, ("wire",))
        answer = await self._uploads.receive(caller, request.scope, request.receive)
        return encode(answer), None if manner == USUAL else manner

    async def _stream(self, followed: Followed, request: _Request, seen: Seen, send: Send) -> None:
        caller, asks = request.caller, request.caller.asks
        check_scope(caller, followed.scopes)
        await self._provider.count_call(caller, "read")
        fired: tuple[Fired, ...] = ()
        if asks is not None:
            asks.route, asks.operation, asks.fields = followed.path, followed.name, request.fields
            _, fired = await enter(self._provider, caller, asks, ("wire", "stream"))
            seen.faults = asks.told()
        seen.begun = True
        to = Reader(request.scope, request.receive, send)
        await stream_status(
            self._provider, caller, request.fields["generation_id"], followed, to, fired
        )
