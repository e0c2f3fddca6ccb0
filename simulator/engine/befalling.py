"""What befalls a start, a quote, or a look at a job: which faults, and which of them are told."""

from collections.abc import Collection

from simulator.domain.effects import Layer
from simulator.domain.faults import Fired
from simulator.domain.jobs import Job
from simulator.domain.traces import shown_in_status
from simulator.engine.asks import MAGIC, Asks, decide
from simulator.engine.faultbook import FaultBook
from simulator.engine.plan import Plan
from simulator.engine.worlds import Caller

_OF_STARTS: tuple[Layer, ...] = ("job", "billing")
_OF_ANSWERS: tuple[Layer, ...] = ("billing",)
"""What can befall a call that answers with its result: it leaves no job to be late or broken."""

_ONLY_QUOTES = frozenset({"stale_estimate"})
_ONLY_STARTS = frozenset({"insufficient"})


def at_start(caller: Caller, plan: Plan, now_ms: int, *, magic: bool) -> tuple[Fired, ...]:
    """What goes wrong with a start: with its job, or with its price."""
    words = plan.prompt if magic and MAGIC in plan.prompt else ""
    book = caller.world.lab.faults
    if caller.asks is None and not book and not words:
        return ()
    layers = _OF_ANSWERS if plan.at_once else _OF_STARTS
    return decide(book, caller.asks, words, plan.call(caller), now_ms, layers, _ONLY_QUOTES)


def at_quote(
    caller: Caller, prompt: str, model: str, now_ms: int, *, magic: bool
) -> tuple[Fired, ...]:
    """What goes wrong with a price that is only told."""
    words = prompt if magic and MAGIC in prompt else ""
    book = caller.world.lab.faults
    if caller.asks is None and not book and not words:
        return ()
    asks = caller.asks or Asks(operation="estimate_generation_cost")
    call = asks.call(caller.account, model)
    fired = decide(book, asks, words, call, now_ms, _OF_ANSWERS, _ONLY_STARTS)
    asks.fired += fired
    return fired


def settle_up(
    caller: Caller, book: FaultBook, taken: Collection[Fired], felt: Collection[Fired]
) -> None:
    """Tells those that came to pass, and gives the others back."""
    book.give_back(one for one in taken if one not in felt)
    if caller.asks is not None:
        caller.asks.fired += felt


def tell_traces(caller: Caller, job: Job, now_ms: int) -> None:
    """Tells the faults that show in what the caller is about to see of a job."""
    if job.quirks is not None and caller.asks is not None:
        caller.asks.fired += shown_in_status(job, now_ms)
