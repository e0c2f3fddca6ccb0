"""A world's ledger as tests ask for it."""

from typing import Literal

from simulator.client import ControlClient
from simulator.engine.control_shapes import BalanceView, EntryView

Kind = Literal["grant", "hold", "capture", "release", "adjust"]


class Ledger:
    """Of every account of the world, unless one is named. Credits as callers see them."""

    def __init__(self, control: ControlClient) -> None:
        self._control = control

    def entries(
        self, generation_id: str | None = None, account: str | None = None
    ) -> list[EntryView]:
        """In the order in which they were written."""
        return self._control.ledger(generation_id, account).entries

    def kinds(self, generation_id: str | None = None, account: str | None = None) -> list[str]:
        """The kinds of the entries: what happened, in a line."""
        return [entry.kind for entry in self.entries(generation_id, account)]

    def balance(self, account: str | None = None) -> BalanceView:
        """``available``, ``held`` and ``spent``."""
        return self._control.ledger(account=account).balance

    def total(self, kind: Kind, account: str | None = None) -> float:
        """The credits of all entries of a kind together."""
        thousandths = (
            round(entry.credits * 1000)
            for entry in self.entries(account=account)
            if entry.kind == kind
        )
        return sum(thousandths) / 1000

    def verify(self) -> None:
        """Raises AssertionError with every law of the ledger that is broken."""
        __tracebackhide__ = True
        verdict = self._control.verify_ledger()
        if not verdict.ok:
            raise AssertionError("\n".join(["the ledger is broken:", *verdict.violations]))
