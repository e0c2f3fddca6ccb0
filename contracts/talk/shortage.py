"""Whether a start was refused for want of credits that are truly missing."""

from collections.abc import Mapping
from typing import Any

from contracts.pricing import load_prices
from contracts.talk.exchange import Reply


def shortage(held: float, call: str, arguments: Mapping[str, Any], reply: Reply) -> str:
    """What an account with ``held`` credits lacks for a start that was refused; "" for nothing. The
    start needs the less of what the refusal and the catalogue say."""
    worst = load_prices().worst_case(call, arguments)
    told = reply.fields.get("required_credits")
    sums = [] if worst is None else [worst / 1_000]
    if isinstance(told, int | float) and not isinstance(told, bool):
        sums.append(told)
    if not sums or held >= min(sums):
        return ""
    needed = min(sums)
    return (
        f"the account ran dry: it has {held:g} credits and needs {needed:g},"
        f" {needed - held:g} are missing"
    )
