"""What an answer must be by a golden case, as far as its requirement holds the backend to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.cases import GoldenCase
from contracts.check import Broken
from contracts.requirements import JUDGED, Requirement
from contracts.talk.codes import BUSY
from contracts.talk.exchange import Reply

REFUSED_FOR_ELSE: Mapping[int, str] = {
    402: "insufficient_credits",
    429: "rate_limit_exceeded",
    401: "unauthorized",
    403: "missing_scope",
}
"""Refusals that say nothing of the request itself."""

UNORDERED = frozenset({"allowed", "available_variants"})
"""Lists of choices: the documents give them no order."""
_COSTS = ("estimated_cost_credits", "credits_deducted", "credits")
_ROW_OF_QUOTE = "price_row"


def facets(row: Requirement) -> frozenset[str]:
    """What of an answer the requirement judges; ``unchanged`` only where it is asked for."""
    return frozenset(row.judges) or frozenset(JUDGED) - {"unchanged"}


def cost_of(reply: Reply) -> float | None:
    """The credits that an accepted start, or a quote, tells; None: it tells none."""
    for name in _COSTS:
        found = reply.fields.get(name)
        if isinstance(found, int | float) and not isinstance(found, bool):
            return found
    return None


def check_accepted(case: GoldenCase, reply: Reply, judged: frozenset[str]) -> None:
    """Raises Broken unless it is accepted, at the price and with the fields of the case."""
    expected = case.accepted or {}
    told = (
        f"acceptance for {expected['credits']:g} credits" if "credits" in expected else "acceptance"
    )
    if reply.refused:
        raise Broken(told, reply.summary, case.words)
    if "price" in judged and "credits" in expected:
        cost = cost_of(reply)
        if cost != expected["credits"]:
            got = "no price" if cost is None else f"{cost:g} credits"
            raise Broken(f"{expected['credits']:g} credits", got, case.words)
    wanted: dict[str, Any] = {}
    if "mode" in judged and "billing_mode" in expected and "billing_mode" in reply.fields:
        wanted["billing_mode"] = expected["billing_mode"]
    if "row" in judged and "row" in expected and _ROW_OF_QUOTE in reply.fields:
        wanted[_ROW_OF_QUOTE] = expected["row"]
    if "normal" in judged:
        wanted.update(expected.get("answer", {}))
    check_fields(wanted, reply.fields, case)


def check_refused(case: GoldenCase, reply: Reply, judged: frozenset[str]) -> None:
    """Raises Broken unless it is refused, as the case tells."""
    expected = case.refused or {}
    told = _refusal(expected)
    if not reply.refused:
        raise Broken(told, f"it was accepted: {reply.summary}", case.words)
    if _for_another_reason(expected, reply):
        raise Broken(told, f"a refusal for another reason: {reply.summary}", case.words)
    if judged & {"error", "refusal"} and "error" in expected and reply.code != expected["error"]:
        raise Broken(told, reply.summary, case.words)
    if "refusal" not in judged:
        return
    if reply.surface == "rest" and reply.status != expected["status"]:
        raise Broken(told, reply.summary, case.words)
    check_fields(expected.get("fields", {}), reply.fields, case)
    detail = reply.fields.get("detail")
    if "detail_has" in expected and expected["detail_has"] not in str(detail):
        raise Broken(f"a detail that names {expected['detail_has']}", reply.summary, case.words)
    if "loc" in expected and not _names_place(detail, expected["loc"], reply.surface):
        raise Broken(f"a detail at {expected['loc']}", reply.summary, case.words)


def check_fields(
    wanted: Mapping[str, Any], found: Mapping[str, Any], case: GoldenCase, of: str = ""
) -> None:
    """Raises Broken unless every wanted field has its value; true is not 1, 3 is 3.0."""
    for name, value in wanted.items():
        got = found.get(name)
        if name in UNORDERED and isinstance(got, list) and isinstance(value, list):
            got, value = sorted(got, key=str), sorted(value, key=str)  # noqa: PLW2901 - see above
        if got != value or isinstance(got, bool) != isinstance(value, bool):
            raise Broken(f"{of}{name} {value!r}", f"{got!r}", case.words)


def _refusal(expected: Mapping[str, Any]) -> str:
    fields = expected.get("fields", {})
    shown = "".join(f", {name} {value!r}" for name, value in fields.items())
    return f"refusal {expected['status']} {expected.get('error', '')}".rstrip() + shown


def _for_another_reason(expected: Mapping[str, Any], reply: Reply) -> bool:
    """A server's fault, or a refusal for the key, the credits or the rate where none of them is
    what the case is about."""
    if reply.status >= 500:
        return True
    others = {k: v for k, v in REFUSED_FOR_ELSE.items() if k != expected["status"]}
    codes = set(others.values()) if expected["status"] == 429 else {*others.values(), BUSY}
    return reply.status in others or reply.code in codes


def _names_place(detail: object, place: Sequence[object], surface: str) -> bool:
    """A tool's arguments are no body: over MCP that word may be missing."""
    if not isinstance(detail, list):
        return False
    places = [list(place)]
    if surface == "mcp" and place[:1] == ["body"]:
        places.append(list(place[1:]))
    return any(
        isinstance(each, dict)
        and isinstance(each.get("loc"), list)
        and each["loc"][: len(wanted)] == wanted
        for each in detail
        for wanted in places
    )
