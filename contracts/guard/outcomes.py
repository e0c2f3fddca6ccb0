"""What an answer says of a call that may have cost: refused, accepted at a price, or unclear."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from contracts.guard.claims import Claim
from contracts.pricing import milli

REFUSALS = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422, 429})
"""The documented ones. Any other status that is no success leaves it open what happened."""

_NOT_RUN = frozenset({-32_700, -32_600, -32_601, -32_602})
"""JSON-RPC errors of a message that was not carried out."""

_STARTED = ("generation_id", "separation_id", "task_id", "estimated_cost_credits")
_PRICES = ("estimated_cost_credits", "credits_deducted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``charged`` in milli-credits: what an acceptance states; None when it states nothing."""

    verdict: Literal["refused", "accepted", "unclear"]
    charged: int | None = None


UNCLEAR = Outcome("unclear")
REFUSED = Outcome("refused")


def rest_outcome(status: int, body: bytes) -> Outcome:
    """Of a start over REST."""
    told = _read(body)
    if status in REFUSALS:
        return UNCLEAR if _started(told) else REFUSED
    if 200 <= status < 300 and isinstance(told, Mapping) and _started(told):
        return Outcome("accepted", stated_price(told))
    return UNCLEAR


def mcp_outcomes(
    claims: Sequence[Claim], status: int, content_type: str, body: bytes
) -> list[Outcome]:
    """Of each call in a request to the MCP endpoint, found by its id."""
    told = list(_messages(content_type, body))
    if status in REFUSALS and not any("result" in message for message in told):
        return [REFUSED for _ in claims]
    if status != 200:
        return [UNCLEAR for _ in claims]
    return [_call_outcome([each for each in told if _answers(each, claim)]) for claim in claims]


def stated_price(told: Mapping[str, Any]) -> int | None:
    """The highest price that an answer names, in milli-credits; what is no price is not heard."""
    found = []
    for name in _PRICES:
        credits = told.get(name)
        if isinstance(credits, int | float) and not isinstance(credits, bool) and credits >= 0:
            try:
                found.append(milli(credits))
            except ValueError:
                continue
    return max(found, default=None)


def _answers(message: Mapping[str, Any], claim: Claim) -> bool:
    number = message.get("id")
    return type(number) is type(claim.number) and number == claim.number


def _call_outcome(answers: Sequence[Mapping[str, Any]]) -> Outcome:
    if len(answers) != 1:
        return UNCLEAR
    error, result = answers[0].get("error"), answers[0].get("result")
    if isinstance(error, Mapping) and result is None:
        return REFUSED if error.get("code") in _NOT_RUN else UNCLEAR
    if not isinstance(result, Mapping):
        return UNCLEAR
    told = _content(result)
    started = any(_started(each) for each in told)
    if result.get("isError") is True:
        named = any(
            isinstance(each.get("error") or each.get("detail"), str | list) for each in told
        )
        return REFUSED if named and not started else UNCLEAR
    prices = [price for each in told if (price := stated_price(each)) is not None]
    return Outcome("accepted", max(prices, default=None)) if started else UNCLEAR


def _content(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects of a tool's result: the structured one, and those in its texts."""
    blocks = result.get("content")
    texts = [
        _read(str(block.get("text")).encode())
        for block in (blocks if isinstance(blocks, list) else [])
        if isinstance(block, Mapping)
    ]
    return [each for each in (result.get("structuredContent"), *texts) if isinstance(each, Mapping)]


def _started(told: object) -> bool:
    return isinstance(told, Mapping) and any(told.get(name) is not None for name in _STARTED)


def _messages(content_type: str, body: bytes) -> Iterable[Mapping[str, Any]]:
    if content_type.partition(";")[0].strip().lower() == "text/event-stream":
        found = [_read(data) for data in _events(body)]
    else:
        found = [_read(body)]
    for told in found:
        yield from (each for each in (told if isinstance(told, list) else [told]) if _named(each))


def _named(each: object) -> bool:
    return isinstance(each, Mapping)


def _events(body: bytes) -> Iterable[bytes]:
    lines: list[bytes] = []
    for line in [*body.splitlines(), b""]:
        if line.startswith(b"data:"):
            lines.append(line.removeprefix(b"data:").removeprefix(b" "))
        elif not line and lines:
            yield b"\n".join(lines)
            lines = []


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
