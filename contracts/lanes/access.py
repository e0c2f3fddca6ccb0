"""Keys and the wire."""

from contracts.check import Check

CHECKS: tuple[Check, ...] = ()
