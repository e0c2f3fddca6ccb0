"""How a test's world begins."""

from simulator.testing.marks import Wishes
from simulator.testing.names import namespace_of
from simulator.testing.server import Server
from simulator.testing.world import Mediasim


def fresh_world(server: Server, node_id: str, name: str, wishes: Wishes) -> Mediasim:
    """A world as new, named after the test. Raises ControlError, as for an unknown scenario.

    A world keeps the seed and the credits that it was given, so what was asked for is part of its
    name: a test whose marks change does not inherit from its former self.
    """
    asked = node_id if wishes == Wishes() else f"{node_id} {wishes}"
    world = Mediasim(server, namespace_of(asked, name))
    world.control.reset(
        seed=wishes.seed,
        credits=wishes.credits,
        frozen=wishes.speed is None,
        speed=wishes.speed,
    )
    if wishes.scenario is not None:
        world.scenario(wishes.scenario)
    return world
