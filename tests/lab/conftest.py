"""A simulator that is called over REST, and by either era of MCP."""

from collections.abc import AsyncIterator

import pytest

from tests.lab.ways import WAYS, Lab, Way
from tests.mcp.wire import wired


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Each way in."""
    chosen: Way = request.param
    return chosen


@pytest.fixture
async def lab(way: Way) -> AsyncIterator[Lab]:
    """A fresh simulator, called in each way; its clock stands still."""
    async with wired() as wire:
        yield Lab(wire, way)


@pytest.fixture
async def rest() -> AsyncIterator[Lab]:
    """A fresh simulator, called over REST; its clock stands still."""
    async with wired() as wire:
        yield Lab(wire, "rest")
