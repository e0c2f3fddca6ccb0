"""The catalogue and the policies as the commands read them."""

from collections.abc import Iterable

from simulator.console import WRONG_USE, CommandFailed
from simulator.domain.catalog import Catalog
from simulator.domain.policies import Policies, choose
from simulator.engine.load import CatalogError, catalog_directory, load_catalog


def open_catalog() -> Catalog:
    """Raises CommandFailed."""
    try:
        return load_catalog(catalog_directory())
    except CatalogError as error:
        raise CommandFailed(WRONG_USE, str(error)) from error


def chosen(assignments: Iterable[str]) -> Policies:
    """Policies from ``name=value`` texts. Raises CommandFailed."""
    try:
        return choose(assignments)
    except ValueError as error:
        raise CommandFailed(WRONG_USE, f"--policy: {error}") from error
