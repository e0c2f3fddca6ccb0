"""How many calls a minute a backend allows to an account, and how a profile tells of it."""

from collections.abc import Mapping

CALLS_A_MINUTE: Mapping[str, int] = {
    "media": 30,
    "music": 10,
    "dialogue": 10,
    "ads": 5,
    "read": 120,
    "upload": 60,
}
"""The provider's limits, for each account; that of uploads is assumed."""


def read_rates(told: object) -> Mapping[str, int]:
    """The limits of a profile: one number for every kind of call, or a table of some kinds, the
    others then being the provider's. 0: no limit. Raises ValueError."""
    if isinstance(told, Mapping):
        unknown = sorted(set(told) - set(CALLS_A_MINUTE))
        if unknown:
            known = ", ".join(CALLS_A_MINUTE)
            raise ValueError(f"unknown kind of call {unknown[0]!r}, expected {known}")
        rates = {**CALLS_A_MINUTE, **{kind: _whole(most) for kind, most in told.items()}}
    else:
        rates = dict.fromkeys(CALLS_A_MINUTE, _whole(told))
    return {kind: most for kind, most in rates.items() if most}


def _whole(told: object) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        raise ValueError(f"expected a whole number of calls, 0 for no limit, not {told!r}")
    return told
