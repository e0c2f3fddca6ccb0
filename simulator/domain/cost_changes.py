"""Two cost reports beside each other: what became dearer or cheaper, what is new, what is gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.domain.costs import NOTHING, Amounts, Report, regroup


@dataclass(frozen=True, slots=True)
class Change:
    """One key's credits in both reports; None where it has none."""

    key: tuple[str, ...]
    before: Amounts | None
    after: Amounts | None

    @property
    def difference(self) -> int:
        """Milli-credits spent (captured or still open) more than before."""
        return (self.after or NOTHING).spent - (self.before or NOTHING).spent

    @property
    def sort(self) -> str:
        """``new``, ``gone`` or ``changed``."""
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "changed"


def compare(before: Report, after: Report, group: Sequence[str]) -> tuple[Change, ...]:
    """Every key whose row differs in anything, the largest difference in credits spent first.

    ValueError when one of them isn't as fine as ``group``.
    """
    old = {row.key: row.amounts for row in regroup(before, group).rows}
    new = {row.key: row.amounts for row in regroup(after, group).rows}
    changes = [
        Change(key, old.get(key), new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    return tuple(sorted(changes, key=lambda change: -abs(change.difference)))
