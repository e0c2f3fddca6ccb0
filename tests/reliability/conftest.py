"""Reliability tests build hundreds of simulators; a line a request would drown their reports."""

from collections.abc import Iterator

import pytest
import structlog

from tests.reliability.inproc import quiet_logs


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Only errors are logged, and structlog is left as it was found."""
    quiet_logs()
    yield
    structlog.reset_defaults()
