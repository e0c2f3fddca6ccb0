"""A request on its way through the guard, and how its way can end at the door."""

from dataclasses import dataclass

from contracts.guard.claims import Judged
from contracts.guard.keys import Keyed
from contracts.guard.purse import Hold
from contracts.guard.request import Request


class Stopped(Exception):
    """The guard's own answer; the request did not leave. ``reason`` is a word: ``cap``,
    ``unbounded``, ``key``, ``no_such_key``, ``host``, ``too_large``, ``unreachable``."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


NOBODY = Keyed("none", ())
UNJUDGED = Judged("")


@dataclass(frozen=True, slots=True)
class Passage:
    """``surface`` is ``rest``, ``mcp`` or ``file``; ``url`` where it goes, "" when it may not;
    ``holds`` stand beside the claims of ``judged``."""

    number: int
    surface: str
    request: Request
    keyed: Keyed = NOBODY
    url: str = ""
    judged: Judged = UNJUDGED
    holds: tuple[Hold, ...] = ()
