"""What having the plugin installed costs those who do not use it: next to nothing."""

import subprocess
import sys
import textwrap
from pathlib import Path

HEAVY = (
    "httpx2",
    "jinja2",
    "mcp",
    "msgspec",
    "simulator.app",
    "simulator.client",
    "simulator.settings",
    "simulator.testing",
    "sqlite3",
    "starlette",
    "structlog",
    "uvicorn",
)


def loaded_by(folder: Path, test: str) -> str:
    """Which of HEAVY a run of one test loads."""
    (folder / "test_it.py").write_text(textwrap.dedent(test), encoding="utf-8")
    code = textwrap.dedent(f"""
        import sys, pytest
        status = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "mediasim"])
        print("loaded:", status.name, *(name for name in {HEAVY!r} if name in sys.modules))
    """)
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = [line for line in found.stdout.splitlines() if line.startswith("loaded:")]
    return line


def test_a_run_that_uses_no_fixture_loads_nothing_of_a_simulator(tmp_path: Path) -> None:
    test = """
    def test_it():
        pass
    """
    assert loaded_by(tmp_path, test) == "loaded: OK"


def test_a_run_that_uses_one_loads_what_it_needs(tmp_path: Path) -> None:
    test = """
    def test_it(mediasim):
        pass
    """
    loaded = loaded_by(tmp_path, test).split()
    assert loaded[:2] == ["loaded:", "OK"]
    assert {"simulator.app", "simulator.testing", "uvicorn"} <= set(loaded)
    assert not {"mcp", "jinja2"} & set(loaded)
