"""How long an answer waits, from an effect and a number drawn between 0 and 1."""

from fractions import Fraction
from math import exp
from statistics import NormalDist

from simulator.domain.effects import Effect

DELAY_MS_MOST = 60_000.0


def delay_ms(effect: Effect, drawn: Fraction) -> float:
    """Real milliseconds: ``ms``; evenly from ``ms`` to ``to_ms``; or lognormal with the median
    ``ms``, at most a minute."""
    least = float(effect.number("ms") or 0)
    most, sigma = effect.number("to_ms"), effect.number("sigma")
    if sigma:
        share = min(max(float(drawn), 1e-9), 1 - 1e-9)
        return min(least * exp(float(sigma) * NormalDist().inv_cdf(share)), DELAY_MS_MOST)
    if most is not None and most > least:
        return least + (float(most) - least) * float(drawn)
    return least
