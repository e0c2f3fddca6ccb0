"""One line runs the tests: the one that the README shows is the one that CI runs."""

import os
import subprocess
from pathlib import Path

from tests.house.repository import ROOT

CI = ROOT / ".ci" / "run"


def show(readme: Path) -> subprocess.CompletedProcess[str]:
    """Ask ``.ci/run`` which command it would take from a README, without running it."""
    return subprocess.run(
        ["bash", str(CI), "--show", str(readme)], check=False, capture_output=True, text=True
    )


def shown_by(readme: Path) -> str:
    """The test command as ``.ci/run`` finds it in a README."""
    shown = show(readme)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def test_the_readme_shows_one_test_command_and_ci_runs_it() -> None:
    command = (
        "python3 -m venv .venv"
        " && .venv/bin/pip install -q -c constraints.txt tox tox-uv"
        " && .venv/bin/tox\n"
    )
    assert shown_by(ROOT / "README.md") == command


def test_ci_takes_the_marked_block_and_no_other(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(
        "```sh\nfirst\n```\n<!-- .ci/run runs this block -->\n```sh\nsecond\n```\n"
        "```sh\nthird\n```\n",
        encoding="utf-8",
    )
    assert shown_by(readme) == "second\n"


def test_ci_refuses_a_readme_without_a_marked_block(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("```sh\nfirst\n```\n", encoding="utf-8")
    refused = show(readme)
    assert refused.returncode == 2


def test_ci_can_be_executed() -> None:
    assert os.access(CI, os.X_OK)
