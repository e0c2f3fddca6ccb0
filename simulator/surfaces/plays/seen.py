"""What a played client saw: one word for how a call ended, and what there was to read."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from simulator.surfaces.plays.wire import Reply

OK = "200"
DROPPED, CUT, GAVE_UP, UNREADABLE, DENIED = "dropped", "cut", "gave_up", "unreadable", "denied"


@dataclass(frozen=True, slots=True)
class Sight:
    """``outcome``: an error's code, else the status, or how the call ended instead; ``size``: bytes
    of the body; ``whole``: as many as were announced; ``several``: what each of many calls saw."""

    outcome: str = OK
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    whole: bool = True
    events: tuple[str, ...] = ()
    several: tuple["Sight", ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """The ids that X-Sim-Fault names."""
        names = self.headers.get("x-sim-fault", "")
        return tuple(names.split(",")) if names else ()


def of_rest(reply: Reply) -> Sight:
    """A JSON answer."""
    body = _json(reply.body)
    ended = _ended(reply)
    if ended is None and body is None:
        ended = UNREADABLE
    code = body.get("error") if isinstance(body, dict) else None
    return _sight(reply, ended or code or str(reply.status), body)


def of_tool(reply: Reply) -> Sight:
    """An answer to ``tools/call``: its object, and a refusal's code. Over MCP a refusal without a
    code has no status: it is ``denied``. An error of the protocol tells its number."""
    message = _json(reply.body)
    ended = _ended(reply)
    if ended is not None:
        return _sight(reply, ended, message)
    if not isinstance(message, dict):
        return _sight(reply, UNREADABLE, None)
    if "error" in message:
        return _sight(reply, str(message["error"]["code"]), message["error"])
    if reply.status != HTTPStatus.OK:
        return _sight(reply, str(reply.status), message)
    result = message["result"]
    content = result.get("structuredContent", result)
    refused = content.get("error", DENIED) if result.get("isError") else OK
    return _sight(reply, refused, content)


def of_tools(reply: Reply) -> Sight:
    """An answer to ``tools/list``: names, and the arguments that each needs."""
    seen = of_tool(reply)
    tools = seen.body.get("tools", []) if seen.outcome == OK else []
    names = {tool["name"]: tool["inputSchema"].get("required", []) for tool in tools}
    return _sight(reply, seen.outcome, {"names": list(names), "required": names})


def of_file(reply: Reply) -> Sight:
    """A download."""
    return _sight(reply, _ended(reply) or str(reply.status), None)


def of_stream(reply: Reply) -> Sight:
    """An event stream: the names of its events, and the data of the last."""
    ended = _ended(reply)
    if reply.status != HTTPStatus.OK:
        return of_rest(reply)
    lines = reply.body.decode().splitlines()
    names = tuple(line.removeprefix("event: ") for line in lines if line.startswith("event: "))
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    sight = _sight(reply, ended or OK, _json(data[-1].encode()) if data else None)
    return Sight(sight.outcome, sight.body, sight.headers, sight.size, sight.whole, names)


def _sight(reply: Reply, outcome: str, body: Any) -> Sight:
    size = sum(map(len, reply.parts))
    announced = reply.headers.get("content-length")
    whole = reply.ended == "whole" and announced in (None, str(size))
    return Sight(outcome, body, reply.headers, size, whole)


def _ended(reply: Reply) -> str | None:
    """How the call ended before its time."""
    if reply.ended == "whole":
        return None
    if reply.ended == "gave_up":
        return GAVE_UP
    return CUT if reply.status else DROPPED


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
