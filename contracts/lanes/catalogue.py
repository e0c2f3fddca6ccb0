"""What get_models, the estimate, a start and an upload tell."""

from contracts.check import Check

CHECKS: tuple[Check, ...] = ()
