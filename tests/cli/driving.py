"""Commands run in this process, and what they print."""

import pytest

from simulator.cli import run


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """Standard output of a command that ends as it should; nothing on standard error."""
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> str:
    """The one line of a command that fails."""
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line
