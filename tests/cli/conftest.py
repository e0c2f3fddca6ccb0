"""One simulator for the driving commands; each test finds its world there empty."""

from collections.abc import Iterator

import pytest

from simulator.client import ControlClient
from tests.client.simulator import simulator_at


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with simulator_at() as address:
        yield address


@pytest.fixture
def world(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlClient]:
    """The world that commands find by their variables."""
    monkeypatch.setenv("MEDIASIM_URL", url)
    monkeypatch.setenv("MEDIASIM_NAMESPACE", "driven")
    with ControlClient(url, "driven") as client:
        client.reset(all=True)
        yield client
