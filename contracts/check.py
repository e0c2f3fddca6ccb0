"""A check: a function that plays some requests against a backend and says what is wrong."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.talk.exchange import Reply, Trace

if TYPE_CHECKING:
    from contracts.talk.backend import Backend


class Broken(Exception):
    """The backend does not do it. ``got`` is what it did instead, a Reply as it is; ``note`` says
    more, for example the words of a golden case."""

    def __init__(self, expected: object, got: object, note: str = "") -> None:
        self.expected = str(expected)
        self.got = got.summary if isinstance(got, Reply) else str(got)
        about = f" ({note})" if note else ""
        super().__init__(f"expected {self.expected}, got {self.got}{about}")
        self.note = note


class CannotTell(Exception):
    """The check could not be made on this target, for this reason: it counts as not run."""


class DoesNotApply(Exception):
    """What the check looks at is not there on this target, for this reason."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check that looks at many requirements says of one; ``broken`` None: it holds.
    ``example``: of many that were drawn, the one that showed it."""

    requirement: str
    broken: Broken | CannotTell | DoesNotApply | None = None
    trace: Trace = ()
    credits: float = 0
    example: tuple[str, object] | None = None


Function = Callable[["Backend", str], Awaitable[Sequence[Judgement] | None]]
"""``(backend, surface)``. Raises Broken, CannotTell or DoesNotApply for all of the check's
requirements at once; or returns a judgement of each."""


@dataclass(frozen=True, slots=True)
class Check:
    """``surfaces``: where it can be made. ``credits``: what the account of its world must hold, on
    targets where worlds can be had. ``alone``: nothing else may run at the time. ``repeat``: a
    failure is tried once more, to tell one that comes and goes."""

    requirements: tuple[str, ...]
    function: Function
    surfaces: tuple[str, ...] = ("rest", "mcp")
    lane: str = ""
    credits: float = 100_000
    alone: bool = False
    repeat: bool = True
    name: str = ""

    @property
    def title(self) -> str:
        """Its name, or its function's."""
        return self.name or str(getattr(self.function, "__name__", "check"))


def expect(holds: object, expected: object, got: object, note: str = "") -> None:
    """Raises Broken unless ``holds``."""
    if not holds:
        raise Broken(expected, got, note)


def same(expected: Any, got: Any, what: str = "") -> None:
    """Raises Broken unless they are equal; true is not 1."""
    if expected != got or isinstance(expected, bool) != isinstance(got, bool):
        label = f"{what} " if what else ""
        raise Broken(f"{label}{expected!r}", repr(got))
