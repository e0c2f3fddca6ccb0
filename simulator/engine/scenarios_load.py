"""The scenarios' TOML files -> Scenarios. Every mistake is an error with its file and row."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from simulator.domain.effects import BadEffect, Effect, effect_of
from simulator.domain.policies import choose
from simulator.engine.breakpoints import POINTS
from simulator.engine.scenarios import Arm, Scenario, Scenarios
from simulator.engine.worlds import NAME, SCOPES

_SCENARIO_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME_MOST = 48
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "poll": ("job",),
    "job": ("job",),
    "stream": ("job",),
    "download": ("url",),
    "join": ("name",),
    "arm": ("fault",),
}
"""What a step cannot do without."""


class ScenarioError(ValueError):
    """``file: row: what is wrong, what was expected``."""


def scenarios_directory() -> Path:
    """Where the scenarios lie: beside the package when installed, else in the checkout."""
    installed = Path(__file__).parent.parent / "_fixtures" / "scenarios"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "fixtures" / "scenarios"


class Library:
    """The scenarios of a directory, read when they are first needed: a start waits for none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._scenarios: Scenarios | None = None

    def scenarios(self) -> Scenarios:
        """Raises ScenarioError, unless all were read before."""
        if self._scenarios is None:
            self._scenarios = load_scenarios(self._directory)
        return self._scenarios

    def effects(self, name: str) -> tuple[Effect, ...] | None:
        """What a scenario does to the one request that names it; None: there is none of this
        name."""
        scenario = self.scenarios().get(name)
        return None if scenario is None else scenario.effects()


def load_scenarios(directory: Path) -> Scenarios:
    """All ``*.toml`` files of a directory, in name order. Raises ScenarioError."""
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise ScenarioError(f"{directory}: no scenarios here, expected *.toml files")
    found: dict[str, Scenario] = {}
    for file in files:
        for where, scenario in _read(file):
            if scenario.name in found:
                text = f"{where}: the name is that of another row in {found[scenario.name].topic}"
                raise ScenarioError(f"{text}.toml already")
            found[scenario.name] = scenario
    return Scenarios(list(found.values()))


def _read(file: Path) -> Iterator[tuple[str, Scenario]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{file}: {error}") from error
    rows = document.pop("scenario", None)
    if document:
        raise ScenarioError(f"{file}: unknown table {min(document)!r}, expected scenario")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ScenarioError(f"{file}: expected [[scenario]] rows")
    for position, row in enumerate(rows, 1):
        where = f"{file}: row {position} ({row.get('name', 'no name')})"
        try:
            scenario = msgspec.convert({**row, "topic": file.stem}, Scenario)
            _check(scenario)
        except (msgspec.ValidationError, ValueError) as error:
            raise ScenarioError(f"{where}: {error}") from error
        yield where, scenario


def _check(scenario: Scenario) -> None:
    """What no shape can tell. Raises ValueError."""
    name = scenario.name
    if not _SCENARIO_NAME.fullmatch(name) or len(name) > _NAME_MOST:
        raise ValueError(f"name {name!r}, expected kebab-case of at most {_NAME_MOST} characters")
    for part in ("title", "says", "client", "source", "surfaces", "play"):
        if not _value(scenario, part):
            raise ValueError(f"{part} is empty")
    _within("request", scenario.effects)
    _check_arm(scenario.arm)
    if set(scenario.ledger.balances) != set(scenario.arm.accounts):
        expected = ", ".join(scenario.arm.accounts)
        raise ValueError(f"ledger.balances: expected one for each account, {expected}")
    for row in scenario.ledger.entries:
        if row.account not in scenario.arm.accounts:
            raise ValueError(f"ledger.entries: account {row.account!r} is not armed")
    _check_play(scenario)


def _value(scenario: Scenario, part: str) -> Any:
    return msgspec.structs.asdict(scenario)[part]


def _check_arm(arm: Arm) -> None:
    if "main" not in arm.accounts:
        raise ValueError("arm.accounts: expected main among them")
    for name, holder in arm.accounts.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"arm.accounts: {name!r} is no account's name")
        unknown = [scope for scope in holder.scopes if scope not in SCOPES]
        if unknown:
            expected = ", ".join(SCOPES)
            raise ValueError(f"arm.accounts: scope {unknown[0]!r}, expected some of {expected}")
    for fault in arm.faults:
        _within("arm.faults", lambda do=fault.do: effect_of(do))
    for one in arm.breakpoints:
        if one.point not in POINTS:
            expected = ", ".join(POINTS)
            raise ValueError(f"arm.breakpoints: {one.point!r}, expected one of {expected}")
    choose(f"{name}={value}" for name, value in arm.policies.items())


def _check_play(scenario: Scenario) -> None:
    known: set[str] = set()
    for number, step in enumerate(scenario.play, 1):
        where = f"play {number} ({step.do})"
        given = msgspec.structs.asdict(step)
        for name in _NEEDS.get(step.do, ()):
            if not given[name]:
                raise ValueError(f"{where}: needs {name}")
        if step.fault is not None:
            _within(where, lambda do=step.fault.do: effect_of(do))
        if step.do in ("wait", "release") and step.breakpoint >= len(scenario.arm.breakpoints):
            raise ValueError(f"{where}: breakpoint {step.breakpoint} is not armed")
        if step.account not in scenario.arm.accounts:
            raise ValueError(f"{where}: account {step.account!r} is not armed")
        named = step.name if step.do == "join" else step.job.partition(".")[0]
        for name in (named, *_references(given)):
            if name and name not in known:
                raise ValueError(f"{where}: no step before it is named {name!r}")
        if step.later and not step.name:
            raise ValueError(f"{where}: needs a name, to be joined")
        known.add(step.name)


def _references(value: Any) -> Sequence[str]:
    """The names of steps in ``@of:NAME.field`` texts, wherever they stand."""
    if isinstance(value, str):
        return [value[4:].partition(".")[0]] if value.startswith("@of:") else []
    if isinstance(value, msgspec.Struct):
        return _references(msgspec.structs.asdict(value))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for part in parts for name in _references(part)]


def _within(where: str, read: Any) -> None:
    try:
        read()
    except BadEffect as error:
        raise ValueError(f"{where}: {error}") from error
