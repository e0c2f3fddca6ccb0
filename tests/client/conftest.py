"""One simulator for the room; each test has a world of its own on it."""

import zlib
from collections.abc import Iterator

import pytest

from simulator.client import ControlClient
from tests.client.simulator import simulator_at


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with simulator_at() as address:
        yield address


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[ControlClient]:
    name = f"w{zlib.crc32(request.node.nodeid.encode()):08x}"
    with ControlClient(url, name) as made:
        yield made
