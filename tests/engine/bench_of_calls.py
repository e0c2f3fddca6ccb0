"""A world whose journal a test writes, and the control plane that reads it."""

import json
from typing import Any

from simulator.engine.control import Control
from simulator.engine.journal import Entry
from simulator.engine.snapshots.keeper import Snapshots
from simulator.engine.snapshots.labtext import lab_extras
from simulator.engine.worlds import Caller
from tests.engine.driving import caller
from tests.engine.snapshotting import Drawer
from tests.engine.world import make_provider

SECRET = "mellon-canary"
"""What the bench is told to show nowhere."""


async def forget(name: str) -> None:
    """Nothing is kept beside the store."""


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


class Bench:
    """``noted`` writes a call as the surfaces do, at the world's time."""

    def __init__(self) -> None:
        self.provider = make_provider()
        self.provider.worlds.secrets = (SECRET,)
        snapshots = Snapshots(self.provider.worlds, Drawer(), lab_extras())
        self.control = Control(self.provider, "0", lambda key: ("w", "main"), forget, snapshots)
        self.who: Caller = caller(self.provider)
        self.world = self.who.world

    def noted(self, operation: str, request: Any = b"", answer: Any = b"", **fields: Any) -> int:
        """The call's number."""
        sent, got = _bytes(request), _bytes(answer)
        journal = self.world.lab.journal
        seq = journal.next()
        filled = {
            "request_id": f"req_{seq:08d}",
            "surface": "rest",
            "method": "GET",
            "path": "/v1/x",
            "query": b"",
            "account": "main",
            "headers": (),
            "request_bytes": len(sent),
            "status": 200,
            "answer_bytes": len(got),
            "rule": "",
            "faults": (),
            "at_ms": self.world.clock.now(self.provider.worlds.real_ms()),
            "real_ms": 0,
            "took_us": 0,
            **fields,
        }
        journal.add(Entry(seq=seq, operation=operation, request=sent, answer=got, **filled))
        return seq
