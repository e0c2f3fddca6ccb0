"""Refusals as ordered tables of small functions: the table's order is the answer's order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from simulator.domain.errors import Rejection
from simulator.domain.evidence import Ruling, Strength

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Rule(Generic[A]):  # of what is asked: each product has a request of its own
    """A refusal: when ``check`` returns a Rejection, that is the answer."""

    id: str
    strength: Strength
    source: str
    says: str
    check: Callable[[A], Rejection | None]
    policy: str | None = None

    def ruling(self) -> Ruling:
        return Ruling(self.id, self.strength, self.source, self.says, self.policy)


def enforce(rules: Iterable[Rule[A]], asked: A) -> None:
    """Raises the first refusal that holds."""
    for rule in rules:
        rejection = rule.check(asked)
        if rejection is not None:
            rejection.rule = rule.id
            raise rejection
