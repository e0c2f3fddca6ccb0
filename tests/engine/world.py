"""A provider in memory with a clock that stands still, for tests of the engine."""

from dataclasses import dataclass

from simulator.domain.policies import Policies
from simulator.engine.load import catalog_directory, load_catalog
from simulator.engine.provider import Options, Provider
from simulator.engine.store.base import Store
from simulator.engine.store.sqlite import in_memory
from simulator.engine.uploads import UploadUrls
from simulator.engine.worlds import Caller, Defaults, Worlds

CATALOG = load_catalog(catalog_directory())
BASE = "http://127.0.0.1:4747"


@dataclass
class RealTime:
    """Milliseconds of real time, moved by the test."""

    ms: int = 0

    def read(self) -> int:
        return self.ms


def make_provider(
    policies: Policies | None = None,
    *,
    limits: bool = False,
    defaults: Defaults | None = None,
    store: Store | None = None,
    real: RealTime | None = None,
) -> Provider:
    store = store or in_memory()
    worlds = Worlds(store, defaults or Defaults(frozen=True), (real or RealTime()).read)
    options = Options(policies or Policies(), limits=limits)
    return Provider(CATALOG, store, worlds, UploadUrls(BASE), options)


async def caller_of(provider: Provider, world: str = "w", account: str = "main") -> Caller:
    caller = await provider.worlds.caller(world, account)
    if caller is None:
        raise LookupError(account)
    return caller
