"""A mutant's failures by the fewest calls, played again on the mutant and on the clean backend by
the files that a report has for them."""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.plan import Plan
from contracts.replays.explain import explained
from contracts.replays.replay import EDITABLE_ENV, pytest_text, shell_text
from contracts.replays.script import Script
from contracts.run import Runner
from contracts.verdicts import Finding

SHORTEN_S = 20.0
TELLS, SILENT, BLAMES = "tells them apart", "shows nothing", "blames the clean one too"
BROKEN, FINE = 1, 0


async def shortened(
    runner: Runner, plan: Plan, shown: Sequence[Finding], clean: str
) -> tuple[int, str]:
    """How many calls show one of them at the least, 0 when no replay tells the mutant from the
    backend at ``clean``; and what the replays say, of several the worst."""
    calls, told = [], set()
    for finding in shown:
        scripts = await explained(runner, plan, [finding], SHORTEN_S)
        replay = SILENT
        for script in scripts.values():
            replay = await _replayed(script, clean)
            if replay == TELLS and script.shortened:
                calls.append(len(script.calls))
        told.add(replay)
    return min(calls, default=0), next(each for each in (SILENT, BLAMES, TELLS) if each in told)


async def _replayed(script: Script, clean: str) -> str:
    with TemporaryDirectory(prefix="replay-") as folder:
        ways = _written(script, Path(folder))
        if {await _status(way, script.rest, folder) for way in ways} != {BROKEN}:
            return SILENT
        statuses = {await _status(way, clean, folder) for way in ways}
        return TELLS if statuses == {FINE} else BLAMES


def _written(script: Script, folder: Path) -> list[list[str]]:
    """The commands that play it, of those that can be run here."""
    shell, test = folder / "replay.sh", folder / "test_replay.py"
    shell.write_text(shell_text(script), encoding="utf-8")
    test.write_text(pytest_text(script), encoding="utf-8")
    ways = [["sh", str(shell)]] if shutil.which("sh") and shutil.which("curl") else []
    if find_spec("pytest"):
        plain = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder)]
        ways.append([sys.executable, "-m", "pytest", *plain, str(test)])
    return ways


async def _status(command: Sequence[str], url: str, folder: str) -> int:
    variables = (f"{EDITABLE_ENV}={url}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1")
    process = await asyncio.create_subprocess_exec(
        *("env", *variables, *command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        raise
