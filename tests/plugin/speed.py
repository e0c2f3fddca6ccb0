"""``python -m tests.plugin.speed``: what a test costs that starts a job and runs it to its end."""

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

TESTS = """
import pytest

IMAGE = {"prompt": "A lighthouse at dusk", "model": "nano-banana"}

@pytest.mark.parametrize("number", range(500))
def test_job(mediasim, number):
    answer = mediasim.client.post("/v1/generate/media", json=IMAGE).json()
    mediasim.clock.advance_until(answer["generation_id"])
    path = f"/v1/generate/media/{answer['generation_id']}"
    assert mediasim.client.get(path).json()["status"] == "completed"
"""

CONFTEST = """
import time
import pytest

TOOK = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    told = yield
    TOOK.append((time.perf_counter() - began) * 1000)
    return told

def pytest_sessionfinish():
    took = sorted(TOOK[1:])  # the first starts the simulator
    tenth, middle, mean = took[len(took) // 10], took[len(took) // 2], sum(took) / len(took)
    print(f"\\n{len(took)} tests: {middle:.2f} ms median, {mean:.2f} mean, {tenth:.2f} at best")
"""


def main() -> None:
    """Prints one line for each of three runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_jobs.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for _ in range(3):
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "mediasim"],
                cwd=folder,
                env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            print(next(line for line in done.stdout.splitlines() if "median" in line))


if __name__ == "__main__":
    main()
