"""What a backend must do: one row of ``fixtures/requirements`` for each documented behaviour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from contracts.data import DataError, fixtures_folder, rows
from contracts.target import FEATURES

SURFACES = ("rest", "mcp")
LEVELS = ("L0", "L1", "L2", "L3", "L4")
STRENGTHS = ("documented", "observed", "assumed")
COSTS = ("free", "refused", "billable")
JUDGED = ("outcome", "price", "row", "mode", "error", "refusal", "normal", "unchanged")
"""What of a golden case's answer may be judged; see fixtures/requirements/README.md."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """``says``: what must hold, in our words. ``section``: where it stands. ``cost``: ``refused``
    is a request that must be refused, so costs nothing where all is well. ``feature`` and
    ``needs``: what the target must declare, else it does not apply. ``cases``: golden cases that
    show it. ``judges``: what of their answers the documents fix, all if empty. ``parameters``: what
    the cases' requests could as well leave out. ``place``: ``file:line`` of the row."""

    id: str
    says: str
    section: str
    strength: str
    surfaces: tuple[str, ...]
    level: str
    lane: str
    cost: str = "free"
    worst_case_credits: float = 0
    feature: str = ""
    needs: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    place: str = ""

    @property
    def features(self) -> frozenset[str]:
        """Everything that the target must declare."""
        return frozenset((*self.needs, *((self.feature,) if self.feature else ())))


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "strength": STRENGTHS,
    "cost": COSTS,
    "level": LEVELS,
    "feature": ("", *FEATURES),
}
_SETS: Mapping[str, tuple[str, ...]] = {
    "surfaces": SURFACES,
    "needs": FEATURES,
    "judges": JUDGED,
}
_NEEDED = ("id", "says", "section", "strength", "surfaces", "level", "lane")


def load_requirements(folder: Path | None = None) -> tuple[Requirement, ...]:
    """Every row, by file name and then as written. Raises DataError."""
    folder = folder or fixtures_folder() / "requirements"
    files = sorted(folder.rglob("*.toml"))
    found = [
        _requirement(file, line, row) for file in files for line, row in rows(file, "requirement")
    ]
    _check_unique(files, found)
    return tuple(found)


def by_id(requirements: Iterable[Requirement]) -> Mapping[str, Requirement]:
    """The same, to be looked up."""
    return {each.id: each for each in requirements}


def _requirement(file: Path, line: int, row: Mapping[str, Any]) -> Requirement:
    hints = get_type_hints(Requirement)
    for name in _NEEDED:
        if not row.get(name):
            raise DataError(file, line, f"{name} is missing")
    for name, value in row.items():
        if name not in hints or name == "place":
            raise DataError(file, line, f"unknown key {name!r}")
        _check(file, line, name, value, hints[name])
    if (row.get("cost") == "billable") != ("worst_case_credits" in row):
        raise DataError(file, line, "worst_case_credits belongs to billable rows, and to all")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Requirement(**values, place=f"{file.name}:{line}")


def _check(file: Path, line: int, name: str, value: object, hint: Any) -> None:
    if get_args(hint):  # a tuple of texts
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise DataError(file, line, f"{name}: expected a list of texts")
        for each in value:
            if name in _SETS and each not in _SETS[name]:
                raise DataError(file, line, f"{name}: {each!r}, expected {_listed(_SETS[name])}")
        return
    wanted = (int, float) if hint is float else hint
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise DataError(file, line, f"{name}: expected {hint.__name__}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise DataError(file, line, f"{name}: {value!r}, expected {_listed(_CHOICES[name])}")


def _check_unique(files: list[Path], found: list[Requirement]) -> None:
    seen: dict[str, Requirement] = {}
    for each in found:
        if each.id in seen:
            name, _, line = each.place.rpartition(":")
            file = next(file for file in files if file.name == name)
            raise DataError(file, int(line), f"{each.id} is also at {seen[each.id].place}")
        seen[each.id] = each


def _listed(choices: tuple[str, ...]) -> str:
    return "one of " + ", ".join(repr(each) for each in choices)
