"""How sure we are of a behaviour, and where it is written."""

from dataclasses import dataclass
from enum import StrEnum


class Strength(StrEnum):
    """``documented``: the provider's page says so. ``observed``: seen in live data or in how
    clients use the API. ``assumed``: our ruling, where no source says anything."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


DOCUMENTED, OBSERVED, ASSUMED = Strength.DOCUMENTED, Strength.OBSERVED, Strength.ASSUMED


@dataclass(frozen=True, slots=True)
class Ruling:
    """One behaviour: an id that tests name, what holds, its strength and source.

    ``policy`` names the setting that chooses another plausible reading, where there is one.
    """

    id: str
    strength: Strength
    source: str
    says: str
    policy: str | None = None
