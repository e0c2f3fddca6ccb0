"""Refusals as ordered tables of small functions: the table's order is the answer's order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.domain.errors import Rejection
from simulator.domain.evidence import Ruling, Strength
from simulator.domain.requests import Asked


@dataclass(frozen=True, slots=True)
class Rule:
    """A refusal: when ``check`` returns a Rejection, that is the answer."""

    id: str
    strength: Strength
    source: str
    says: str
    check: Callable[[Asked], Rejection | None]
    policy: str | None = None

    def ruling(self) -> Ruling:
        return Ruling(self.id, self.strength, self.source, self.says, self.policy)


def enforce(rules: Iterable[Rule], asked: Asked) -> None:
    """Raises the first refusal that holds."""
    for rule in rules:
        rejection = rule.check(asked)
        if rejection is not None:
            raise rejection
