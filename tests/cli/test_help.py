"""Help is quick because it loads next to nothing; and it names every command and variable."""

import subprocess
import sys

import pytest

from simulator.cli import run
from simulator.options import OPTIONS
from tests.cli.process import environment, mediasim

HEAVY = ("PIL", "asyncio", "av", "mcp", "msgspec", "rich", "starlette", "structlog", "uvicorn")


def loaded_by(code: str) -> set[str]:
    """Names of the modules that are loaded after ``code`` ran in a process of its own."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, file=sys.stderr)"],
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return set(shown.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_by(f"from simulator.cli import run\nrun({arguments!r})")
    assert [name for name in HEAVY if name in loaded] == []


def test_serving_loads_nothing_that_its_first_answers_do_without() -> None:
    loaded = loaded_by("import simulator.cli, simulator.commands.serve")
    heavy = ("PIL", "av", "jinja2", "mcp", "pydantic", "rich", "simulator.surfaces.openapi")
    assert [name for name in heavy if name in loaded] == []


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    words = capsys.readouterr().out.split()
    assert {"serve", "demo", "models", "price", "rulings", "doctor"} <= set(words)


def test_serve_has_an_option_for_every_setting_and_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["serve", "--help"]) == 0
    words = capsys.readouterr().out.split()
    options = {word for word in words if word.startswith("--")} - {"--help", "--accounts."}
    negated = {"--no-limits", "--no-magic"}
    assert options - negated == {f"--{option.name}" for option in OPTIONS}


def test_a_reader_that_leaves_gets_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "rulings", "--json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (1, b"")


def test_the_module_runs_as_the_command_does() -> None:
    shown = mediasim("--version")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("mediasim ")
