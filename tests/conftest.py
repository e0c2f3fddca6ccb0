"""How every test runs: Hypothesis profiles, the event loop, the hash seed in the header, Ctrl-C."""

import os
import signal

import pytest
from hypothesis import settings

pytest_plugins = ("pytester",)  # runs pytest inside a test, to see the plugin as its users do

# No deadline: a shared machine may be slow, and no test asserts speed by the clock. No database:
# what one run found must not decide what the next one does.
settings.register_profile(
    "short", derandomize=True, database=None, deadline=None, max_examples=100, print_blob=True
)
settings.register_profile("long", database=None, deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile("short")  # `--hypothesis-profile=long` looks for what nobody has seen yet


def pytest_configure() -> None:
    """Programs that are interrupted by a test hear it: in the background of a shell SIGINT is
    ignored, and would be by every process that is started here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


def pytest_report_header() -> str:
    """Name the hash seed, so that a failure which depends on it can be repeated."""
    return f"PYTHONHASHSEED: {os.environ.get('PYTHONHASHSEED', 'random')}"
