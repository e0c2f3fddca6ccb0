"""One call by each way in: REST, MCP without sessions, and MCP within one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

from simulator.engine.operations import OPERATIONS
from tests.mcp.wire import KEY, LEGACY, META, MODERN, Wire, in_session, request

Way = Literal["rest", "stateless", "session"]
WAYS: tuple[Way, ...] = ("rest", "stateless", "session")
IMAGE: Mapping[str, Any] = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}
PRICE = 7
"""What IMAGE costs, in credits."""

_ROUTES = {operation.name: operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``content``: the object that REST sends and a tool tells, None where there is
    none; ``failed``: whether it is a refusal; ``told``: the faults that made it."""

    status: int
    content: Any
    failed: bool
    told: str
    http: httpx2.Response

    @property
    def code(self) -> str:
        """The code of a business refusal."""
        return str(self.content["error"])


@dataclass(slots=True)
class Lab:
    """A simulator that is called in one of the ways."""

    wire: Wire
    way: Way
    session: str = ""
    asked: int = 0

    async def call(
        self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A call by its operation's name."""
        given = dict(headers or {})
        if self.way == "rest":
            return _rest_reply(await self._rest(name, arguments, given))
        if self.way == "session" and not self.session:
            self.session = await self.wire.opened()
        return _tool_reply(await self._tool(name, arguments, given))

    async def start(self, headers: Mapping[str, str] | None = None, **fields: Any) -> Reply:
        return await self.call("generate_media", {**IMAGE, **fields}, headers)

    async def started(self, headers: Mapping[str, str] | None = None, **fields: Any) -> str:
        """The id of a start that must be accepted."""
        reply = await self.start(headers, **fields)
        assert not reply.failed, reply.http.text
        return str(reply.content["generation_id"])

    async def status(self, job_id: str) -> Reply:
        return await self.call("get_generation_status", {"generation_id": job_id})

    async def listed(self) -> Reply:
        return await self.call("get_generations", {})

    async def credits(self) -> float:
        reply = await self.call("get_balance", {})
        return float(reply.content["credits"])

    async def sim(self, path: str, body: Any = None, method: str = "") -> Any:
        """A control call that must be answered; POST where there is a body."""
        verb = method or ("GET" if body is None else "POST")
        answer = await self.wire.rest(verb, f"/_sim{path}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def arm(self, effect: str | Mapping[str, Any], **rule: Any) -> str:
        """The id of a rule; ``effect`` alone is a kind without parameters."""
        do = {"kind": effect} if isinstance(effect, str) else effect
        return str((await self.sim("/faults", {"do": do, **rule}))["id"])

    async def fault(self, fault_id: str) -> Any:
        found = (await self.sim("/faults"))["faults"]
        return next(fault for fault in found if fault["id"] == fault_id)

    async def advance(self, seconds: float) -> None:
        await self.wire.advance(seconds)

    async def ended(self, job_id: str) -> Reply:
        """The status after the clock has gone on for an hour."""
        await self.advance(3600)
        return await self.status(job_id)

    async def kinds(self) -> list[str]:
        """The kinds of the ledger's entries, after the grant."""
        return [entry["kind"] for entry in (await self.sim("/ledger"))["entries"]][1:]

    async def jobs(self) -> list[Any]:
        return list((await self.sim("/jobs"))["jobs"])

    async def _rest(
        self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str]
    ) -> httpx2.Response:
        operation = _ROUTES[name]
        path, left = operation.path, dict(arguments)
        for field in operation.path_fields:
            path = path.replace("{" + field + "}", str(left.pop(field)))
        if operation.method == "POST":
            return await self.wire.rest("POST", path, left, **headers)
        query = "&".join(f"{key}={value}" for key, value in left.items())
        return await self.wire.rest("GET", f"{path}?{query}" if query else path, **headers)

    async def _tool(
        self, name: str, arguments: Mapping[str, Any], headers: Mapping[str, str]
    ) -> httpx2.Response:
        self.asked += 1  # in a session no two requests that are under way may have one id
        params: dict[str, Any] = {"name": name, "arguments": arguments}
        if self.way == "session":
            fields = in_session(self.session, LEGACY)
        else:
            params["_meta"] = META
            fields = {
                "MCP-Protocol-Version": MODERN,
                "Mcp-Method": "tools/call",
                "Mcp-Name": name,
            }
        body = request("tools/call", params, self.asked)
        return await self.wire.post(body, {**fields, **headers}, KEY)


def _rest_reply(http: httpx2.Response) -> Reply:
    content = _json(http)
    failed = http.status_code != 200
    return Reply(http.status_code, content, failed, http.headers.get("x-sim-fault", ""), http)


def _tool_reply(http: httpx2.Response) -> Reply:
    message, told = _json(http), http.headers.get("x-sim-fault", "")
    if not isinstance(message, dict) or "result" not in message:
        return Reply(http.status_code, message, True, told, http)
    result = message["result"]
    return Reply(http.status_code, result["structuredContent"], result["isError"], told, http)


def _json(http: httpx2.Response) -> Any:
    try:
        return json.loads(http.content)
    except ValueError:
        return None
