"""The ``X-Sim-*`` headers of a request: what it asks of the simulator itself."""

from collections.abc import Callable, Iterable

from simulator.domain.effects import BadEffect, Effect, effect_of, effects_from_text
from simulator.domain.errors import Denial
from simulator.domain.faults import Fired
from simulator.engine.asks import Asks
from simulator.engine.plan import SEED_MOST

Header = tuple[bytes, bytes]
Scenario = Callable[[str], tuple[Effect, ...] | None]
"""What a scenario does to the one request that names it; None: there is no such scenario."""

HEADER_MOST = 1_000


def no_scenario(name: str) -> tuple[Effect, ...] | None:
    """Where no scenarios are loaded."""
    return None


def asks_of(headers: Iterable[Header], scenario: Scenario) -> Asks:
    """Raises Denial 400 for a value that can't be read; the request then did nothing."""
    asks = Asks()
    faults: list[Fired] = []
    situations: list[Fired] = []
    for name, value in headers:
        text = value.decode("latin-1").strip()
        if len(text) > HEADER_MOST:
            raise _bad(name, f"longer than {HEADER_MOST} characters")
        try:
            if name == b"x-sim-fault":
                faults += [Fired("header", effect) for effect in effects_from_text(text)]
            elif name == b"x-sim-delay":
                faults.append(Fired("header", effect_of({"kind": "delay", "ms": text})))
            elif name == b"x-sim-seed":
                asks.seed = _seed(text)
            elif name == b"x-sim-scenario":
                situations += _scenario(text, scenario)
        except BadEffect as error:
            raise _bad(name, str(error)) from None
    asks.asked = (*faults, *situations)
    return asks


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 10 or int(text) >= SEED_MOST:
        raise BadEffect(f"{text[:80]!r}, expected a whole number below {SEED_MOST}")
    return int(text)


def _scenario(name: str, scenario: Scenario) -> list[Fired]:
    effects = scenario(name)
    if effects is None:
        raise BadEffect(f"unknown scenario {name[:80]!r}; GET /_sim/scenarios lists them")
    if not effects:
        raise BadEffect(f"{name!r} needs more than one request; POST /_sim/scenarios/{name}")
    return [Fired(f"scenario:{name}", effect) for effect in effects]


def _bad(name: bytes, problem: str) -> Denial:
    return Denial(400, f"{name.decode('ascii').title()}: {problem}.")
