"""Every ruling of the domain, found where it stands."""

import importlib
import pkgutil
from types import ModuleType

import simulator.domain
from simulator.domain.evidence import Ruling
from simulator.domain.rules import Rule


def all_rulings() -> list[Ruling]:
    """The ``RULINGS`` and the tables of rules of each module of the domain."""
    return [ruling for module in domain_modules() for ruling in _of(module)]


def domain_modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(simulator.domain.__path__, "simulator.domain.")
    return [importlib.import_module(info.name) for info in found]


def _of(module: ModuleType) -> list[Ruling]:
    rulings = []
    for value in vars(module).values():
        if isinstance(value, tuple):
            rulings += [each for each in value if isinstance(each, Ruling)]
            rulings += [each.ruling() for each in value if isinstance(each, Rule)]
    return rulings
