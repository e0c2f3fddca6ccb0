"""What tests have put into a world, as the extras of its snapshot: its faults with what is left of
them, and its queues. Breakpoints stay where they are, since requests may be parked at them, and so
does the journal.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import msgspec

from simulator.domain.effects import BadEffect, Effect, effect_of
from simulator.domain.faults import Fault, Match
from simulator.engine.faultbook import FAULTS_MOST, Armed, FaultBook
from simulator.engine.lab import Queue
from simulator.engine.snapshots.parts import Extras
from simulator.engine.snapshots.text import strict
from simulator.engine.worlds import World

WORKERS_MOST = 1_000
BURST_MOST = 10_000
QUEUES_MOST = 200

_FRACTION = re.compile(r"[0-9]{1,20}(/[1-9][0-9]{0,19})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SavedFault:
    """``effect`` as in a rule's ``do``; ``probability`` as a fraction, such as ``1/3``; ``fitted``
    and ``fired``: the calls that it fitted so far, and those that it took."""

    number: int
    match: Match
    effect: dict[str, Any]
    times: int | None
    skip: int
    probability: str
    from_ms: int | None
    until_ms: int | None
    fitted: int
    fired: int


@dataclass(frozen=True, slots=True)
class SavedLab:
    """``faults_given`` and ``draws`` count on where they were."""

    faults_given: int = 0
    draws: int = 0
    faults: tuple[SavedFault, ...] = ()
    queues: tuple[Queue, ...] = ()


def lab_extras() -> Extras:
    """Faults and queues; a world without any saves nothing."""
    return Extras(save=_save, prepare=_prepare)


def _save(world: World) -> dict[str, object]:
    lab = world.lab
    found: dict[str, object] = {
        "faults_given": lab.faults.given,
        "draws": lab.draws,
        "faults": [_saved(armed) for armed in lab.faults.all()],
        "queues": list(lab.queues.values()),
    }
    return {name: value for name, value in found.items() if value}


def _saved(armed: Armed) -> SavedFault:
    fault = armed.fault
    return SavedFault(
        number=fault.number,
        match=fault.match,
        effect=fault.effect.as_dict(),
        times=fault.times,
        skip=fault.skip,
        probability=str(fault.probability),
        from_ms=fault.from_ms,
        until_ms=fault.until_ms,
        fitted=armed.fitted,
        fired=armed.fired,
    )


def _prepare(extras: Mapping[str, object]) -> Callable[[World], None]:
    """Raises ValueError."""
    try:
        read = msgspec.convert(extras, _shape())
        saved = msgspec.convert(read, SavedLab, from_attributes=True)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        raise ValueError(f"{place.rstrip('`')}: {what}" if place else what) from error
    armed = [_armed(one, f"faults[{index}]") for index, one in enumerate(saved.faults)]
    numbers = [one.fault.number for one in armed]
    in_order = numbers == sorted(set(numbers)) and max(numbers, default=0) <= saved.faults_given
    if not in_order or len(armed) > FAULTS_MOST:
        raise ValueError(f"faults: expected at most {FAULTS_MOST}, each number once, in order")
    _check_queues(saved.queues)

    def put(world: World) -> None:
        book = FaultBook(world.seed)
        book.restore(armed, saved.faults_given)
        world.lab.faults, world.lab.draws = book, saved.draws
        world.lab.queues = {queue.model: queue for queue in saved.queues}

    return put


def _armed(saved: SavedFault, where: str) -> Armed:
    if not _FRACTION.fullmatch(saved.probability) or not 0 <= Fraction(saved.probability) <= 1:
        raise ValueError(f"{where}.probability: expected a fraction from 0 to 1")
    if not saved.fired <= saved.fitted or (saved.times is not None and saved.fired > saved.times):
        raise ValueError(f"{where}.fired: is more than can have been")
    fault = Fault(
        id=f"fault-{saved.number}",
        number=saved.number,
        match=saved.match,
        effect=_effect(saved.effect, where),
        times=saved.times,
        skip=saved.skip,
        probability=Fraction(saved.probability),
        from_ms=saved.from_ms,
        until_ms=saved.until_ms,
    )
    return Armed(fault, saved.fitted, saved.fired)


def _effect(fields: Mapping[str, object], where: str) -> Effect:
    try:
        return effect_of(fields)
    except BadEffect as error:
        raise ValueError(f"{where}.effect: {error}") from error


def _check_queues(queues: tuple[Queue, ...]) -> None:
    for index, queue in enumerate(queues):
        if not 1 <= queue.workers <= WORKERS_MOST or queue.burst > BURST_MOST:
            raise ValueError(
                f"queues[{index}]: expected 1 to {WORKERS_MOST} workers, a small burst"
            )
    if len({queue.model for queue in queues}) < len(queues) or len(queues) > QUEUES_MOST:
        raise ValueError(f"queues: expected at most {QUEUES_MOST}, one of each model")


@cache
def _shape() -> Any:
    return strict(SavedLab)
