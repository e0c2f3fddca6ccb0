"""A job from its start to its files."""

from contracts.check import Check

CHECKS: tuple[Check, ...] = ()
