"""The control plane under ``/_sim``: who may make its calls, and on which world."""

import hmac
from dataclasses import replace
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from simulator.domain.errors import Denial
from simulator.engine.control import Control
from simulator.engine.operations import FileBody, Operation
from simulator.engine.shapes import from_fields, from_json, read_object
from simulator.engine.worlds import World, Worlds
from simulator.surfaces.answering import (
    REFUSALS,
    encode,
    method_not_allowed,
    query_fields,
    refusal,
    rule_of,
    send_json,
)
from simulator.surfaces.auth import DEFAULT_NAMESPACE, Keys, read_headers
from simulator.surfaces.control_calls.call import PREFIX
from simulator.surfaces.control_calls.table import CONTROL_OPERATIONS
from simulator.surfaces.guard import GuardLimits, check_json_depth, read_json_body
from simulator.surfaces.recording import Seen, record, started
from simulator.surfaces.router import Router
from simulator.surfaces.watching import Watching

DOCUMENT_PATH = PREFIX + "/openapi.json"
Target = tuple[Operation, "msgspec.json.Decoder[Any]"]
UNRECORDED = frozenset({"requests", "requests_clear", "requests_verify"})
"""Looking into the journal leaves no trace in it."""


def _quiet(scope: Scope) -> bool:
    """Whether a call asks for no line in the journal: a page that looks every second would fill
    it."""
    return any(name == b"x-sim-quiet" for name, _ in scope["headers"])


class ControlSurface:
    """An ASGI app for everything under ``/_sim``. ``admin_token``: what a caller must bear;
    ``about``: the base URL and the version, for its OpenAPI."""

    def __init__(
        self,
        control: Control,
        worlds: Worlds,
        keys: Keys,
        limits: GuardLimits,
        admin_token: str | None,
        about: tuple[str, str],
    ) -> None:
        self._control = control
        self._base_url, self._version = about
        self._document = b""
        self._worlds = worlds
        self._keys = keys
        self._limits = limits
        self._admin_token = admin_token
        self._calls = 0
        self._watching = Watching(control.provider, about[1])
        self._router = Router(
            (op.method, op.path, (op, msgspec.json.Decoder(op.body))) for op in CONTROL_OPERATIONS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._calls += 1
        request_id = f"sim_{self._calls:08d}"
        headers: tuple[tuple[bytes, bytes], ...] = ()
        seen = Seen("control", started())
        try:
            if self._watching.serves(scope["path"]):
                self._check_admin(scope)
                world = await self._world(scope)
                await self._watching.answer(world, request_id, scope, receive, send)
                return
            status, payload = 200, await self._answer(scope, receive, seen)
        except REFUSALS as error:
            status, payload, headers = refusal(error)
            seen.rule = rule_of(error)
        await send_json(send, status, payload, request_id, headers)
        record(self._worlds, seen, scope, (request_id, status, payload))

    async def _answer(self, scope: Scope, receive: Receive, seen: Seen) -> bytes:
        self._check_admin(scope)
        if scope["path"] == DOCUMENT_PATH:
            return self._openapi(scope["method"])
        found = self._router.find(scope["path"])
        if found is None:
            raise Denial(404, f"There is nothing at this path; {PREFIX}/openapi.json lists it.")
        targets, fields = found
        target = targets.get("GET" if scope["method"] == "HEAD" else scope["method"])
        if target is None:
            raise method_not_allowed(targets)
        operation = target[0]
        body = await self._body(target, fields, scope, receive, seen)
        world = await self._world(scope)
        if operation.name not in UNRECORDED and not _quiet(scope):
            seen.world, seen.operation = world, operation.name
        return encode(await operation.call(self._control, world, body))

    def _openapi(self, method: str) -> bytes:
        if method not in ("GET", "HEAD"):
            raise method_not_allowed(["GET"])
        if not self._document:
            # A start waits for no document that may never be asked for.
            from simulator.surfaces.openapi_routes import (  # noqa: PLC0415 - see above
                control_plane_document,
            )

            document = control_plane_document(CONTROL_OPERATIONS, self._base_url, self._version)
            self._document = encode(document)
        return self._document

    async def _body(
        self,
        target: Target,
        fields: dict[str, str],
        scope: Scope,
        receive: Receive,
        seen: Seen,
    ) -> Any:
        operation, decoder = target
        if operation.file_bytes_most is not None:
            limits = replace(self._limits, max_json_bytes=operation.file_bytes_most)
            return FileBody(fields, await read_json_body(receive, limits))
        if operation.method != "POST":
            where = "path" if fields else "query"
            given = {**query_fields(scope), **fields}
            return from_fields(operation.body, given, where, strict=False)
        raw = seen.raw = await read_json_body(receive, self._limits) or b"{}"
        check_json_depth(raw)
        if not fields:
            return from_json(decoder, raw)
        return from_fields(operation.body, {**read_object(raw), **fields}, "body", strict=True)

    async def _world(self, scope: Scope) -> World:
        for name, value in scope["headers"]:
            if name == b"x-sim-namespace":
                return await self._worlds.world(value.decode("latin-1"))
        key, _, _ = read_headers(self._without_token(scope))
        if not key:
            return await self._worlds.world(DEFAULT_NAMESPACE)
        world, account = self._keys.owner(key)
        caller = await self._worlds.caller(world, account)
        return await self._worlds.world(world) if caller is None else caller.world

    def _check_admin(self, scope: Scope) -> None:
        if self._admin_token is None:
            return
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        expected = f"Bearer {self._admin_token}".encode()
        if not any(hmac.compare_digest(value, expected) for value in given):
            raise Denial(
                401,
                "The control plane needs Authorization: Bearer with the admin token.",
                {"www-authenticate": "Bearer"},
            )

    def _without_token(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """The headers that may hold a key: with an admin token, Authorization holds that."""
        if self._admin_token is None:
            return list(scope["headers"])
        return [header for header in scope["headers"] if header[0] != b"authorization"]
