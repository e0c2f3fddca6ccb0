"""All mutants, kind by kind."""

from simulator.mutants import (
    access,
    billing,
    charging,
    lifecycle,
    protocol,
    rules,
    shapes,
    together,
)
from simulator.mutants.bench import Bench, Mutant

NONE = Mutant("none", "schema", "Nothing is wrong.", "", lambda bench: None)
"""The simulator as it is."""

MUTANTS: tuple[Mutant, ...] = (
    *access.MUTANTS,
    *shapes.MUTANTS,
    *rules.MUTANTS,
    *billing.MUTANTS,
    *charging.MUTANTS,
    *lifecycle.MUTANTS,
    *protocol.MUTANTS,
    *together.MUTANTS,
)


def find(name: str) -> Mutant:
    """The mutant of that name, or NONE. Raises LookupError."""
    for mutant in (NONE, *MUTANTS):
        if mutant.name == name:
            return mutant
    raise LookupError(f"there is no mutant {name!r}; --list shows them")


def applied(mutant: Mutant) -> Bench:
    """A bench on which the mutant is made; what is built from now on has its fault."""
    bench = Bench()
    mutant.apply(bench)
    return bench
