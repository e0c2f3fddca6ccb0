"""What the laws ask for: media requests of the golden cases, the cheapest and shortest first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.cases import MEDIA_CALL, GoldenCase, load_cases
from contracts.pricing import load_prices

CHEAP_CREDITS = 10
FAILING = " [sim:fail=content_policy]"
_LONG = 1_500


@dataclass(frozen=True, slots=True)
class Dish:
    """One request. ``credits``: its documented price, None where the documents leave it open.
    ``worst_credits``: the most that it can cost."""

    name: str
    body: Mapping[str, Any]
    refused: bool
    documented: bool
    credits: float | None
    worst_credits: float

    def request(self, *, fails: bool = False) -> dict[str, Any]:
        """The body; with the words in its prompt that make the job fail."""
        prompt = str(self.body.get("prompt", ""))
        return {**self.body, "prompt": prompt + FAILING} if fails else dict(self.body)


def menu(*, cheap: bool) -> Sequence[Dish]:
    """Requests that need no upload and no account of their own; those to be accepted come first.
    ``cheap``: only of models whose dearest request costs little. Raises DataError."""
    prices = load_prices()
    found: list[Dish] = []
    for case in load_cases().values():
        if _plain(case):
            body = case.body(str)
            worst = prices.worst_case(MEDIA_CALL, body)
            found.append(_dish(case, body, worst))
    if cheap:
        found = [dish for dish in found if dish.worst_credits <= CHEAP_CREDITS]
    return sorted(found, key=lambda dish: (dish.refused, dish.worst_credits, dish.name))


def _plain(case: GoldenCase) -> bool:
    fit = case.call == MEDIA_CALL and not (case.own_world or case.uploads or case.policies)
    typed = (case.refused or {}).get("status") != 422 and isinstance(
        case.request.get("prompt"), str
    )
    return fit and typed and len(json.dumps(case.body(str))) < _LONG


def _dish(case: GoldenCase, body: Mapping[str, Any], worst: int | None) -> Dish:
    documented = case.strength == "documented"
    accepted = case.accepted or {}
    return Dish(
        name=case.id,
        body=body,
        refused=case.accepted is None,
        documented=documented,
        credits=accepted.get("credits") if documented else None,
        worst_credits=float("inf") if worst is None else worst / 1_000,
    )
