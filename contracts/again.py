"""A mutant's failure by the fewest calls, played again on the mutant and on the clean backend."""

import asyncio
import zlib

from contracts.explain import explained
from contracts.plan import Plan
from contracts.player import CannotPlay, Place, play
from contracts.run import Runner
from contracts.script import Script
from contracts.verdicts import Finding

SHORTEN_S = 20.0
TELLS, SILENT, BLAMES = "tells them apart", "shows nothing", "blames the clean one too"


async def shortened(
    runner: Runner, plan: Plan, shown: Finding, calls: int, clean: str
) -> tuple[int, str]:
    """How many calls show it at the least, and what a replay of them says: ``calls``, or fewer that
    tell the mutant from the backend at ``clean``."""
    scripts = await explained(runner, plan, [shown], SHORTEN_S)
    for script in scripts.values():
        replay = await _replayed(script, clean)
        if replay == TELLS and script.shortened:
            calls = min(calls, len(script.calls))
        return calls, replay
    return calls, SILENT


async def _replayed(script: Script, clean: str) -> str:
    if not await _shown(script, script.rest, script.mcp):
        return SILENT
    return BLAMES if await _shown(script, clean, f"{clean}/mcp") else TELLS


async def _shown(script: Script, rest: str, mcp: str) -> bool:
    """Whether a replay, in a world of its own, shows the failure."""
    world = (
        f"sk_test_again-{script.story.surface}-{zlib.crc32(script.story.requirement.encode()):x}"
    )
    try:
        played = await asyncio.to_thread(play, {"steps": script.steps}, Place(rest, mcp, world))
    except CannotPlay:
        return False
    return played.shown
