"""Balances as they stand while nothing is due and nobody writes.

Asking the database for one is a tenth of a call over MCP. Every write in this process goes through
the one connection, which counts the rows that it has ever changed: as long as that count and the
first end of a job are not reached, a balance that was read is the balance.
"""

from sqlite3 import Connection

from simulator.domain.ledger import Balance
from simulator.engine.store import operations as ops

KEPT_MOST = 10_000


class Glimpses:
    """Those of one connection. What was read within a transaction is not kept: it may yet be
    undone, and the count does not go back."""

    def __init__(self) -> None:
        self._changes = -1
        self._kept: dict[tuple[int, str], tuple[int, Balance]] = {}

    def look(self, db: Connection, world: int, name: str, now_ms: int) -> Balance | None:
        """None when a settlement is due first, or there is no such account."""
        changes = db.total_changes
        if changes != self._changes or len(self._kept) >= KEPT_MOST:
            self._kept.clear()
            self._changes = changes
        kept = self._kept.get((world, name))
        if kept is not None and now_ms < kept[0]:
            return kept[1]
        found = ops.glimpse(db, world, name)
        if found is None or found[0] <= now_ms:
            return None
        if not db.in_transaction:
            self._kept[world, name] = found
        return found[1]
