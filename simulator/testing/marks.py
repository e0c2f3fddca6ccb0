"""What a test's marks ask of its world."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeGuard

WORLD_MARK, BUDGET_MARK = "mediasim", "mediasim_budget"
_SEED_MOST = 2**63 - 1
_SPEED_MOST = 1_000_000
_CREDITS_MOST = 1e12


class WrongMark(ValueError):
    """A mark that can't be read: which, and what was expected."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """None: as in any world of this simulator. ``credits`` of a new account; a ``speed`` lets the
    clock run, which otherwise stands still."""

    credits: float | None = None
    seed: int | None = None
    speed: float | None = None
    scenario: str | None = None


Arguments = tuple[Sequence[object], Mapping[str, object]]
"""Of one mark: by position and by name."""


def wishes_of(marks: Iterable[Arguments]) -> Wishes:
    """``marks`` from the widest to the nearest, which overrules. Raises WrongMark."""
    wishes = Wishes()
    for args, kwargs in marks:
        if args:
            raise WrongMark(f"{WORLD_MARK}: expected arguments by name: {_names()}")
        for name, value in kwargs.items():
            wishes = _with(wishes, name, value)
    return wishes


def budget_of(marks: Iterable[Arguments]) -> float | None:
    """The nearest mark's credits. Raises WrongMark."""
    found = None
    for args, kwargs in marks:
        if args or set(kwargs) != {"credits"}:
            raise WrongMark(f"{BUDGET_MARK}: expected credits=, and nothing else")
        found = _credits(BUDGET_MARK, kwargs["credits"])
    return found


def _with(wishes: Wishes, name: str, value: object) -> Wishes:
    match name:
        case "credits":
            return replace(wishes, credits=_credits(WORLD_MARK, value))
        case "seed" if isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value <= _SEED_MOST:
                return replace(wishes, seed=value)
        case "speed" if _is_number(value):
            if 0 < value <= _SPEED_MOST:
                return replace(wishes, speed=float(value))
        case "scenario" if isinstance(value, str):
            return replace(wishes, scenario=value)
        case "seed" | "speed" | "scenario":
            pass
        case _:
            raise WrongMark(f"{WORLD_MARK}: unknown argument {name!r}, expected {_names()}")
    expected = {
        "seed": "a whole number from 0 on",
        "speed": f"simulated seconds per real one, above 0, at most {_SPEED_MOST:,}",
        "scenario": "the name of one",
    }[name]
    raise WrongMark(f"{WORLD_MARK}: {name}={value!r}, expected {expected}")


def _credits(mark: str, value: object) -> float:
    if _is_number(value) and 0 <= value <= _CREDITS_MOST and round(value * 1000) / 1000 == value:
        return value
    raise WrongMark(f"{mark}: credits={value!r}, expected 0 or more, at most three decimals")


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _names() -> str:
    return ", ".join(f"{field.name}=" for field in fields(Wishes))
