"""The guard: a local reverse proxy between the checks and a backend that costs money."""

from contracts.guard.guard import Guard
from contracts.guard.profile import MAIN_KEY, SECOND_KEY, GuardProfile
from contracts.guard.records import Record
from contracts.guard.secret import Secret

__all__ = ["MAIN_KEY", "SECOND_KEY", "Guard", "GuardProfile", "Record", "Secret"]
