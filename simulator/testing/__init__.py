"""A simulator under test: worlds for tests, on a socket or in process. Used by the pytest plugin,
and of use without it."""

from simulator.testing.async_world import AsyncMediasim
from simulator.testing.faults import Faults
from simulator.testing.ledger import Ledger
from simulator.testing.parking import Parked
from simulator.testing.server import Server, serving
from simulator.testing.world import Mediasim

__all__ = [
    "AsyncMediasim",
    "Faults",
    "Ledger",
    "Mediasim",
    "Parked",
    "Server",
    "serving",
]
