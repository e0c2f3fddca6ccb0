"""Many tests in random order over several processes, each with a world on one simulator.

``python -m tests.plugin.isolation`` is the long form: 4 workers, 1,000 tests for each.
"""

import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from simulator.testing import serving

CONFTEST = """
import os, random

def pytest_collection_modifyitems(items):
    random.Random(int(os.environ["ORDER"])).shuffle(items)
"""

TESTS = """
import json, os, random
from pathlib import Path
import pytest

MODELS = {"nano-banana": 7, "z-image": 4}

@pytest.mark.parametrize("number", range(int(os.environ["TESTS"])))
def test_world(mediasim, number):
    draw = random.Random(number)
    model = draw.choice(sorted(MODELS))
    count, seconds, fails = draw.randrange(1, 4), draw.randrange(10_000), draw.random() < 0.3
    if fails:
        mediasim.faults.fail("timeout")
    mediasim.account("main", credits=100 + number)
    for _ in range(count):
        body = {"prompt": f"Number {number}", "model": model}
        assert mediasim.client.post("/v1/generate/media", json=body).status_code == 200
    mediasim.clock.advance(seconds)

    assert [job.prompt for job in mediasim.jobs()] == [f"Number {number}"] * count
    assert len(mediasim.faults.all()) == fails
    mediasim.verify(operation="generate_media", exactly=count)
    assert mediasim.clock.now().timestamp() == 1767225600 + seconds
    assert mediasim.ledger.total("hold") == count * MODELS[model]
    assert fails or mediasim.ledger.total("release") == 0
    assert mediasim.ledger.total("adjust") == number - 9_900
    mediasim.ledger.verify()
    ledger = mediasim.control.calls.fetch("GET", "/ledger")
    Path(os.environ["WORLDS"], str(number)).write_bytes(ledger)
"""


def run(folder: Path, url: str, tests: int, workers: int, order: int) -> dict[str, bytes]:
    """How the ledger of each test's world ended. Raises AssertionError when a test fails."""
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_worlds.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
    worlds = folder / f"worlds-{order}"
    worlds.mkdir()
    arguments = ["-q", "-p", "no:cacheprovider", "-p", "xdist", "-p", "mediasim"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments, f"-n{workers}", f"--mediasim-url={url}"],
        cwd=folder,
        env={
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "TESTS": str(tests),
            "ORDER": str(order),
            "WORLDS": str(worlds),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-4_000:]
    return {path.name: path.read_bytes() for path in worlds.iterdir()}


def main() -> None:
    """Two orders, which must end the same."""
    with tempfile.TemporaryDirectory() as name, serving() as server:
        found = []
        for order in (1, 2):
            began = time.perf_counter()
            found.append(run(Path(name), server.url, 4_000, 4, order))
            took = time.perf_counter() - began
            print(f"order {order}: {len(found[-1])} tests on 4 workers in {took:.0f} s")
        assert found[0] == found[1]
        print("every world ended the same, byte for byte")


if __name__ == "__main__":
    main()
