"""Commands of the other package: listed by their metadata, loaded when they are used."""

import subprocess
import sys

import click
import pytest

from simulator.cli import run
from simulator.commands.guests import with_guests


def loaded_by(*arguments: str) -> set[str]:
    code = f"from simulator.cli import run; run({arguments!r}); import sys; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return {name for name in shown.stdout.split() if name.partition(".")[0] == "contracts"}


def test_help_lists_the_contract_suite_and_loads_none_of_it() -> None:
    assert "check" in with_guests(click.Group("mediasim")).commands
    assert loaded_by("--help") == set()


def test_its_own_help_loads_it() -> None:
    assert "contracts.cli" in loaded_by("check", "--help")


def test_a_command_of_ours_goes_before_one_of_the_same_name() -> None:
    ours = click.Command("check")
    assert with_guests(click.Group("mediasim", {"check": ours})).commands["check"] is ours


def test_a_command_that_nobody_has_is_told(capsys: pytest.CaptureFixture[str]) -> None:

    assert run(["chek"]) == 2
    assert "No such command 'chek'" in capsys.readouterr().err
