"""What a request to the MCP endpoint could cost, in any revision of the protocol."""

from collections.abc import Mapping
from typing import Any

from contracts.guard.claims import UNKNOWN, Claim, Judged, bucket_of, priced
from contracts.guard.profile import GuardProfile
from contracts.guard.request import Request
from contracts.guard.strict import Ambiguous, read_strictly
from contracts.pricing import STARTS, PriceList

CALL = "tools/call"
FREE_METHODS = (
    "initialize",
    "ping",
    "tools/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "logging/setLevel",
    "server/discover",
    "subscriptions/listen",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
)
FREE_TOOLS = (
    "get_models",
    "get_balance",
    "get_generations",
    "get_generation",
    "get_generation_status",
    "get_generation_estimate",
    "get_music_status",
    "get_separation_status",
    "get_status",
    "estimate_generation_cost",
    "estimate",
    "get_upload_url",
    "get_upload_session",
    "get_skill",
)
_NAMES = ("jsonrpc", "id", "method", "params", "result", "error")


def judge_mcp(request: Request, profile: GuardProfile, prices: PriceList) -> Judged:
    """By every message in the body, and by what the headers say of it."""
    if request.query:
        return _unknown("it has a query")
    if request.method in ("GET", "DELETE") and not request.body:
        return Judged(f"{request.method} mcp")
    if request.method != "POST":
        return _unknown("it is not known to be free")
    try:
        told = read_strictly(request.body, request.values("content-type"))
    except Ambiguous as error:
        return Judged("no message") if _cannot_call(request) else _unknown(str(error))
    messages = told if isinstance(told, list) else [told]
    found = [_message(each, profile, prices) for each in messages]
    claims = [claim for judged in found for claim in judged.claims]
    if claims and _ids_repeat(told):
        return _unknown("two of its messages have one id")
    if _headers_say_more(request, told, profile):
        return _unknown("its headers name another call than its body")
    buckets = tuple(bucket for judged in found for bucket in judged.buckets)
    return Judged(", ".join(judged.call for judged in found), tuple(claims), buckets)


def _message(told: Any, profile: GuardProfile, prices: PriceList) -> Judged:
    if not isinstance(told, Mapping):
        return Judged("no message")  # a number or a text has no method
    if _misspelt(told):
        return _unknown("a name in it is written in an odd way")
    if "method" not in told:
        return Judged("answer")
    method = told["method"]
    if method != CALL:
        free = method in FREE_METHODS or f"rpc {method}" in profile.free_calls
        return Judged(str(method)) if free else _unknown("its method is not known to be free")
    return _tool(told.get("id"), told.get("params"), profile, prices)


def _tool(number: Any, params: Any, profile: GuardProfile, prices: PriceList) -> Judged:
    if not isinstance(params, Mapping):
        return _unknown("it names its tool in an odd way")
    tool = params.get("name")
    if tool in FREE_TOOLS:
        return Judged(str(tool), buckets=("upload" if tool == "get_upload_url" else "read",))
    if f"tool {tool}" in profile.free_calls:
        return Judged(str(tool))
    if tool not in STARTS:
        return _unknown("its tool is not known to be free")
    if isinstance(number, bool) or not isinstance(number, str | int | float):
        # Its answer could not be found, or there will be none.
        return _unknown("it has no id")
    claim = priced(str(tool), params.get("arguments"), prices, number)
    return Judged(str(tool), (claim,), (bucket_of(str(tool)),))


def _ids_repeat(told: Any) -> bool:
    """Whether an answer could be taken for that of another message, by a reader that takes 1, 1.0
    and "1" for the same."""
    if not isinstance(told, list):
        return False
    ids = [str(each.get("id")).removesuffix(".0") for each in told if isinstance(each, Mapping)]
    return len(set(ids)) < len(ids)


def _misspelt(told: Mapping[str, Any]) -> bool:
    """Whether a reader that takes no notice of case would find more names in it."""
    return any(name.casefold() in _NAMES and name not in _NAMES for name in told)


def _headers_say_more(request: Request, told: Any, profile: GuardProfile) -> bool:
    """A server may go by the headers of the stateless revision instead of the body."""
    method, tool = "", ""
    if isinstance(told, Mapping):
        method = str(told.get("method"))
        params = told.get("params")
        tool = str(params.get("name")) if isinstance(params, Mapping) else ""
    methods = [method, *request.values("mcp-method")]
    if any(
        each not in (method, *FREE_METHODS) and f"rpc {each}" not in profile.free_calls
        for each in methods
    ):
        return True
    free = (tool, *FREE_TOOLS)
    return CALL in methods and any(
        each not in free and f"tool {each}" not in profile.free_calls
        for each in request.values("mcp-name")
    )


def _cannot_call(request: Request) -> bool:
    """Whether even a reader that forgives everything finds no call in these bytes: plain letters,
    nothing escaped, and the word itself not among them."""
    body = request.body
    plain = all(byte in b"\t\r\n" or 0x20 <= byte < 0x7F for byte in body)
    return plain and not any(mark in body.lower() for mark in (b"call", b"\\", b"%", b"&", b"+"))


def _unknown(why: str) -> Judged:
    return Judged(UNKNOWN, (Claim(UNKNOWN, None, why),))
