"""MCP as it travels: requests of both protocol eras, and what their answers say."""

import json
from collections.abc import Mapping
from typing import Any

from contracts.talk.exchange import Reply, event_messages, parsed

SESSION, STATELESS = "session", "stateless"
ERAS = (SESSION, STATELESS)
REVISIONS: Mapping[str, str] = {SESSION: "2025-11-25", STATELESS: "2026-07-28"}
"""``session``: a handshake, then a session id. ``stateless``: every request tells everything."""

ACCEPT = "application/json, text/event-stream"
CLIENT: Mapping[str, str] = {"name": "mediasim-contracts", "version": "1"}
META: Mapping[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": REVISIONS[STATELESS],
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}


def request(method: str, params: Mapping[str, Any] | None, number: int | str | None) -> bytes:
    """A request, or a notification when it has no number."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    if number is not None:
        message["id"] = number
    if params is not None:
        message["params"] = params
    return json.dumps(message).encode()


def initialize_params() -> dict[str, Any]:
    """Of the handshake of the session era."""
    return {
        "protocolVersion": REVISIONS[SESSION],
        "capabilities": {},
        "clientInfo": dict(CLIENT),
    }


def stateless_headers(method: str, name: str) -> dict[str, str]:
    """What the stateless era repeats in headers; ``name``: of the tool or resource."""
    headers = {"MCP-Protocol-Version": REVISIONS[STATELESS], "Mcp-Method": method}
    return {**headers, "Mcp-Name": name} if name else headers


def message_of(content: bytes, kind: str, number: int | str) -> Any:
    """The answer to request ``number``, from JSON or from an event stream; None when it is not
    there."""
    if not kind.startswith("text/event-stream"):
        return parsed(content)
    for message in event_messages(content):
        if isinstance(message, dict) and message.get("id") == number and "method" not in message:
            return message
    return None


def rpc_reply(reply: Reply, number: int) -> Reply:
    """The JSON-RPC answer in an HTTP answer: ``body`` is its result, or ``{"rpc_error": …}``."""
    message = message_of(reply.content, reply.headers.get("content-type", ""), number)
    if not isinstance(message, dict):
        return _with(reply, message, refused=True)
    if "result" in message:
        return _with(reply, message["result"], refused=reply.status >= 400)
    if "error" in message and "jsonrpc" in message:
        return _with(reply, {"rpc_error": message["error"]}, refused=True)
    return _with(reply, message, refused=True)


def tool_reply(reply: Reply) -> Reply:
    """A tool's answer in the form of REST's: its object, and whether it is a refusal."""
    result = reply.fields
    if reply.refused or "content" not in result:
        return reply if reply.refused else _with(reply, result, refused=True)
    body = result.get("structuredContent")
    if body is None:
        body = next((parsed(text.encode()) for text in texts_of(result)), None)
    return _with(reply, body, refused=result.get("isError") is True)


def texts_of(result: Mapping[str, Any]) -> list[str]:
    """The text blocks of a tool's result."""
    blocks = result.get("content")
    return [
        block["text"]
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]


def _with(reply: Reply, body: Any, *, refused: bool) -> Reply:
    return Reply(reply.status, body, reply.headers, refused, reply.content, "mcp")
