"""Each store that a test of the contract runs on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.engine.store.base import Store
from simulator.engine.store.sqlite import in_memory
from tests.engine.store.files import open_store


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened: Store = in_memory() if request.param == "memory" else open_store(tmp_path / "state")
    yield opened
    await opened.close()
