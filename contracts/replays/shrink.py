"""The fewest calls that still show a failure: one after the other is left out, and the rest is
played again in a world of its own."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from contracts.replays.answers import judged
from contracts.replays.needs import LEAP
from contracts.replays.player import CannotPlay, Place, Played, play
from contracts.replays.script import Script, with_steps

SHRINK_S = 8.0
PLAYS_MOST = 120
CONFIRM_S = 10.0
OTHERS = frozenset({"since", "unlike"})

Steps = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class _Tries:
    """``name``: of the worlds, a number is put behind it."""

    script: Script
    name: str
    until: float
    count: int = 0

    async def played(self, steps: Steps) -> Played | None:
        """None: there is no time, or it can't be played."""
        if monotonic() > self.until or self.count >= PLAYS_MOST:
            return None
        self.count += 1
        place = Place(self.script.rest, self.script.mcp, f"sk_test_{self.name}-r{self.count}")
        try:
            return await asyncio.to_thread(play, {"steps": steps}, place)
        except CannotPlay:
            return None

    async def shows(self, steps: Steps) -> bool:
        """What is made at once may come out well by luck: it must be shown twice."""
        for _ in range(2 if any(step["crowd"] for step in steps) else 1):
            found = await self.played(steps)
            if found is None or not found.shown:
                return False
        return True


async def shrunk(script: Script, name: str, seconds: float = SHRINK_S) -> Script:
    """The shortest that was found in time; the script as it is when it does not show the failure
    when played again. Only for targets where worlds can be had."""
    tries = _Tries(script, name, monotonic() + seconds)
    steps = await _steady(script.steps, tries)
    if steps is None:
        return script
    chunk = max(len(steps) // 2, 1)
    while True:
        index = len(steps) - 1
        while index >= 0:
            start = max(index - chunk + 1, 0)
            rest = [*steps[:start], *steps[index + 1 :]]
            if _whole(steps[start : index + 1], rest) and await tries.shows(rest):
                steps = rest
                index = min(start, len(steps)) - 1
            else:
                index -= chunk
        if chunk == 1:
            break
        chunk //= 2
    steps = await _merged(steps, tries)
    # In worlds of other names jobs last longer, or not as long.
    tries.until = monotonic() + CONFIRM_S
    if not (await tries.shows(steps) and await tries.shows(steps)):
        return script
    return with_steps(script, steps)


async def _merged(steps: list[Mapping[str, Any]], tries: _Tries) -> list[Mapping[str, Any]]:
    """Leaps of the clock with nothing between them as one."""
    merged: list[Mapping[str, Any]] = []
    for step in steps:
        last = merged[-1] if merged else step
        if merged and step["call"] == last["call"] == LEAP and step["world"] == last["world"]:
            seconds = sum(json.loads(each["body"])["seconds"] for each in (last, step))
            merged[-1] = {**last, "body": json.dumps({"seconds": seconds})}
        else:
            merged.append(step)
    return merged if len(merged) < len(steps) and await tries.shows(merged) else steps


async def _steady(steps: Steps, tries: _Tries) -> list[Mapping[str, Any]] | None:
    """The steps with those facts alone that come again; None when nothing is left."""
    found = await tries.played(steps)
    if found is None:
        return None
    kept = _only_equal(steps, found)
    return kept if kept and (found.shown or await tries.shows(kept)) else None


def _only_equal(steps: Steps, found: Played) -> list[Mapping[str, Any]]:
    """Without what is new each time; none at all when something else differs, for it is not the
    same then."""
    answers = dict(zip([step["number"] for step in steps], found.answers, strict=False))
    kept: list[Mapping[str, Any]] = []
    for step in steps:
        facts = []
        for fact in step["facts"]:
            same, _ = judged(fact, step["number"], answers, found.known)
            if same:
                facts.append({name: value for name, value in fact.items() if name != "soft"})
            elif not fact.get("soft"):
                return []
        kept.append({**step, "facts": facts})
    return kept


def _whole(left: Steps, rest: Steps) -> bool:
    """Whether what is left out shows nothing, prepares no world that is still used, and keeps
    nothing that is needed later."""
    used_worlds = {step["world"] for step in rest if not step["setup"]}
    if any(step["facts"] or step["needed"] for step in left):
        return False
    facts = [fact for step in rest for fact in step["facts"]]
    others = {fact[word][0] for fact in facts for word in OTHERS & set(fact)}
    if others & {step["number"] for step in left}:
        return False
    prepared = [step["world"] for step in left if step["setup"] and step["call"] != LEAP]
    if used_worlds & set(prepared):
        return False
    names = ["${" + take["name"] + "}" for step in left for take in step["take"]]
    used = [f"{step['path']}{step['headers']}{step['body']}{step['facts']}" for step in rest]
    return not any(name in text for name in names for text in used)
