"""MCP over HTTP, spoken by hand, so that what a library would hide can be judged."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.check import Broken, DoesNotApply
from contracts.talk import jsonrpc
from contracts.talk.exchange import Reply

Send = Callable[..., Awaitable[Reply]]


class McpClient:
    """Of one world. ``send``: as ``Backend`` sends. ``era``: session or stateless, for calls that
    name none. Every method that sends raises DoesNotApply when the target has no MCP."""

    def __init__(self, send: Send, *, has_mcp: bool, era: str) -> None:
        self._send = send
        self._has_mcp = has_mcp
        self.era = era
        self._ids = 0
        self._sessions: dict[str, str] = {}
        self._opened: list[tuple[str, str]] = []

    async def tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        who: str = "main",
        era: str = "",
        again: bool = False,
    ) -> Reply:
        """A ``tools/call`` in the form of a REST answer."""
        return jsonrpc.tool_reply(await self.call(name, arguments, who=who, era=era, again=again))

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        who: str = "main",
        era: str = "",
        again: bool = False,
    ) -> Reply:
        """A ``tools/call`` as it is answered: ``body`` is the result with its blocks."""
        params = {"name": name, "arguments": dict(arguments or {})}
        return await self.rpc("tools/call", params, who=who, era=era, name=name, again=again)

    async def rpc(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        who: str = "main",
        era: str = "",
        name: str = "",
        again: bool = False,
    ) -> Reply:
        """A request: ``body`` is its result or ``{"rpc_error": …}``. In the session era the
        handshake comes first, once for each caller. ``name``: of the tool or resource."""
        told = dict(params or {})
        if (era or self.era) == jsonrpc.STATELESS:
            told["_meta"] = dict(jsonrpc.META)
            headers = jsonrpc.stateless_headers(method, name)
        else:
            headers = await self.session(who)
        self._ids += 1
        number = self._ids
        content = jsonrpc.request(method, told, number)
        reply = await self.post(content, headers=headers, who=who, call=name or method, again=again)
        return jsonrpc.rpc_reply(reply, number)

    async def session(self, who: str = "main") -> dict[str, str]:
        """The headers of a request of the session era, after its handshake. Raises Broken."""
        if who not in self._sessions:
            reply = await self.initialize(who)
            if reply.refused:
                raise Broken("an answer to initialize", reply)
            self._sessions[who] = reply.headers.get("mcp-session-id", "")
            await self.initialized(who)
        return self._in_session(who)

    async def initialize(self, who: str = "main") -> Reply:
        """The handshake's first half, as it is answered."""
        self._ids += 1
        number = self._ids
        content = jsonrpc.request("initialize", jsonrpc.initialize_params(), number)
        reply = await self.post(content, who=who, call="initialize", again=True)
        opened = reply.headers.get("mcp-session-id", "")
        if opened:
            self._opened.append((who, opened))
        return jsonrpc.rpc_reply(reply, number)

    async def initialized(self, who: str = "main", session: str | None = None) -> Reply:
        """The handshake's second half."""
        if session is not None:
            self._sessions[who] = session
        call = "notifications/initialized"
        content = jsonrpc.request(call, None, None)
        return await self.post(
            content, headers=self._in_session(who), who=who, call=call, again=True
        )

    async def post(
        self,
        content: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        who: str = "main",
        call: str = "",
        again: bool = False,
        method: str = "POST",
    ) -> Reply:
        """Bytes to the endpoint, and its HTTP answer."""
        if not self._has_mcp:
            raise DoesNotApply("the target has no MCP")
        fields = {"Content-Type": "application/json", "Accept": jsonrpc.ACCEPT, **(headers or {})}
        return await self._send(
            "mcp", call, method, "mcp", "", who=who, headers=fields, body=content, again=again
        )

    async def leave(self) -> None:
        """Ends every session that was opened: a server keeps only so many at once."""
        version = {"MCP-Protocol-Version": jsonrpc.REVISIONS[jsonrpc.SESSION]}
        opened, self._opened = self._opened, []
        for who, session in opened:
            headers = {**version, "Mcp-Session-Id": session}
            await self.post(b"", headers=headers, who=who, call="DELETE session", method="DELETE")

    def _in_session(self, who: str) -> dict[str, str]:
        version = {"MCP-Protocol-Version": jsonrpc.REVISIONS[jsonrpc.SESSION]}
        session = self._sessions.get(who, "")
        return {**version, "Mcp-Session-Id": session} if session else version
